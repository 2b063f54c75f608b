//! The guard that keeps card numbers out: it finds what is shaped like one, wherever it is written.
//!
//! It stands at two places. At the door it refuses ([`scan_text`], [`scan_json`],
//! [`is_secret_field_name`]); in the log writer it removes ([`scrub`]). Both ask the same search,
//! so what one finds the other finds. No result ever holds a part of the text that was found.
//!
//! How text is read: NFKC is applied and the decimal digits of every script become ASCII digits;
//! spaces, dashes, dots, slashes, underscores and what cannot be seen are dropped between digits;
//! everything else ends a run of digits. A run is refused when
//! * it has 13 to 19 digits, passes the Luhn check and is of an issuer's range and length, or
//! * some whole words of it, grouped as card numbers are printed, do (`12 4111111111111111` is a
//!   house number and a card, although the run has 18 digits), or
//! * it has more than 19 digits and a window of 14 to 16 of them does, or
//! * it is the account number of a magnetic stripe.
//!
//! Hyphenated UUIDs and our own identifiers are read over: they end a run and are no part of one.
//!
//! Time is linear in the text. Text with fewer than 13 digits costs one pass and no allocation.

use std::borrow::Cow;
use std::iter::Enumerate;
use std::ops::{Range, RangeInclusive};
use std::slice;

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::id::is_our_id;

/// What [`scrub`] writes in the place of what it removes.
pub const REMOVED: &str = "[card number removed]";

/// The shortest and the longest number of digits of a card number.
const CARD_DIGITS: RangeInclusive<usize> = 13..=19;
/// ISO 7813 allows shorter account numbers on a stripe than any network issues.
const TRACK_DIGITS: RangeInclusive<usize> = 12..=19;
/// The lengths looked for inside a run too long to be one card number.
const WINDOW_DIGITS: RangeInclusive<usize> = 14..=16;

/// What was found. It says nothing of the text itself, so it can be logged and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Found {
    /// Digits shaped like a card number.
    CardNumber,
    /// The content of a magnetic stripe: account number and what follows it.
    TrackData,
    /// A field whose name says that it carries card data, whatever its value.
    SecretField,
}

/// Looks for a card number or track data in one decoded string.
///
/// Never answers [`Found::SecretField`].
#[must_use]
pub fn scan_text(text: &str) -> Option<Found> {
    find(text).first().map(|hit| hit.found)
}

/// The same text with every card number and track replaced by [`REMOVED`]; all else is kept byte
/// for byte. Borrowed when there was nothing to remove.
///
/// The result scans clean: [`scan_text`] finds nothing in it.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let hits = find(text);
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut kept_to = 0;
    for hit in hits {
        clean.push_str(text.get(kept_to..hit.start).unwrap_or_default());
        clean.push_str(REMOVED);
        kept_to = hit.end;
    }
    clean.push_str(text.get(kept_to..).unwrap_or_default());
    Cow::Owned(clean)
}

/// Whether a field of this name would carry what must never be kept: the card number, its expiry,
/// its security code or PIN, the name on it, or its track data.
///
/// Case, script variants and separators do not matter: `Card-Number`, `cardNumber` and
/// `card_number` are one name. The whole name must match, so `cvv_required`, `pincode`,
/// `expired_at` and `card_data` are ordinary.
#[must_use]
pub fn is_secret_field_name(name: &str) -> bool {
    let mut plain = String::new();
    for c in name
        .nfkc()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
    {
        // Longer than any name below, prefix included: a long name costs no more than a short one.
        if plain.len() > 64 {
            return false;
        }
        match kind(c) {
            Kind::Digits { values, count, .. } => {
                plain.extend(
                    values
                        .iter()
                        .take(count)
                        .map(|value| char::from(b'0' + value)),
                );
            }
            _ => plain.push(c),
        }
    }
    let secret = plain.as_str();
    SECRET_NAMES.contains(&secret)
        || CARD_WORDS
            .iter()
            .filter_map(|word| secret.strip_prefix(word))
            .any(|of_the_card| {
                SECRET_NAMES.contains(&of_the_card) || SECRET_NAMES_OF_A_CARD.contains(&of_the_card)
            })
}

