use super::*;
use proptest::prelude::*;
use serde_json::json;
use std::iter;

const OUR_ID: &str = "cust-v1-250211051430-aa-EhHAv8EhHAv8";
/// Carries Luhn-valid digits of issuer ranges in its identifier parts.
const UUID_OF_DIGITS: &str = "00000411-1111-1111-1111-100000000000";

/// Published test numbers, and made ones for the networks that publish few.
const CARDS: &[&str] = &[
    // Visa
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "4242424242424242",
    "4000056655665556",
    "4000000000000000006",
    // Mastercard
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "2223003122003222",
    "2221000000000009",
    "2720990000000007",
    // RuPay
    "6074820000000009",
    "6521500000000006",
    "5085000000000007",
    "8172000000000005",
    "3536000000000007",
    // American Express
    "378282246310005",
    "371449635398431",
    "341111111111111",
    // Diners Club
    "30569309025904",
    "38520000023237",
    "36227206271667",
    "3056930009020004",
    // Discover
    "6011111111111117",
    "6011000990139424",
    "6445644564456445",
    // JCB
    "3530111333300000",
    "3566002020360505",
    "3569990010095841",
    // UnionPay
    "6200000000000005",
    "6200000000000000000",
    "6205500000000000004",
    "8171999927660000",
    // Maestro
    "6759649826438453",
    "6799990100000000019",
    "5018000000000009",
    "6304000000000000",
    "5000550000000029",
    "6771798021000008",
];

fn check_digit(of: &[u8]) -> u8 {
    let sum: u32 = of
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(*digit) * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    u8::try_from((10 - sum % 10) % 10).unwrap()
}

fn no_phone(_: &str, _: &str) -> bool {
    false
}

#[test]
fn test_numbers_of_every_network_are_found() {
    for card in CARDS {
        assert_eq!(scan_text(card), Some(Found::CardNumber), "{card}");
        assert_eq!(
            scan_text(&format!("card {card}, thanks")),
            Some(Found::CardNumber)
        );
        assert_eq!(
            scrub(&format!("card {card}, ₹")),
            format!("card {REMOVED}, ₹")
        );
        assert_eq!(scan_text(&format!("x{card}y")), Some(Found::CardNumber));
    }
}

#[test]
fn a_wrong_check_digit_is_no_card_number() {
    for card in CARDS {
        let (body, last) = card.split_at(card.len() - 1);
        let last = (last.parse::<u8>().unwrap() + 1) % 10;
        assert_eq!(scan_text(&format!("{body}{last}")), None, "{card}");
    }
}

#[test]
fn separators_of_every_kind_do_not_hide_a_card_number() {
    for text in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111/1111/1111/1111",
        "4111_1111_1111_1111",
        "4111\\1111\\1111\\1111",
        "4111\u{a0}1111\u{2003}1111\u{3000}1111",
        "4111\n1111\r\n1111\t1111",
        "4111\u{2010}1111\u{2011}1111\u{2212}1111",
        "4111–1111—1111―1111",
        "4111\u{ff0d}1111\u{fe63}1111\u{fe58}1111",
        "4111·1111•1111…1111",
        "4111\u{2044}1111∕1111／1111",
        "4111\u{200b}1111\u{200d}1111\u{feff}1111",
        "4111\u{ad}1111\u{2060}1111\u{202e}1111",
        "4111\u{0}1111\u{1b}1111\u{7f}1111",
        "4111\u{3164}1111\u{2800}1111\u{e0020}1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111  -  1111 . / _ 1111 -- 1111",
        "3782-822463-10005",
    ] {
        assert_eq!(scan_text(text), Some(Found::CardNumber), "{text:?}");
        assert_eq!(
            scrub(&format!("<{text}>")),
            format!("<{REMOVED}>"),
            "{text:?}"
        );
    }
}

#[test]
fn marks_on_digits_do_not_hide_a_card_number() {
    for mark in ["\u{fe0f}\u{20e3}", "\u{301}", "\u{336}", "\u{34f}"] {
        let text: String = "4111111111111111"
            .chars()
            .flat_map(|c| iter::once(c).chain(mark.chars()))
            .collect();
        assert_eq!(scan_text(&text), Some(Found::CardNumber), "{text}");
        assert_eq!(
            scrub(&text),
            format!("{REMOVED}{mark}"),
            "the last digit's own mark stays"
        );
    }
}

