//! Kept records as plain bytes: a token takes some 300 instead of 1000, and one allocation instead of
//! a dozen. Whose record it is says the key it is kept under, so that the customer's id is left out.
//!
//! Only what this process wrote is ever read, so that reading needs no errors: what does not read as
//! it was written reads as nothing.

use shared::Timestamp;
use shared::card_token::{CardSummary, CardType, PaymentMethod, TokenProvider, TokenStatus};
use shared::consent::ConsentAct;
use shared::customer::{CustomerState, Resumes};
use shared::id::{CustomerId, ServiceProviderTokenId, TokenId};
use store::{CustomerRecord, TokenRecord};

use store::row::LastConsent;

pub(crate) fn customer_to_bytes(record: &CustomerRecord) -> Vec<u8> {
    // every field by name: one that is added must be thought of here
    let CustomerRecord {
        customer_id: _,
        state,
        state_since,
        verified_at,
        phone_changed_at,
        version,
        wrapped_key,
        profile,
        phone_index,
        reference_index,
        email_index,
        created_at,
        updated_at,
    } = record;
    let mut bytes = Bytes(Vec::with_capacity(256 + wrapped_key.len() + profile.len()));
    match state {
        CustomerState::Inactive => bytes.flag(0),
        CustomerState::Active => bytes.flag(1),
        CustomerState::Deleted => bytes.flag(2),
        CustomerState::Suspended { until, resumes } => {
            bytes.flag(match resumes {
                Resumes::Inactive => 3,
                Resumes::Active => 4,
            });
            bytes.maybe_instant(*until);
        }
    }
    bytes.instant(*state_since);
    bytes.maybe_instant(*verified_at);
    bytes.maybe_instant(*phone_changed_at);
    bytes.integer(*version);
    bytes.part(wrapped_key);
    bytes.part(profile);
    for index in [phone_index, reference_index, email_index] {
        bytes.maybe(index.as_deref());
    }
    bytes.instant(*created_at);
    bytes.instant(*updated_at);
    bytes.0
}

pub(crate) fn customer_from_bytes(bytes: &[u8], customer: &CustomerId) -> Option<CustomerRecord> {
    let mut rest = Rest(bytes);
    let state = match rest.flag()? {
        0 => CustomerState::Inactive,
        1 => CustomerState::Active,
        2 => CustomerState::Deleted,
        resumes @ (3 | 4) => CustomerState::Suspended {
            until: rest.maybe_instant()?,
            resumes: if resumes == 3 {
                Resumes::Inactive
            } else {
                Resumes::Active
            },
        },
        _ => return None,
    };
    Some(CustomerRecord {
        customer_id: customer.clone(),
        state,
        state_since: rest.instant()?,
        verified_at: rest.maybe_instant()?,
        phone_changed_at: rest.maybe_instant()?,
        version: rest.integer()?,
        wrapped_key: rest.part()?.to_owned(),
        profile: rest.part()?.to_owned(),
        phone_index: rest.maybe()?.map(<[u8]>::to_vec),
        reference_index: rest.maybe()?.map(<[u8]>::to_vec),
        email_index: rest.maybe()?.map(<[u8]>::to_vec),
        created_at: rest.instant()?,
        updated_at: rest.instant()?,
    })
}

pub(crate) fn tokens_to_bytes(records: &[TokenRecord]) -> Vec<u8> {
    let mut bytes = Bytes(Vec::with_capacity(384 * records.len()));
    for record in records {
        bytes.token(record);
    }
    bytes.0
}

pub(crate) fn tokens_from_bytes(bytes: &[u8], customer: &CustomerId) -> Option<Vec<TokenRecord>> {
    let mut rest = Rest(bytes);
    let mut records = Vec::new();
    while !rest.0.is_empty() {
        records.push(rest.token(customer)?);
    }
    Some(records)
}

pub(crate) fn consents_to_bytes(records: &[LastConsent]) -> Vec<u8> {
    let mut bytes = Bytes(Vec::with_capacity(64 * records.len()));
    for (token, act, at) in records {
        bytes.text(token.as_str());
        bytes.truth(*act == ConsentAct::Given);
        bytes.instant(*at);
    }
    bytes.0
}

pub(crate) fn consents_from_bytes(bytes: &[u8]) -> Option<Vec<LastConsent>> {
    let mut rest = Rest(bytes);
    let mut records = Vec::new();
    while !rest.0.is_empty() {
        let token = TokenId::parse(rest.text()?)?;
        let act = if rest.truth()? {
            ConsentAct::Given
        } else {
            ConsentAct::Withdrawn
        };
        records.push((token, act, rest.instant()?));
    }
    Some(records)
}

/// What is being written.
struct Bytes(Vec<u8>);