/// Looks through keys, strings and numbers of a JSON document; answers the dotted path of the first
/// offending field in document order (`billing_address.address1`, `tokens.0.reference`) and what it
/// holds.
///
/// A key that itself holds a card number is not echoed: it is `*` in the path
/// (`merchant_metadata.*`). The path of a document that is one bare string is empty.
///
/// A field named `mobile_number` may hold what is shaped like a card number if
/// `is_possible_phone(country_code, digits)` says that it is possible for its country. It is asked
/// with the digits of the `country_code` beside the field (`91` when that is absent, null or empty)
/// and the digits of the number, both ASCII and without `+`.
///
/// Depth is no concern here: nothing recurses.
#[must_use]
pub fn scan_json(
    value: &Value,
    is_possible_phone: &dyn Fn(&str, &str) -> bool,
) -> Option<(String, Found)> {
    let Some(root) = Children::of(value) else {
        return scan_scalar(value).map(|found| (String::new(), found));
    };
    let mut open = vec![root];
    // The steps that led to the last of `open`: always one fewer.
    let mut path = Vec::new();
    while let Some(children) = open.last_mut() {
        let Some((step, child)) = children.next() else {
            open.pop();
            path.pop();
            continue;
        };
        if let Step::Key(key) = step {
            if let Some(found) = scan_text(key) {
                return Some((dotted(&path, &Step::Hidden), found));
            }
            if is_secret_field_name(key) {
                return Some((dotted(&path, &step), Found::SecretField));
            }
        }
        if let Some(grandchildren) = Children::of(child) {
            open.push(grandchildren);
            path.push(step);
        } else if let Some(found) = scan_scalar(child) {
            let is_phone = found == Found::CardNumber
                && matches!(step, Step::Key("mobile_number"))
                && children.hold_possible_phone(child, is_possible_phone);
            if !is_phone {
                return Some((dotted(&path, &step), found));
            }
        }
    }
    None
}

// Names, lower case and without separators.

/// Secret wherever they stand.
const SECRET_NAMES: &[&str] = &[
    "atmpin",
    "cardholder",
    "cardholdername",
    "ccno",
    "ccnum",
    "ccnumber",
    "cid",
    "csc",
    "cvc",
    "cvc2",
    "cvd",
    "cvd2",
    "cvn",
    "cvn2",
    "cvv",
    "cvv2",
    "dpan",
    "expdate",
    "expiration",
    "expirationdate",
    "expirationmonth",
    "expirationyear",
    "expiry",
    "expirydate",
    "expirymonth",
    "expiryyear",
    "expmonth",
    "expyear",
    "fpan",
    "fullpan",
    "magneticstripe",
    "magstripe",
    "nameoncard",
    "pan",
    "pin",
    "pinblock",
    "primaryaccountnumber",
    "securitycode",
    "track1",
    "track1data",
    "track2",
    "track2data",
    "track3",
    "track3data",
    "trackdata",
    "trackonedata",
    "tracktwodata",
    "validthrough",
    "validthru",
];

/// What makes a name speak of the card: `card_number`, `ccExp`, `debit-card-cvv`.
const CARD_WORDS: &[&str] = &[
    "card",
    "cc",
    "creditcard",
    "debitcard",
    "paymentcard",
    "bankcard",
];

/// Too common to be secret on their own (`number`, `verification_code`), but not after "card".
const SECRET_NAMES_OF_A_CARD: &[&str] = &[
    "exp",
    "expires",
    "expireson",
    "expm",
    "expy",
    "holder",
    "holdername",
    "no",
    "num",
    "number",
    "ownername",
    "validto",
    "validtill",
    "validuntil",
    "verificationcode",
    "verificationnumber",
    "verificationvalue",
];

// JSON.

#[derive(Clone, Copy)]
enum Step<'v> {
    Key(&'v str),
    Index(usize),
    Hidden,
}

