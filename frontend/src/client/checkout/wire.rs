//! The wire types of the Checkout API to and from the browser's own JSON.
//!
//! Derived readers would weigh a fifth of the whole widget, twice as much as everything here. The
//! types are still `shared::api::checkout`'s: each is built as a whole, so a field that is added
//! there does not compile until it is read here.

use js_sys::{Array, JSON, Number, Object, Reflect};
use shared::Timestamp;
use shared::api::Change;
use shared::api::checkout::{
    Appearance, CardFace, CardView, ChallengeView, Channel, CustomerCardsView, IdentifiedView,
    LimitsView, SaveConsent, SelectionRequest, SessionView, ShopperView, StartVerificationRequest,
    Theme, UpdateShopperRequest,
};
use shared::api::error::{ErrorBody, ErrorCode, ErrorDetails};
use shared::card_token::CardType;
use shared::checkout_session::{Permission, SessionStatus};
use shared::customer::CustomerStatus;
use shared::eligibility::{Decision, Reason, ReasonCode, Remedy};
use shared::text::Language;
use wasm_bindgen::JsValue;

/// Is read from a value of the browser's JSON; none when it is not of the form.
pub trait Read: Sized {
    /// Reads it.
    fn read(value: &JsValue) -> Option<Self>;
}

/// Reads JSON.
#[must_use]
pub fn parse<T: Read>(json: &str) -> Option<T> {
    T::read(&JSON::parse(json).ok()?)
}

fn field<T: Read>(value: &JsValue, name: &str) -> Option<T> {
    T::read(&Reflect::get(value, &name.into()).ok()?)
}

impl Read for String {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_string()
    }
}

impl Read for bool {
    fn read(value: &JsValue) -> Option<Self> {
        // An absent yes is a no.
        Some(value.as_bool().unwrap_or(false))
    }
}

impl Read for Timestamp {
    fn read(value: &JsValue) -> Option<Self> {
        Self::parse(&value.as_string()?)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &JsValue) -> Option<Self> {
        if value.is_null() || value.is_undefined() {
            Some(None)
        } else {
            T::read(value).map(Some)
        }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &JsValue) -> Option<Self> {
        Array::is_array(value).then(|| {
            Array::from(value)
                .iter()
                .map(|item| T::read(&item))
                .collect()
        })?
    }
}

/// A number as text.
fn digits(value: &JsValue) -> Option<String> {
    Number::from(value.as_f64()?)
        .to_string_with_radix(10)
        .ok()
        .map(String::from)
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl Read for $kind {
            fn read(value: &JsValue) -> Option<Self> {
                digits(value)?.parse().ok()
            }
        }
    )*};
}

numbers!(u32 u64 usize i64);

macro_rules! words {
    ($($kind:ty: $parse:expr;)*) => {$(
        impl Read for $kind {
            fn read(value: &JsValue) -> Option<Self> {
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(&value.as_string()?)
            }
        }
    )*};
}

words! {
    SessionStatus: Self::parse;
    CustomerStatus: Self::parse;
    CardType: Self::parse;
    Language: Self::from_tag;
    ErrorCode: |word| Self::ALL.iter().copied().find(|code| code.as_str() == word);
    ReasonCode: |word| Self::ALL.into_iter().find(|code| code.as_str() == word);
    Remedy: |word| Self::ALL.into_iter().find(|remedy| remedy.as_str() == word);
    Theme: |word| match word {
        "auto" => Some(Self::Auto),
        "light" => Some(Self::Light),
        "dark" => Some(Self::Dark),
        _ => None,
    };
    Channel: |word| match word {
        "sms" => Some(Self::Sms),
        "whatsapp" => Some(Self::Whatsapp),
        _ => None,
    };
    Permission: |word| match word {
        "list" => Some(Self::List),
        "save" => Some(Self::Save),
        "remove" => Some(Self::Remove),
        _ => None,
    };
}

macro_rules! records {
    ($($kind:ident { $($name:ident)* } $(..$rest:expr)?;)*) => {$(
        impl Read for $kind {
            fn read(value: &JsValue) -> Option<Self> {
                Some(Self { $($name: field(value, stringify!($name))?,)* $(..$rest)? })
            }
        }
    )*};
}

records! {
    SessionView { merchant_name status locale appearance methods allow limits hint country_code amount currency consent_text_version expires_at };
    Appearance { theme accent };
    LimitsView { code_digits tries code_lifetime_seconds };
    ChallengeView { challenge_id sent_to resend_at tries_left expires_at };
    IdentifiedView { session_secret customer cards revision };
    CustomerCardsView { customer cards revision };
    ShopperView { first_name last_name email_id mobile_number status is_new };
    CardView { token_id card decision removing };
    CardFace { last4_digit network_name issuer_name card_type cvv_required };
    Decision { eligible reasons };
    Reason { code since remedy until };
    ErrorBody { code message additional_error_details request_id };
    // What a shopper never meets is not read.
    ErrorDetails { field reasons challenge_id tries_left resend_at until } ..Self::default();
}

impl<T: Read> Read for Box<T> {
    fn read(value: &JsValue) -> Option<Self> {
        T::read(value).map(Self::new)
    }
}

/// A request's body.
pub trait Write {
    /// As a value of the browser's JSON; what is absent is undefined and left out.
    fn value(&self) -> JsValue;

    /// As JSON.
    fn json(&self) -> String {
        JSON::stringify(&self.value())
            .map(String::from)
            .unwrap_or_default()
    }
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

fn text(value: Option<&String>) -> JsValue {
    value.map_or(JsValue::UNDEFINED, |text| text.as_str().into())
}

impl Write for StartVerificationRequest {
    fn value(&self) -> JsValue {
        let Self {
            country_code,
            mobile_number,
            channel,
        } = self;
        let channel = channel.map(|channel| match channel {
            Channel::Sms => "sms",
            Channel::Whatsapp => "whatsapp",
        });
        object(&[
            ("country_code", text(country_code.as_ref())),
            ("mobile_number", text(mobile_number.as_ref())),
            ("channel", channel.into()),
        ])
    }
}

impl Write for SelectionRequest {
    fn value(&self) -> JsValue {
        let Self { token_id, save } = self;
        let save = match save {
            None => JsValue::UNDEFINED,
            Some(SaveConsent::Ticked(ticked)) => (*ticked).into(),
            Some(SaveConsent::Wording {
                text_version,
                language,
            }) => object(&[
                ("text_version", text_version.as_str().into()),
                ("language", language.tag().into()),
            ]),
        };
        object(&[("token_id", text(token_id.as_ref())), ("save", save)])
    }
}

impl Write for UpdateShopperRequest {
    fn value(&self) -> JsValue {
        let Self {
            first_name,
            last_name,
            email_id,
        } = self;
        let changed = |change: &Change<String>| match change {
            Change::Keep => JsValue::UNDEFINED,
            Change::Clear => JsValue::NULL,
            Change::Set(value) => value.as_str().into(),
        };
        object(&[
            ("first_name", changed(first_name)),
            ("last_name", changed(last_name)),
            ("email_id", changed(email_id)),
        ])
    }
}

/// The one text field of a code's request.
pub fn code_request(code: &str) -> String {
    JSON::stringify(&object(&[("code", code.into())]))
        .map(String::from)
        .unwrap_or_default()
}
