//! Moving a customer's status with a reason, and the end of a suspension.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::desk::Desk;
use serde_json::json;
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

const PHONE: &str = "9876543210";

#[tokio::test]
async fn an_officer_moves_a_customer_through_the_whole_life_cycle() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    for (verb, status, moves) in [
        ("activate", "ACTIVE", json!(["suspend", "delete"])),
        ("suspend", "SUSPENDED", json!(["lift", "delete"])),
        ("lift", "ACTIVE", json!(["suspend", "delete"])),
        ("delete", "DELETED", json!([])),
    ] {
        app.advance(1);
        let page = desk.make_move(&id, verb).await.is(200);
        assert_eq!(
            (&page["status"], &page["legal_moves"], &page["status_since"]),
            (&json!(status), &moves, &json!(app.in_seconds(0))),
            "{verb}"
        );
    }
    let history = desk.history(&id).await;
    assert_eq!(
        history,
        [
            "customer.create",
            "customer.activate INACTIVE>ACTIVE",
            "customer.suspend ACTIVE>SUSPENDED",
            "customer.lift SUSPENDED>ACTIVE",
            "customer.delete ACTIVE>DELETED"
        ]
    );
}

#[tokio::test]
async fn a_move_keeps_reason_note_and_who() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let body = json!({ "reason": " chargeback under review ", "note": "ticket 4711, call back on Monday" });
    let page = desk
        .post(&format!("customers/{id}/suspend"), &body)
        .await
        .is(200);
    let entry = &page["history"][0];
    assert_eq!(
        (&entry["reason"], &entry["note"]),
        (
            &json!("chargeback under review"),
            &json!("ticket 4711, call back on Monday")
        )
    );
    assert_eq!(
        (&entry["actor"], &entry["actor_id"], &entry["fields"]),
        (&json!("admin"), &json!(desk.email), &json!(["status"]))
    );
    assert_eq!(
        (&entry["from"], &entry["to"]),
        (&json!("INACTIVE"), &json!("SUSPENDED"))
    );
    let kept = database::contents(&app).await["audit_entries"].join("\n");
    assert!(
        !kept.contains("chargeback") && !kept.contains("4711"),
        "sealed beside the entry"
    );
}

#[tokio::test]
async fn viewers_and_support_move_nobody() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    for role in [Role::Viewer, Role::Support] {
        let desk = Desk::open(&app, &merchant, role).await;
        for verb in ["suspend", "lift", "activate", "delete"] {
            desk.make_move(&id, verb)
                .await
                .refused(ErrorCode::PermissionDenied);
        }
    }
    assert_eq!(merchant.read(&id).await["status"], "INACTIVE");
}

#[tokio::test]
async fn an_illegal_move_is_refused_naming_what_is_legal() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    for (place, (status, verb, legal)) in [
        ("INACTIVE", "lift", json!(["activate", "suspend", "delete"])),
        ("ACTIVE", "activate", json!(["suspend", "delete"])),
        ("ACTIVE", "lift", json!(["suspend", "delete"])),
        ("SUSPENDED", "suspend", json!(["lift", "delete"])),
        ("SUSPENDED", "activate", json!(["lift", "delete"])),
        ("DELETED", "lift", json!([])),
        ("DELETED", "activate", json!([])),
        ("DELETED", "delete", json!([])),
    ]
    .into_iter()
    .enumerate()
    {
        let id = merchant
            .customer_who_is(status, &format!("987654321{place}"))
            .await;
        let details = desk
            .make_move(&id, verb)
            .await
            .refused(ErrorCode::InvalidStatusTransition);
        assert_eq!(
            (&details["from"], &details["to"], &details["legal_moves"]),
            (&json!(status), &json!(verb), &legal),
            "{status} {verb}"
        );
        assert_eq!(merchant.read(&id).await["status"], status);
    }
}

