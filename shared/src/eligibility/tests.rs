use proptest::prelude::*;

use super::*;
use crate::card_token::{CardSummary, PaymentMethod, TokenProvider};
use crate::customer::{Metadata, Profile, Reference, Resumes};
use crate::id::{CustomerId, RANDOM_BYTES, TokenId};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn earlier(days: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(days * 86_400))
}

fn active_customer() -> Customer {
    Customer {
        customer_id: CustomerId::new(NOW, [0; RANDOM_BYTES]),
        state: CustomerState::Active,
        state_since: earlier(10),
        verified_at: Some(earlier(10)),
        phone_changed_at: None,
        profile: Profile::default(),
        version: 1,
        created_at: earlier(20),
        updated_at: earlier(10),
    }
}

fn active_token() -> CardToken {
    CardToken {
        token_id: TokenId::new(NOW, [0; RANDOM_BYTES]),
        customer_id: CustomerId::new(NOW, [0; RANDOM_BYTES]),
        merchant_token_reference: Reference::parse("ref").unwrap(),
        status: TokenStatus::Active,
        status_since: earlier(9),
        status_reason: None,
        payment_method: PaymentMethod::Card,
        card: Some(CardSummary {
            last4_digit: "1111".into(),
            card_type: Some(CardType::Credit),
            network_name: "VISA".into(),
            issuer_name: "HDFC".into(),
            card_category: None,
            country_code: Some("IND".into()),
            international: false,
            emi: false,
            cvv_required: true,
        }),
        expired_at: Some(NOW.plus(Duration::from_hours(24))),
        is_compliant: true,
        merchant_metadata: Metadata::default(),
        provider: TokenProvider::Sandbox,
        provider_token_reference: None,
        service_provider_token_id: None,
        afa_reference: Some("afa".into()),
        removed_at: None,
        removal_confirmed_at: None,
        created_at: earlier(9),
        updated_at: earlier(9),
    }
}

