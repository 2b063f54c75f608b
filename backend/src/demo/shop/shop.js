'use strict';
// The checkout page: the widget in its slot, and the pay button that follows it. The button only asks;
// the shop's server reads the session from Onfile and decides.
(() => {
  const slot = document.getElementById('checkout');
  const form = document.getElementById('pay-form');
  const pay = document.getElementById('pay');
  const problem = document.getElementById('problem');
  const hint = document.getElementById('hint');
  const words = form.dataset;

  let checkout = null; // none where the widget cannot be shown
  let complete = false;
  let guest = false;
  let paying = false;

  function draw() {
    pay.disabled = paying || !(complete || guest);
    pay.textContent = paying ? words.paying : guest ? words.payGuest : words.pay;
    hint.hidden = complete || guest;
  }

  function say(text, again) {
    problem.textContent = text;
    if (!again) return;
    const link = document.createElement('a');
    link.href = '/checkout';
    link.textContent = words.again;
    problem.append(' ', link);
  }

  // Without the widget the shop still sells, to guests.
  function withoutWidget() {
    slot.hidden = true;
    checkout = null;
    guest = true;
    say(words.noWidget, false);
    draw();
  }

  // Whether the order is paid and the browser on its way to the next page.
  async function settle() {
    const answer = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ session: form.elements.session.value, way: guest ? 'guest' : 'session' }),
    });
    const body = await answer.json();
    if (body.paid) location.assign(body.paid);
    else say(body.problem, body.again);
    return Boolean(body.paid);
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (paying || pay.disabled) return;
    paying = true;
    say('', false);
    draw();
    try {
      const chosen = checkout ? await checkout.submit() : { guest: true };
      guest = Boolean(chosen.guest);
      if (chosen.error) say(chosen.error.message, false);
      else if (await settle()) return;
    } catch {
      say(words.noAnswer, false);
    }
    paying = false;
    draw();
  });

  draw();
  try {
    // The widget in the shop's own accent and type.
    const style = getComputedStyle(document.body);
    const colorPrimary = style.getPropertyValue('--accent').trim();
    const onfile = window.Onfile({
      sessionSecret: slot.dataset.sessionSecret,
      locale: slot.dataset.locale,
      appearance: { variables: { colorPrimary, fontFamily: style.fontFamily } },
    });
    checkout = onfile.create('checkout', { mode: 'frame' });
    checkout.on('change', (change) => {
      complete = change.complete;
      guest = guest && complete;
      if (!paying) say('', false);
      draw();
    });
    checkout.on('guest', () => { guest = true; draw(); });
    checkout.on('loaderror', withoutWidget);
    checkout.mount('#checkout');
  } catch {
    // The loader did not arrive: the page's other scripts run all the same.
    withoutWidget();
  }
})();