#[test]
fn digits_of_every_script_are_read() {
    for zero in ZEROS {
        let card: String = "4111111111111111"
            .chars()
            .map(|c| char::from_u32(u32::from(zero) + c.to_digit(10).unwrap()).unwrap())
            .collect();
        assert_eq!(scan_text(&card), Some(Found::CardNumber), "{card}");
    }
    for text in [
        "४१११ ११११ ११११ ११११",
        "４１１１１１１１１１１１１１１１",
        "٤١١١١١١١١١١١١١١١",
        "4१１1 1၁1१ １1१1 11१1",
        "⁴¹¹¹¹¹¹¹¹¹¹¹¹¹¹¹",
        "④①①①①①①①①①①①①①①①",
        "4⑪⑪⑪⑪⑪⑪⑪①",
        "⒋⒒⒒⒒⒒⒒⒒⒒⒈",
        "𝟒𝟙𝟣𝟭𝟷𝟏𝟙𝟣𝟭𝟷𝟏𝟙𝟣𝟭𝟷𝟏",
        "411111111111111㏠",
    ] {
        assert_eq!(scan_text(text), Some(Found::CardNumber), "{text}");
        assert_eq!(scrub(text), REMOVED, "{text}");
    }
}

#[test]
fn ordinary_text_is_let_through() {
    for text in [
        "",
        "Asha Rao",
        "9876543210",
        "+91 98765 43210",
        "09876543210",
        "919876543210",
        "00919876543210",
        "+91-98765-43210, 98765-43211",
        "28ABCDE1234F2Z6",
        "560001",
        "2024-10-04T13:11:29.645591Z",
        "2024-07-09 07:57:08.022000+00:00",
        "1728047489645",
        "1728047489645591",
        "1728047489645591123",
        "20241004131129",
        "1234-5678",
        "2024-10-04 2024-10-05",
        // IMEI: passes Luhn, no issuer has 15 digits there.
        "490154203237518",
        "352099001761481",
        "356938035643809",
        "0000000000000000",
        "9999999999999995",
        "127.0.0.1:54321",
        "550e8400-e29b-41d4-a716-446655440000",
        "cust-v1-250211051430-aa-EhHAv8",
        "cust-v1-0811030624-aa-RBDgpR",
        OUR_ID,
        UUID_OF_DIGITS,
        "4111,1111,1111,1111",
        "4111 1111 1111 a 1111",
        "4111:1111:1111:1111",
        // One digit too many or too few around a card number: not a whole run.
        "14111111111111111",
        "41111111111111110",
    ] {
        assert_eq!(scan_text(text), None, "{text}");
        assert!(matches!(scrub(text), Cow::Borrowed(same) if same == text));
    }
}

#[test]
fn uuids_and_our_ids_are_exempt_as_words_of_a_longer_text() {
    let id_like_a_card = "token-v1-411111111111-aa-411111111111";
    for word in [
        UUID_OF_DIGITS,
        OUR_ID,
        id_like_a_card,
        &UUID_OF_DIGITS.to_uppercase(),
    ] {
        for text in [
            format!("GET /api/v1/customer/{word}/tokens"),
            format!("request_id={word} status=200"),
            format!("{{\"request_id\":\"{word}\"}}"),
            format!("sandbox-fail-{word}"),
            format!("{word},{word} {word};"),
            format!("1234 {word} 5678"),
        ] {
            assert_eq!(scan_text(&text), None, "{text}");
        }
        let text = format!("{word} 4111 1111 1111 1111 {word}");
        assert_eq!(scrub(&text), format!("{word} {REMOVED} {word}"));
    }
    // Not delimited, or not the form: no exemption.
    assert!(scan_text("0x00000411-1111-1111-1111-100000000000").is_some());
    assert!(scan_text("00000411-1111-1111-1111-1000000000000").is_some());
    assert!(scan_text("00000411 1111 1111 1111 100000000000").is_some());
}