fn codes(decision: &Decision) -> Vec<ReasonCode> {
    decision.reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn an_active_card_of_an_active_customer_can_be_used() {
    let decision = decide(
        &active_customer(),
        &active_token(),
        ConsentState::Given(earlier(9)),
        &Context::default(),
        NOW,
    );
    assert_eq!(
        decision,
        Decision {
            eligible: true,
            reasons: vec![]
        }
    );
}

#[test]
fn a_suspended_customer_cannot_use_a_saved_card() {
    let mut customer = active_customer();
    customer.state = CustomerState::Suspended {
        until: None,
        resumes: Resumes::Active,
    };
    let decision = decide(
        &customer,
        &active_token(),
        ConsentState::Given(earlier(9)),
        &Context::default(),
        NOW,
    );
    assert_eq!(codes(&decision), [ReasonCode::CustomerSuspended]);
    assert_eq!(decision.reasons[0].remedy, Remedy::ContactMerchant);

    let end = NOW.plus(Duration::from_mins(1));
    customer.state = CustomerState::Suspended {
        until: Some(end),
        resumes: Resumes::Active,
    };
    let decision = decide(
        &customer,
        &active_token(),
        ConsentState::Given(earlier(9)),
        &Context::default(),
        NOW,
    );
    assert_eq!(
        (decision.reasons[0].remedy, decision.reasons[0].until),
        (Remedy::WaitUntil, Some(end))
    );
}

#[test]
fn a_token_is_expired_from_its_instant_on_whatever_its_status_says() {
    let mut token = active_token();
    token.expired_at = Some(NOW);
    let given = ConsentState::Given(earlier(9));
    assert_eq!(
        codes(&decide(
            &active_customer(),
            &token,
            given,
            &Context::default(),
            NOW
        )),
        [ReasonCode::TokenExpired]
    );
    token.expired_at = Some(NOW.plus(Duration::from_micros(1)));
    assert!(decide(&active_customer(), &token, given, &Context::default(), NOW).eligible);
}

#[test]
fn a_changed_phone_or_an_old_verification_is_stale() {
    let mut customer = active_customer();
    let given = ConsentState::Given(earlier(9));
    customer.phone_changed_at = Some(earlier(3));
    let decision = decide(&customer, &active_token(), given, &Context::default(), NOW);
    assert_eq!(
        (codes(&decision), decision.reasons[0].since),
        (vec![ReasonCode::VerificationStale], earlier(3))
    );

    customer.phone_changed_at = None;
    let context = Context {
        verification_max_age: Some(Duration::from_hours(216)),
        ..Context::default()
    };
    let decision = decide(&customer, &active_token(), given, &context, NOW);
    assert_eq!(
        (codes(&decision), decision.reasons[0].since),
        (vec![ReasonCode::VerificationStale], earlier(1))
    );
}

#[test]
fn a_merchants_rules_refuse_by_network_type_country_and_amount() {
    let refuses = |acceptance, amount| {
        let context = Context {
            acceptance,
            amount,
            verification_max_age: None,
        };
        codes(&decide(
            &active_customer(),
            &active_token(),
            ConsentState::Given(earlier(9)),
            &context,
            NOW,
        )) == [ReasonCode::CardNotAccepted]
    };
    assert!(refuses(
        Acceptance {
            networks: Some(vec!["RUPAY".into()]),
            ..Acceptance::default()
        },
        None
    ));
    assert!(refuses(
        Acceptance {
            card_types: Some(vec![CardType::Debit]),
            ..Acceptance::default()
        },
        None
    ));
    assert!(refuses(
        Acceptance {
            issuer_countries: Some(vec!["USA".into()]),
            ..Acceptance::default()
        },
        None
    ));
    assert!(refuses(
        Acceptance {
            max_amount: Some(100),
            ..Acceptance::default()
        },
        Some(101)
    ));
    assert!(!refuses(
        Acceptance {
            max_amount: Some(100),
            networks: Some(vec!["visa".into()]),
            ..Acceptance::default()
        },
        Some(100)
    ));
}

fn customers() -> impl Strategy<Value = Customer> {
    let states = prop_oneof![
        Just(CustomerState::Inactive),
        Just(CustomerState::Active),
        Just(CustomerState::Suspended {
            until: None,
            resumes: Resumes::Active
        }),
        Just(CustomerState::Suspended {
            until: Some(NOW),
            resumes: Resumes::Inactive
        }),
        Just(CustomerState::Deleted),
    ];
    (
        states,
        proptest::option::of(0u64..40),
        proptest::option::of(0u64..40),
    )
        .prop_map(|(state, verified, changed)| Customer {
            state,
            verified_at: verified.map(earlier),
            phone_changed_at: changed.map(earlier),
            ..active_customer()
        })
}

fn tokens() -> impl Strategy<Value = CardToken> {
    (
        proptest::sample::select(TokenStatus::ALL.to_vec()),
        proptest::option::of(0u64..2),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(status, expired, is_compliant, known)| {
            let mut token = active_token();
            token.status = status;
            token.expired_at = expired.map(earlier);
            token.is_compliant = is_compliant;
            token.card = token.card.filter(|_| known);
            token
        })
}

fn consents() -> impl Strategy<Value = ConsentState> {
    prop_oneof![
        Just(ConsentState::Missing),
        Just(ConsentState::Given(NOW)),
        Just(ConsentState::Withdrawn(NOW))
    ]
}

fn contexts() -> impl Strategy<Value = Context> {
    (
        proptest::option::of(0u64..40),
        proptest::option::of(0i64..3),
        0i64..3,
    )
        .prop_map(|(age, max, amount)| Context {
            acceptance: Acceptance {
                max_amount: max,
                ..Acceptance::default()
            },
            verification_max_age: age.map(|days| Duration::from_secs(days * 86_400)),
            amount: Some(amount),
        })
}

/// The table of product codes, written a second time and the other way round: from each code to
/// whether it holds.
fn holds(
    code: ReasonCode,
    customer: &Customer,
    token: &CardToken,
    consent: ConsentState,
    context: &Context,
) -> bool {
    match code {
        ReasonCode::CustomerNotVerified => customer.state == CustomerState::Inactive,
        ReasonCode::CustomerSuspended => matches!(customer.state, CustomerState::Suspended { .. }),
        ReasonCode::CustomerDeleted => customer.state == CustomerState::Deleted,
        ReasonCode::VerificationStale => customer.verified_at.is_some_and(|at| {
            customer
                .phone_changed_at
                .is_some_and(|changed| changed > at)
                || context
                    .verification_max_age
                    .is_some_and(|age| at.plus(age) <= NOW)
        }),
        ReasonCode::TokenPending => token.status == TokenStatus::Initiated,
        ReasonCode::TokenSuspended => token.status == TokenStatus::Suspended,
        ReasonCode::TokenFailed => token.status == TokenStatus::Failed,
        ReasonCode::TokenDeactivated => token.status == TokenStatus::Deactivated,
        ReasonCode::TokenExpired => token.expired_at.is_some_and(|at| at <= NOW),
        ReasonCode::TokenNotCompliant => !token.is_compliant,
        ReasonCode::ConsentMissing => consent == ConsentState::Missing,
        ReasonCode::ConsentWithdrawn => matches!(consent, ConsentState::Withdrawn(_)),
        ReasonCode::CardNotAccepted => context
            .acceptance
            .max_amount
            .is_some_and(|max| context.amount.unwrap_or(0) > max),
    }
}

proptest! {
    #[test]
    fn every_reason_that_holds_is_given_once_in_a_fixed_order(customer in customers(), token in tokens(), consent in consents(), context in contexts()) {
        let decision = decide(&customer, &token, consent, &context, NOW);
        let expected: Vec<_> = ReasonCode::ALL.into_iter().filter(|code| holds(*code, &customer, &token, consent, &context)).collect();
        prop_assert_eq!(codes(&decision), expected);
        prop_assert_eq!(decision.eligible, decision.reasons.is_empty());
        prop_assert!(decision.reasons.iter().all(|reason| reason.since <= NOW));
    }

    #[test]
    fn a_decision_survives_the_wire(customer in customers(), token in tokens(), consent in consents(), context in contexts()) {
        let decision = decide(&customer, &token, consent, &context, NOW);
        let read: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
        prop_assert_eq!(read, decision);
    }
}

#[test]
fn a_code_is_its_own_word_on_the_wire() {
    for code in ReasonCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
    for remedy in Remedy::ALL {
        assert_eq!(serde_json::to_value(remedy).unwrap(), remedy.as_str());
    }
}
