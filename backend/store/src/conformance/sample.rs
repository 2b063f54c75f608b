//! Records to put in: each a function of a number, with every field filled unless the name says so.

use shared::Timestamp;
use shared::api::admin::Role;
use shared::card_token::{CardSummary, CardType, PaymentMethod, TokenProvider, TokenStatus};
use shared::checkout_session::SessionStatus;
use shared::consent::{ConsentAct, ConsentChannel, ConsentRecord, Purpose};
use shared::customer::{Actor, CustomerState};
use shared::id::{
    AdminId, ChallengeId, CustomerId, MerchantId, MessageId, RANDOM_BYTES, ServiceProviderTokenId,
    SessionId, TokenId,
};
use shared::text::Language;

use crate::{
    AdminRecord, AdminSessionRecord, AnswerRecord, AnsweredSession, ApiKeyRecord, AuditHeadRecord,
    AuditRecord, ChallengeRecord, CustomerRecord, DecisionRecord, Inserted, MerchantRecord,
    OutboxRecord, Result, SessionRecord, Store, TokenRecord,
};

/// The instant `seconds` after a fixed one.
#[must_use]
pub const fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_760_000_000_123_456 + seconds * 1_000_000)
}

/// Bytes, so that the ids made of them differ: an id has 62 characters to choose from.
#[must_use]
pub fn random(number: u32) -> [u8; RANDOM_BYTES] {
    let (mut bytes, mut rest) = ([7; RANDOM_BYTES], number);
    for byte in bytes.iter_mut().rev().take(6) {
        *byte = u8::try_from(rest % 62).unwrap_or(0);
        rest /= 62;
    }
    bytes
}

/// Thirty-two bytes, as of a hash.
#[must_use]
pub fn hash(number: u32) -> Vec<u8> {
    number.to_be_bytes().repeat(8)
}

#[must_use]
pub fn merchant_id(number: u32) -> MerchantId {
    MerchantId::new(at(0), random(number))
}

#[must_use]
pub fn customer_id(number: u32) -> CustomerId {
    CustomerId::new(at(0), random(number))
}

#[must_use]
pub fn token_id(number: u32) -> TokenId {
    TokenId::new(at(0), random(number))
}

#[must_use]
pub fn session_id(number: u32) -> SessionId {
    SessionId::new(at(0), random(number))
}

#[must_use]
pub fn challenge_id(number: u32) -> ChallengeId {
    ChallengeId::new(at(0), random(number))
}

#[must_use]
pub fn admin_id(number: u32) -> AdminId {
    AdminId::new(at(0), random(number))
}

#[must_use]
pub fn message_id(number: u32) -> MessageId {
    MessageId::new(at(0), random(number))
}

#[must_use]
pub fn merchant(number: u32) -> MerchantRecord {
    MerchantRecord {
        merchant_id: merchant_id(number),
        name: format!("Shop {number} \u{2014} \u{0926}\u{0941}\u{0915}\u{093e}\u{0928}"),
        sandbox: number.is_multiple_of(2),
        wrapped_key: vec![1, 0, 255],
        spare_key: None,
        wrapped_index_key: vec![2, 0, 254],
        settings: r#"{"origins":["https://shop.example"]}"#.to_owned(),
        created_at: at(i64::from(number)),
    }
}

#[must_use]
pub fn api_key(merchant: u32, client_id: &str) -> ApiKeyRecord {
    ApiKeyRecord {
        merchant_id: merchant_id(merchant),
        client_id: client_id.to_owned(),
        secret_sha256: hash(9),
        created_at: at(1),
        last_used_at: None,
        revoked_at: None,
    }
}

/// An ACTIVE customer with a phone, a reference and an e-mail address of its own.
#[must_use]
pub fn customer(number: u32) -> CustomerRecord {
    CustomerRecord {
        customer_id: customer_id(number),
        state: CustomerState::Active,
        state_since: at(2),
        verified_at: Some(at(3)),
        phone_changed_at: Some(at(1)),
        version: 1,
        wrapped_key: vec![3; 72],
        profile: vec![0, 159, 146, 150],
        phone_index: Some([b"phone".as_slice(), &hash(number)].concat()),
        reference_index: Some([b"reference".as_slice(), &hash(number)].concat()),
        email_index: Some([b"email".as_slice(), &hash(number)].concat()),
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number) + 1),
    }
}