#[test]
fn a_card_number_is_found_in_a_run_longer_than_any() {
    for text in [
        "00004111111111111111",
        "99999999994111111111111111999999999",
        "0000000000378282246310005",
        "000000000030569309025904",
    ] {
        assert_eq!(scan_text(text), Some(Found::CardNumber), "{text}");
        assert_eq!(scrub(text), REMOVED);
    }
    assert_eq!(scan_text(&"0".repeat(100)), None);
}

#[test]
fn numbers_beside_a_card_number_do_not_hide_it_and_are_kept() {
    for (text, clean) in [
        ("Flat 12 4111111111111111", format!("Flat 12 {REMOVED}")),
        ("12/4 4111 1111 1111 1111", format!("12/4 {REMOVED}")),
        (
            "paid 4111111111111111. 5 items",
            format!("paid {REMOVED}. 5 items"),
        ),
        (
            "2024-10-04 378282246310005",
            format!("2024-10-04 {REMOVED}"),
        ),
        ("7 3782 822463 10005 7", format!("7 {REMOVED} 7")),
        (
            "4111111111111111 5555555555554444",
            format!("{REMOVED} {REMOVED}"),
        ),
        (
            "on 2024-10-04 4111111111111111 and 2024-10-05",
            format!("on 2024-10-04 {REMOVED} and 2024-10-05"),
        ),
    ] {
        assert_eq!(scan_text(text), Some(Found::CardNumber), "{text}");
        assert_eq!(scrub(text), clean);
    }
}

#[test]
fn track_data_is_found_and_removed_to_its_end() {
    for text in [
        "%B4111111111111111^DOE/JOHN^25121011000012345678?",
        "%B4111111111111111^DOE/JOHN                  ^2512101 123 456?",
        "%b4111 1111 1111 1111^DOE/JOHN^2512",
        "%B4111111111111111^DOE/JOHN",
        // No issuer's, but the stripe of a card all the same.
        "%B1234567890123^X/Y^2512101?",
        ";4111111111111111=25121011000012345678?",
        ";1234567890123=2512101?",
        "；４１１１１１１１１１１１１１１１＝２５１２１０１？",
        "4111111111111111=25121011000012345678",
        "4111111111111111D25121011000012345678",
        "4111111111111111^DOE/JOHN^25121011000012345678?",
    ] {
        assert_eq!(scan_text(text), Some(Found::TrackData), "{text}");
        assert_eq!(
            scrub(&format!("read: {text}, ok")),
            format!("read: {REMOVED}, ok")
        );
    }
    for text in [
        "x=1;1234567890123=2024",
        "%B12345678901234",
        "a;1234567890123=ok",
        ";=^%B?",
    ] {
        assert_eq!(scan_text(text), None, "{text}");
    }
    // A card number before anything else stays one.
    assert_eq!(scan_text("4111111111111111=ok"), Some(Found::CardNumber));
    assert_eq!(scrub("4111111111111111^2"), format!("{REMOVED}^2"));
}

#[test]
fn an_id_that_touches_what_is_removed_is_exempt_neither_before_nor_after() {
    for text in [
        format!("%B1234567890123^{UUID_OF_DIGITS}"),
        format!(";1234567890123=2512?{UUID_OF_DIGITS}"),
        format!("{UUID_OF_DIGITS}%B1234567890123^"),
        format!("{UUID_OF_DIGITS};1234567890123=2512"),
        format!("{UUID_OF_DIGITS}4111111111111111"),
    ] {
        let clean = scrub(&text);
        assert!(!clean.contains("411"), "{clean}");
        assert_eq!(scan_text(&clean), None, "{clean}");
    }
}

