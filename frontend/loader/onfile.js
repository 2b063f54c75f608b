// Onfile's checkout in a merchant's page. Puts Onfile's own page into a frame and speaks with it; the
// shopper's number, code and cards stay in there. Adds one global: Onfile.
(() => {
  'use strict';
  if (window.Onfile) return;
  const script = document.currentScript ?? document.querySelector('script[src*="/widget/v1/onfile.js"]');
  const ORIGIN = new URL(script.src).origin;

  const EVENTS = ['ready', 'change', 'codesent', 'identified', 'cardselect', 'cardremove', 'eligibilitychange', 'guest', 'error', 'loaderror'];
  const PATIENCE = 15000;
  const SILENCE = 2000;
  const FIRST_HEIGHT = 336;

  const warn = (text) => console.warn(`Onfile: ${text}`);
  const trouble = (code, message, type = 'integration_error') => ({ error: { type, code, message, field: null } });

  // ----- options, each in its place

  const PLACES = {
    'Onfile({...})': ['sessionSecret', 'locale', 'appearance', 'texts'],
    "create('checkout', {...})": ['mode', 'defaultValues', 'cards', 'button'],
    'appearance: {...}': ['theme', 'variables'],
    'defaultValues: {...}': ['countryCode', 'mobileNumber'],
    'cards: {...}': ['show', 'removable', 'limit'],
  };
  function check(place, options) {
    const here = PLACES[place];
    for (const name of Object.keys(options ?? {})) {
      if (here.includes(name)) continue;
      const right = Object.keys(PLACES).find((other) => PLACES[other].includes(name));
      warn(`"${name}" is not an option of ${place}${right ? `; it belongs to ${right}` : ''}`);
    }
    return options ?? {};
  }

  // ----- one checkout

  class Checkout {
    #session;
    #options;
    #handlers = new Map();
    #frame = null;
    #port = null;
    #nonce = '';
    #queue = [];
    #answers = new Map();
    #count = 0;
    #timer = 0;
    #failed = null;
    #destroyed = false;

    constructor(session, options) {
      this.#session = session;
      this.#options = options;
    }

    on(type, handler) {
      if (!EVENTS.includes(type)) warn(`there is no event "${type}"; there are ${EVENTS.join(', ')}`);
      this.#handlers.set(type, [...(this.#handlers.get(type) ?? []), handler]);
      return this;
    }

    once(type, handler) {
      const first = (detail) => {
        this.off(type, first);
        handler(detail);
      };
      first.handler = handler;
      return this.on(type, first);
    }

    off(type, handler) {
      const kept = handler ? (this.#handlers.get(type) ?? []).filter((held) => held !== handler && held.handler !== handler) : [];
      this.#handlers.set(type, kept);
      return this;
    }

    #emit(type, detail) {
      for (const handler of this.#handlers.get(type) ?? []) {
        // A merchant's handler that throws must not stop the others or us.
        try {
          handler(detail);
        } catch (error) {
          setTimeout(() => { throw error; });
        }
      }
    }

    mount(target) {
      if (this.#destroyed) return this.#fail('destroyed', 'this checkout was destroyed: create another one');
      const slot = typeof target === 'string' ? document.querySelector(target) : target;
      if (!slot?.append) return this.#fail('no_slot', `there is no element ${target}`);
      if (this.#frame?.isConnected && this.#frame.parentNode === slot) {
        this.#frame.style.display = 'block';
        return this;
      }
      this.#remove();
      const [merchant, session, random, ...more] = String(this.#session.sessionSecret ?? '').split('.');
      if (!random || more.length) return this.#fail('bad_secret', 'sessionSecret must be the session_secret of a checkout session');

      const { locale, appearance } = this.#session;
      const url = new URL(`${ORIGIN}/widget/v1/frame/${encodeURIComponent(merchant)}/${encodeURIComponent(session)}`);
      const language = locale && locale !== 'auto' ? locale : '';
      if (language) url.searchParams.set('locale', language);
      if (appearance?.theme) url.searchParams.set('theme', appearance.theme);

      const frame = document.createElement('iframe');
      frame.title = 'Onfile checkout';
      frame.allow = 'otp-credentials';
      frame.referrerPolicy = 'origin';
      // By script, not by attribute: the page's policy may forbid inline styles.
      Object.assign(frame.style, { border: '0', borderRadius: '12px', display: 'block', height: `${FIRST_HEIGHT}px`, width: '100%' });
      this.#frame = frame;
      addEventListener('message', this.#hear);
      this.#timer = setTimeout(() => this.#fail('timeout', 'the checkout did not load'), PATIENCE);
      // A frame that has loaded and says nothing is not our page.
      frame.addEventListener('load', () => {
        clearTimeout(this.#timer);
        if (!this.#port) this.#timer = setTimeout(() => this.#fail('not_found', 'there is no such checkout session'), SILENCE);
      });
      frame.src = url;
      slot.append(frame);
      return this;
    }

    #fail(code, message) {
      const failed = trouble(code, message, 'load_error');
      this.#fallen(failed);
      // Handlers added right after mount() hear it too.
      queueMicrotask(() => this.#emit('loaderror', failed));
      return this;
    }

    // Whoever waits for an outcome, and whoever asks from now on, is told why there will be none.
    #fallen(failed) {
      this.#failed = failed;
      this.#refuse(failed);
    }

    // The frame's hello: only from our own frame and only from Onfile. It gets a port and the secret.
    #hear = ({ source, origin, data }) => {
      if (!this.#frame || source !== this.#frame.contentWindow || origin !== ORIGIN || data?.onfile !== 1 || data.type !== 'hello') return;
      clearTimeout(this.#timer);
      this.#port?.close();
      const { port1, port2 } = new MessageChannel();
      const nonce = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      this.#port = port1;
      this.#nonce = nonce;
      port1.onmessage = ({ data: message }) => {
        if (message?.v === 1 && message.nonce === nonce) this.#receive(message);
      };
      const { sessionSecret: secret, appearance, texts } = this.#session;
      const { defaultValues, cards, button } = this.#options;
      const init = { onfile: 1, type: 'init', nonce, secret, appearance, texts, defaultValues, options: { cards, button } };
      source.postMessage(JSON.parse(JSON.stringify(init)), ORIGIN, [port2]);
    };

    #receive({ v, nonce, type, ...detail }) {
      if (type === 'height') {
        if (detail.height > 0) this.#frame.style.height = `${Math.min(detail.height, 10000)}px`;
      } else if (type === 'outcome') {
        this.#answers.get(detail.id)?.(detail.outcome);
        this.#answers.delete(detail.id);
      } else if (EVENTS.includes(type)) {
        if (type === 'loaderror') this.#fallen(detail);
        if (type === 'ready') {
          this.#failed = null;
          const queue = this.#queue;
          this.#queue = null;
          for (const message of queue ?? []) this.#post(message);
        }
        this.#emit(type, detail);
      }
    }

    #post(message) {
      if (this.#queue) this.#queue.push(message);
      else this.#port?.postMessage({ ...message, v: 1, nonce: this.#nonce });
    }

    // Out of sight. mount() into the same slot brings it back as it was; into another, a new one.
    unmount() {
      if (this.#frame) this.#frame.style.display = 'none';
      this.#refuse();
      return this;
    }

    #remove() {
      clearTimeout(this.#timer);
      removeEventListener('message', this.#hear);
      this.#port?.close();
      this.#frame?.remove();
      this.#port = this.#frame = this.#failed = null;
      this.#queue = [];
      this.#refuse();
    }

    #refuse(why = trouble('unmounted', 'the checkout was taken out of the page')) {
      for (const answer of this.#answers.values()) answer(why);
      this.#answers.clear();
    }

    destroy() {
      this.#remove();
      this.#handlers.clear();
      this.#destroyed = true;
    }

    update(options) {
      const checked = check("create('checkout', {...})", options);
      check('cards: {...}', checked.cards);
      this.#options = { ...this.#options, ...checked, cards: { ...this.#options.cards, ...checked.cards } };
      const { cards, button } = this.#options;
      this.#post(JSON.parse(JSON.stringify({ type: 'update', options: { cards, button } })));
      return this;
    }

    focus() {
      this.#frame?.focus();
      this.#post({ type: 'focus' });
    }

    clear() {
      this.#post({ type: 'clear' });
    }

    // The outcome: { customer, card, save, guest }, or { error } for what the shopper still has to do.
    submit() {
      if (!this.#frame) return Promise.resolve(trouble('not_mounted', 'mount the checkout before submitting it'));
      if (this.#failed) return Promise.resolve(this.#failed);
      const id = ++this.#count;
      return new Promise((resolve) => {
        this.#answers.set(id, resolve);
        this.#post({ type: 'submit', id });
      });
    }
  }

  window.Onfile = (given) => {
    const session = check('Onfile({...})', given);
    check('appearance: {...}', session.appearance);
    return {
      create(type, given) {
        if (type !== 'checkout') throw new TypeError(`Onfile: there is no element "${type}"; there is "checkout"`);
        const options = check("create('checkout', {...})", given);
        check('defaultValues: {...}', options.defaultValues);
        check('cards: {...}', options.cards);
        if (options.mode && options.mode !== 'frame') warn(`mode "${options.mode}" is not available; the checkout runs in a frame`);
        return new Checkout(session, options);
      },
    };
  };

  // ----- <onfile-checkout session-secret locale theme>, for pages where only HTML can be added

  class OnfileCheckout extends HTMLElement {
    #checkout = null;

    connectedCallback() {
      // Moved within the page: disconnected and connected in one go, and a new frame in the new place.
      // Upgraded in the page: the attribute's callback came first and has drawn already.
      const secret = this.getAttribute('session-secret');
      if (!secret || this.#checkout) return;
      const attribute = (name) => this.getAttribute(name) ?? undefined;
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      this.style.display ||= 'block';
      this.#checkout = window.Onfile({ sessionSecret: secret, locale: attribute('locale'), appearance: { theme: attribute('theme') } }).create('checkout', {
        defaultValues: { countryCode: attribute('country-code'), mobileNumber: attribute('mobile-number') },
        button: this.hasAttribute('button'),
      });
      for (const type of EVENTS) {
        this.#checkout.on(type, (detail) => this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true })));
      }
      this.#checkout.mount(root);
    }

    disconnectedCallback() {
      this.#checkout?.destroy();
      this.#checkout = null;
    }

    static observedAttributes = ['session-secret'];

    attributeChangedCallback(_, before, now) {
      if (!this.isConnected || before === now) return;
      this.disconnectedCallback();
      this.connectedCallback();
    }

    submit() {
      return this.#checkout ? this.#checkout.submit() : Promise.resolve(trouble('not_mounted', 'the element has no session-secret'));
    }

    focus() {
      this.#checkout?.focus();
    }

    clear() {
      this.#checkout?.clear();
    }
  }
  customElements.get('onfile-checkout') ?? customElements.define('onfile-checkout', OnfileCheckout);
})();
