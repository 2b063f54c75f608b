//! Dates and names of countries in the shopper's language: by `Intl` in the browser, plainly on the
//! server, which does not know where the shopper is.

use shared::Timestamp;
use shared::text::Language;

use super::country::Country;

/// An instant as a shopper reads it; the day is left out when it is within half a day.
#[must_use]
pub fn moment(at: Timestamp, now: Timestamp, language: Language) -> String {
    let near = now.until(at) < std::time::Duration::from_hours(12);
    platform::moment(at, near, language)
}

/// The names of the countries, in the order of the list.
#[must_use]
pub fn country_names(language: Language) -> Vec<String> {
    let name = platform::namer(language);
    super::country::COUNTRIES
        .iter()
        .map(|country| name(country).unwrap_or_else(|| country.name.to_owned()))
        .collect()
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    use super::{Country, Language, Timestamp};

    pub fn moment(at: Timestamp, near: bool, _: Language) -> String {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let text = at.to_string();
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        let time = format!("{} UTC", part(11..16));
        if near {
            return time;
        }
        let month = part(5..7)
            .parse::<usize>()
            .ok()
            .and_then(|month| MONTHS.get(month.checked_sub(1)?))
            .unwrap_or(&"");
        format!(
            "{} {month} {}, {time}",
            part(8..10).trim_start_matches('0'),
            part(0..4)
        )
    }

    pub fn namer(_: Language) -> impl Fn(&Country) -> Option<String> {
        |_| None
    }
}

#[cfg(target_arch = "wasm32")]
mod platform {
    use js_sys::{Array, Date, Function, Object, Reflect};
    use wasm_bindgen::{JsCast as _, JsValue};

    use super::{Country, Language, Timestamp};

    pub fn moment(at: Timestamp, near: bool, language: Language) -> String {
        let options = Object::new();
        if !near {
            let _ = Reflect::set(&options, &"dateStyle".into(), &"medium".into());
        }
        let _ = Reflect::set(&options, &"timeStyle".into(), &"short".into());
        Date::new(&at.to_string().into())
            .to_locale_string(language.tag(), &options)
            .into()
    }

    pub fn namer(language: Language) -> impl Fn(&Country) -> Option<String> {
        let names = display_names(language);
        move |country| {
            let names = names.as_ref()?;
            let of: Function = Reflect::get(names, &"of".into()).ok()?.dyn_into().ok()?;
            of.call1(names, &country.region.into()).ok()?.as_string()
        }
    }

    fn display_names(language: Language) -> Option<JsValue> {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let constructor: Function = Reflect::get(&intl, &"DisplayNames".into())
            .ok()?
            .dyn_into()
            .ok()?;
        let options = Object::new();
        Reflect::set(&options, &"type".into(), &"region".into()).ok()?;
        Reflect::construct(&constructor, &Array::of2(&language.tag().into(), &options)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_writes_instants_with_their_zone() {
        let at = Timestamp::parse("2026-11-05T09:07:00Z").unwrap();
        assert_eq!(
            moment(
                at,
                Timestamp::parse("2026-11-01T09:00:00Z").unwrap(),
                Language::En
            ),
            "5 Nov 2026, 09:07 UTC"
        );
        assert_eq!(
            moment(
                at,
                Timestamp::parse("2026-11-05T09:00:00Z").unwrap(),
                Language::En
            ),
            "09:07 UTC"
        );
    }
}
