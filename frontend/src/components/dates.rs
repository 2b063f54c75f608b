//! Instants in the viewer's own zone and habits, by the browser's `Intl`.

use js_sys::{Date, Object, Reflect};
use leptos::prelude::*;
use shared::Timestamp;
use wasm_bindgen::{JsCast, JsValue};

use super::view;

/// How finely an instant is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// `12 Nov 2025`.
    Day,
    /// `12 Nov 2025, 14:02`.
    #[default]
    Minute,
    /// `12 Nov 2025, 14:02:31`.
    Second,
}

/// An instant; the exact time with its zone shows on hover.
#[component]
pub fn Moment(at: Timestamp, #[prop(optional)] grain: Grain) -> impl IntoView {
    view! { <time datetime=at.to_string() title=exact(at)>{shown(at, grain)}</time> }
}

/// An instant as text.
#[must_use]
pub fn shown(at: Timestamp, grain: Grain) -> String {
    let seconds: &[(&str, &str)] = match grain {
        Grain::Day => &[("dateStyle", "medium")],
        Grain::Minute => &[("dateStyle", "medium"), ("timeStyle", "short")],
        Grain::Second => &[("dateStyle", "medium"), ("timeStyle", "medium")],
    };
    format(at, seconds)
}

/// The instant to the second with its zone, and in UTC to the microsecond.
fn exact(at: Timestamp) -> String {
    format!(
        "{} ({at})",
        format(at, &[("dateStyle", "full"), ("timeStyle", "long")])
    )
}

fn format(at: Timestamp, options: &[(&str, &str)]) -> String {
    let settings = Object::new();
    for (name, value) in options {
        // A plain object takes any property; there is nothing to be done if it did not.
        let _ = Reflect::set(
            &settings,
            &JsValue::from_str(name),
            &JsValue::from_str(value),
        );
    }
    String::from(date(at).to_locale_string(&locale(), &settings))
}

/// The digits of a number grouped as the viewer's locale groups them.
#[must_use]
pub fn number(count: i64) -> String {
    let number = js_sys::BigInt::from(count);
    String::from(number.to_locale_string(&JsValue::from_str(&locale()), &JsValue::UNDEFINED))
}

/// The viewer's own kind of English, as the page is in English.
fn locale() -> String {
    let languages = window().navigator().languages();
    languages
        .iter()
        .filter_map(|tag| tag.as_string())
        .find(|tag| tag.starts_with("en"))
        .unwrap_or_else(|| "en-GB".to_owned())
}

fn date(at: Timestamp) -> Date {
    Date::new(&JsValue::from_str(&at.to_string()))
}

/// Now, by the browser's clock.
#[must_use]
pub fn now() -> Timestamp {
    instant(&Date::new_0()).unwrap_or(Timestamp::from_micros(0))
}

/// The instant of a `datetime-local` field, in the viewer's zone.
#[must_use]
pub fn from_field(value: &str) -> Option<Timestamp> {
    instant(&Date::new(&JsValue::from_str(value)))
}

/// An instant as a `datetime-local` field takes it, in the viewer's zone.
#[must_use]
pub fn to_field(at: Timestamp) -> String {
    let date = date(at);
    let (year, month, day) = (date.get_full_year(), date.get_month() + 1, date.get_date());
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}",
        date.get_hours(),
        date.get_minutes()
    )
}

fn instant(date: &Date) -> Option<Timestamp> {
    // `toISOString` throws on an invalid date, so its number is asked first.
    if date.get_time().is_nan() {
        return None;
    }
    let iso: JsValue = date.to_iso_string().unchecked_into();
    iso.as_string().as_deref().and_then(Timestamp::parse)
}