#[test]
fn names_of_card_data_are_secret_however_they_are_written() {
    for name in [
        "cvv",
        "CVV2",
        "cvc",
        "cvc2",
        "cid",
        "csc",
        "security_code",
        "card_security_code",
        "card_number",
        "cardnumber",
        "cardNumber",
        "Card Number",
        "card.number",
        "ｃａｒｄ＿ｎｕｍｂｅｒ",
        "cv\u{200b}v",
        "cvv²",
        "cvv२",
        "card_no",
        "pan",
        "card_pan",
        "primary_account_number",
        "expiry",
        "expiry_date",
        "expiry_month",
        "expiryYear",
        "exp_month",
        "exp-year",
        "card_exp",
        "card_expiry",
        "credit_card_expiration_date",
        "cc_number",
        "cc-exp",
        "name_on_card",
        "cardholder_name",
        "card_holder_name",
        "track1",
        "track_2",
        "track_data",
        "track2_data",
        "pin",
        "pin_block",
        "card_pin",
        "card_verification_code",
    ] {
        assert!(is_secret_field_name(name), "{name}");
    }
    for name in [
        "",
        "cvv_required",
        "expired_at",
        "expires_at",
        "expires_in",
        "encrypted_card_details",
        "card_data",
        "card",
        "card_type",
        "card_category",
        "pincode",
        "pin_code",
        "last4_digit",
        "network_name",
        "issuer_name",
        "number",
        "name",
        "full_name",
        "mobile_number",
        "verification_code",
        "token_expiry_month",
        "track_id",
        "company",
        "payment_number",
        "token_reference",
        "____",
        &"cvv".repeat(1000),
    ] {
        assert!(!is_secret_field_name(name), "{name}");
    }
}

#[test]
fn the_first_offending_field_of_a_document_is_named() {
    for (document, path, found) in [
        (
            json!({"first_name": "4111111111111111"}),
            "first_name",
            Found::CardNumber,
        ),
        (
            json!({"a": "x", "billing_address": {"address1": "no. 4111-1111-1111-1111"}}),
            "billing_address.address1",
            Found::CardNumber,
        ),
        (
            json!({"tokens": [{}, {"x": "5555555555554444"}]}),
            "tokens.1.x",
            Found::CardNumber,
        ),
        (
            json!({"merchant_metadata": {"order": 4_111_111_111_111_111_u64}}),
            "merchant_metadata.order",
            Found::CardNumber,
        ),
        (
            json!({"n": 4_111_111_111_111_111_f64}),
            "n",
            Found::CardNumber,
        ),
        (
            json!({"merchant_metadata": {"4111111111111111": "x"}}),
            "merchant_metadata.*",
            Found::CardNumber,
        ),
        (json!({"4111 1111 1111 1111": "x"}), "*", Found::CardNumber),
        (
            json!({"card": {"cvv": null}}),
            "card.cvv",
            Found::SecretField,
        ),
        (
            json!({"a": [[";4111111111111111=2512?"]]}),
            "a.0.0",
            Found::TrackData,
        ),
        (json!("4111111111111111"), "", Found::CardNumber),
        (json!(["4111111111111111"]), "0", Found::CardNumber),
        // Keys that only together are a card number are not echoed either.
        (
            json!({"4111": {"1111": {"1111": {"1111": {"pin": 1}}}}}),
            "*.*.*.*.pin",
            Found::SecretField,
        ),
    ] {
        assert_eq!(
            scan_json(&document, &no_phone),
            Some((path.to_owned(), found)),
            "{path}"
        );
    }
    for document in [
        json!(null),
        json!({}),
        json!([[], {}, "", 1, true, 12.5, -1]),
        json!({"mobile_number": "9876543210", "card_data": {"cvv_required": true}}),
        json!({"id": OUR_ID, "request": UUID_OF_DIGITS, "gstin": "28ABCDE1234F2Z6"}),
    ] {
        assert_eq!(scan_json(&document, &no_phone), None, "{document}");
    }
}

