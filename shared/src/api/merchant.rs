//! The Merchant API. source: Pine Labs Online, Customers and Tokenization; extensions are ours and
//! say so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Change;
use crate::Timestamp;
use crate::card_token::{CardSummary, PaymentMethod, TokenStatus};
use crate::checkout_session::{Permission, SessionStatus};
use crate::consent::Purpose;
use crate::customer::{Address, CustomerStatus};
use crate::eligibility::Decision;
use crate::text::Language;

macro_rules! wire {
    (read $($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* #[serde(default)] pub $field: $type,)* }
    )*};
    (answer $($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
        pub struct $name { $($(#[$fdoc])* pub $field: $type,)* }
    )*};
}

wire! { read
    /// Asks for an access token.
    AccessTokenRequest {
        /// The API key's id.
        client_id: Option<String>,
        /// The API key's secret.
        client_secret: Option<String>,
        /// Only `client_credentials`.
        grant_type: Option<String>,
    }

    /// Creates a customer. A reference or a mobile number is needed; the rest is optional.
    CreateCustomerRequest {
        /// The merchant's own name for the customer: 1-50 of `A-Z a-z 0-9 - _`.
        merchant_customer_reference: Option<String>,
        /// 1-50 characters of any script.
        first_name: Option<String>,
        /// 1-50 characters of any script.
        last_name: Option<String>,
        /// Calling code with or without plus; `91` when absent.
        country_code: Option<String>,
        /// 10-20 digits.
        mobile_number: Option<String>,
        /// At most 50 characters.
        email_id: Option<String>,
        /// Where bills go.
        billing_address: Option<Address>,
        /// Where parcels go.
        shipping_address: Option<Address>,
        /// 15 letters and digits.
        gstin: Option<String>,
        /// At most 10 pairs of at most 256 characters.
        merchant_metadata: Option<BTreeMap<String, String>>,
    }

    /// Makes a token for a customer's card.
    GenerateTokenRequest {
        /// Whose card.
        customer_id: Option<String>,
        /// The merchant's own name for the token, and its idempotency key.
        merchant_token_reference: Option<String>,
        /// Only `CARD`.
        payment_method: Option<String>,
        /// The encrypted card.
        payment_option: Option<PaymentOption>,
        /// Evidence of the payment the card came from.
        payment: Option<Payment>,
        /// At most 10 pairs of at most 256 characters.
        merchant_metadata: Option<BTreeMap<String, String>>,
    }

    /// How the card is given.
    PaymentOption {
        /// The card, encrypted for the token provider. Never a number.
        encrypted_card_details: Option<String>,
    }

    /// The payment the card came from.
    Payment {
        /// What the acquirer answered.
        acquirer_data: Option<AcquirerData>,
    }

    /// What the acquirer answered.
    AcquirerData {
        /// Approval code.
        approval_code: Option<String>,
        /// Acquirer's reference.
        acquirer_reference: Option<String>,
        /// Retrieval reference number.
        rrn: Option<String>,
        /// Reference of the issuer's authentication.
        auth_reference: Option<String>,
    }

    /// Deletes a customer's token.
    DeleteCustomerTokenRequest {
        /// The merchant's own name for this request: 1-50 characters.
        merchant_unique_reference: Option<String>,
        /// At most 10 pairs of at most 256 characters.
        merchant_metadata: Option<BTreeMap<String, String>>,
    }

    /// Asks for a cryptogram.
    CryptogramRequest {
        /// The merchant's own name for this request: 1-50 characters.
        merchant_unique_reference: Option<String>,
        /// The network's or issuer's token.
        service_provider_token_id: Option<String>,
    }

    /// Mints a checkout session (ours).
    CreateCheckoutSessionRequest {
        /// The page's origin: https, or http on loopback for a sandbox merchant.
        origin: Option<String>,
        /// What is to be paid, in minor units.
        amount: Option<i64>,
        /// ISO 4217 code; needed when there is an amount.
        currency: Option<String>,
        /// Who the merchant thinks it is.
        customer_id: Option<String>,
        /// Calling code of the hint.
        country_code: Option<String>,
        /// Number of the hint.
        mobile_number: Option<String>,
        /// The page's language, such as `hi` or `en-IN`; absent or `auto` follows the browser.
        locale: Option<String>,
        /// What the browser may do; everything when absent.
        allow: Option<Vec<Permission>>,
        /// What a saved card is for.
        purpose: Option<Purpose>,
    }
}

/// Changes a customer; only the fields that are sent. `null` or `""` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCustomerRequest {
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub merchant_customer_reference: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub first_name: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub last_name: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub country_code: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub mobile_number: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub email_id: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<Address>))]
    pub billing_address: Change<Address>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<Address>))]
    pub shipping_address: Change<Address>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<String>))]
    pub gstin: Change<String>,
    /// See [`CreateCustomerRequest`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    #[cfg_attr(not(target_arch = "wasm32"), schema(value_type = Option<BTreeMap<String, String>>))]
    pub merchant_metadata: Change<BTreeMap<String, String>>,
    /// A legal move of the life cycle, named by where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CustomerStatus>,
}

