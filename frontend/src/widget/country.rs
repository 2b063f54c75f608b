//! Countries a shopper can choose, and how their numbers are shaped while they are typed.
//!
//! A phone library would weigh four times as much as the whole widget, so this only shapes: groups
//! of digits and plausible lengths. Whether a number is real is the server's word.

/// One entry of the country list.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166 alpha-2, the name of the region for `Intl.DisplayNames`.
    pub region: &'static str,
    /// Calling code without its plus.
    pub calling_code: &'static str,
    /// English name, where the browser cannot tell it in the shopper's language.
    pub name: &'static str,
    /// Sizes of the groups of digits; their sum is the longest national number.
    groups: &'static [usize],
    /// Digits of the shortest mobile number.
    shortest: usize,
}

const fn country(
    region: &'static str,
    calling_code: &'static str,
    name: &'static str,
    groups: &'static [usize],
    shortest: usize,
) -> Country {
    Country {
        region,
        calling_code,
        name,
        groups,
        shortest,
    }
}

/// India first, then by English name.
pub static COUNTRIES: [Country; 47] = [
    country("IN", "91", "India", &[5, 5], 10),
    country("AU", "61", "Australia", &[3, 3, 3], 9),
    country("AT", "43", "Austria", &[3, 4, 4], 10),
    country("BH", "973", "Bahrain", &[4, 4], 8),
    country("BD", "880", "Bangladesh", &[4, 6], 10),
    country("BE", "32", "Belgium", &[3, 2, 2, 2], 9),
    country("BT", "975", "Bhutan", &[2, 3, 3], 8),
    country("BR", "55", "Brazil", &[2, 5, 4], 10),
    country("CA", "1", "Canada", &[3, 3, 4], 10),
    country("CN", "86", "China", &[3, 4, 4], 11),
    country("EG", "20", "Egypt", &[3, 3, 4], 10),
    country("FR", "33", "France", &[1, 2, 2, 2, 2], 9),
    country("DE", "49", "Germany", &[3, 4, 4], 10),
    country("HK", "852", "Hong Kong", &[4, 4], 8),
    country("ID", "62", "Indonesia", &[3, 4, 5], 9),
    country("IE", "353", "Ireland", &[2, 3, 4], 9),
    country("IL", "972", "Israel", &[2, 3, 4], 9),
    country("IT", "39", "Italy", &[3, 3, 4], 9),
    country("JP", "81", "Japan", &[2, 4, 4], 10),
    country("KE", "254", "Kenya", &[3, 3, 3], 9),
    country("KW", "965", "Kuwait", &[4, 4], 8),
    country("MY", "60", "Malaysia", &[2, 4, 4], 9),
    country("MV", "960", "Maldives", &[3, 4], 7),
    country("MU", "230", "Mauritius", &[4, 4], 8),
    country("MX", "52", "Mexico", &[3, 3, 4], 10),
    country("NP", "977", "Nepal", &[3, 3, 4], 10),
    country("NL", "31", "Netherlands", &[1, 4, 4], 9),
    country("NZ", "64", "New Zealand", &[2, 4, 4], 8),
    country("NG", "234", "Nigeria", &[3, 3, 4], 10),
    country("OM", "968", "Oman", &[4, 4], 8),
    country("PK", "92", "Pakistan", &[3, 7], 10),
    country("PH", "63", "Philippines", &[3, 3, 4], 10),
    country("PT", "351", "Portugal", &[3, 3, 3], 9),
    country("QA", "974", "Qatar", &[4, 4], 8),
    country("SA", "966", "Saudi Arabia", &[2, 3, 4], 9),
    country("SG", "65", "Singapore", &[4, 4], 8),
    country("ZA", "27", "South Africa", &[2, 3, 4], 9),
    country("KR", "82", "South Korea", &[2, 4, 4], 9),
    country("ES", "34", "Spain", &[3, 3, 3], 9),
    country("LK", "94", "Sri Lanka", &[2, 3, 4], 9),
    country("SE", "46", "Sweden", &[2, 3, 2, 2], 7),
    country("CH", "41", "Switzerland", &[2, 3, 2, 2], 9),
    country("TH", "66", "Thailand", &[2, 3, 4], 9),
    country("AE", "971", "United Arab Emirates", &[2, 3, 4], 9),
    country("GB", "44", "United Kingdom", &[4, 6], 9),
    country("US", "1", "United States", &[3, 3, 4], 10),
    country("VN", "84", "Vietnam", &[2, 3, 2, 2], 9),
];

/// Zeros of the digit rows that Indian, Arabic and full-width keyboards type.
const ZEROS: [u32; 13] = [
    0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xFF10,
];

/// The longest calling code with number, by ITU-T E.164.
const LONGEST: usize = 15;

/// The digits of a text, whatever its script, as ASCII.
#[must_use]
pub fn digits(text: &str) -> String {
    let value = |c: char| {
        ZEROS
            .iter()
            .find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))
    };
    text.chars()
        .filter_map(|c| value(c).and_then(|value| char::from_digit(value, 10)))
        .collect()
}