#[test]
fn a_phone_may_look_like_a_card_number_if_its_country_has_such_numbers() {
    let phone = check_digit(&[6, 7, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]);
    let number = format!("679999999999{phone}");
    let possible = |code: &str, digits: &str| code == "49" && digits == number;
    for code in [json!("49"), json!("+49"), json!(" 49"), json!(49)] {
        let document = json!({"country_code": code, "mobile_number": number});
        assert_eq!(scan_json(&document, &possible), None, "{document}");
        let document = json!({"a": [{"country_code": code, "mobile_number": number}]});
        assert_eq!(scan_json(&document, &possible), None, "{document}");
        assert!(scan_json(&document, &no_phone).is_some());
    }
    let spaced: String = iter::once('+')
        .chain(number.chars().flat_map(|c| [c, ' ']))
        .collect();
    let document = json!({"country_code": "49", "mobile_number": spaced});
    assert_eq!(scan_json(&document, &possible), None);

    // Another country, another field, or more than a number: no exemption.
    for document in [
        json!({"mobile_number": number}),
        json!({"country_code": "", "mobile_number": number}),
        json!({"country_code": "x49", "mobile_number": number}),
        json!({"country_code": ["49"], "mobile_number": number}),
        json!({"country_code": "49", "phone": number}),
        json!({"country_code": "49", "mobile_number": format!("card {number}")}),
        json!({"country_code": "49", "mobile_number": [number]}),
    ] {
        assert!(scan_json(&document, &possible).is_some(), "{document}");
    }
    let at_home = |code: &str, _: &str| code == "91";
    for code in [
        json!(null),
        json!(""),
        json!("91"),
        json!("+91"),
        json!("९१"),
    ] {
        let document = json!({"country_code": code, "mobile_number": number});
        assert_eq!(scan_json(&document, &at_home), None, "{document}");
    }
    assert_eq!(scan_json(&json!({"mobile_number": number}), &at_home), None);
}

#[test]
fn deep_documents_are_walked_to_the_bottom() {
    let mut document = json!("4111111111111111");
    for _ in 0..64 {
        document = json!({"a": [document]});
    }
    let (path, found) = scan_json(&document, &no_phone).unwrap();
    assert_eq!((path.split('.').count(), found), (128, Found::CardNumber));
}

#[test]
fn every_character_counts_the_digits_that_nfkc_makes_of_it() {
    for c in '\0'..=char::MAX {
        let expansion: Vec<char> = iter::once(c).nfkc().collect();
        let digits: Vec<u8> = expansion
            .iter()
            .copied()
            .filter_map(decimal_value)
            .collect();
        let counted = if let Kind::Digits { values, count, .. } = kind(c) {
            values[..count].to_vec()
        } else {
            Vec::new()
        };
        assert_eq!(digits_in(c), counted.len(), "{c}");
        // `⑴` and `㍸` ("dm2"): not at the beginning, so in no run.
        let behind_other = expansion
            .first()
            .is_some_and(|c| matches!(plain_kind(*c), Kind::Other(_)));
        assert!(
            counted == digits || behind_other && counted.is_empty(),
            "{c}"
        );
    }
}

#[test]
fn digits_that_never_fill_a_card_number_cost_no_search() {
    assert!(!has_enough_digits("411111111111 नमस्ते ⅒".split_at(12).0));
    assert!(!has_enough_digits("41111111111 ①"));
    assert!(has_enough_digits("411111111111 ①"));
    assert!(has_enough_digits("①②③ ⅒ ⑪⑪ ११११"));
}

