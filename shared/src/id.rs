//! Opaque identifiers: `<kind>-v1-<yyMMddHHmmss>-<2 letters>-<12 letters and digits>`.
//!
//! source: Pine Labs Online, Customer object (`cust-v1-250211051430-aa-EhHAv8`); the tail is longer
//! here because ids are the only thing that keeps a merchant from guessing another's records. The letters
//! go on where the seconds end, so that ids made one after the other sort so, and lie together in an index.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const LETTERS: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
const ALPHANUMERICS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// How many random bytes an identifier takes: each chooses a character of the tail.
pub const RANDOM_BYTES: usize = 12;

fn pick(alphabet: &[u8], place: usize) -> char {
    alphabet
        .get(place % alphabet.len())
        .copied()
        .map_or('a', char::from)
}

fn mint(prefix: &str, at: Timestamp, random: [u8; RANDOM_BYTES]) -> String {
    let micros = usize::try_from(at.as_micros().rem_euclid(1_000_000)).unwrap_or(0);
    let part = micros * LETTERS.len() * LETTERS.len() / 1_000_000;
    let places = [part / LETTERS.len(), part].into_iter();
    let letters: String = places.map(|place| pick(LETTERS, place)).collect();
    let places = random.into_iter().map(usize::from);
    let tail: String = places.map(|place| pick(ALPHANUMERICS, place)).collect();
    format!("{prefix}-v1-{}-{letters}-{tail}", at.compact())
}

/// Whether `text` has the exact form of one of our identifiers, whatever its kind.
#[must_use]
pub fn is_our_id(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(prefix), Some("v1"), Some(date), Some(letters), Some(tail), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    (1..=5).contains(&prefix.len())
        && prefix.bytes().all(|b| b.is_ascii_lowercase())
        && date.len() == 12
        && date.bytes().all(|b| b.is_ascii_digit())
        && letters.len() == 2
        && letters.bytes().all(|b| b.is_ascii_lowercase())
        && tail.len() == 12
        && tail.bytes().all(|b| b.is_ascii_alphanumeric())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Mints a new identifier; `random` must come from a CSPRNG.
            #[must_use]
            pub fn new(at: Timestamp, random: [u8; RANDOM_BYTES]) -> Self {
                Self(mint($prefix, at, random))
            }

            /// Takes text from outside or from storage as it is: identifiers are opaque, and one
            /// that was never minted is simply not found. Longer than 50 characters is none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                (!text.is_empty() && text.len() <= 50 && text.bytes().all(|b| b.is_ascii_graphic()))
                    .then(|| Self(text.to_owned()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A merchant: the tenant every record belongs to.
    MerchantId = "mer";
    /// A customer on file at one merchant.
    CustomerId = "cust";
    /// A saved card.
    TokenId = "token";
    /// The network's or issuer's token behind a saved card.
    ServiceProviderTokenId = "tp";
    /// A checkout session.
    SessionId = "cs";
    /// One verification: a code sent to a phone, and the tries at it.
    ChallengeId = "chal";
    /// A person who signs in to the admin page.
    AdminId = "adm";
    /// A message or task waiting in the outbox.
    MessageId = "msg";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn minted_ids_have_the_published_form(micros in 0i64..4_000_000_000_000_000, random: [u8; RANDOM_BYTES]) {
            let id = TokenId::new(Timestamp::from_micros(micros), random);
            prop_assert!(is_our_id(id.as_str()), "{}", id);
            prop_assert!(id.as_str().starts_with("token-v1-"));
            prop_assert!(id.as_str().len() <= 50);
            prop_assert_eq!(TokenId::parse(id.as_str()), Some(id));
        }

        #[test]
        fn ids_sort_as_they_were_minted(
            micros in 1_577_836_800_000_000i64..4_000_000_000_000_000,
            later in 1_480i64..10_000_000,
            random: [u8; RANDOM_BYTES],
        ) {
            let first = TokenId::new(Timestamp::from_micros(micros), [255; RANDOM_BYTES]);
            let second = TokenId::new(Timestamp::from_micros(micros + later), random);
            prop_assert!(first < second, "{first} {second}");
        }
    }

    #[test]
    fn other_text_is_not_one_of_our_ids() {
        for text in [
            "",
            "cust-v1-0811030624-aa-RBDgpR",
            "cust-v1-250211051430-aa-EhHAv8",
            "4111-1111-1111-1111",
            "cust-v1-250211051430-aa-EhHAv8EhHAv8-x",
        ] {
            assert!(!is_our_id(text), "{text}");
        }
    }
}