/// The same customer, one version on.
#[must_use]
pub fn next(customer: &CustomerRecord) -> CustomerRecord {
    CustomerRecord {
        version: customer.version + 1,
        ..customer.clone()
    }
}

/// An ACTIVE token of which everything is known.
#[must_use]
pub fn token(number: u32, customer: u32) -> TokenRecord {
    TokenRecord {
        token_id: token_id(number),
        customer_id: customer_id(customer),
        merchant_token_reference: format!("reference-{number}"),
        request_mac: hash(number),
        status: TokenStatus::Active,
        status_since: at(4),
        status_reason: Some("because".to_owned()),
        payment_method: PaymentMethod::Card,
        card: Some(CardSummary {
            last4_digit: "0042".to_owned(),
            card_type: Some(CardType::Credit),
            network_name: "VISA".to_owned(),
            issuer_name: "HDFC".to_owned(),
            card_category: Some("PLATINUM".to_owned()),
            country_code: Some("IND".to_owned()),
            international: false,
            emi: true,
            cvv_required: true,
        }),
        expired_at: Some(at(1_000)),
        is_compliant: true,
        metadata: Some(vec![8, 0, 8]),
        provider: TokenProvider::Sandbox,
        provider_token_reference: Some("theirs".to_owned()),
        service_provider_token_id: Some(ServiceProviderTokenId::new(at(0), random(number))),
        afa_reference: Some("afa".to_owned()),
        removed_at: Some(at(5)),
        removal_confirmed_at: Some(at(6)),
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number) + 7),
    }
}

/// A token as it is before its provider has answered.
#[must_use]
pub fn bare_token(number: u32, customer: u32) -> TokenRecord {
    TokenRecord {
        status: TokenStatus::Initiated,
        status_reason: None,
        card: None,
        expired_at: None,
        is_compliant: false,
        metadata: None,
        provider: TokenProvider::External,
        provider_token_reference: None,
        service_provider_token_id: None,
        afa_reference: None,
        removed_at: None,
        removal_confirmed_at: None,
        ..token(number, customer)
    }
}

#[must_use]
pub fn consent(token: Option<u32>, act: ConsentAct, seconds: i64) -> ConsentRecord {
    ConsentRecord {
        token_id: token.map(token_id),
        purpose: Purpose::CardOnFile,
        act,
        channel: ConsentChannel::Shopper,
        text_version: Some("2026-11".to_owned()),
        language: Some(Language::Hi),
        session_id: Some(session_id(1)),
        at: at(seconds),
    }
}

#[must_use]
pub fn decision(customer: u32, token: u32, seconds: i64) -> DecisionRecord {
    DecisionRecord {
        customer_id: customer_id(customer),
        token_id: token_id(token),
        session_id: session_id(1),
        at: at(seconds),
        rules_version: 3,
        inputs: r#"{"status":"ACTIVE"}"#.to_owned(),
        outcome: r#"{"usable":true}"#.to_owned(),
    }
}

/// A session that was just minted.
#[must_use]
pub fn bare_session(number: u32) -> SessionRecord {
    SessionRecord {
        session_id: session_id(number),
        secret_sha256: None,
        frame_code_sha256: None,
        cookie_sha256: None,
        origin: "https://shop.example".to_owned(),
        amount: None,
        currency: None,
        hint: None,
        locale: None,
        allow: r#"["list"]"#.to_owned(),
        purpose: Purpose::CardOnFile,
        status: SessionStatus::Open,
        customer_id: None,
        is_new: false,
        challenge_id: None,
        shown_revision: None,
        selected_token_id: None,
        save_consent: None,
        created_at: at(i64::from(number)),
        expires_at: at(i64::from(number) + 1_800),
    }
}

