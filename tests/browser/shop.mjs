// What every browser test needs: a browser, the demo's addresses, a shopper on the checkout page, and a
// list of everything that must not have happened while it was there.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const demo = JSON.parse(readFileSync(process.env.ONFILE_DEMO_JSON, 'utf8'));
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = process.env.ONFILE_SCREENSHOTS;

/** The whole test may take this long; a step waits for a condition, never for a time. */
export const PATIENCE = { timeout: 120_000 };

let browser;
export async function startBrowser() {
  browser = await chromium.launch({
    executablePath: process.env.ONFILE_CHROMIUM,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}
export const stopBrowser = () => browser?.close();

/**
 * A fresh visitor: nothing shared with another test. `expected` names HTTP statuses that the browser may
 * report on its console because the test provokes them.
 */
export async function visit(options = {}, expected = []) {
  const { width = 390, height = 844, ...rest } = options;
  const context = await browser.newContext({ viewport: { width, height }, ...rest });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(() => {
    globalThis.__violations = [];
    addEventListener('securitypolicyviolation', (e) =>
      globalThis.__violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile ?? ''}`));
  });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error}`));
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    const text = message.text();
    const status = /status of (\d+)/.exec(text)?.[1];
    if (status && expected.includes(Number(status))) return;
    faults.push(`console: ${text}`);
  });
  return {
    context,
    page,
    /** Nothing was logged, nothing violated a policy in any frame. */
    async close() {
      for (const frame of page.frames()) {
        const violations = await frame.evaluate(() => globalThis.__violations ?? []).catch(() => []);
        faults.push(...violations.map((violation) => `policy: ${violation}`));
      }
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Puts a tea into the basket and goes to the checkout; answers the widget's frame. */
export async function toCheckout(page, { language = 'en' } = {}) {
  await page.goto(demo.shop_url);
  await page.locator('form[action="/cart/add"] button').first().click();
  await page.waitForURL(/\/(cart)?(\?.*)?(#.*)?$/);
  await page.goto(`${demo.shop_url}/checkout?lang=${language}`);
  return widget(page);
}

export async function widget(page) {
  const frame = page.frameLocator('#checkout iframe');
  await frame.locator('#of-number').waitFor();
  return frame;
}

/** The newest code sent to an Indian number, once it has arrived. */
export async function codeFor(number, after = 0) {
  for (let look = 0; look < 200; look += 1) {
    const answer = await fetch(`${demo.inbox_url}.json?to=91${number}`);
    const messages = await answer.json();
    if (messages.length > after) return messages[0].code;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no code arrived for ${number}`);
}

export const messagesFor = async (number) => (await (await fetch(`${demo.inbox_url}.json?to=91${number}`)).json()).length;

/** Types a number, gets the code and enters it: up to the cards. */
export async function verify(frame, number) {
  const before = await messagesFor(number);
  await frame.locator('#of-number').fill(number);
  await frame.getByRole('button', { name: 'Send code' }).click();
  await frame.locator('#of-code').waitFor();
  await frame.locator('#of-code').fill(await codeFor(number, before));
  await frame.locator('input[type=radio]').first().waitFor();
}

/** Saves a picture when ONFILE_SCREENSHOTS names a directory: to be looked at, not compared. */
export async function picture(page, name) {
  if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
}

/**
 * axe finds nothing, neither violations nor anything it could not decide, in the page or its frames. Each
 * frame is looked at by itself, which is what the rule that is off would ask for.
 */
export async function accessible(page, state) {
  for (const frame of page.frames()) {
    if (!frame.url().startsWith('http')) continue;
    // A colour on its way to another has the contrast of neither.
    await frame.evaluate(() => Promise.allSettled(document.getAnimations()
      .filter((animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime)).map((animation) => animation.finished)));
    // Evaluated by the driver, so that the page's policy stays as it is.
    const found = await frame.evaluate(`(() => { const module = undefined, exports = undefined, define = undefined; ${axeSource}; return axe.run(document, { iframes: false, rules: { 'frame-tested': { enabled: false } } }).then((r) => ({ violations: r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' | ')), incomplete: r.incomplete.map((v) => v.id + ': ' + v.nodes.map((n) => n.html + ' ' + (n.any[0]?.message ?? '')).join(' | ')) })); })()`);
    assert.deepEqual(found, { violations: [], incomplete: [] }, `axe in ${state}, ${new URL(frame.url()).pathname.split('/').slice(0, 3).join('/')}`);
  }
}

/** A client of the merchant's server. */
export async function merchantApi() {
  const token = await (await fetch(`${demo.public_url}/api/auth/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...demo.merchant, grant_type: 'client_credentials' }),
  })).json();
  return async (method, path, body) => {
    const answer = await fetch(`${demo.public_url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token.access_token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
}

/** A client of the admin page's API. */
export async function adminApi() {
  const json = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${demo.admin_url}/admin/v1/session`, { method: 'POST', headers: json, body: JSON.stringify(demo.admin) });
  assert.equal(signedIn.status, 200);
  const cookie = signedIn.headers.get('set-cookie').split(';')[0];
  return async (path, body) => {
    const answer = await fetch(`${demo.admin_url}/admin/v1/${path}`, { method: 'POST', headers: { ...json, cookie }, body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json() };
  };
}

export const sample = (number) => demo.samples.find((customer) => customer.mobile_number === number);

let next = 9_700_000_000 + (Date.now() % 90_000_000);
/** A number that nobody has used before. */
export const freshNumber = () => String((next += 1));
