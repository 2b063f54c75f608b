import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { PATIENCE, accessible, demo, freshNumber, merchantApi, picture, sample, startBrowser, stopBrowser, visit } from './shop.mjs';

before(startBrowser);
after(stopBrowser);

async function signIn(page) {
  await page.goto(demo.admin_url);
  await page.getByLabel(/e-?mail/i).fill(demo.admin.email);
  await page.getByLabel(/password/i).fill(demo.admin.password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('table').waitFor();
}

describe('a support agent', PATIENCE, () => {
  it('signs in, and a wrong password is told apart from nothing', async () => {
    const visitor = await visit({ width: 1280, height: 900 }, [401]);
    const { page } = visitor;
    await page.goto(demo.admin_url);
    await page.getByLabel(/e-?mail/i).waitFor();
    await picture(page, 'admin-sign-in');
    await accessible(page, 'sign in');
    await page.getByLabel(/e-?mail/i).fill(demo.admin.email);
    await page.getByLabel(/password/i).fill('not the right password');
    await page.getByRole('button', { name: /sign in/i }).click();
    await page.getByRole('alert').or(page.locator('[aria-live]')).filter({ hasText: /./ }).first().waitFor();
    await accessible(page, 'sign in refused');
    await signIn(page);
    await visitor.close();
  });

  it('finds a customer by phone, reference, e-mail and id, and nothing personal is in the address', async () => {
    const visitor = await visit({ width: 1280, height: 900 }, [401]);
    const { page } = visitor;
    await signIn(page);
    await picture(page, 'admin-customers');
    await accessible(page, 'customers');
    const priya = sample('9876543210');
    for (const query of ['98765 43210', '+919876543210', 'tea-9876543210', 'priya.sharma@example.com', priya.customer_id]) {
      const box = page.getByRole('searchbox');
      await box.fill(query);
      await box.press('Enter');
      await page.getByRole('link', { name: /Priya Sharma/ }).first().waitFor();
      assert.equal(await page.getByRole('table').getByRole('link', { name: /Arjun/ }).count(), 0, query);
      assert.ok(!decodeURIComponent(page.url()).includes(query), 'the query stays out of the address');
    }
    await visitor.close();
  });

  it('turns the pages of all customers', async () => {
    const visitor = await visit({ width: 1280, height: 900 }, [401]);
    const { page } = visitor;
    await signIn(page);
    const first = await page.getByRole('table').innerText();
    await page.getByRole('button', { name: /next|older/i }).first().click();
    await page.waitForFunction((before) => document.querySelector('table')?.innerText !== before, first);
    await visitor.close();
  });

  it('sees why a card was not offered, suspends with a reason, and lifts', async () => {
    const visitor = await visit({ width: 1280, height: 900 }, [401]);
    const { page } = visitor;
    const api = await merchantApi();
    const number = freshNumber();
    const { body: customer } = await api('POST', '/api/v1/customer', { mobile_number: number, first_name: 'Uma', last_name: 'Rao' });
    await api('PATCH', `/api/v1/customer/${customer.customer_id}`, { status: 'ACTIVE' });
    await api('POST', '/api/v1/tokens', {
      customer_id: customer.customer_id,
      merchant_token_reference: `sandbox-expired-${number}`,
      payment_method: 'CARD',
      payment_option: { encrypted_card_details: 'b2s=' },
    });
    await signIn(page);
    await page.goto(`${demo.admin_url}/customers/${customer.customer_id}`);
    await page.getByText('This saved card has expired.').first().waitFor();
    await picture(page, 'admin-customer');
    await accessible(page, 'customer');

    await page.getByRole('button', { name: /^suspend/i }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await picture(page, 'admin-suspend');
    await accessible(page, 'suspend');
    await dialog.getByLabel(/reason/i).fill('chargeback under review');
    await dialog.getByRole('button', { name: /suspend/i }).click();
    await page.getByText('chargeback under review').first().waitFor();
    assert.equal((await api('GET', `/api/v1/customer/${customer.customer_id}`)).body.status, 'SUSPENDED');
    await accessible(page, 'suspended');

    await page.getByRole('button', { name: /^lift/i }).click();
    await dialog.getByLabel(/reason/i).fill('settled');
    await dialog.getByRole('button', { name: /lift/i }).click();
    await page.getByText('settled').first().waitFor();
    assert.equal((await api('GET', `/api/v1/customer/${customer.customer_id}`)).body.status, 'ACTIVE');
    await visitor.close();
  });

  for (const [width, colorScheme] of [[390, 'light'], [390, 'dark'], [1280, 'dark']]) {
    it(`is readable at ${width} px in ${colorScheme}`, async () => {
      const visitor = await visit({ width, colorScheme }, [401]);
      const { page } = visitor;
      await signIn(page);
      await picture(page, `admin-customers-${width}-${colorScheme}`);
      await accessible(page, `customers ${width} ${colorScheme}`);
      await page.goto(`${demo.admin_url}/customers/${sample('9876543210').customer_id}`);
      await page.getByText('This saved card has expired.').first().waitFor();
      await picture(page, `admin-customer-${width}-${colorScheme}`);
      await accessible(page, `customer ${width} ${colorScheme}`);
      await visitor.close();
    });
  }
});

describe('the demo shop', PATIENCE, () => {
  it('is accessible on every page', async () => {
    for (const [width, colorScheme] of [[390, 'light'], [1280, 'dark']]) {
      const visitor = await visit({ width, colorScheme });
      const { page } = visitor;
      await page.goto(demo.shop_url);
      await picture(page, `shop-${width}-${colorScheme}`);
      await accessible(page, 'shop');
      await page.locator('form[action="/cart/add"] button').first().click();
      await page.goto(`${demo.shop_url}/cart`);
      await picture(page, `cart-${width}-${colorScheme}`);
      await accessible(page, 'cart');
      await page.goto(demo.inbox_url);
      await accessible(page, 'inbox');
      await visitor.close();
    }
  });
});