impl Bytes {
    fn flag(&mut self, flag: u8) {
        self.0.push(flag);
    }

    fn truth(&mut self, truth: bool) {
        self.flag(u8::from(truth));
    }

    /// One of a list of words, by its place there.
    fn word<T: PartialEq>(&mut self, all: &[T], word: &T) {
        let place = all.iter().position(|one| one == word);
        self.flag(
            place
                .and_then(|place| u8::try_from(place).ok())
                .unwrap_or(u8::MAX),
        );
    }

    fn integer(&mut self, integer: i64) {
        self.0.extend_from_slice(&integer.to_le_bytes());
    }

    fn instant(&mut self, instant: Timestamp) {
        self.integer(instant.as_micros());
    }

    fn maybe_instant(&mut self, instant: Option<Timestamp>) {
        self.truth(instant.is_some());
        if let Some(instant) = instant {
            self.instant(instant);
        }
    }

    /// Seven bits of a length at a time, the lowest first; a set top bit says that more follow.
    fn length(&mut self, mut length: usize) {
        while let Some(low) = u8::try_from(length & 0x7f).ok().filter(|_| length > 0x7f) {
            self.flag(low | 0x80);
            length >>= 7;
        }
        self.flag(u8::try_from(length).unwrap_or(0));
    }

    fn part(&mut self, part: &[u8]) {
        self.length(part.len());
        self.0.extend_from_slice(part);
    }

    fn maybe(&mut self, part: Option<&[u8]>) {
        self.truth(part.is_some());
        if let Some(part) = part {
            self.part(part);
        }
    }

    fn text(&mut self, text: &str) {
        self.part(text.as_bytes());
    }

    fn maybe_text(&mut self, text: Option<&str>) {
        self.maybe(text.map(str::as_bytes));
    }

    fn token(&mut self, record: &TokenRecord) {
        let TokenRecord {
            token_id,
            customer_id: _,
            merchant_token_reference,
            request_mac,
            status,
            status_since,
            status_reason,
            payment_method,
            card,
            expired_at,
            is_compliant,
            metadata,
            provider,
            provider_token_reference,
            service_provider_token_id,
            afa_reference,
            removed_at,
            removal_confirmed_at,
            created_at,
            updated_at,
        } = record;
        self.text(token_id.as_str());
        self.text(merchant_token_reference);
        self.part(request_mac);
        self.word(TokenStatus::ALL, status);
        self.instant(*status_since);
        self.maybe_text(status_reason.as_deref());
        self.word(PaymentMethod::ALL, payment_method);
        self.truth(card.is_some());
        if let Some(card) = card {
            self.card(card);
        }
        self.maybe_instant(*expired_at);
        self.truth(*is_compliant);
        self.maybe(metadata.as_deref());
        self.word(TokenProvider::ALL, provider);
        self.maybe_text(provider_token_reference.as_deref());
        self.maybe_text(
            service_provider_token_id
                .as_ref()
                .map(ServiceProviderTokenId::as_str),
        );
        self.maybe_text(afa_reference.as_deref());
        self.maybe_instant(*removed_at);
        self.maybe_instant(*removal_confirmed_at);
        self.instant(*created_at);
        self.instant(*updated_at);
    }