wire! { answer
    /// An access token.
    AccessTokenView {
        /// Send it as `Authorization: Bearer`.
        access_token: String,
        /// When it ends.
        expires_at: Timestamp,
        /// The same in seconds from now, for clients that read this.
        expires_in: i64,
        /// Always `Bearer`.
        token_type: String,
    }

    /// What generating a token answers.
    GeneratedTokenView {
        /// The token.
        token_id: String,
        /// Whose.
        customer_id: String,
        /// The merchant's own name for it.
        merchant_token_reference: String,
        /// Where it stands.
        status: TokenStatus,
        /// When it was made.
        created_at: Timestamp,
        /// When it last changed.
        updated_at: Timestamp,
    }

    /// A customer's tokens.
    TokenListView {
        /// Whose.
        customer_id: String,
        /// How many.
        total_tokens: usize,
        /// Each with its decision.
        tokens: Vec<TokenView>,
        /// When the customer was created.
        created_at: Timestamp,
        /// When the customer last changed.
        updated_at: Timestamp,
    }

    /// The network's or issuer's tokens of a customer.
    ServiceProviderTokenListView {
        /// Whose.
        customer_id: String,
        /// One for each token that has one.
        tokens: Vec<ServiceProviderTokenView>,
    }

    /// The answer of a deletion of a customer's token.
    DeletedCustomerTokenView {
        /// Whose.
        customer_id: String,
        /// The token.
        token_id: String,
        /// Always `DELETED`: a word of this answer only; the token itself is DEACTIVATED.
        status: String,
        /// As it was sent.
        merchant_unique_reference: String,
    }

    /// The answer of a deletion by token id.
    DeletedTokenView {
        /// The token.
        token_id: String,
        /// Always `DELETED`.
        status: String,
    }

    /// A cryptogram for one payment. It is never stored.
    CryptogramView {
        /// The token.
        token_id: String,
        /// The merchant's own name for it.
        merchant_token_reference: String,
        /// The network's or issuer's token.
        service_provider_token_id: String,
        /// What the payment needs.
        token_data: CryptogramData,
    }

    /// What a payment with a network token needs; all text, as the published clients require.
    CryptogramData {
        /// The cryptogram.
        cryptogram: String,
        /// The network's reference of the token.
        token_reference: String,
        /// The network's reference of the account.
        payment_account_reference: String,
        /// Two digits.
        token_expiry_month: String,
        /// Four digits.
        token_expiry_year: String,
    }

    /// A session just minted. The secret is shown here and never again.
    CreatedCheckoutSessionView {
        /// For the merchant's server.
        session_id: String,
        /// For the page, which hands it to the widget.
        session_secret: String,
        /// When it ends.
        expires_at: Timestamp,
        /// For pages without scripts, and to redirect to; works once, within five minutes.
        frame_url: String,
    }

    /// What the merchant's server learns of a session.
    CheckoutSessionView {
        /// Which.
        session_id: String,
        /// How far it has come.
        status: SessionStatus,
        /// Who was identified; `""` until then.
        customer_id: String,
        /// What the shopper chose, decided again now.
        selected: Option<SelectedView>,
        /// Consent to save a new card.
        save_consent: Option<SaveConsentView>,
        /// The page's origin.
        origin: String,
        /// What is to be paid.
        amount: Option<i64>,
        /// Its currency.
        currency: Option<String>,
        /// What a saved card is for.
        purpose: Purpose,
        /// When it was minted.
        created_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    }

    /// A chosen card.
    SelectedView {
        /// The card.
        token_id: String,
        /// Decided at the moment of this answer.
        decision: Decision,
    }

    /// The shopper's consent to save a new card.
    SaveConsentView {
        /// Which wording was shown.
        text_version: String,
        /// In which language.
        language: Language,
        /// What for.
        purpose: Purpose,
        /// When it was given.
        given_at: Timestamp,
    }
}

/// A customer as the Merchant API answers it: absent texts are `""`, absent objects are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct CustomerView {
    /// Who.
    pub customer_id: String,
    /// The merchant's own name for the customer.
    pub merchant_customer_reference: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Calling code without plus.
    pub country_code: String,
    /// National number without trunk zero.
    pub mobile_number: String,
    /// E-mail address.
    pub email_id: String,
    /// Where bills go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Address>,
    /// Where parcels go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Address>,
    /// Tax number.
    pub gstin: String,
    /// The merchant's own pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_metadata: Option<BTreeMap<String, String>>,
    /// Where the customer stands.
    pub status: CustomerStatus,
    /// When created.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// A token as the Merchant API answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct TokenView {
    /// Which.
    pub token_id: String,
    /// The merchant's own name for it.
    pub merchant_token_reference: String,
    /// Whose.
    pub customer_id: String,
    /// Where it stands.
    pub status: TokenStatus,
    /// What kind of instrument.
    pub payment_method: PaymentMethod,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Timestamp>,
    /// When made.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
    /// Why it stands there; `null` when there is nothing to say.
    pub status_reason: Option<String>,
    /// The merchant's own pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_metadata: Option<BTreeMap<String, String>>,
    /// What may be shown of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_data: Option<CardSummary>,
    /// Whether it meets the rules for cards on file.
    pub is_compliant: bool,
    /// Whether it can be used now, and if not why (ours).
    pub decision: Decision,
}

/// The network's or issuer's token behind a saved card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
pub struct ServiceProviderTokenView {
    /// The saved card.
    pub token_id: String,
    /// Whose.
    pub customer_id: String,
    /// The merchant's own name for it.
    pub merchant_token_reference: String,
    /// Where it stands.
    pub status: TokenStatus,
    /// What kind of instrument.
    pub payment_method: PaymentMethod,
    /// What may be shown of the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_data: Option<CardSummary>,
    /// The network's or issuer's token.
    pub service_provider_token_id: String,
    /// When made.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// What to look a customer up by; everything given must match one customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::IntoParams))]
#[cfg_attr(not(target_arch = "wasm32"), into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct CustomerDetailsQuery {
    /// Calling code with or without plus.
    pub country_code: Option<String>,
    /// 10-20 digits.
    pub mobile_number: Option<String>,
    /// The merchant's own name for the customer.
    pub merchant_customer_reference: Option<String>,
}
