/** Where Onfile serves, such as `https://pay.example`. Null on a server, where there is no page. */
export function loadOnfile(origin: string): Promise<OnfileConstructor | null>;

export type OnfileConstructor = (options: OnfileOptions) => OnfileInstance;

export interface OnfileOptions {
  /** The `session_secret` of a checkout session, minted by the merchant's server. */
  sessionSecret: string;
  /** A language tag, or `auto` for the shopper's own. */
  locale?: 'auto' | (string & {});
  appearance?: Appearance;
  /** Words in place of ours, by the keys of the text table. */
  texts?: Record<string, string>;
}

export interface Appearance {
  theme?: 'auto' | 'light' | 'dark';
  /** As `colorPrimary` or `color-primary`. A primary colour too faint to read is darkened or lightened. */
  variables?: Partial<Record<AppearanceVariable, string>> & Record<string, string | number | undefined>;
}

export type AppearanceVariable =
  | 'colorPrimary' | 'colorBackground' | 'colorText' | 'colorTextSecondary' | 'colorTextPlaceholder' | 'colorDanger'
  | 'fontFamily' | 'fontSizeBase' | 'fontWeightBold' | 'borderRadius';

export interface CheckoutOptions {
  mode?: 'frame';
  defaultValues?: { countryCode?: string; mobileNumber?: string };
  cards?: {
    /** `usable` leaves out the cards that cannot be used; by default they stay, with their reasons. */
    show?: 'all' | 'usable';
    removable?: boolean;
    limit?: number;
  };
  /** Whether the checkout has a button of its own; by default the page calls `submit()`. */
  button?: boolean;
}

export interface OnfileInstance {
  create(type: 'checkout', options?: CheckoutOptions): Checkout;
}

export interface Checkout {
  mount(target: string | Element | ShadowRoot): this;
  /** Out of sight; `mount` into the same slot brings it back as it was. */
  unmount(): this;
  /** For good. */
  destroy(): void;
  update(options: Pick<CheckoutOptions, 'cards' | 'button'>): this;
  focus(): void;
  clear(): void;
  /** Never rejects: what the shopper still has to do comes as `error`. */
  submit(): Promise<CheckoutResult>;
  on<T extends keyof CheckoutEvents>(type: T, handler: (detail: CheckoutEvents[T]) => void): this;
  once<T extends keyof CheckoutEvents>(type: T, handler: (detail: CheckoutEvents[T]) => void): this;
  off<T extends keyof CheckoutEvents>(type: T, handler?: (detail: CheckoutEvents[T]) => void): this;
}

/** What to charge is the merchant's server's to read: `GET /api/v1/checkout-sessions/{session_id}`. */
export type CheckoutResult =
  | { error: CheckoutError; customer?: undefined; card?: undefined }
  | {
      error?: undefined;
      customer: { status: CustomerStatus; is_new: boolean } | null;
      /** Null for another card, and for a guest. */
      card: { token_id: string; cvv_required: boolean } | null;
      /** The shopper agreed to keep the other card. */
      save: boolean;
      guest: boolean;
    };

export type CustomerStatus = 'INACTIVE' | 'ACTIVE' | 'SUSPENDED' | 'DELETED';

export interface CheckoutError {
  type: 'validation_error' | 'api_error' | 'connection_error' | 'integration_error' | 'load_error';
  code: string;
  /** In the shopper's language, except for the last two types. */
  message: string;
  field: string | null;
}

export type ReasonCode =
  | 'customer_not_verified' | 'customer_suspended' | 'customer_deleted' | 'verification_stale'
  | 'token_pending' | 'token_suspended' | 'token_failed' | 'token_deactivated' | 'token_expired' | 'token_not_compliant'
  | 'consent_missing' | 'consent_withdrawn' | 'card_not_accepted';

export interface CheckoutEvents {
  ready: Record<string, never>;
  /** `complete`: `submit()` would bring an outcome. */
  change: { empty: boolean; complete: boolean; value: { token_id: string | null; save: boolean } | null };
  codesent: Record<string, never>;
  identified: { status: CustomerStatus; is_new: boolean; cards: number; usable: number };
  cardselect: { token_id: string | null };
  cardremove: { token_id: string };
  eligibilitychange: { token_id: string; eligible: boolean; reasons: ReasonCode[] };
  guest: Record<string, never>;
  error: { error: CheckoutError };
  loaderror: { error: CheckoutError };
}

export interface OnfileCheckoutElement extends HTMLElement {
  submit(): Promise<CheckoutResult>;
  clear(): void;
}

declare global {
  interface Window {
    Onfile?: OnfileConstructor;
  }
  interface HTMLElementTagNameMap {
    'onfile-checkout': OnfileCheckoutElement;
  }
}
