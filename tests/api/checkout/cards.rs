//! Saved cards in the widget: chosen, saved with consent, removed.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use acceptance::server::Server;
use acceptance::shopper::Shopper;
use axum::http::Method;
use backend::service::merchants::Settings;
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;
use shared::consent::TEXT_VERSION;
use shared::eligibility::Acceptance;

const PHONE: &str = "9876543210";

async fn returning<'a>(
    app: &'a TestApp,
    merchant: &Server,
    more: &Value,
) -> (Shopper<'a>, String, String) {
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(app, &customer_id, "card-1").await;
    let mut shopper = merchant.shopper_with(app, more).await;
    shopper.verify(PHONE).await;
    (shopper, customer_id, token_id)
}

#[tokio::test]
async fn a_returning_shopper_sees_every_card_with_its_decision_the_usable_ones_first() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let mut made = Vec::new();
    for reference in ["card-1", "sandbox-expired-1", "card-2", "sandbox-fail-1"] {
        made.push(merchant.card(&app, &customer_id, reference).await);
        app.advance(1);
    }
    let mut shopper = merchant.shopper(&app).await;
    let cards = shopper.verify(PHONE).await["cards"].clone();
    let shown: Vec<_> = cards
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["token_id"].as_str().unwrap())
        .collect();
    let [one, expired, two, failed] = &made[..] else {
        panic!("{made:?}")
    };
    assert_eq!(
        shown,
        [two, one, failed, expired],
        "usable ones first, newest first among each"
    );
    assert_eq!(
        cards[0]["decision"],
        json!({ "eligible": true, "reasons": [] })
    );
    assert_eq!(cards[3]["decision"]["eligible"], false);
    assert_eq!(cards[3]["decision"]["reasons"][0]["code"], "token_expired");
    let mut face: Vec<_> = cards[0]["card"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    face.sort_unstable();
    assert_eq!(
        face,
        [
            "card_type",
            "cvv_required",
            "issuer_name",
            "last4_digit",
            "network_name"
        ]
    );
}

#[tokio::test]
async fn a_chosen_card_is_read_by_the_merchant_with_a_decision_made_again() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, token_id) = returning(
        &app,
        &merchant,
        &json!({ "amount": 100, "currency": "INR" }),
    )
    .await;
    let selected = shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .is(200);
    assert_eq!(
        (
            &selected["selected"]["token_id"],
            &selected["selected"]["decision"]["eligible"],
            &selected["save"]
        ),
        (&json!(token_id), &json!(true), &json!(false))
    );
    let read = merchant.session(&shopper.session_id).await;
    assert_eq!(
        (
            &read["status"],
            &read["customer_id"],
            &read["selected"]["decision"]["eligible"]
        ),
        (&json!("completed"), &json!(customer_id), &json!(true))
    );
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    let later = merchant.session(&shopper.session_id).await;
    assert_eq!(later["selected"]["token_id"], json!(token_id));
    assert_eq!(
        later["selected"]["decision"]["reasons"][0]["code"], "customer_suspended",
        "decided at the moment of this read"
    );
}

#[tokio::test]
async fn a_card_that_cannot_be_used_cannot_be_chosen() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, _) = returning(&app, &merchant, &json!({})).await;
    for (reference, code) in [
        ("sandbox-pending-1", "token_pending"),
        ("sandbox-fail-1", "token_failed"),
        ("sandbox-suspend-1", "token_suspended"),
        ("sandbox-deactivate-1", "token_deactivated"),
        ("sandbox-expired-1", "token_expired"),
        ("sandbox-noncompliant-1", "token_not_compliant"),
    ] {
        let token_id = merchant.card(&app, &customer_id, reference).await;
        let answer = shopper
            .post("selection", &json!({ "token_id": token_id }))
            .await;
        assert_eq!(answer.status, 422);
        assert_eq!(
            answer.refused(ErrorCode::NotEligible)["reasons"][0]["code"],
            code
        );
    }
    assert_eq!(
        merchant.session(&shopper.session_id).await["selected"],
        Value::Null
    );
    let other = merchant.customer_who_is("ACTIVE", "9876543219").await;
    let foreign = merchant.card(&app, &other, "card-9").await;
    for unknown in [
        foreign.as_str(),
        "token-v1-260314092653-aa-aaaaaaaaaaaa",
        "x",
    ] {
        shopper
            .post("selection", &json!({ "token_id": unknown }))
            .await
            .refused(ErrorCode::TokenNotFound);
    }
}