/// The rule read word for word, without thought of speed: whole runs and windows only.
fn plain_reading_finds(text: &str) -> bool {
    let mut runs = vec![Vec::new()];
    for c in text.nfkc() {
        match plain_kind(c) {
            Kind::Digits {
                values: [value, ..],
                ..
            } => {
                let digit = Digit {
                    value,
                    start: 0,
                    end: 0,
                    starts_word: false,
                };
                runs.last_mut().unwrap().push(digit);
            }
            Kind::Other(_) => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.iter().any(|run| match run.len() {
        0..13 => false,
        13..=19 => is_card(run),
        _ => (14..=16).any(|length| run.windows(length).any(is_card)),
    })
}

fn card() -> impl Strategy<Value = String> {
    let of_issuer = (0..ISSUERS.len()).prop_flat_map(|at| {
        let Issuer { prefixes, lengths } = &ISSUERS[at];
        (prefixes.clone(), 0..lengths.len()).prop_flat_map(move |(prefix, length)| {
            let rest = ISSUERS[at].lengths[length] - 7;
            (Just(prefix), proptest::collection::vec(0u8..10, rest))
        })
    });
    of_issuer.prop_map(|(prefix, rest)| {
        let mut digits: Vec<u8> = prefix.to_string().bytes().map(|b| b - b'0').collect();
        digits.extend(rest);
        digits.push(check_digit(&digits));
        digits
            .into_iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    })
}

fn separators() -> impl Strategy<Value = String> {
    concat!(
        r"[-./_\\ \t\u{a0}\u{3000}\u{2010}-\u{2015}\u{2212}\u{ff0d}\u{2022}",
        r"\u{200b}-\u{200d}\u{feff}\u{ad}\u{fe0f}]{0,3}",
    )
}

/// Text made of what the search looks at, so that the edges meet.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => card(),
        4 => "[0-9]{1,6}",
        2 => "[0-9]{10,40}",
        4 => separators(),
        2 => "[%Bb;=^D?]{1,2}",
        1 => Just("%B".to_owned()),
        1 => Just("^DOE/J^2512".to_owned()),
        1 => Just("=2512".to_owned()),
        1 => Just("%B1234567890123^".to_owned()),
        1 => Just(";1234567890123=2512".to_owned()),
        1 => "[①⑪½⅒㏠㏪⑴⒈٣४𝟗🄁]{1,2}",
        1 => "[a-fA-F(),:\"]{1,2}",
        1 => Just(OUR_ID.to_owned()),
        1 => Just("id-v1-411111111111-aa-411111111111".to_owned()),
        1 => Just(UUID_OF_DIGITS.to_owned()),
        1 => Just("41111111-1111-1111-4111-11111111111a".to_owned()),
        1 => Just(REMOVED.to_owned()),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn holds_together(text: &str) -> Result<(), TestCaseError> {
    let clean = scrub(text);
    prop_assert_eq!(scan_text(text).is_some(), matches!(clean, Cow::Owned(_)));
    prop_assert_eq!(scan_text(&clean), None, "{}", clean);

    // What is kept is kept byte for byte and in order.
    let hits = find(text);
    let mut kept_to = 0;
    let mut expected = String::new();
    for hit in &hits {
        prop_assert!(kept_to <= hit.start && hit.start < hit.end);
        expected += &text[kept_to..hit.start];
        expected += REMOVED;
        kept_to = hit.end;
    }
    expected += &text[kept_to..];
    prop_assert_eq!(clean, expected);
    Ok(())
}

proptest! {
    #[test]
    fn hostile_text_never_panics_and_comes_out_clean(text in hostile()) {
        holds_together(&text)?;
        let _ = is_secret_field_name(&text);
        let _ = scan_json(&json!({"mobile_number": text, "country_code": text}), &|_, _| true);
        let _ = scan_json(&json!({text.as_str(): {text.as_str(): [text]}}), &no_phone);
    }

    #[test]
    fn any_text_never_panics_and_comes_out_clean(text in ".*") {
        holds_together(&text)?;
        let _ = is_secret_field_name(&text);
    }

    #[test]
    fn every_valid_number_of_every_range_is_found_with_any_separators(
        card in card(),
        gaps in proptest::collection::vec(separators(), 19),
        around in ("[a-zA-Z,:]{0,3}", "[a-zA-CE-Z,:]{0,3}"),
    ) {
        let parted: String = card
            .chars()
            .zip(&gaps)
            .flat_map(|(digit, gap)| gap.chars().chain([digit]))
            .collect();
        let text = format!("{}{parted}{}", around.0, around.1);
        prop_assert_eq!(scan_text(&text), Some(Found::CardNumber));
        let first_gap = gaps.first().map_or("", String::as_str);
        prop_assert_eq!(scrub(&text), format!("{}{first_gap}{REMOVED}{}", around.0, around.1));
    }

    #[test]
    fn no_path_echoes_a_card_number(keys in proptest::collection::vec(hostile(), 1..6)) {
        let document =
            keys.iter().rev().fold(json!("4111111111111111"), |child, key| json!({key: child}));
        let (path, _) = scan_json(&document, &no_phone).unwrap();
        prop_assert_eq!(scan_text(&path), None, "{}", path);
    }

    #[test]
    fn whatever_the_plain_reading_of_the_rule_finds_is_found(
        text in "([0-9]{1,17}|[0-9४１ ./_-]{1,30}|[a-z,]){1,4}",
    ) {
        prop_assert!(scan_text(&text).is_some() || !plain_reading_finds(&text));
        // And nothing else is, where no separator sets a word apart.
        let solid: String = text.chars().filter(|c| !is_separator(*c)).collect();
        prop_assert_eq!(scan_text(&solid).is_some(), plain_reading_finds(&solid));
    }
}