impl Step<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Key(key) => Cow::Borrowed(key),
            Self::Index(index) => Cow::Owned(index.to_string()),
            Self::Hidden => Cow::Borrowed("*"),
        }
    }
}

fn dotted(path: &[Step<'_>], last: &Step<'_>) -> String {
    let join = |text: &dyn Fn(&Step<'_>) -> String| {
        path.iter()
            .chain([last])
            .map(text)
            .collect::<Vec<_>>()
            .join(".")
    };
    let whole = join(&|step| step.text().into_owned());
    if scan_text(&whole).is_none() {
        return whole;
    }
    // Keys that are harmless each, and a card number when read one after the other.
    join(&|step| match step.text() {
        text if text.chars().any(|c| digits_in(c) > 0) => "*".to_owned(),
        text => text.into_owned(),
    })
}

enum Children<'v> {
    Fields(&'v Map<String, Value>, serde_json::map::Iter<'v>),
    Items(Enumerate<slice::Iter<'v, Value>>),
}

impl<'v> Children<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self::Fields(fields, fields.iter())),
            Value::Array(items) => Some(Self::Items(items.iter().enumerate())),
            _ => None,
        }
    }

    fn next(&mut self) -> Option<(Step<'v>, &'v Value)> {
        match self {
            Self::Fields(_, rest) => rest.next().map(|(key, value)| (Step::Key(key), value)),
            Self::Items(rest) => rest
                .next()
                .map(|(index, value)| (Step::Index(index), value)),
        }
    }

    fn hold_possible_phone(
        &self,
        number: &Value,
        is_possible_phone: &dyn Fn(&str, &str) -> bool,
    ) -> bool {
        let Self::Fields(fields, _) = self else {
            return false;
        };
        let country_code = match fields.get("country_code") {
            None | Some(Value::Null) => Some(String::new()),
            Some(given) => phone_digits(given),
        };
        match (country_code, phone_digits(number)) {
            (Some(code), Some(digits)) if code.is_empty() => is_possible_phone("91", &digits),
            (Some(code), Some(digits)) => is_possible_phone(&code, &digits),
            _ => false,
        }
    }
}

fn scan_scalar(value: &Value) -> Option<Found> {
    match value {
        Value::String(text) => scan_text(text),
        Value::Number(number) => scan_text(&number.to_string()),
        _ => None,
    }
}

/// The digits of what is written as a phone number and as nothing else.
fn phone_digits(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        _ => return None,
    };
    let mut digits = String::new();
    for c in text.chars() {
        match kind(c) {
            Kind::Digits {
                values,
                count,
                closes: false,
            } => {
                digits.extend(
                    values
                        .iter()
                        .take(count)
                        .map(|value| char::from(b'0' + value)),
                );
            }
            Kind::Separator | Kind::Invisible | Kind::Other('+' | '(' | ')') => {}
            _ => return None,
        }
    }
    Some(digits)
}

// Characters.

/// What a character is to a run of digits, after NFKC.
enum Kind {
    /// Mostly one digit; `⒓` and `½` are two, `⅒` is three. What stands between and behind them in
    /// the same character separates nothing, unless it `closes` the run as in `㏪`, "11日".
    Digits {
        values: [u8; 4],
        count: usize,
        closes: bool,
    },
    /// Dropped between digits, but it can be seen: it ends a word of digits.
    Separator,
    /// Dropped between digits as if it were not there.
    Invisible,
    /// Ends the run. Holds the character that NFKC makes of it, the first one if they are several.
    Other(char),
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return plain_kind(c);
    }
    let (mut digits, mut digit_count) = ([0; 4], 0);
    let (mut other, mut separates) = (None, false);
    decompose_compatible(c, |part| match plain_kind(part) {
        // Digits behind something else, as in `⑴` and `㎡`, are in no run.
        Kind::Digits {
            values: [value, ..],
            ..
        } => {
            if let (None, Some(slot)) = (other, digits.get_mut(digit_count)) {
                *slot = value;
                digit_count += 1;
            }
        }
        Kind::Separator => separates = true,
        Kind::Invisible => {}
        Kind::Other(part) => other = other.or(Some(part)),
    });
    match other {
        _ if digit_count > 0 => Kind::Digits {
            values: digits,
            count: digit_count,
            closes: other.is_some(),
        },
        Some(part) => Kind::Other(part),
        None if separates => Kind::Separator,
        None => Kind::Invisible,
    }
}