#[tokio::test]
async fn a_move_needs_a_reason_within_bounds() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer(PHONE).await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let suspend = format!("customers/{id}/suspend");
    for (body, field) in [
        (json!({}), "reason"),
        (json!({ "reason": "  " }), "reason"),
        (json!({ "reason": "r".repeat(201) }), "reason"),
        (json!({ "reason": "x", "note": "n".repeat(1_001) }), "note"),
        (
            json!({ "reason": "x", "until": app.in_seconds(0) }),
            "until",
        ),
        (json!({ "reason": "x", "until": "tomorrow" }), "until"),
        (json!({ "reason": "x", "because": "y" }), "because"),
    ] {
        desk.post(&suspend, &body).await.refuses_field(field);
    }
    let later = json!({ "reason": "x", "until": app.in_seconds(60) });
    for verb in ["lift", "activate", "delete"] {
        desk.post(&format!("customers/{id}/{verb}"), &later)
            .await
            .refuses_field("until");
    }
    assert_eq!(merchant.read(&id).await["status"], "INACTIVE");
    desk.post(
        &suspend,
        &json!({ "reason": "r".repeat(200), "note": "n".repeat(1_000) }),
    )
    .await
    .is(200);
}

#[tokio::test]
async fn a_suspension_with_an_end_is_lifted_at_that_instant_by_onfile_itself() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let token_id = merchant.card(&app, &id, "card-1").await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let until = app.in_seconds(600);
    let page = desk
        .post(
            &format!("customers/{id}/suspend"),
            &json!({ "reason": "a pause", "until": until }),
        )
        .await
        .is(200);
    assert_eq!(page["suspended_until"], json!(until));
    let reason = merchant.read_token(&id, &token_id).await["decision"]["reasons"][0].clone();
    assert_eq!(reason["code"], "customer_suspended");
    assert!(
        reason["remedy"].to_string().contains("wait_until"),
        "{reason}"
    );
    app.advance(599);
    app.settle().await;
    assert_eq!(merchant.read(&id).await["status"], "SUSPENDED");
    app.advance(1);
    app.settle().await;
    assert_eq!(merchant.read(&id).await["status"], "ACTIVE");
    assert_eq!(
        desk.history(&id).await.last().unwrap(),
        "customer.lift SUSPENDED>ACTIVE"
    );
    assert_eq!(desk.customer(&id).await["history"][0]["actor"], "system");
}

#[tokio::test]
async fn a_suspension_that_was_lifted_and_made_anew_is_not_ended_by_the_old_end() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let suspend = format!("customers/{id}/suspend");
    desk.post(
        &suspend,
        &json!({ "reason": "a pause", "until": app.in_seconds(60) }),
    )
    .await
    .is(200);
    desk.make_move(&id, "lift").await.is(200);
    desk.post(&suspend, &json!({ "reason": "for good now" }))
        .await
        .is(200);
    app.advance(61);
    app.settle().await;
    assert_eq!(merchant.read(&id).await["status"], "SUSPENDED");
    desk.make_move(&id, "lift").await.is(200);
    desk.post(
        &suspend,
        &json!({ "reason": "longer", "until": app.in_seconds(120) }),
    )
    .await
    .is(200);
    app.advance(119);
    app.settle().await;
    assert_eq!(merchant.read(&id).await["status"], "SUSPENDED");
    app.advance(1);
    app.settle().await;
    assert_eq!(merchant.read(&id).await["status"], "ACTIVE");
    assert_eq!(database::count(&app, "outbox_messages").await, 0);
}

#[tokio::test]
async fn deleting_deactivates_every_token() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = merchant.customer_who_is("ACTIVE", PHONE).await;
    for reference in ["card-1", "sandbox-pending-1", "sandbox-suspend-1"] {
        merchant.card(&app, &id, reference).await;
    }
    let desk = Desk::open(&app, &merchant, Role::Officer).await;
    let page = desk.make_move(&id, "delete").await.is(200);
    let tokens = page["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| token["status"] == "DEACTIVATED" && token["decision"]["eligible"] == false), "{page}");
}