#[tokio::test]
async fn a_card_the_merchant_does_not_accept_for_this_amount_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let settings = Settings {
        acceptance: Acceptance {
            max_amount: Some(1_000),
            ..Acceptance::default()
        },
        ..Settings::default()
    };
    let merchant = app.merchant_with("Small Tea", true, &settings).await;
    let (shopper, _, token_id) = returning(
        &app,
        &merchant,
        &json!({ "amount": 1_001, "currency": "INR" }),
    )
    .await;
    let answer = shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await;
    assert_eq!(
        answer.refused(ErrorCode::NotEligible)["reasons"][0]["code"],
        "card_not_accepted"
    );
    let mut cheap = merchant
        .shopper_with(&app, &json!({ "amount": 1_000, "currency": "INR" }))
        .await;
    cheap.verify(PHONE).await;
    cheap
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .is(200);
}

#[tokio::test]
async fn a_suspension_between_seeing_and_choosing_counts() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, token_id) = returning(&app, &merchant, &json!({})).await;
    assert_eq!(shopper.cards().await[0]["decision"]["eligible"], true);
    merchant
        .update(&customer_id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .refused(ErrorCode::NotEligible);
}

#[tokio::test]
async fn no_card_is_a_choice_too_and_a_later_choice_replaces_an_earlier_one() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, _, token_id) = returning(&app, &merchant, &json!({})).await;
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .is(200);
    let none = shopper.post("selection", &json!({})).await.is(200);
    assert_eq!(none, json!({ "selected": null, "save": false }));
    let read = merchant.session(&shopper.session_id).await;
    assert_eq!(
        (&read["status"], &read["selected"], &read["save_consent"]),
        (&json!("completed"), &json!(null), &json!(null))
    );
}

#[tokio::test]
async fn the_ticked_box_is_recorded_and_told_to_the_merchant() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant
        .shopper_with(&app, &json!({ "locale": "hi", "purpose": "recurring" }))
        .await;
    shopper.verify(PHONE).await;
    assert_eq!(
        shopper
            .post("selection", &json!({ "save": true }))
            .await
            .is(200),
        json!({ "selected": null, "save": true })
    );
    let consent = merchant.session(&shopper.session_id).await["save_consent"].clone();
    assert_eq!(
        consent,
        json!({ "text_version": TEXT_VERSION, "language": "hi", "purpose": "recurring", "given_at": app.in_seconds(0) })
    );
    let kept = database::contents(&app).await["consents"].clone();
    assert_eq!(kept.len(), 1);
    for word in [
        "'given'",
        "'shopper'",
        TEXT_VERSION,
        "'hi'",
        "'recurring'",
        &shopper.session_id,
    ] {
        assert!(kept[0].contains(word), "{word} in {}", kept[0]);
    }
    // Untold is not ticked.
    shopper
        .post("selection", &json!({ "save": false }))
        .await
        .is(200);
    assert_eq!(
        merchant.session(&shopper.session_id).await["save_consent"],
        Value::Null
    );
    assert_eq!(
        database::count(&app, "consents").await,
        1,
        "records are only added, and an unticked box adds none"
    );
}

#[tokio::test]
async fn consent_names_a_wording_of_this_server() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut shopper = merchant.shopper(&app).await;
    shopper.verify(PHONE).await;
    let save = json!({ "save": { "text_version": TEXT_VERSION, "language": "en" } });
    shopper.post("selection", &save).await.is(200);
    shopper
        .post(
            "selection",
            &json!({ "save": { "text_version": "1999-01", "language": "en" } }),
        )
        .await
        .refuses_field("save.text_version");
    for nonsense in [
        json!("true"),
        json!(1),
        json!({ "text_version": TEXT_VERSION, "language": "tlh" }),
        json!({ "text_version": TEXT_VERSION }),
    ] {
        shopper
            .post("selection", &json!({ "save": nonsense }))
            .await
            .refuses_field("save");
    }
}

