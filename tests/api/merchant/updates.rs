//! Updating customers: partial, clearing, and the moves of a status.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use axum::http::Method;
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

fn everything() -> Value {
    json!({
        "merchant_customer_reference": "ref-1",
        "first_name": "Priya",
        "last_name": "Sharma",
        "mobile_number": "9876543210",
        "email_id": "priya@example.com",
        "billing_address": { "address1": "14 Lake Road" },
        "shipping_address": { "city": "Kolkata" },
        "gstin": "28ABCDE1234F2Z6",
        "merchant_metadata": { "favourite": "Darjeeling" },
    })
}

#[tokio::test]
async fn an_update_changes_what_is_sent_and_nothing_else() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let created = merchant.create(&everything()).await.is(201);
    let id = created["customer_id"].as_str().unwrap();
    let changes = json!({
        "merchant_customer_reference": "ref-2",
        "first_name": "Diya",
        "last_name": "Rao",
        "mobile_number": "9876543211",
        "email_id": "diya@example.com",
        "billing_address": { "address2": "only this" },
        "shipping_address": { "address3": "and this" },
        "gstin": "29ABCDE1234F2Z6",
        "merchant_metadata": { "other": "Assam" },
    });
    let mut expected = created.clone();
    for (field, value) in changes.as_object().unwrap() {
        app.advance(1);
        let updated = merchant.update(id, &json!({ field: value })).await.is(200);
        expected[field] = value.clone();
        expected["updated_at"] = json!(app.in_seconds(0));
        assert_eq!(updated, expected, "{field}");
        assert_eq!(merchant.read(id).await, expected, "{field}");
    }
}

#[tokio::test]
async fn null_and_the_empty_text_clear() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    for (place, nothing) in [Value::Null, json!("")].into_iter().enumerate() {
        let mut body = everything();
        body["mobile_number"] = json!(format!("98765432{place}0"));
        body["merchant_customer_reference"] = json!(format!("ref-{place}"));
        let id = merchant.create(&body).await.is(201)["customer_id"]
            .as_str()
            .unwrap()
            .to_owned();
        for field in ["first_name", "last_name", "email_id", "gstin"] {
            assert_eq!(
                merchant
                    .update(&id, &json!({ field: nothing }))
                    .await
                    .is(200)[field],
                "",
                "{field}"
            );
        }
        for field in ["billing_address", "shipping_address", "merchant_metadata"] {
            let answer = merchant
                .update(&id, &json!({ field: Value::Null }))
                .await
                .is(200);
            assert!(answer.get(field).is_none(), "{field}");
        }
        let cleared = merchant
            .update(&id, &json!({ "mobile_number": nothing }))
            .await
            .is(200);
        assert_eq!(
            (&cleared["mobile_number"], &cleared["country_code"]),
            (&json!(""), &json!(""))
        );
        merchant
            .update(&id, &json!({ "merchant_customer_reference": nothing }))
            .await
            .is(400);
    }
}

#[tokio::test]
async fn the_last_of_phone_and_reference_cannot_be_cleared() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let by_phone = merchant.customer("9876543210").await;
    merchant
        .update(&by_phone, &json!({ "mobile_number": null }))
        .await
        .refuses_field("mobile_number");
    let id = merchant.create(&everything_without_phone()).await.is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    merchant
        .update(&id, &json!({ "merchant_customer_reference": "" }))
        .await
        .refused(ErrorCode::InvalidRequest);
    assert_eq!(
        merchant.read(&id).await["merchant_customer_reference"],
        "ref-1"
    );
    // Swapping one for the other in one request leaves an identity.
    merchant
        .update(
            &id,
            &json!({ "merchant_customer_reference": null, "mobile_number": "9876543219" }),
        )
        .await
        .is(200);
}

fn everything_without_phone() -> Value {
    let mut body = everything();
    body.as_object_mut().unwrap().remove("mobile_number");
    body
}

#[tokio::test]
async fn an_update_that_changes_nothing_writes_nothing() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let created = merchant.create(&everything()).await.is(201);
    let id = created["customer_id"].as_str().unwrap();
    let before = database::contents(&app).await;
    app.advance(60);
    let mut same = everything();
    same["status"] = json!("INACTIVE");
    for body in [
        json!({}),
        same,
        json!({ "country_code": "+91", "mobile_number": "09876543210" }),
        json!({ "status": "INACTIVE" }),
    ] {
        assert_eq!(merchant.update(id, &body).await.is(200), created, "{body}");
    }
    assert_eq!(
        database::contents(&app).await,
        before,
        "no row, no audit entry, no updated_at"
    );
}

#[tokio::test]
async fn a_calling_code_comes_with_its_number() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant
        .create(&json!({ "country_code": "1", "mobile_number": "2025550123" }))
        .await
        .is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    merchant
        .update(&id, &json!({ "country_code": "91" }))
        .await
        .refuses_field("mobile_number");
    let kept = merchant
        .update(&id, &json!({ "mobile_number": "2025550199" }))
        .await
        .is(200);
    assert_eq!(
        kept["country_code"], "1",
        "a number alone keeps its customer's code"
    );
}

#[tokio::test]
async fn an_update_cannot_take_another_customers_phone_or_reference() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let first = merchant.create(&everything()).await.is(201);
    let second = merchant.customer("9876543219").await;
    for (field, value) in [
        ("mobile_number", "9876543210"),
        ("merchant_customer_reference", "ref-1"),
    ] {
        let details = merchant
            .update(&second, &json!({ field: value, "first_name": "X" }))
            .await
            .refused(ErrorCode::DuplicateRequest);
        assert_eq!(
            (&details["field"], &details["customer_id"]),
            (&json!(field), &first["customer_id"])
        );
    }
    assert_eq!(
        merchant.read(&second).await["first_name"],
        "",
        "a refused update changes nothing"
    );
}