/// The kind of a character that NFKC leaves as it is.
fn plain_kind(c: char) -> Kind {
    if let Some(value) = decimal_value(c) {
        Kind::Digits {
            values: [value, 0, 0, 0],
            count: 1,
            closes: false,
        }
    } else if c.is_ascii_alphabetic() {
        Kind::Other(c)
    } else if is_separator(c) {
        Kind::Separator
    } else if !c.is_ascii_graphic() && is_invisible(c) {
        Kind::Invisible
    } else {
        Kind::Other(c)
    }
}

/// How many digits NFKC makes of a character. Much cheaper than [`kind`] for letters.
fn digits_in(c: char) -> usize {
    // Days, months and hours (`㏪`) are symbols to Unicode, not numbers.
    if c.is_ascii() {
        usize::from(c.is_ascii_digit())
    } else if !c.is_numeric() && !('\u{3200}'..='\u{33ff}').contains(&c) {
        0
    } else if let Kind::Digits { count, .. } = kind(c) {
        count
    } else {
        0
    }
}

fn has_enough_digits(text: &str) -> bool {
    let enough = *CARD_DIGITS.start();
    let ascii = text.bytes().filter(u8::is_ascii_digit).count();
    if ascii >= enough || text.is_ascii() {
        return ascii >= enough;
    }
    let mut count = 0;
    text.chars().any(|c| {
        count += digits_in(c);
        count >= enough
    })
}

/// The zero of every run of ten decimal digits (Unicode 17, general category Nd), in order.
#[rustfmt::skip]
const ZEROS: [char; 77] = [
    '\u{30}', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}',
    '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}',
    '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}', '\u{1946}', '\u{19d0}', '\u{1a80}',
    '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}',
    '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}', '\u{104a0}',
    '\u{10d30}', '\u{10d40}', '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}',
    '\u{11450}', '\u{114d0}', '\u{11650}', '\u{116c0}', '\u{116d0}', '\u{116da}', '\u{11730}',
    '\u{118e0}', '\u{11950}', '\u{11bf0}', '\u{11c50}', '\u{11d50}', '\u{11da0}', '\u{11de0}',
    '\u{11f50}', '\u{16130}', '\u{16a60}', '\u{16ac0}', '\u{16b50}', '\u{16d70}', '\u{1ccf0}',
    '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}', '\u{1d7ec}', '\u{1d7f6}', '\u{1e140}', '\u{1e2f0}',
    '\u{1e4f0}', '\u{1e5f1}', '\u{1e950}', '\u{1fbf0}',
];

fn decimal_value(c: char) -> Option<u8> {
    if c.is_ascii() {
        return u8::try_from(c.to_digit(10)?).ok();
    }
    let at = ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?;
    let value = u32::from(c) - u32::from(*ZEROS.get(at)?);
    u8::try_from(value).ok().filter(|value| *value <= 9)
}

