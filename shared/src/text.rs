//! The words: one table per language in `shared/text/<language>.json`, used by API, widget and admin
//! page alike.
//!
//! The server holds every table. A browser is sent the one it needs and nothing else, so a table is
//! read from JSON there; [`Key`] makes a missing or misspelled key a compile error or a failed test.

use serde::{Deserialize, Serialize};

use crate::api::error::ErrorCode;
use crate::eligibility::{ReasonCode, Remedy};

/// A language that has a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Hindi.
    Hi,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Hi];

    /// The tag for `lang` attributes and `Intl`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Hi => "hi",
        }
    }

    /// What the language calls itself.
    #[must_use]
    pub const fn endonym(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Hi => "हिन्दी",
        }
    }

    /// The language of a tag such as `hi-IN`, if there is a table for it.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The best language for an `Accept-Language` header; English when none fits.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (0, Self::En);
        for item in header.split(',') {
            let mut parts = item.split(';');
            let Some(language) = parts.next().and_then(|tag| Self::from_tag(tag.trim())) else {
                continue;
            };
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1_000, thousandths);
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }
}

/// `0.8` as 800, without floating point.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole
        .parse::<u32>()
        .unwrap_or(0)
        .saturating_mul(1_000)
        .saturating_add(digits.parse().unwrap_or(0))
}

macro_rules! keys {
    ($($variant:ident = $key:literal,)*) => {
        /// One text of a table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Key {
            $(#[doc = concat!("`", $key, "`")] $variant,)*
        }

        impl Key {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The key in the table's file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }
        }
    };
}

include!("text/keys.rs");

/// One language's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    language: Language,
    table: std::collections::BTreeMap<String, String>,
}

impl Texts {
    /// Reads a table as the server sends it.
    ///
    /// # Errors
    /// When it is not a JSON object of texts.
    pub fn from_json(language: Language, json: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            language,
            table: serde_json::from_str(json)?,
        })
    }

    /// A table from its keys and texts, where something else has read the JSON.
    #[must_use]
    pub fn from_pairs(
        language: Language,
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self {
            language,
            table: pairs.into_iter().collect(),
        }
    }

    /// The language of the table.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The text for a key; the key itself where a table lacks it, so that nothing is ever blank.
    #[must_use]
    pub fn get(&self, key: Key) -> &str {
        self.table
            .get(key.as_str())
            .map_or(key.as_str(), String::as_str)
    }

    /// The text for a key with `{name}` replaced by each given value.
    #[must_use]
    pub fn fill(&self, key: Key, values: &[(&str, &str)]) -> String {
        values
            .iter()
            .fold(self.get(key).to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
    }

    /// What an error code means, in words for whoever meets it.
    #[must_use]
    pub fn error(&self, code: ErrorCode) -> &str {
        self.coded("error", code.as_str())
    }

    /// Why a card cannot be used.
    #[must_use]
    pub fn reason(&self, code: ReasonCode) -> &str {
        self.coded("reason", code.as_str())
    }

    /// What to do about it: the label of the button where there is one.
    #[must_use]
    pub fn remedy(&self, remedy: Remedy) -> &str {
        self.coded("remedy", remedy.as_str())
    }

    /// Puts the page's own words in place of ours.
    pub fn replace(&mut self, key: &str, text: String) {
        if let Some(entry) = self.table.get_mut(key) {
            *entry = text;
        }
    }

    /// The code itself stands in where a table lacks it.
    fn coded(&self, family: &str, code: &'static str) -> &str {
        self.table
            .get(&format!("{family}.{code}"))
            .map_or(code, String::as_str)
    }
}

/// The tables, as files.
#[cfg(not(target_arch = "wasm32"))]
pub mod tables {
    use std::sync::OnceLock;

    use super::{Language, Texts};

    /// The table's file, as it is sent to browsers.
    #[must_use]
    pub const fn json(language: Language) -> &'static str {
        match language {
            Language::En => include_str!("../text/en.json"),
            Language::Hi => include_str!("../text/hi.json"),
        }
    }

    /// The table of a language.
    #[must_use]
    pub fn of(language: Language) -> &'static Texts {
        static TABLES: OnceLock<Vec<Texts>> = OnceLock::new();
        let tables = TABLES.get_or_init(|| {
            let read = |language| {
                Texts::from_json(language, json(language)).unwrap_or(Texts {
                    language,
                    table: std::collections::BTreeMap::new(),
                })
            };
            Language::ALL.into_iter().map(read).collect()
        });
        tables
            .iter()
            .find(|texts| texts.language == language)
            .unwrap_or_else(|| unreachable!("every language was read"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn expected_keys() -> BTreeSet<String> {
        let own = Key::ALL.iter().map(|key| key.as_str().to_owned());
        let errors = ErrorCode::ALL
            .iter()
            .map(|code| format!("error.{}", code.as_str()));
        let reasons = ReasonCode::ALL
            .iter()
            .map(|code| format!("reason.{}", code.as_str()));
        let remedies = Remedy::ALL
            .iter()
            .map(|remedy| format!("remedy.{}", remedy.as_str()));
        own.chain(errors).chain(reasons).chain(remedies).collect()
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_table_has_every_key_and_no_other() {
        for language in Language::ALL {
            let table: std::collections::BTreeMap<String, String> =
                serde_json::from_str(tables::json(language)).unwrap();
            let found: BTreeSet<String> = table.keys().cloned().collect();
            let expected = expected_keys();
            assert_eq!(
                expected.difference(&found).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "missing in {}",
                language.tag()
            );
            assert_eq!(
                found.difference(&expected).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "unknown in {}",
                language.tag()
            );
            assert!(
                table.values().all(|text| !text.trim().is_empty()),
                "a blank text in {}",
                language.tag()
            );
        }
    }

    #[test]
    fn a_translation_has_the_placeholders_of_the_english_text() {
        let english = tables::of(Language::En);
        for language in Language::ALL {
            for (key, text) in &tables::of(language).table {
                assert_eq!(
                    placeholders(text),
                    placeholders(&english.table[key]),
                    "{key} in {}",
                    language.tag()
                );
            }
        }
    }

    #[test]
    fn the_best_of_the_accepted_languages_is_chosen() {
        assert_eq!(
            Language::from_accept_language("hi-IN,hi;q=0.9,en;q=0.8"),
            Language::Hi
        );
        assert_eq!(
            Language::from_accept_language("fr,en;q=0.3,hi;q=0.7"),
            Language::Hi
        );
        assert_eq!(Language::from_accept_language("fr"), Language::En);
        assert_eq!(Language::from_accept_language(";;q=x,"), Language::En);
    }
}
