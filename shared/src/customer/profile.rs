//! What a customer's record says about the person, as parsed types.
//!
//! `parse` reads text from outside and either gives a value that holds its rule or says which rule
//! was broken. source of lengths and characters: Pine Labs Online, Create Customer.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Why a text is not a value of its type; reads as the end of "`field` ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Nothing was given.
    #[error("is required")]
    Required,
    /// Fewer characters than allowed.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// More characters than allowed.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A character outside the set.
    #[error("may hold only {0}")]
    Characters(&'static str),
    /// Not of the form.
    #[error("must be {0}")]
    Form(&'static str),
}

fn within(text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length < min {
        return Err(if length == 0 {
            Invalid::Required
        } else {
            Invalid::TooShort(min)
        });
    }
    if length > max {
        Err(Invalid::TooLong(max))
    } else {
        Ok(())
    }
}

fn only(text: &str, allowed: impl Fn(char) -> bool, named: &'static str) -> Result<(), Invalid> {
    if text.chars().all(allowed) {
        Ok(())
    } else {
        Err(Invalid::Characters(named))
    }
}

macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        /// Personal data does not print itself into logs.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

text_types! {
    /// The merchant's own name for a customer or a token: 1-50 of `A-Z a-z 0-9 - _`.
    Reference;
    /// A first or last name: any script, 1-50 characters, no control characters, NFC.
    Name;
    /// An e-mail address of at most 50 characters.
    Email;
    /// An Indian goods and services tax number: 15 letters and digits.
    Gstin;
    /// A country calling code without its plus: `91`.
    CountryCode;
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    /// [`Invalid`] for a length outside 1-50 or another character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        within(text, 1, 50)?;
        only(
            text,
            |c| c.is_ascii_alphanumeric() || c == '-' || c == '_',
            "letters, digits, - and _",
        )?;
        Ok(Self(text.to_owned()))
    }
}

impl Name {
    /// Reads a name and composes it (NFC); spaces around it go.
    ///
    /// # Errors
    /// [`Invalid`] for an empty or over-long name or one with control characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text: String = text.trim().nfc().collect();
        within(&text, 1, 50)?;
        only(
            &text,
            |c| !c.is_control() && !is_invisible_format(c),
            "letters, marks, digits, spaces and punctuation",
        )?;
        Ok(Self(text))
    }
}

/// Direction overrides and other characters that make a name read as something it is not. The
/// joiners stay: several Indian scripts need them.
fn is_invisible_format(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

impl Email {
    /// Reads an e-mail address.
    ///
    /// # Errors
    /// [`Invalid`] when it is longer than 50, holds other characters, or is not `name@domain.tld`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        within(text, 1, 50)?;
        only(
            text,
            |c| c.is_ascii_alphanumeric() || "+_.-@".contains(c),
            "letters, digits, + _ . - and @",
        )?;
        let form = Invalid::Form("an e-mail address such as name@example.com");
        let Some((local, domain)) = text.split_once('@') else {
            return Err(form);
        };
        let labels_hold = domain.contains('.')
            && domain
                .split('.')
                .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        if local.is_empty() || domain.contains('@') || !labels_hold {
            return Err(form);
        }
        Ok(Self(text.to_owned()))
    }

    /// The form under which two addresses are the same one.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The first letter and the domain: `p•••@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let first: String = local.chars().take(1).collect();
        format!("{first}•••@{domain}")
    }
}

impl Gstin {
    /// Reads a tax number; lower case is raised.
    ///
    /// # Errors
    /// [`Invalid`] when it is not 15 letters and digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() != 15 || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Invalid::Form("a GSTIN of 15 letters and digits"));
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

impl CountryCode {
    /// Reads a calling code with or without its plus; a space in its place is an unescaped plus.
    ///
    /// # Errors
    /// [`Invalid`] when it is not 1 to 4 digits that do not begin with 0.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix(['+', ' ']).unwrap_or(text);
        if digits.is_empty()
            || digits.len() > 4
            || digits.starts_with('0')
            || !digits.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Invalid::Form("a country calling code such as 91 or +91"));
        }
        Ok(Self(digits.to_owned()))
    }

    /// `91`, what a mobile number alone is taken to have.
    #[must_use]
    pub fn india() -> Self {
        Self("91".to_owned())
    }
}

/// A phone number in normal form: calling code, and the national number without trunk zero.
///
/// Only the server makes one from what was typed (`backend::phone`), because the metadata that
/// decides is far too heavy for a browser.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PhoneNumber {
    country_code: CountryCode,
    national: String,
}