#[rustfmt::skip]
fn is_separator(c: char) -> bool {
    let is_dash = || matches!(c, // category Pd, and what is typed for one
        '\u{2d7}' | '\u{58a}' | '\u{5be}' | '\u{1400}' | '\u{1806}'
        | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{2501}'
        | '\u{2796}' | '\u{2e17}' | '\u{2e1a}' | '\u{2e3a}' | '\u{2e3b}' | '\u{2e40}'
        | '\u{2e5d}' | '\u{301c}' | '\u{3030}' | '\u{30a0}' | '\u{30fc}' | '\u{10d6e}'
        | '\u{10ead}');
    let is_dot = || matches!(c,
        '\u{b7}' | '\u{387}' | '\u{589}' | '\u{66b}' | '\u{6d4}' | '\u{2022}'
        | '\u{2024}'..='\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{2e31}' | '\u{2e33}'
        | '\u{3002}' | '\u{30fb}' | '\u{a78f}');
    let is_slash = || matches!(c,
        '\u{2044}' | '\u{2215}' | '\u{2216}' | '\u{2571}' | '\u{2572}'
        | '\u{27cb}' | '\u{27cd}' | '\u{29f5}' | '\u{29f8}' | '\u{29f9}');
    let is_underscore = || matches!(c, // category Pc
        '\u{203f}' | '\u{2040}' | '\u{2054}');
    if c.is_ascii() {
        return c.is_whitespace() || matches!(c, '-' | '.' | '/' | '\\' | '_');
    }
    // The Braille blank is a blank that Unicode does not call one.
    c.is_whitespace() || c == '\u{2800}' || is_dash() || is_dot() || is_slash() || is_underscore()
}

/// What shows nothing of its own between two digits: category Cf, control characters, marks on the
/// digit before, and what Unicode calls default ignorable.
#[rustfmt::skip]
fn is_invisible(c: char) -> bool {
    c.is_control() || is_combining_mark(c) || matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// What a word may not touch if it is to stand alone.
fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || digits_in(c) > 0
}

/// The character that NFKC makes of this one; any digit is `0`.
fn folded(c: char) -> char {
    match kind(c) {
        Kind::Digits { .. } => '0',
        Kind::Separator => ' ',
        Kind::Invisible => '\0',
        Kind::Other(c) => c,
    }
}

// Card numbers.

/// One digit and where the character that holds it stands in the text.
#[derive(Clone, Copy)]
struct Digit {
    value: u8,
    start: usize,
    end: usize,
    /// The first of a word: a separator that can be seen stands before it, or nothing.
    starts_word: bool,
}

struct Issuer {
    /// The first six digits.
    prefixes: RangeInclusive<u32>,
    lengths: &'static [usize],
}

const fn issuer(first: u32, last: u32, lengths: &'static [usize]) -> Issuer {
    Issuer {
        prefixes: first..=last,
        lengths,
    }
}

/// Ranges overlap where networks share them (`RuPay` with JCB, Discover and Maestro). Maestro is as
/// wide as Mastercard's rules make it. JCB's 15-digit numbers are left out: none are in use, and
/// their `1800` begins every toll-free number of India.
const ISSUERS: &[Issuer] = &[
    // Visa
    issuer(400_000, 499_999, &[13, 16, 19]),
    // Mastercard
    issuer(510_000, 559_999, &[16]),
    issuer(222_100, 272_099, &[16]),
    // RuPay
    issuer(508_000, 508_999, &[16]),
    issuer(600_000, 609_999, &[16]),
    issuer(650_000, 659_999, &[16]),
    issuer(810_000, 829_999, &[16]),
    issuer(353_000, 353_999, &[16]),
    issuer(356_000, 356_999, &[16]),
    // American Express
    issuer(340_000, 349_999, &[15]),
    issuer(370_000, 379_999, &[15]),
    // Diners Club
    issuer(300_000, 305_999, &[14, 15, 16, 17, 18, 19]),
    issuer(309_500, 309_599, &[14, 15, 16, 17, 18, 19]),
    issuer(360_000, 369_999, &[14, 15, 16, 17, 18, 19]),
    issuer(380_000, 399_999, &[14, 15, 16, 17, 18, 19]),
    // Discover
    issuer(601_100, 601_199, &[16, 17, 18, 19]),
    issuer(622_126, 622_925, &[16, 17, 18, 19]),
    issuer(644_000, 659_999, &[16, 17, 18, 19]),
    // JCB
    issuer(352_800, 358_999, &[16, 17, 18, 19]),
    // UnionPay
    issuer(620_000, 629_999, &[16, 17, 18, 19]),
    issuer(810_000, 817_199, &[16, 17, 18, 19]),
    // Maestro
    issuer(500_000, 509_999, &[13, 14, 15, 16, 17, 18, 19]),
    issuer(560_000, 589_999, &[13, 14, 15, 16, 17, 18, 19]),
    issuer(600_000, 699_999, &[13, 14, 15, 16, 17, 18, 19]),
];