#[tokio::test]
async fn consent_for_a_saved_card_brings_it_back() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, token_id) =
        returning(&app, &merchant, &json!({ "purpose": "recurring" })).await;
    assert_eq!(
        shopper.cards().await[0]["decision"]["reasons"][0]["code"],
        "consent_missing",
        "consent is per purpose"
    );
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .refused(ErrorCode::NotEligible);
    let selected = shopper
        .post("selection", &json!({ "token_id": token_id, "save": true }))
        .await
        .is(200);
    assert_eq!(
        (
            &selected["selected"]["decision"]["eligible"],
            &selected["save"]
        ),
        (&json!(true), &json!(true))
    );
    let kept = database::contents(&app).await["consents"].clone();
    assert!(
        kept.iter().any(|row| row.contains(&token_id)
            && row.contains("'shopper'")
            && row.contains("'recurring'")),
        "{kept:?}"
    );
    assert_eq!(
        merchant.session(&shopper.session_id).await["selected"]["decision"]["eligible"],
        true
    );
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    assert_eq!(
        desk.history(&customer_id).await.last().unwrap(),
        "consent.give"
    );
}

#[tokio::test]
async fn a_refused_choice_records_no_consent() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, _) = returning(&app, &merchant, &json!({})).await;
    let expired = merchant.card(&app, &customer_id, "sandbox-expired-1").await;
    let before = database::count(&app, "consents").await;
    shopper
        .post("selection", &json!({ "token_id": expired, "save": true }))
        .await
        .refused(ErrorCode::NotEligible);
    assert_eq!(database::count(&app, "consents").await, before);
}

#[tokio::test]
async fn allow_narrows_what_the_browser_may_do() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, _, token_id) = returning(&app, &merchant, &json!({ "allow": [] })).await;
    assert_eq!(shopper.cards().await, json!([]), "not even listed");
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .post("selection", &json!({ "save": true }))
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper
        .send(shopper.request(Method::DELETE, &format!("tokens/{token_id}")))
        .await
        .refused(ErrorCode::PermissionDenied);
    shopper.post("selection", &json!({})).await.is(200);

    let mut lister = merchant
        .shopper_with(&app, &json!({ "allow": ["list"] }))
        .await;
    assert_eq!(
        lister.verify(PHONE).await["cards"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    lister
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .is(200);
    lister
        .post("selection", &json!({ "token_id": token_id, "save": true }))
        .await
        .refused(ErrorCode::PermissionDenied);
    lister
        .send(lister.request(Method::DELETE, &format!("tokens/{token_id}")))
        .await
        .refused(ErrorCode::PermissionDenied);
    let mut remover = merchant
        .shopper_with(&app, &json!({ "allow": ["remove"] }))
        .await;
    remover.verify(PHONE).await;
    remover
        .send(remover.request(Method::DELETE, &format!("tokens/{token_id}")))
        .await
        .is(200);
}

#[tokio::test]
async fn a_removed_card_is_removing_until_its_provider_confirms_and_then_gone() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let (shopper, customer_id, token_id) = returning(&app, &merchant, &json!({})).await;
    let removing = shopper
        .send(shopper.request(Method::DELETE, &format!("tokens/{token_id}")))
        .await
        .is(200);
    assert_eq!(
        (
            &removing["cards"][0]["removing"],
            &removing["cards"][0]["decision"]["eligible"]
        ),
        (&json!(true), &json!(false))
    );
    let token = merchant.read_token(&customer_id, &token_id).await;
    assert_eq!(
        (&token["status"], &token["status_reason"]),
        (&json!("DEACTIVATED"), &json!("removed by the cardholder")),
        "at once for the merchant"
    );
    shopper
        .post("selection", &json!({ "token_id": token_id }))
        .await
        .refused(ErrorCode::NotEligible);
    app.settle().await;
    assert_eq!(shopper.cards().await, json!([]), "gone for the shopper");
    assert_eq!(
        merchant.read_token(&customer_id, &token_id).await["status"],
        "DEACTIVATED",
        "kept for the merchant"
    );
    let kept = database::contents(&app).await["consents"].clone();
    assert!(
        kept.iter().any(|row| row.contains("'withdrawn'|'shopper'")),
        "withdrawal is its own record: {kept:?}"
    );
    shopper
        .send(shopper.request(
            Method::DELETE,
            "tokens/token-v1-260314092653-aa-aaaaaaaaaaaa",
        ))
        .await
        .refused(ErrorCode::TokenNotFound);
}