impl Country {
    /// India: what a list begins with.
    #[must_use]
    pub fn first() -> &'static Self {
        let [first, ..] = &COUNTRIES;
        first
    }

    /// The country of a region such as `IN`.
    #[must_use]
    pub fn of_region(region: &str) -> Option<&'static Self> {
        COUNTRIES.iter().find(|country| country.region == region)
    }

    /// The first country with a calling code, with or without plus. `+1` is the United States: the
    /// choice between the two who share it changes nothing that is sent.
    #[must_use]
    pub fn of_calling_code(code: &str) -> Option<&'static Self> {
        let code = digits(code);
        COUNTRIES
            .iter()
            .rev()
            .find(|country| country.calling_code == code)
    }

    fn longest(&self) -> usize {
        self.groups.iter().sum()
    }

    /// Whether there are enough digits to be a number of this country.
    #[must_use]
    pub fn is_full(&self, number: &str) -> bool {
        let length = digits(number).len();
        length >= self.shortest && length <= LONGEST
    }

    /// The digits in this country's groups; what is too long stays readable at the end.
    #[must_use]
    pub fn group(&self, number: &str) -> String {
        let mut text = String::new();
        let mut rest = digits(number);
        for size in self.groups {
            if rest.len() <= *size {
                break;
            }
            let tail = rest.split_off(*size);
            text.push_str(&rest);
            text.push(' ');
            rest = tail;
        }
        text + &rest
    }

    /// Understands what was typed, pasted or filled in: an international number chooses its country,
    /// a repeated calling code or trunk zero in front of a full number goes.
    #[must_use]
    pub fn read(&'static self, typed: &str) -> (&'static Self, String) {
        let mut number: String = digits(typed).chars().take(LONGEST).collect();
        if typed.trim_start().starts_with(['+', '＋']) {
            let longest_first = |country: &&Self| {
                (
                    country.calling_code.len(),
                    country.calling_code == self.calling_code,
                    country.region == self.region,
                )
            };
            if let Some(country) = COUNTRIES
                .iter()
                .filter(|country| number.starts_with(country.calling_code))
                .max_by_key(longest_first)
            {
                let national = number.split_off(country.calling_code.len());
                return (country, country.group(&national));
            }
            // Still in the middle of its calling code.
            return (self, format!("+{number}"));
        }
        for prefix in [self.calling_code, "0"] {
            if let Some(national) = number.strip_prefix(prefix)
                && number.len() > self.longest()
                && national.len() <= self.longest()
            {
                number = national.to_owned();
            }
        }
        (self, self.group(&number))
    }
}

/// Where the caret belongs after `typed` became `grouped`: in front of as many digits as before, and
/// behind a digit rather than behind a space, or the backspace key would only ever take the space.
#[must_use]
pub fn caret_after(typed: &str, caret: usize, grouped: &str) -> usize {
    let mut behind = digits(&typed.chars().skip(caret).collect::<String>()).len();
    let mut position = grouped.chars().count();
    for c in grouped.chars().rev() {
        if c.is_ascii_digit() {
            if behind == 0 {
                break;
            }
            behind -= 1;
        }
        position -= 1;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn india() -> &'static Country {
        Country::first()
    }

    #[test]
    fn a_number_is_grouped_while_it_is_typed() {
        for (typed, shown) in [
            ("9", "9"),
            ("98765", "98765"),
            ("987654", "98765 4"),
            ("9876543210", "98765 43210"),
            ("९८७६५४३२१०", "98765 43210"),
        ] {
            assert_eq!(india().read(typed), (india(), shown.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_pasted_international_number_chooses_its_country() {
        let (country, number) = india().read("+44 7400 123456");
        assert_eq!((country.region, number.as_str()), ("GB", "7400 123456"));
        let (country, number) = india().read("+97150 123 4567");
        assert_eq!((country.region, number.as_str()), ("AE", "50 123 4567"));
        assert_eq!(india().read("+9"), (india(), "+9".to_owned()));
    }

    #[test]
    fn a_shared_calling_code_keeps_the_country_that_was_chosen() {
        let canada = Country::of_region("CA").unwrap();
        assert_eq!(canada.read("+1 604 555 0123").0.region, "CA");
        assert_eq!(Country::of_calling_code("+1").unwrap().region, "US");
    }

    #[test]
    fn a_trunk_zero_or_a_repeated_calling_code_goes() {
        for typed in ["09876543210", "919876543210", "91 98765 43210"] {
            assert_eq!(india().read(typed).1, "98765 43210", "{typed}");
        }
        assert_eq!(
            india().read("9187654321").1,
            "91876 54321",
            "a number may begin like its calling code"
        );
    }

    #[test]
    fn a_number_is_full_at_its_countrys_length() {
        assert!(india().is_full("98765 43210"));
        assert!(!india().is_full("98765 4321"));
        assert!(!india().is_full(""));
    }

    #[test]
    fn the_caret_stays_with_its_digit() {
        assert_eq!(caret_after("987654", 6, "98765 4"), 7);
        assert_eq!(caret_after("91876543210", 1, "91876 543210"), 1);
        assert_eq!(caret_after("", 0, ""), 0);
        assert_eq!(
            caret_after("9876543210", 5, "98765 43210"),
            5,
            "the space was deleted"
        );
        assert_eq!(caret_after("+919876543210", 13, "98765 43210"), 11);
    }

    #[test]
    fn regions_are_listed_once() {
        let regions: std::collections::BTreeSet<_> =
            COUNTRIES.iter().map(|country| country.region).collect();
        assert_eq!(regions.len(), COUNTRIES.len());
    }

    proptest! {
        #[test]
        fn reading_what_was_read_changes_nothing(typed in ".{0,40}", index in 0..COUNTRIES.len()) {
            let (country, number) = COUNTRIES[index].read(&typed);
            prop_assert_eq!(country.group(&number).replace('+', ""), number.replace('+', ""));
            prop_assert!(number.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '+'));
            prop_assert!(digits(&number).len() <= LONGEST);
        }

        #[test]
        fn the_caret_stays_inside(typed in ".{0,20}", caret in 0usize..30, grouped in "[0-9 ]{0,20}") {
            prop_assert!(caret_after(&typed, caret, &grouped) <= grouped.chars().count());
        }
    }
}