fn is_card(digits: &[Digit]) -> bool {
    let prefix = digits
        .iter()
        .take(6)
        .fold(0, |so_far, d| so_far * 10 + u32::from(d.value));
    ISSUERS
        .iter()
        .any(|issuer| issuer.prefixes.contains(&prefix) && issuer.lengths.contains(&digits.len()))
        && passes_luhn(digits)
}

fn passes_luhn(digits: &[Digit]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (u32::from(digit.value), place % 2) {
            (value, 0) => value,
            (value, _) if value < 5 => value * 2,
            (value, _) => value * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The words of a card number as it is printed, typed or formatted by an input field.
fn is_printed_grouping(words: &[usize]) -> bool {
    matches!(
        words,
        [13..=19]
            | [4, 4, 4, 1..=7]
            | [4, 4, 4, 4, 1..=3]
            | [4, 6, 4..=5]
            | [4, 5, 6]
            | [6, 13]
            | [8, 8]
    )
}

/// The parts of one run that are card numbers: ranges of its digits, in order and apart.
fn cards_in(digits: &[Digit]) -> Vec<Range<usize>> {
    let mut cards: Vec<Range<usize>> = Vec::new();
    if digits.len() < *CARD_DIGITS.start() {
        return cards;
    }
    if is_card(digits) {
        cards.push(0..digits.len());
        return cards;
    }
    let mut searched_to = 0;
    for printed in printed_cards_in(digits) {
        // What lies between is what the log will hold, a run of its own, so it is judged as one.
        cards.extend(whole_card(digits, searched_to..printed.start));
        searched_to = printed.end;
        cards.push(printed);
    }
    cards.extend(whole_card(digits, searched_to..digits.len()));
    cards
}

/// The part of a run, if it is a card number or holds one that no word boundary sets apart. Then
/// all of it goes: cut at a window's edges, its ends might be taken for card numbers in turn.
fn whole_card(digits: &[Digit], part: Range<usize>) -> Option<Range<usize>> {
    let of_part = digits.get(part.clone())?;
    let found = if of_part.len() > *CARD_DIGITS.end() {
        WINDOW_DIGITS
            .into_iter()
            .any(|length| of_part.windows(length).any(is_card))
    } else {
        is_card(of_part)
    };
    found.then_some(part)
}

/// Card numbers that are whole words of a run. Where they overlap they are one.
fn printed_cards_in(digits: &[Digit]) -> Vec<Range<usize>> {
    let mut bounds: Vec<usize> = digits
        .iter()
        .enumerate()
        .filter(|(_, d)| d.starts_word)
        .map(|(at, _)| at)
        .collect();
    bounds.push(digits.len());
    let lengths: Vec<usize> = bounds
        .iter()
        .zip(bounds.iter().skip(1))
        .map(|(start, end)| end - start)
        .collect();

    let mut cards: Vec<Range<usize>> = Vec::new();
    for (word, start) in bounds.iter().enumerate() {
        for count in 1..=5 {
            let (Some(words), Some(end)) =
                (lengths.get(word..word + count), bounds.get(word + count))
            else {
                break;
            };
            if !is_printed_grouping(words) || !digits.get(*start..*end).is_some_and(is_card) {
                continue;
            }
            match cards.last_mut() {
                Some(last) if *start < last.end => last.end = last.end.max(*end),
                _ => cards.push(*start..*end),
            }
        }
    }
    cards
}

// Tracks.

/// How far track data reaches into the text behind `<account number>^`: the name, the next `^`, and
/// what follows up to the end sentinel `?`. Without the second `^` it is a track only if
/// `begun_as_track`, and ends with the name.
fn track_1_tail(rest: &str, begun_as_track: bool) -> Option<usize> {
    let mut name_end = 0;
    let mut in_name = true;
    for (at, c) in rest.char_indices().take(30) {
        let (c, end) = (folded(c), at + c.len_utf8());
        match c {
            '^' => return Some(end + track_1_data(rest.get(end..).unwrap_or_default())),
            '?' | '"' | '\0' => break,
            _ => in_name = in_name && (c.is_alphabetic() || matches!(c, ' ' | '\'')),
        }
        if in_name && c != ' ' {
            name_end = end;
        }
    }
    begun_as_track.then_some(name_end)
}

fn track_1_data(rest: &str) -> usize {
    let mut data_end = 0;
    let mut in_data = true;
    for (at, c) in rest.char_indices().take(80) {
        let end = at + c.len_utf8();
        match folded(c) {
            '?' => return end,
            '"' | '\0' => break,
            c if c.is_lowercase() => break,
            c => in_data = in_data && c.is_alphanumeric(),
        }
        if in_data {
            data_end = end;
        }
    }
    data_end
}

/// How far track data reaches into the text behind `<account number>=`: two digits of year, two of
/// month, all digits that follow, and the end sentinel.
fn track_2_tail(rest: &str) -> Option<usize> {
    let mut expiry = [0; 4];
    let mut count = 0;
    let mut tail = 0;
    for (at, c) in rest.char_indices() {
        let end = at + c.len_utf8();
        match kind(c) {
            Kind::Digits {
                values: [value, ..],
                count: 1,
                closes: false,
            } => {
                if let Some(slot) = expiry.get_mut(count) {
                    *slot = value;
                }
                count += 1;
            }
            Kind::Other('=') if count >= 4 => {}
            Kind::Other('?') if count >= 4 => {
                tail = end;
                break;
            }
            _ => break,
        }
        if count == 4 && !matches!(expiry, [_, _, 0, 1..=9] | [_, _, 1, 0..=2]) {
            return None;
        }
        tail = end;
    }
    (count >= 4).then_some(tail)
}

/// Whether track data may begin here, start sentinel first.
fn begins_track(text: &str) -> bool {
    let mut chars = text.chars().map(folded);
    match chars.next() {
        Some('%') => matches!(chars.next(), Some('B' | 'b')),
        Some(';') => chars.next() == Some('0'),
        _ => false,
    }
}

// The search.

/// A part of the text that must go. Bytes, on character boundaries.
struct Hit {
    start: usize,
    end: usize,
    found: Found,
}

/// The run of digits being read.
#[derive(Default)]
struct Run {
    digits: Vec<Digit>,
    /// A separator was seen since the last digit.
    parted: bool,
    /// The two characters directly before the run, and where each stands.
    before: [(char, usize); 2],
}

impl Run {
    /// Ends the run at `end`, behind the character that ended it, and adds what it held to `hits`.
    /// Answers the end of the track data, if the run was its account number.
    fn close(
        &mut self,
        text: &str,
        ended_by: char,
        end: usize,
        hits: &mut Vec<Hit>,
    ) -> Option<usize> {
        // Nearly every run is too short to be anything.
        let track_end = if self.digits.len() < *TRACK_DIGITS.start() {
            None
        } else {
            self.search(text, ended_by, end, hits)
        };
        self.digits.clear();
        self.parted = false;
        track_end
    }

    fn search(&self, text: &str, ended_by: char, end: usize, hits: &mut Vec<Hit>) -> Option<usize> {
        let rest = text.get(end..).unwrap_or_default();
        if TRACK_DIGITS.contains(&self.digits.len()) && !self.parted {
            let track = match (self.before, ended_by) {
                ([('%', start), ('B' | 'b', _)], '^') => {
                    track_1_tail(rest, true).map(|tail| (start, tail))
                }
                ([_, (';', start)], '=') => track_2_tail(rest).map(|tail| (start, tail)),
                _ => None,
            };
            if let Some((start, tail)) = track {
                hits.push(Hit {
                    start,
                    end: end + tail,
                    found: Found::TrackData,
                });
                return Some(end + tail);
            }
        }
        let cards = cards_in(&self.digits);
        let ends_in_card = cards
            .last()
            .is_some_and(|card| card.end == self.digits.len());
        hits.extend(cards.into_iter().filter_map(|card| {
            let card = self.digits.get(card)?;
            Some(Hit {
                start: card.first()?.start,
                end: card.last()?.end,
                found: Found::CardNumber,
            })
        }));
        // Readers often leave the sentinels out; what follows the number must go all the same.
        // Chips write `D` for `=`.
        let tail = match ended_by {
            _ if self.parted || !ends_in_card => None,
            '^' => track_1_tail(rest, false),
            '=' | 'D' | 'd' => track_2_tail(rest),
            _ => None,
        }?;
        let last = hits.last_mut()?;
        last.found = Found::TrackData;
        last.end = end + tail;
        Some(last.end)
    }
}

/// Everything in the text that must go, in order and apart.
///
/// Removing it leaves text in which nothing is found. That holds because a run is judged by what
/// stands in it alone, a hit begins and ends with words, and a word that touches a hit is exempt
/// neither before nor after.
fn find(text: &str) -> Vec<Hit> {
    const NOTHING: (char, usize) = ('\0', 0);
    let mut hits = Vec::new();
    if !has_enough_digits(text) {
        return hits;
    }
    let mut run = Run::default();
    let mut before = [NOTHING; 2];
    let mut in_word = false;
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if !in_word && let Some(end) = exempt_word(text, at) {
            run.close(text, '\0', at, &mut hits);
            before = [NOTHING; 2];
            at = end;
            continue;
        }
        let next = at + c.len_utf8();
        let mut track_end = None;
        let folded = match kind(c) {
            Kind::Digits {
                values,
                count,
                closes,
            } => {
                if run.digits.is_empty() {
                    run.before = before;
                    run.parted = true;
                }
                for value in values.into_iter().take(count) {
                    let starts_word = std::mem::take(&mut run.parted);
                    run.digits.push(Digit {
                        value,
                        start: at,
                        end: next,
                        starts_word,
                    });
                }
                if closes {
                    track_end = run.close(text, '\0', next, &mut hits);
                }
                '0'
            }
            Kind::Separator => {
                run.parted = true;
                ' '
            }
            Kind::Invisible => '\0',
            Kind::Other(other) => {
                track_end = run.close(text, other, next, &mut hits);
                other
            }
        };
        if let Some(end) = track_end {
            // What touches the track is no word of its own.
            before = [NOTHING; 2];
            in_word = true;
            at = end;
        } else {
            let [_, newer] = before;
            before = [newer, (folded, at)];
            in_word = is_in_word(c);
            at = next;
        }
    }
    run.close(text, '\0', text.len(), &mut hits);
    hits
}

/// The end of the UUID or identifier of ours that begins at `at` and stands alone.
fn exempt_word(text: &str, at: usize) -> Option<usize> {
    let (before, rest) = text.split_at_checked(at)?;
    let length = uuid_length(rest).or_else(|| our_id_length(rest))?;
    let after = rest.get(length..)?;
    let stands_alone = !after.chars().next().is_some_and(is_in_word)
        && !begins_track(after)
        && !before.ends_with(REMOVED)
        && !after.starts_with(REMOVED);
    stands_alone.then_some(at + length)
}

fn uuid_length(text: &str) -> Option<usize> {
    let word = text.as_bytes().get(..36)?;
    let has_form = word.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    has_form.then_some(36)
}

fn our_id_length(text: &str) -> Option<usize> {
    /// `-v1-<12>-<2>-<12>`
    const BEHIND_PREFIX: usize = 4 + 12 + 1 + 2 + 1 + 12;
    let prefix = text
        .bytes()
        .take(6)
        .take_while(u8::is_ascii_lowercase)
        .count();
    // Asked at the start of every word, so most must cost next to nothing.
    if prefix == 0 || !text.get(prefix..)?.starts_with("-v1-") {
        return None;
    }
    let length = prefix + BEHIND_PREFIX;
    text.get(..length).is_some_and(is_our_id).then_some(length)
}

#[cfg(test)]
mod tests;