/// A session in which everything happened.
#[must_use]
pub fn session(number: u32, customer: u32) -> SessionRecord {
    SessionRecord {
        secret_sha256: Some(hash(1)),
        frame_code_sha256: Some(hash(2)),
        cookie_sha256: Some(hash(3)),
        amount: Some(129_900),
        currency: Some("INR".to_owned()),
        hint: Some(vec![0, 1, 2]),
        locale: Some("hi-IN".to_owned()),
        purpose: Purpose::Recurring,
        status: SessionStatus::Completed,
        customer_id: Some(customer_id(customer)),
        is_new: true,
        challenge_id: Some(challenge_id(number)),
        shown_revision: Some("r7".to_owned()),
        selected_token_id: Some(token_id(1)),
        save_consent: Some(r#"{"language":"hi"}"#.to_owned()),
        ..bare_session(number)
    }
}

#[must_use]
pub fn challenge(number: u32, session: u32) -> ChallengeRecord {
    ChallengeRecord {
        challenge_id: challenge_id(number),
        session_id: session_id(session),
        phone_index: hash(1),
        phone: vec![0, 9, 9],
        code_mac: Some(hash(2)),
        code_expires_at: at(300),
        sends: 2,
        last_sent_at: at(30),
        wrong: 1,
        locked_until: Some(at(900)),
        created_at: at(i64::from(number)),
    }
}

/// An answer under a key, about the customer of the same number.
#[must_use]
pub fn answer(number: u32, seconds: i64) -> AnswerRecord {
    AnswerRecord {
        key_index: hash(number),
        request_mac: hash(number + 1_000),
        status: 201,
        answer: vec![9, 8, 7],
        customer_id: Some(customer_id(number)),
        session: None,
        created_at: at(seconds),
    }
}

/// The same about a session and its secret.
#[must_use]
pub fn with_session(answer: AnswerRecord, session: u32, ends: i64) -> AnswerRecord {
    AnswerRecord {
        customer_id: None,
        session: Some(AnsweredSession {
            session_id: session_id(session),
            secret: Some(vec![1, 2, 3]),
            ends_at: at(ends),
        }),
        ..answer
    }
}

/// The same when the secret has left.
#[must_use]
pub fn without_secret(mut answer: AnswerRecord) -> AnswerRecord {
    if let Some(session) = &mut answer.session {
        session.secret = None;
    }
    answer
}

#[must_use]
pub fn audit_head(merchant: u32, seq: u32) -> AuditHeadRecord {
    AuditHeadRecord {
        merchant_id: merchant_id(merchant),
        seq: i64::from(seq),
        hash: hash(seq),
        signed_at: at(i64::from(seq)),
        signature: hash(seq + 1),
    }
}

#[must_use]
pub fn audit(merchant: u32, seq: i64, customer: Option<u32>) -> AuditRecord {
    let [.., byte] = seq.to_be_bytes();
    AuditRecord {
        merchant_id: merchant_id(merchant),
        seq,
        at: at(seq),
        actor: Actor::Admin,
        actor_id: admin_id(1).to_string(),
        address: Some("127.0.0.1".to_owned()),
        action: "customer.suspend".to_owned(),
        customer_id: customer.map(customer_id),
        token_id: customer.map(token_id),
        fields: "first_name,phone".to_owned(),
        transition: "ACTIVE>SUSPENDED".to_owned(),
        sealed_reason: Some(vec![0, 7]),
        request_id: "request-1".to_owned(),
        previous_hash: vec![byte.wrapping_sub(1); 32],
        hash: vec![byte; 32],
    }
}

/// A message that is due `seconds` after the fixed instant.
#[must_use]
pub fn message(merchant: u32, number: u32, seconds: i64) -> OutboxRecord {
    OutboxRecord {
        merchant_id: merchant_id(merchant),
        message_id: message_id(number),
        kind: "send_code".to_owned(),
        payload: vec![0, 200],
        due_at: at(seconds),
        attempts: 0,
        created_at: at(0),
    }
}

#[must_use]
pub fn admin(merchant: u32, number: u32) -> AdminRecord {
    AdminRecord {
        merchant_id: merchant_id(merchant),
        admin_id: admin_id(number),
        email: format!("admin{number}@shop.example"),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        role: Role::Officer,
        created_at: at(1),
    }
}

#[must_use]
pub fn admin_session(merchant: u32, admin: u32, number: u32) -> AdminSessionRecord {
    AdminSessionRecord {
        token_sha256: hash(number),
        merchant_id: merchant_id(merchant),
        admin_id: admin_id(admin),
        created_at: at(1),
        last_seen_at: at(2),
        expires_at: at(i64::from(number)),
    }
}

/// Puts in merchants 1 and 2, and customers 1 to `customers` of merchant 1.
pub async fn people(store: &dyn Store, customers: u32) -> Result<MerchantId> {
    let mut unit = store.write().await?;
    for number in [1, 2] {
        assert_eq!(
            unit.insert_merchant(&merchant(number)).await?,
            Inserted::Yes
        );
    }
    for number in 1..=customers {
        assert_eq!(
            unit.insert_customer(&merchant_id(1), &customer(number))
                .await?,
            Inserted::Yes
        );
    }
    unit.commit().await?;
    Ok(merchant_id(1))
}
