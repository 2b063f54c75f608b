import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import {
  PATIENCE, accessible, freshNumber, merchantApi, picture, startBrowser, stopBrowser, toCheckout, verify, visit,
} from './shop.mjs';

before(startBrowser);
after(stopBrowser);

describe('how the widget looks', PATIENCE, () => {
  for (const [width, colorScheme] of [[390, 'dark'], [1280, 'light'], [1280, 'dark'], [280, 'light']]) {
    it(`is readable at ${width} px in ${colorScheme}`, async () => {
      const visitor = await visit({ width, colorScheme });
      const frame = await toCheckout(visitor.page);
      await picture(visitor.page, `phone-${width}-${colorScheme}`);
      await accessible(visitor.page, `phone ${width} ${colorScheme}`);
      // The same customers are used again and again: the limits on codes are the product's, not the test's.
      const api = await merchantApi();
      const number = freshNumber();
      const { body: customer } = await api('POST', '/api/v1/customer', { mobile_number: number, first_name: 'Nila' });
      for (const name of ['a', 'sandbox-expired-', 'sandbox-suspend-']) {
        await api('POST', '/api/v1/tokens', {
          customer_id: customer.customer_id,
          merchant_token_reference: `${name}${number}-${width}`,
          payment_method: 'CARD',
          payment_option: { encrypted_card_details: 'b2s=' },
        });
      }
      await verify(frame, number);
      await picture(visitor.page, `cards-${width}-${colorScheme}`);
      await accessible(visitor.page, `cards ${width} ${colorScheme}`);
      const overflow = await visitor.page.frames().at(-1).evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(overflow, 0, 'nothing is wider than the frame');
      await visitor.close();
    });
  }
});
