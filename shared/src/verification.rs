//! Verification: the proof, by a one-time code, that the shopper holds the phone.
//!
//! The numbers here are the loosest that are allowed; a merchant's settings may only tighten them.
//! This code is ours and is never called an additional factor of authentication, which is the
//! issuer's.

use std::time::Duration;

use crate::Timestamp;

/// How many digits a code has.
pub const CODE_DIGITS: usize = 6;
/// How long a code can be entered.
pub const CODE_LIFETIME: Duration = Duration::from_mins(5);
/// Wrong codes before a challenge is locked.
pub const TRIES: u32 = 5;
/// How long after each send the next may be asked for.
pub const RESEND_AFTER: [Duration; 3] = [
    Duration::from_secs(30),
    Duration::from_mins(1),
    Duration::from_mins(2),
];
/// Wrong codes for one phone at one merchant within a day before the cool-down.
pub const WRONG_PER_PHONE_AND_DAY: i64 = 10;
/// The first cool-down; each further one doubles, up to [`COOL_DOWN_MAX`].
pub const COOL_DOWN: Duration = Duration::from_mins(15);
/// The longest cool-down.
pub const COOL_DOWN_MAX: Duration = Duration::from_hours(24);
/// Codes sent to one phone within an hour.
pub const SENDS_PER_PHONE_AND_HOUR: i64 = 5;
/// Codes sent to one phone within a day, across all merchants.
pub const SENDS_PER_PHONE_AND_DAY: i64 = 10;
/// Codes sent for one network address within ten minutes.
pub const SENDS_PER_ADDRESS: i64 = 10;
/// Codes checked for one network address within ten minutes.
pub const CHECKS_PER_ADDRESS: i64 = 30;
/// The window of the two limits per network address.
pub const ADDRESS_WINDOW: Duration = Duration::from_mins(10);
/// Phones that one checkout session may try.
pub const PHONES_PER_SESSION: i64 = 3;
/// Codes that one merchant may send within an hour.
pub const SENDS_PER_MERCHANT_AND_HOUR: i64 = 1_000;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// An hour: the window of the send limits.
pub const SEND_HOUR: Duration = HOUR;
/// A day: the window of the long limits.
pub const LIMIT_DAY: Duration = DAY;

/// Turns random bytes into a code without bias: a draw that would favour some codes is thrown away.
/// `None` asks for other bytes.
#[must_use]
pub fn code_from(random: [u8; 4]) -> Option<String> {
    const SPACE: u32 = 1_000_000;
    const LIMIT: u32 = u32::MAX - u32::MAX % SPACE;
    let drawn = u32::from_le_bytes(random);
    (drawn < LIMIT).then(|| format!("{:06}", drawn % SPACE))
}

/// Reads a typed code: exactly six digits of any script, spaces aside.
#[must_use]
pub fn parse_code(text: &str) -> Option<String> {
    let digits = crate::customer::profile::phone_digits(text).ok()?;
    (digits.len() == CODE_DIGITS).then_some(digits)
}

/// When the next code may be asked for after `sends` were sent, the last at `last`. `None` when no
/// more may be sent under this challenge.
#[must_use]
pub fn resend_at(sends: u32, last: Timestamp) -> Option<Timestamp> {
    let index = usize::try_from(sends.checked_sub(1)?).ok()?;
    RESEND_AFTER.get(index).map(|wait| last.plus(*wait))
}

/// How long the `nth` cool-down (from 1) lasts.
#[must_use]
pub fn cool_down(nth: u32) -> Duration {
    COOL_DOWN
        .saturating_mul(1u32.checked_shl(nth.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(COOL_DOWN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_grow_and_end() {
        let at = Timestamp::from_micros(0);
        assert_eq!(resend_at(1, at), Some(at.plus(Duration::from_secs(30))));
        assert_eq!(resend_at(3, at), Some(at.plus(Duration::from_mins(2))));
        assert_eq!(resend_at(4, at), None);
        assert_eq!(cool_down(1), COOL_DOWN);
        assert_eq!(cool_down(2), COOL_DOWN * 2);
        assert_eq!(cool_down(40), COOL_DOWN_MAX);
    }

    #[test]
    fn a_biased_draw_is_thrown_away() {
        assert_eq!(code_from(u32::MAX.to_le_bytes()), None);
        assert_eq!(
            code_from(1_000_007u32.to_le_bytes()).as_deref(),
            Some("000007")
        );
    }

    #[test]
    fn codes_are_read_as_people_paste_them() {
        assert_eq!(parse_code(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(parse_code("१२३४५६").as_deref(), Some("123456"));
        for text in ["12345", "1234567", "12345a", ""] {
            assert_eq!(parse_code(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn codes_have_six_digits(random: [u8; 4]) {
            if let Some(code) = code_from(random) {
                prop_assert_eq!(parse_code(&code), Some(code));
            }
        }
    }
}
