import type { ForwardRefExoticComponent, RefAttributes } from 'react';
import type { Checkout, CheckoutEvents, CheckoutOptions, OnfileOptions } from './onfile.js';

export interface OnfileCheckoutProps extends OnfileOptions {
  /** Where Onfile serves, such as `https://pay.example`. */
  origin: string;
  options?: CheckoutOptions;
  className?: string;
  onReady?(detail: CheckoutEvents['ready']): void;
  onChange?(detail: CheckoutEvents['change']): void;
  onCodeSent?(detail: CheckoutEvents['codesent']): void;
  onIdentified?(detail: CheckoutEvents['identified']): void;
  onCardSelect?(detail: CheckoutEvents['cardselect']): void;
  onCardRemove?(detail: CheckoutEvents['cardremove']): void;
  onEligibilityChange?(detail: CheckoutEvents['eligibilitychange']): void;
  onGuest?(detail: CheckoutEvents['guest']): void;
  onError?(detail: CheckoutEvents['error']): void;
  onLoadError?(detail: CheckoutEvents['loaderror']): void;
}

export const OnfileCheckout: ForwardRefExoticComponent<OnfileCheckoutProps & RefAttributes<Pick<Checkout, 'submit' | 'focus' | 'clear'>>>;
