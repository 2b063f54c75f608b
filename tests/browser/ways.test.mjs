import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import {
  PATIENCE, accessible, adminApi, codeFor, demo, freshNumber, merchantApi, messagesFor, picture, startBrowser, stopBrowser, toCheckout, verify, visit, widget,
} from './shop.mjs';

before(startBrowser);
after(stopBrowser);

describe('the ways through checkout', PATIENCE, () => {
  it('a guest leaves no trace', async () => {
    const visitor = await visit();
    const admin = await adminApi();
    const total = async () => (await admin('customers/search', {})).body.total;
    const before = await total();
    const frame = await toCheckout(visitor.page);
    await frame.getByRole('button', { name: 'Continue as guest' }).click();
    await frame.getByRole('heading', { name: 'Continuing as guest' }).waitFor();
    await picture(visitor.page, 'guest');
    await accessible(visitor.page, 'guest');
    assert.equal(await total(), before);
    await visitor.page.locator('#pay').click();
    await visitor.page.waitForURL('**/paid**');
    assert.equal(await total(), before);
    await visitor.close();
  });

  it('another card can be saved, with consent that the merchant learns of', async () => {
    const visitor = await visit();
    const number = freshNumber();
    const frame = await toCheckout(visitor.page);
    await verify(frame, number);
    await frame.getByLabel('Use another card').check();
    const save = frame.getByLabel(/Save this card/);
    assert.equal(await save.isChecked(), false);
    await save.check();
    await picture(visitor.page, 'save');
    await accessible(visitor.page, 'save');
    await visitor.page.locator('#pay').click();
    await visitor.page.waitForURL('**/paid**');
    const api = await merchantApi();
    const { body: customer } = await api('GET', `/api/v1/customer?country_code=91&mobile_number=${number}`);
    const { body: list } = await api('GET', `/api/v1/customer/${customer.customer_id}/tokens`);
    assert.equal(list.total_tokens, 1);
    await visitor.close();
  });

  it('"Not you?" forgets this device at once', async () => {
    const visitor = await visit({}, [401]);
    const frame = await toCheckout(visitor.page);
    await verify(frame, '9876543211');
    await frame.getByRole('button', { name: 'Not you?' }).click();
    await frame.getByRole('heading', { name: 'This device has forgotten you' }).waitFor();
    await accessible(visitor.page, 'left');
    await visitor.page.reload();
    await widget(visitor.page);
    await visitor.close();
  });

  it('speaks Hindi', async () => {
    const visitor = await visit({ locale: 'hi-IN' });
    const frame = await toCheckout(visitor.page, { language: 'hi' });
    await frame.getByRole('heading', { name: 'सहेजे गए कार्ड' }).or(frame.locator('h2')).first().waitFor();
    assert.equal(await frame.locator('html').getAttribute('lang'), 'hi');
    await picture(visitor.page, 'hindi-phone');
    await accessible(visitor.page, 'Hindi');
    const number = '9876543217';
    const sent = await messagesFor(number);
    await frame.locator('#of-number').fill('९८७६५ ४३२१७');
    await frame.locator('button[type=submit]').first().click();
    await frame.locator('#of-code').fill(await codeFor(number, sent));
    await frame.getByText('इस सहेजे गए कार्ड की अवधि समाप्त हो गई है।').first().waitFor();
    await picture(visitor.page, 'hindi-cards');
    await accessible(visitor.page, 'Hindi cards');
    await visitor.close();
  });

  it('works by keyboard alone', async () => {
    const visitor = await visit();
    const { page } = visitor;
    const frame = await toCheckout(page);
    const number = '9876543211';
    const sent = await messagesFor(number);
    const press = async (key, until, most = 40) => {
      for (let time = 0; time < most; time += 1) {
        if (await until()) return;
        await page.keyboard.press(key);
      }
      assert.fail(`${key} did not lead there`);
    };
    const focused = (selector) => () => frame.locator(selector).evaluate((node) => node === document.activeElement).catch(() => false);
    await press('Tab', focused('#of-number'));
    await page.keyboard.type(number);
    await page.keyboard.press('Enter');
    await frame.locator('#of-code').waitFor();
    await press('Tab', focused('#of-code'));
    await page.keyboard.type(await codeFor(number, sent));
    const card = 'input[type=radio]:not([disabled]):not([value=""])';
    await frame.locator(card).first().waitFor();
    const onCard = () => frame.locator(`${card}:focus`).count();
    await press('Tab', onCard);
    await page.keyboard.press('Space');
    const onPay = () => page.evaluate(() => document.activeElement?.id === 'pay');
    await press('Tab', onPay);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/paid**');
    await visitor.close();
  });

  it('a suspension by an admin dims the open widget', async () => {
    const visitor = await visit();
    const api = await merchantApi();
    const admin = await adminApi();
    const number = freshNumber();
    const { body: customer } = await api('POST', '/api/v1/customer', { mobile_number: number, status: undefined });
    await api('POST', '/api/v1/tokens', {
      customer_id: customer.customer_id,
      merchant_token_reference: `live-${number}`,
      payment_method: 'CARD',
      payment_option: { encrypted_card_details: 'b2s=' },
    });
    const frame = await toCheckout(visitor.page);
    await verify(frame, number);
    const usable = frame.locator('input[type=radio]:not([disabled]):not([value=""])');
    await usable.first().check();
    const moved = await admin(`customers/${customer.customer_id}/suspend`, { reason: 'chargeback' });
    assert.equal(moved.status, 200);
    await frame.getByText('Your saved cards are on hold at this shop.').first().waitFor();
    assert.equal(await usable.count(), 0);
    await picture(visitor.page, 'dimmed');
    await accessible(visitor.page, 'dimmed while open');
    await admin(`customers/${customer.customer_id}/lift`, { reason: 'settled' });
    await usable.first().waitFor();
    await visitor.close();
  });

  it('works without JavaScript', async () => {
    const visitor = await visit({ javaScriptEnabled: false });
    const { page } = visitor;
    await page.goto(demo.shop_url);
    await page.locator('form[action="/cart/add"] button').first().click();
    await page.goto(`${demo.shop_url}/checkout`);
    const frame = page.frameLocator('iframe').first();
    const number = '9876543216';
    const sent = await messagesFor(number);
    await frame.locator('#of-number').fill(number);
    await frame.getByRole('button', { name: 'Send code' }).click();
    await frame.locator('#of-code').fill(await codeFor(number, sent));
    await frame.getByRole('button', { name: 'Continue' }).first().click();
    await frame.getByLabel('Use another card').check();
    await picture(page, 'without-javascript');
    await frame.getByRole('button', { name: 'Continue', exact: true }).first().click();
    await frame.getByRole('heading', { name: 'Ready to pay' }).waitFor();
    await page.locator('#pay').click();
    await page.waitForURL('**/paid**');
    await visitor.context.close();
  });

  it('works by plain forms in the frame when WebAssembly does not arrive', async () => {
    const visitor = await visit({}, [404]);
    const { page } = visitor;
    await page.route('**/*_bg.wasm', (route) => route.fulfill({ status: 404 }));
    const frame = await toCheckout(page);
    const number = freshNumber();
    await frame.locator('#of-number').fill(number);
    await frame.getByRole('button', { name: 'Send code' }).click();
    await frame.locator('#of-code').fill(await codeFor(number));
    await frame.getByRole('button', { name: 'Continue' }).first().click();
    await frame.getByLabel('Use another card').check();
    await frame.getByRole('button', { name: 'Continue', exact: true }).first().click();
    await frame.getByRole('heading', { name: 'Ready to pay' }).waitFor();
    await page.locator('#pay').click();
    await page.waitForURL('**/paid**');
    await visitor.context.close();
  });

  it('a second visit loads nothing but the page', async () => {
    const visitor = await visit();
    const { page } = visitor;
    const fromNetwork = async (frame) => {
      await page.waitForLoadState('networkidle');
      return frame.locator('html').evaluate(() =>
        performance.getEntriesByType('resource').filter((file) => file.name.includes('/assets/') && file.transferSize > 0).map((file) => file.name));
    };
    assert.notDeepEqual(await fromNetwork(await toCheckout(page)), [], 'the first visit loads them');
    await page.goto(`${demo.shop_url}/checkout`);
    assert.deepEqual(await fromNetwork(await widget(page)), []);
    await visitor.close();
  });
});