#[tokio::test]
async fn put_answers_as_patch() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let created = merchant.create(&everything()).await.is(201);
    let path = format!(
        "/api/v1/customer/{}",
        created["customer_id"].as_str().unwrap()
    );
    let put = merchant
        .send(
            merchant
                .request(Method::PUT, &path)
                .json(&json!({ "first_name": "Diya" })),
        )
        .await
        .is(200);
    assert_eq!(
        (&put["first_name"], &put["last_name"]),
        (&json!("Diya"), &json!("Sharma")),
        "partial like PATCH"
    );
}

#[tokio::test]
async fn a_changed_phone_makes_an_active_customer_inactive_and_the_history_says_so() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("ACTIVE", "9876543210").await;
    let updated = merchant
        .update(&id, &json!({ "mobile_number": "9876543299" }))
        .await
        .is(200);
    assert_eq!(updated["status"], "INACTIVE");
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    let history = desk.history(&id).await;
    assert_eq!(
        history,
        [
            "customer.create",
            "customer.activate INACTIVE>ACTIVE",
            "customer.update ACTIVE>INACTIVE"
        ]
    );
    let page = desk.customer(&id).await;
    assert_eq!(
        page["history"][0]["fields"],
        json!(["mobile_number"]),
        "names of fields, never values"
    );
}

#[tokio::test]
async fn a_suspended_customer_whose_phone_changed_is_lifted_to_inactive() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("SUSPENDED", "9876543210").await;
    assert_eq!(
        merchant
            .update(&id, &json!({ "mobile_number": "9876543299" }))
            .await
            .is(200)["status"],
        "SUSPENDED"
    );
    merchant
        .update(&id, &json!({ "status": "ACTIVE" }))
        .await
        .refused(ErrorCode::InvalidStatusTransition);
    assert_eq!(
        merchant
            .update(&id, &json!({ "status": "INACTIVE" }))
            .await
            .is(200)["status"],
        "INACTIVE"
    );
}

#[tokio::test]
async fn legal_moves_are_made_and_illegal_ones_name_from_to_and_what_is_legal() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    // What a merchant may make of each status; SUSPENDED was ACTIVE before.
    let table = [
        ("INACTIVE", "ACTIVE", true),
        ("INACTIVE", "SUSPENDED", true),
        ("INACTIVE", "DELETED", true),
        ("ACTIVE", "INACTIVE", false),
        ("ACTIVE", "SUSPENDED", true),
        ("ACTIVE", "DELETED", true),
        ("SUSPENDED", "ACTIVE", true),
        ("SUSPENDED", "INACTIVE", false),
        ("SUSPENDED", "DELETED", true),
        ("DELETED", "ACTIVE", false),
        ("DELETED", "INACTIVE", false),
        ("DELETED", "SUSPENDED", false),
    ];
    for (place, (from, to, legal)) in table.into_iter().enumerate() {
        let id = merchant
            .customer_who_is(from, &format!("98765432{place:02}"))
            .await;
        app.advance(1);
        let answer = merchant.update(&id, &json!({ "status": to })).await;
        if legal {
            let updated = answer.is(200);
            assert_eq!(updated["status"], to, "{from} to {to}");
            assert_eq!(
                updated["updated_at"],
                json!(app.in_seconds(0)),
                "{from} to {to}"
            );
        } else if from == "DELETED" {
            answer.refused(ErrorCode::CustomerDeleted);
        } else {
            let details = answer.refused(ErrorCode::InvalidStatusTransition);
            assert_eq!(
                (&details["from"], &details["to"], &details["field"]),
                (&json!(from), &json!(to), &json!("status"))
            );
            let legal_moves = if from == "ACTIVE" {
                json!(["suspend", "delete"])
            } else {
                json!(["lift", "delete"])
            };
            assert_eq!(details["legal_moves"], legal_moves, "{from} to {to}");
            assert_eq!(merchant.read(&id).await["status"], from);
        }
    }
}

#[tokio::test]
async fn a_suspension_lifted_leads_back_to_where_it_came_from() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer("9876543210").await;
    merchant
        .update(&id, &json!({ "status": "SUSPENDED" }))
        .await
        .is(200);
    merchant
        .update(&id, &json!({ "status": "ACTIVE" }))
        .await
        .refused(ErrorCode::InvalidStatusTransition);
    assert_eq!(
        merchant
            .update(&id, &json!({ "status": "INACTIVE" }))
            .await
            .is(200)["status"],
        "INACTIVE"
    );
}

#[tokio::test]
async fn the_history_knows_who_moved_a_status() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer("9876543210").await;
    let request = merchant
        .request(Method::PATCH, &format!("/api/v1/customer/{id}"))
        .header("request-id", "req-of-the-merchant");
    merchant
        .send(request.json(&json!({ "status": "ACTIVE" })))
        .await
        .is(200);
    let page = Desk::open(&app, &merchant, Role::Viewer)
        .await
        .customer(&id)
        .await;
    let entry = &page["history"][0];
    assert_eq!(
        (&entry["actor"], &entry["actor_id"], &entry["request_id"]),
        (
            &json!("merchant"),
            &json!(merchant.client_id),
            &json!("req-of-the-merchant")
        )
    );
    assert!(
        entry.get("reason").is_none(),
        "this call carries no reason: {entry}"
    );
}

#[tokio::test]
async fn a_status_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer("9876543210").await;
    for status in [
        json!("active"),
        json!("FAILED"),
        json!(""),
        json!(1),
        json!(["ACTIVE"]),
    ] {
        merchant
            .update(&id, &json!({ "status": status }))
            .await
            .refuses_field("status");
    }
}
