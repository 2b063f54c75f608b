import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import {
  PATIENCE, accessible, codeFor, freshNumber, merchantApi, messagesFor, picture, sample, startBrowser, stopBrowser, toCheckout, verify, visit,
} from './shop.mjs';

before(startBrowser);
after(stopBrowser);

describe('who the shopper turns out to be', PATIENCE, () => {
  it('a new shopper becomes an ACTIVE customer, and only when the code is right', async () => {
    const visitor = await visit();
    const frame = await toCheckout(visitor.page);
    await picture(visitor.page, 'phone');
    await accessible(visitor.page, 'phone');
    const api = await merchantApi();
    const number = freshNumber();
    const find = () => api('GET', `/api/v1/customer?country_code=91&mobile_number=${number}`);

    await frame.locator('#of-number').fill(number);
    assert.equal(await messagesFor(number), 0, 'nothing is sent before the button is pressed');
    await frame.getByRole('button', { name: 'Send code' }).click();
    await frame.locator('#of-code').waitFor();
    const code = await codeFor(number);
    assert.equal((await find()).status, 404, 'a code asked for makes no customer');
    await picture(visitor.page, 'code');
    await accessible(visitor.page, 'code');

    await frame.locator('#of-code').fill(code);
    await frame.getByRole('heading', { name: 'Your phone is verified' }).waitFor();
    await picture(visitor.page, 'new-shopper');
    await accessible(visitor.page, 'cards, none saved');
    const found = await find();
    assert.equal(found.body.status, 'ACTIVE');

    await frame.getByLabel('First name').fill('Zoya');
    await frame.getByLabel('Last name').fill('Rahman');
    await frame.getByLabel('E-mail').fill('zoya@example.com');
    await frame.getByRole('button', { name: 'Save details' }).click();
    await frame.getByText('Your details are saved.').first().waitFor();
    const named = await find();
    assert.deepEqual([named.body.first_name, named.body.last_name, named.body.email_id], ['Zoya', 'Rahman', 'zoya@example.com']);
    await visitor.close();
  });

  it('a returning shopper sees usable cards, and a reason for each of the others, and pays', async () => {
    const visitor = await visit();
    const frame = await toCheckout(visitor.page);
    await verify(frame, '9876543210');
    await frame.getByRole('heading', { name: /Welcome back/ }).waitFor();
    for (const reason of [
      'You asked us not to use this card.',
      'This card was saved under older rules and must be added again.',
      'This saved card has expired.',
      'This saved card is no longer active.',
      'Your bank has put this card on hold.',
      'This card could not be saved.',
      'This card is still being set up.',
    ]) {
      await frame.getByText(reason).first().waitFor();
    }
    await picture(visitor.page, 'cards');
    await accessible(visitor.page, 'cards');
    const save = frame.getByLabel(/Save this card/);
    if (await save.count()) assert.equal(await save.isChecked(), false, 'the box is never ticked by itself');

    await frame.locator('input[type=radio]:not([disabled]):not([value=""])').first().check();
    const pay = visitor.page.locator('#pay');
    await pay.click();
    await visitor.page.waitForURL('**/paid**');
    await picture(visitor.page, 'paid');
    await accessible(visitor.page, 'paid');
    await visitor.page.getByText(sample('9876543210').customer_id).first().waitFor();
    await visitor.close();
  });

  it('an INACTIVE customer is activated by the code', async () => {
    const visitor = await visit();
    const frame = await toCheckout(visitor.page);
    const api = await merchantApi();
    const number = freshNumber();
    const created = await api('POST', '/api/v1/customer', { mobile_number: number, first_name: 'Ira' });
    assert.equal(created.body.status, 'INACTIVE');
    await verify(frame, number);
    await frame.getByRole('heading', { name: /Welcome back, Ira/ }).waitFor();
    assert.equal((await api('GET', `/api/v1/customer/${created.body.customer_id}`)).body.status, 'ACTIVE');
    await visitor.close();
  });

  it('a SUSPENDED customer sees every card dimmed with its reason and the end', async () => {
    const visitor = await visit();
    let frame = await toCheckout(visitor.page);
    await verify(frame, '9876543213');
    await frame.getByText('Your saved cards are on hold at this shop.').first().waitFor();
    assert.equal(await frame.locator('input[type=radio]:not([disabled]):not([value=""])').count(), 0);
    await picture(visitor.page, 'suspended');
    await accessible(visitor.page, 'suspended');
    await visitor.close();

    const other = await visit();
    frame = await toCheckout(other.page);
    await verify(frame, '9876543214');
    await frame.getByText(/Available again/).first().waitFor();
    await other.close();
  });

  it('a DELETED customer comes back as a new one, with nothing of the old', async () => {
    const visitor = await visit();
    const frame = await toCheckout(visitor.page);
    const old = sample('9876543215');
    await verify(frame, '9876543215');
    await frame.getByRole('heading', { name: 'Your phone is verified' }).waitFor();
    assert.equal(await frame.locator('input[type=radio]:not([value=""])').count(), 0);
    const api = await merchantApi();
    const found = await api('GET', '/api/v1/customer?country_code=91&mobile_number=9876543215');
    assert.notEqual(found.body.customer_id, old.customer_id);
    assert.equal((await api('GET', `/api/v1/customer/${old.customer_id}`)).body.status, 'DELETED');
    await visitor.close();
  });

  it('a wrong code says how many tries are left, and the fifth locks', async () => {
    const visitor = await visit({}, [422, 429]);
    const frame = await toCheckout(visitor.page);
    const number = freshNumber();
    await frame.locator('#of-number').fill(number);
    await frame.getByRole('button', { name: 'Send code' }).click();
    await frame.locator('#of-code').waitFor();
    const right = await codeFor(number);
    const wrong = right === '000000' ? '000001' : '000000';
    for (const left of ['4 tries left.', '3 tries left.', '2 tries left.', 'One try left.']) {
      await frame.locator('#of-code').fill(wrong);
      await frame.getByText(left).first().waitFor();
    }
    await picture(visitor.page, 'wrong-code');
    await accessible(visitor.page, 'wrong code');
    await frame.locator('#of-code').fill(wrong);
    await frame.getByText(/Too many wrong codes/).first().waitFor();
    await picture(visitor.page, 'locked');
    await accessible(visitor.page, 'locked');
    await visitor.close();
  });

  it('a card is removed in two actions, and can be kept until it is sent', async () => {
    const visitor = await visit();
    const api = await merchantApi();
    const number = freshNumber();
    const { body: customer } = await api('POST', '/api/v1/customer', { mobile_number: number });
    for (const name of ['a', 'b']) {
      const made = await api('POST', '/api/v1/tokens', {
        customer_id: customer.customer_id,
        merchant_token_reference: `remove-${number}-${name}`,
        payment_method: 'CARD',
        payment_option: { encrypted_card_details: 'b2s=' },
      });
      assert.equal(made.status, 201);
    }
    const tokens = async () => (await api('GET', `/api/v1/customer/${customer.customer_id}/tokens`)).body.tokens;
    const frame = await toCheckout(visitor.page);
    await verify(frame, number);
    const cards = frame.locator('input[type=radio]:not([value=""])');
    assert.equal(await cards.count(), 2);

    await frame.getByRole('button', { name: /^Remove/ }).first().click();
    await frame.getByRole('button', { name: 'Keep it' }).waitFor();
    await picture(visitor.page, 'remove');
    await accessible(visitor.page, 'remove asked');
    await frame.getByRole('button', { name: 'Yes, remove' }).click();
    await frame.getByRole('button', { name: 'Undo' }).click();
    assert.equal((await tokens()).filter((token) => token.status === 'DEACTIVATED').length, 0, 'undone before it was sent');

    await frame.getByRole('button', { name: /^Remove/ }).first().click();
    await frame.getByRole('button', { name: 'Yes, remove' }).click();
    await frame.getByRole('button', { name: 'Undo' }).waitFor();
    await assert.doesNotReject(cards.nth(1).waitFor({ state: 'detached', timeout: 20_000 }));
    assert.deepEqual((await tokens()).map((token) => token.status).sort(), ['ACTIVE', 'DEACTIVATED']);
    await visitor.close();
  });
});