    fn card(&mut self, card: &CardSummary) {
        let CardSummary {
            last4_digit,
            card_type,
            network_name,
            issuer_name,
            card_category,
            country_code,
            international,
            emi,
            cvv_required,
        } = card;
        self.text(last4_digit);
        self.truth(card_type.is_some());
        if let Some(card_type) = card_type {
            self.word(CardType::ALL, card_type);
        }
        self.text(network_name);
        self.text(issuer_name);
        self.maybe_text(card_category.as_deref());
        self.maybe_text(country_code.as_deref());
        self.truth(*international);
        self.truth(*emi);
        self.truth(*cvv_required);
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn flag(&mut self) -> Option<u8> {
        let (flag, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*flag)
    }

    fn truth(&mut self) -> Option<bool> {
        self.flag().map(|flag| flag == 1)
    }

    fn word<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.flag()?)).copied()
    }

    fn integer(&mut self) -> Option<i64> {
        let (integer, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(i64::from_le_bytes(*integer))
    }

    fn instant(&mut self) -> Option<Timestamp> {
        self.integer().map(Timestamp::from_micros)
    }

    #[expect(
        clippy::option_option,
        reason = "outside: whether it reads; inside: whether there is one"
    )]
    fn maybe_instant(&mut self) -> Option<Option<Timestamp>> {
        Some(if self.truth()? {
            Some(self.instant()?)
        } else {
            None
        })
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let bits = self.flag()?;
            length |= usize::from(bits & 0x7f) << shift;
            if bits & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }

    fn part(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    #[expect(
        clippy::option_option,
        reason = "outside: whether it reads; inside: whether there is one"
    )]
    fn maybe(&mut self) -> Option<Option<&'a [u8]>> {
        Some(if self.truth()? {
            Some(self.part()?)
        } else {
            None
        })
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.part()?).ok()
    }

    #[expect(
        clippy::option_option,
        reason = "outside: whether it reads; inside: whether there is one"
    )]
    fn maybe_text(&mut self) -> Option<Option<String>> {
        Some(if self.truth()? {
            Some(self.text()?.to_owned())
        } else {
            None
        })
    }

    fn token(&mut self, customer: &CustomerId) -> Option<TokenRecord> {
        Some(TokenRecord {
            token_id: TokenId::parse(self.text()?)?,
            customer_id: customer.clone(),
            merchant_token_reference: self.text()?.to_owned(),
            request_mac: self.part()?.to_owned(),
            status: self.word(TokenStatus::ALL)?,
            status_since: self.instant()?,
            status_reason: self.maybe_text()?,
            payment_method: self.word(PaymentMethod::ALL)?,
            card: if self.truth()? {
                Some(self.card()?)
            } else {
                None
            },
            expired_at: self.maybe_instant()?,
            is_compliant: self.truth()?,
            metadata: self.maybe()?.map(<[u8]>::to_vec),
            provider: self.word(TokenProvider::ALL)?,
            provider_token_reference: self.maybe_text()?,
            service_provider_token_id: if self.truth()? {
                Some(ServiceProviderTokenId::parse(self.text()?)?)
            } else {
                None
            },
            afa_reference: self.maybe_text()?,
            removed_at: self.maybe_instant()?,
            removal_confirmed_at: self.maybe_instant()?,
            created_at: self.instant()?,
            updated_at: self.instant()?,
        })
    }

    fn card(&mut self) -> Option<CardSummary> {
        Some(CardSummary {
            last4_digit: self.text()?.to_owned(),
            card_type: if self.truth()? {
                Some(self.word(CardType::ALL)?)
            } else {
                None
            },
            network_name: self.text()?.to_owned(),
            issuer_name: self.text()?.to_owned(),
            card_category: self.maybe_text()?,
            country_code: self.maybe_text()?,
            international: self.truth()?,
            emi: self.truth()?,
            cvv_required: self.truth()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use store::conformance::sample::{at, bare_token, customer, customer_id, token, token_id};

    use super::*;

    #[test]
    fn a_customer_reads_as_it_was_written() {
        let suspended = |until, resumes| CustomerState::Suspended { until, resumes };
        for state in [
            CustomerState::Inactive,
            CustomerState::Active,
            CustomerState::Deleted,
            suspended(None, Resumes::Inactive),
            suspended(Some(at(-7)), Resumes::Active),
        ] {
            for length in [0, 1, 127, 128, 16_383, 16_384] {
                let record = CustomerRecord {
                    state,
                    profile: vec![7; length],
                    reference_index: None,
                    verified_at: Some(at(9)),
                    ..customer(1)
                };
                let bytes = customer_to_bytes(&record);
                assert_eq!(
                    customer_from_bytes(&bytes, &record.customer_id),
                    Some(record)
                );
            }
        }
    }

    #[test]
    fn tokens_read_as_they_were_written() {
        let mut records = vec![token(1, 1), bare_token(2, 1)];
        for status in TokenStatus::ALL {
            for provider in TokenProvider::ALL {
                records.push(TokenRecord {
                    status: *status,
                    provider: *provider,
                    status_reason: Some(String::new()),
                    metadata: Some(Vec::new()),
                    ..token(3, 1)
                });
            }
        }
        for card_type in [None, Some(CardType::Credit), Some(CardType::Debit)] {
            let mut record = token(4, 1);
            if let Some(card) = &mut record.card {
                card.card_type = card_type;
                card.card_category = None;
            }
            records.push(record);
        }
        let bytes = tokens_to_bytes(&records);
        assert_eq!(tokens_from_bytes(&bytes, &customer_id(1)), Some(records));
        assert_eq!(tokens_from_bytes(&[], &customer_id(1)), Some(Vec::new()));
    }

    #[test]
    fn consents_read_as_they_were_written() {
        let records = vec![
            (token_id(1), ConsentAct::Given, at(1)),
            (token_id(2), ConsentAct::Withdrawn, at(2)),
        ];
        assert_eq!(
            consents_from_bytes(&consents_to_bytes(&records)),
            Some(records)
        );
    }

    #[test]
    fn what_was_cut_short_reads_as_nothing() {
        let bytes = customer_to_bytes(&customer(1));
        for end in 0..bytes.len() {
            assert_eq!(customer_from_bytes(&bytes[..end], &customer_id(1)), None);
        }
    }
}