impl PhoneNumber {
    /// From parts already in normal form.
    #[must_use]
    pub const fn new(country_code: CountryCode, national: String) -> Self {
        Self {
            country_code,
            national,
        }
    }

    /// The calling code.
    #[must_use]
    pub const fn country_code(&self) -> &CountryCode {
        &self.country_code
    }

    /// The calling code, and the national number.
    #[must_use]
    pub fn into_parts(self) -> (CountryCode, String) {
        (self.country_code, self.national)
    }

    /// The national number, digits only.
    #[must_use]
    pub fn national(&self) -> &str {
        &self.national
    }

    /// `+919876543210`: what two numbers are compared by.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}{}", self.country_code.0, self.national)
    }

    /// The calling code and the last four digits: `+91 •••••• 3210`.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = self.national.chars().count().saturating_sub(4);
        let tail: String = self.national.chars().skip(hidden).collect();
        format!("+{} •••••• {tail}", self.country_code.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(..)")
    }
}

/// What may be typed as a phone number: spaces and the usual punctuation go, digits of any script
/// become ASCII. What is left is not yet known to be a number.
///
/// # Errors
/// [`Invalid`] when other characters are there or it is not 4 to 20 digits.
pub fn phone_digits(text: &str) -> Result<String, Invalid> {
    let mut digits = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '\u{a0}' | '\u{3000}' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2015}' => {
            }
            '+' | '\u{ff0b}' if digits.is_empty() => {}
            _ => match digit_of_another_script(c) {
                Some(digit) => digits.push(digit),
                None => return Err(Invalid::Characters("digits and spaces")),
            },
        }
    }
    within(&digits, 4, 20)?;
    Ok(digits)
}

/// By the zeros of Arabic, Persian, the Indian scripts, Thai and full width. The tables of Unicode
/// normalisation would do the same for 30 KB more in the widget.
fn digit_of_another_script(c: char) -> Option<char> {
    const ZEROS: [u32; 13] = [
        0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xFF10,
    ];
    let value = ZEROS
        .iter()
        .find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// Up to ten pairs of text that belong to the merchant; keys and values of at most 256 characters.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Reads the pairs.
    ///
    /// # Errors
    /// The key at fault (none when there are too many pairs) and [`Invalid`].
    pub fn parse(pairs: BTreeMap<String, String>) -> Result<Self, (Option<String>, Invalid)> {
        if pairs.len() > 10 {
            return Err((None, Invalid::Form("at most 10 pairs")));
        }
        for (key, value) in &pairs {
            within(key, 1, 256).map_err(|invalid| (None, invalid))?;
            if value.chars().count() > 256 {
                return Err((Some(key.clone()), Invalid::TooLong(256)));
            }
        }
        Ok(Self(pairs))
    }

    /// The pairs.
    #[must_use]
    pub const fn pairs(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The pairs, no longer bounded.
    #[must_use]
    pub fn into_pairs(self) -> BTreeMap<String, String> {
        self.0
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metadata({} pairs)", self.0.len())
    }
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddressCategory {
    /// Where the bill goes.
    Billing,
    /// Where the parcel goes.
    Shipping,
}

/// A postal address; every part is optional, and one without any part is no address.
///
/// source: Pine Labs Online, Customer object. The published key of the type really has three d's
/// (`adddress_type`); the usual spelling is read as well.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// First line, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address1: Option<String>,
    /// Second line, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address2: Option<String>,
    /// Third line, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address3: Option<String>,
    /// Postal code, 6-10 letters and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pincode: Option<String>,
    /// City, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Country, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Whom it is for, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// `Home`, `Office` or another word of at most 50 characters.
    #[serde(
        default,
        alias = "address_type",
        skip_serializing_if = "Option::is_none"
    )]
    pub adddress_type: Option<String>,
    /// What the address is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_category: Option<AddressCategory>,
}

