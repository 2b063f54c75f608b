// The checkout as a React component. Needs React 18 or newer, which the page brings.
import { createElement, forwardRef, useEffect, useImperativeHandle, useRef } from 'react';
import { loadOnfile } from './index.js';

const EVENTS = {
  onReady: 'ready', onChange: 'change', onCodeSent: 'codesent', onIdentified: 'identified', onCardSelect: 'cardselect', onCardRemove: 'cardremove',
  onEligibilityChange: 'eligibilitychange', onGuest: 'guest', onError: 'error', onLoadError: 'loaderror',
};

export const OnfileCheckout = forwardRef(function OnfileCheckout(props, ref) {
  const { origin, sessionSecret, locale, appearance, texts, options, className } = props;
  const slot = useRef(null);
  const checkout = useRef(null);
  // The newest callbacks, without a new frame whenever a page draws itself again.
  const latest = useRef(props);
  latest.current = props;

  useImperativeHandle(ref, () => ({
    submit: () => checkout.current?.submit() ?? Promise.resolve({ error: { type: 'integration_error', code: 'not_mounted', message: 'the checkout is not there yet', field: null } }),
    focus: () => checkout.current?.focus(),
    clear: () => checkout.current?.clear(),
  }), []);

  useEffect(() => {
    let gone = false;
    loadOnfile(origin).then((Onfile) => {
      if (gone || !Onfile || !slot.current) return;
      const element = Onfile({ sessionSecret, locale, appearance, texts }).create('checkout', latest.current.options);
      for (const [prop, type] of Object.entries(EVENTS)) element.on(type, (detail) => latest.current[prop]?.(detail));
      element.mount(slot.current);
      checkout.current = element;
    }, (error) => latest.current.onLoadError?.({ error: { type: 'load_error', code: 'script', message: error.message, field: null } }));
    return () => {
      gone = true;
      checkout.current?.destroy();
      checkout.current = null;
    };
    // Looks and texts are given once: a frame is not thrown away because an object is a new one.
  }, [origin, sessionSecret, locale]);

  const wanted = JSON.stringify(options);
  useEffect(() => {
    if (options) checkout.current?.update({ cards: options.cards, button: options.button });
  }, [wanted]);

  return createElement('div', { ref: slot, className });
});
