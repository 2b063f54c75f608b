//! Phone numbers in normal form. libphonenumber's metadata has the last word on what a number is;
//! the widget only shapes what is typed.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber as Parsed};
use shared::customer::{CountryCode, Invalid, PhoneNumber};

const CONTRACT_DIGITS: std::ops::RangeInclusive<usize> = 10..=20;

/// Normalises a number: with or without trunk zero, with or without its calling code in front, it is
/// one number. Digits only; see [`shared::customer::profile::phone_digits`] for what people type.
///
/// A number is taken when it has the 10 to 20 digits that the contract allows, or is valid in its
/// country even if shorter. source: Pine Labs Online, Create Customer, `mobile_number`.
///
/// # Errors
/// [`Invalid`] for other characters, or a number that is neither.
pub fn normalise(country_code: CountryCode, digits: &str) -> Result<PhoneNumber, Invalid> {
    if digits.is_empty() {
        return Err(Invalid::Required);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Invalid::Characters("digits 0-9"));
    }
    if digits.len() > *CONTRACT_DIGITS.end() {
        return Err(Invalid::TooLong(*CONTRACT_DIGITS.end()));
    }
    let parsed = parse(&country_code, digits);
    let by_contract = CONTRACT_DIGITS.contains(&digits.len()) && !digits.bytes().all(|b| b == b'0');
    match parsed {
        Some(number) if by_contract || number.is_valid() => Ok(PhoneNumber::new(
            country_code,
            number.get_national_significant_number(),
        )),
        None if by_contract => Ok(PhoneNumber::new(country_code, digits.to_owned())),
        _ => Err(Invalid::Form(
            "10 to 20 digits, or a number that is valid in its country",
        )),
    }
}

/// Whether the digits could be a phone number of that country by their length: what exempts them
/// from being taken for a card number.
#[must_use]
pub fn is_possible(country_code: &str, digits: &str) -> bool {
    CountryCode::parse(country_code)
        .ok()
        .and_then(|code| parse(&code, digits))
        .is_some_and(|number| number.is_possible_with_reason().is_ok())
}

fn parse(country_code: &CountryCode, digits: &str) -> Option<Parsed> {
    let code: i32 = country_code.as_str().parse().ok()?;
    let number = match PHONE_NUMBER_UTIL.get_region_for_country_code(code) {
        Some(region) => Parsed::parse(digits, Some(region)),
        None => Parsed::parse(format!("+{}{digits}", country_code.as_str()), None),
    };
    number.ok().filter(|number| number.country_code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e164(code: &str, digits: &str) -> Option<String> {
        normalise(CountryCode::parse(code).unwrap(), digits)
            .ok()
            .map(|phone| phone.e164())
    }

    #[test]
    fn the_ways_of_writing_a_number_are_one_number() {
        for digits in ["9876543210", "09876543210", "919876543210"] {
            assert_eq!(
                e164("+91", digits).as_deref(),
                Some("+919876543210"),
                "{digits}"
            );
        }
        assert_eq!(e164("1", "2025550123").as_deref(), Some("+12025550123"));
    }

    #[test]
    fn a_short_number_is_taken_where_its_country_has_such() {
        assert_eq!(e164("65", "91234567").as_deref(), Some("+6591234567"));
        assert_eq!(e164("91", "12345"), None);
    }

    #[test]
    fn what_cannot_be_parsed_is_kept_within_the_contract() {
        assert_eq!(
            e164("91", "12345678901234567890").as_deref(),
            Some("+9112345678901234567890")
        );
        assert_eq!(e164("91", "123456789012345678901"), None);
        for digits in ["", "98765a3210", "+919876543210", "0000000000"] {
            assert_eq!(e164("91", digits), None, "{digits}");
        }
    }
}