impl Address {
    /// Checks every part; empty parts are absent, and an address without parts is none.
    ///
    /// # Errors
    /// The name of the part at fault and [`Invalid`].
    pub fn parse(self) -> Result<Option<Self>, (&'static str, Invalid)> {
        let part = |name: &'static str,
                    value: Option<String>,
                    min: usize,
                    max: usize|
         -> Result<Option<String>, (&'static str, Invalid)> {
            let Some(value) = value
                .map(|v| v.trim().nfc().collect::<String>())
                .filter(|v| !v.is_empty())
            else {
                return Ok(None);
            };
            within(&value, min, max).map_err(|invalid| (name, invalid))?;
            only(
                &value,
                |c| !c.is_control() && !is_invisible_format(c),
                "printable characters",
            )
            .map_err(|invalid| (name, invalid))?;
            Ok(Some(value))
        };
        let address = Self {
            address1: part("address1", self.address1, 1, 100)?,
            address2: part("address2", self.address2, 1, 100)?,
            address3: part("address3", self.address3, 1, 100)?,
            pincode: part("pincode", self.pincode, 6, 10)?,
            city: part("city", self.city, 1, 50)?,
            state: part("state", self.state, 1, 50)?,
            country: part("country", self.country, 1, 50)?,
            full_name: part("full_name", self.full_name, 1, 100)?,
            adddress_type: part("adddress_type", self.adddress_type, 1, 50)?,
            address_category: self.address_category,
        };
        if let Some(pincode) = &address.pincode {
            only(
                pincode,
                |c| c.is_ascii_alphanumeric() || c == ' ' || c == '-',
                "letters, digits, spaces and -",
            )
            .map_err(|invalid| ("pincode", invalid))?;
        }
        Ok((address != Self::default()).then_some(address))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

/// Everything personal about a customer. It is sealed as one piece, and never empty of identity:
/// a living customer has a phone or a reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The merchant's own name for the customer.
    pub merchant_customer_reference: Option<Reference>,
    /// First name.
    pub first_name: Option<Name>,
    /// Last name.
    pub last_name: Option<Name>,
    /// Phone in normal form.
    pub phone: Option<PhoneNumber>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Where bills go.
    pub billing_address: Option<Address>,
    /// Where parcels go.
    pub shipping_address: Option<Address>,
    /// Tax number.
    pub gstin: Option<Gstin>,
    /// The merchant's own pairs.
    #[serde(default)]
    pub merchant_metadata: Metadata,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_any_script_are_taken_and_composed() {
        for name in [
            "Priya",
            "प्रिया",
            "José",
            "O’Neill-Smith Jr.",
            "தமிழ்",
            "ക്ഷ\u{200D}",
        ] {
            assert!(Name::parse(name).is_ok(), "{name}");
        }
        assert_eq!(Name::parse("Jose\u{301}").unwrap().as_str(), "José");
        for name in ["", "   ", "a\u{0}b", "a\u{202E}b", "a\nb"] {
            assert!(Name::parse(name).is_err(), "{name:?}");
        }
        assert!(Name::parse(&"x".repeat(51)).is_err());
    }

    #[test]
    fn calling_codes_are_equal_with_and_without_plus() {
        assert_eq!(CountryCode::parse("+91"), CountryCode::parse("91"));
        assert_eq!(CountryCode::parse(" 91"), CountryCode::parse("91"));
        for code in ["", "+", "091", "12345", "9a", "++91"] {
            assert!(CountryCode::parse(code).is_err(), "{code}");
        }
    }

    #[test]
    fn what_a_shopper_types_becomes_digits() {
        assert_eq!(phone_digits("98765 43210").unwrap(), "9876543210");
        assert_eq!(phone_digits("+91 (98765) 432-10").unwrap(), "919876543210");
        assert_eq!(phone_digits("९८७६५४३२१०").unwrap(), "9876543210");
        assert_eq!(
            phone_digits("＋９１ ９８７６５４３２１０").unwrap(),
            "919876543210"
        );
        assert!(phone_digits("98765x43210").is_err());
        assert!(phone_digits("12").is_err());
    }

    #[test]
    fn both_spellings_of_the_address_type_are_read() {
        for key in ["address_type", "adddress_type"] {
            let address: Address = serde_json::from_str(&format!(r#"{{"{key}":"Home"}}"#)).unwrap();
            assert_eq!(
                serde_json::to_string(&address).unwrap(),
                r#"{"adddress_type":"Home"}"#
            );
        }
    }

    #[test]
    fn personal_data_does_not_print_itself() {
        let profile = Profile {
            first_name: Some(Name::parse("Priya").unwrap()),
            phone: Some(PhoneNumber::new(CountryCode::india(), "9876543210".into())),
            email: Some(Email::parse("priya@example.com").unwrap()),
            ..Profile::default()
        };
        let printed = format!("{profile:?}");
        for secret in ["Priya", "98765", "example"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    proptest! {
        #[test]
        fn parsing_what_was_parsed_changes_nothing(text in ".{0,60}") {
            if let Ok(name) = Name::parse(&text) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name));
            }
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert_eq!(Reference::parse(reference.as_str()), Ok(reference));
            }
            let _ = (CountryCode::parse(&text), Gstin::parse(&text), phone_digits(&text));
        }
    }
}
