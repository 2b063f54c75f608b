//! Finding, looking, revealing.

use acceptance::app::TestApp;
use acceptance::desk::Desk;
use acceptance::server::Server;
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

async fn priya(merchant: &Server) -> String {
    let body = json!({
        "mobile_number": "9876543210",
        "merchant_customer_reference": "ref-1",
        "first_name": "Priya",
        "last_name": "Sharma",
        "email_id": "Priya@Example.com",
        "billing_address": { "address1": "14 Lake Road" },
        "gstin": "28ABCDE1234F2Z6",
        "merchant_metadata": { "favourite": "Darjeeling" },
    });
    merchant.create(&body).await.is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn search(desk: &Desk<'_>, query: &str) -> Vec<String> {
    let page = desk
        .post("customers/search", &json!({ "query": query }))
        .await
        .is(200);
    let found: Vec<_> = page["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["customer_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(page["total"], json!(found.len()), "{query}");
    found
}

#[tokio::test]
async fn one_box_finds_by_phone_email_reference_or_id() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = priya(&merchant).await;
    merchant.customer("9876543211").await;
    let american = merchant
        .create(&json!({ "country_code": "1", "mobile_number": "2025550123" }))
        .await
        .is(201)["customer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for query in [
        "9876543210",
        "09876543210",
        "+91 98765 43210",
        "98765-43210",
        "priya@example.com",
        "PRIYA@EXAMPLE.COM",
        "ref-1",
        " ref-1 ",
        &id,
    ] {
        assert_eq!(
            search(&desk, query).await,
            std::slice::from_ref(&id),
            "{query}"
        );
    }
    assert_eq!(search(&desk, "+1 202 555 0123").await, [american]);
    for query in [
        "9876543219",
        "nobody@example.com",
        "ref-",
        "Priya",
        "%",
        "' or 1=1 --",
        "*",
    ] {
        assert_eq!(search(&desk, query).await, Vec::<String>::new(), "{query}");
    }
}

#[tokio::test]
async fn a_search_can_be_narrowed_to_a_status() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut ids = Vec::new();
    for (place, status) in ["INACTIVE", "ACTIVE", "SUSPENDED", "DELETED"]
        .into_iter()
        .enumerate()
    {
        ids.push((
            status,
            merchant
                .customer_who_is(status, &format!("987654321{place}"))
                .await,
        ));
    }
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for (status, id) in &ids {
        let page = desk
            .post("customers/search", &json!({ "status": status }))
            .await
            .is(200);
        assert_eq!(
            (
                &page["total"],
                &page["customers"][0]["customer_id"],
                &page["customers"][0]["status"]
            ),
            (&json!(1), &json!(id), &json!(status))
        );
    }
    let page = desk
        .post(
            "customers/search",
            &json!({ "query": "9876543210", "status": "ACTIVE" }),
        )
        .await
        .is(200);
    assert_eq!(page["total"], 0, "both must hold");
}

#[tokio::test]
async fn a_list_is_paged_newest_first_with_its_total() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let mut made = Vec::new();
    for place in 0..60 {
        made.push(merchant.customer(&format!("98765432{place:02}")).await);
        app.advance(u64::from(place % 3 == 0));
    }
    app.merchant().await.customer("9876543210").await;
    let desk = Desk::open(&app, &merchant, Role::Viewer).await;
    for limit in [None, Some(1), Some(7), Some(100)] {
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let mut body = json!({});
            if let Some(limit) = limit {
                body["limit"] = json!(limit);
            }
            if !after.is_null() {
                body["after"] = after;
            }
            let page = desk.post("customers/search", &body).await.is(200);
            assert_eq!(page["total"], 60);
            let lines = page["customers"].as_array().unwrap();
            assert!(lines.len() <= limit.unwrap_or(25));
            seen.extend(lines.iter().map(|line| {
                (
                    line["created_at"].as_str().unwrap().to_owned(),
                    line["customer_id"].as_str().unwrap().to_owned(),
                )
            }));
            after = page["next"].clone();
            if after.is_null() {
                break;
            }
        }
        assert!(
            seen.windows(2).all(|pair| pair[0] > pair[1]),
            "newest first, none twice"
        );
        let mut ids: Vec<_> = seen.into_iter().map(|(_, id)| id).collect();
        ids.sort();
        let mut expected = made.clone();
        expected.sort();
        assert_eq!(ids, expected, "every one, at {limit:?} a page");
    }
    for (field, nonsense) in [
        ("limit", json!(0)),
        ("limit", json!(101)),
        ("after", json!("x")),
        ("after", json!("MTIz")),
        ("query", json!("q".repeat(101))),
        ("status", json!("active")),
    ] {
        desk.post("customers/search", &json!({ field: nonsense }))
            .await
            .refuses_field(field);
    }
}

#[tokio::test]
async fn a_line_says_who_masked_and_how_many_tokens() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = priya(&merchant).await;
    merchant.card(&app, &id, "card-1").await;
    merchant.card(&app, &id, "sandbox-fail-1").await;
    for (role, name) in [(Role::Viewer, "P••• S•••"), (Role::Support, "Priya Sharma")] {
        let desk = Desk::open(&app, &merchant, role).await;
        let line = desk.post("customers/search", &json!({})).await.is(200)["customers"][0].clone();
        assert_eq!(line["name"], name);
        assert_eq!(
            (&line["mobile_number"], &line["email_id"]),
            (&json!("+91 •••••• 3210"), &json!("P•••@Example.com"))
        );
        assert_eq!(
            (
                &line["merchant_customer_reference"],
                &line["total_tokens"],
                &line["status"]
            ),
            (&json!("ref-1"), &json!(2), &json!("INACTIVE"))
        );
    }
}

#[tokio::test]
async fn a_page_is_masked_for_every_role_until_it_is_revealed() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = priya(&merchant).await;
    let token_id = merchant.card(&app, &id, "card-1").await;
    for role in [Role::Viewer, Role::Support, Role::Officer, Role::Owner] {
        let desk = Desk::open(&app, &merchant, role).await;
        let answer = desk.get(&format!("customers/{id}")).await;
        for secret in ["9876543210", "riya@", "Lake Road", "28ABCDE", "Darjeeling"] {
            assert!(
                !answer.text().contains(secret),
                "{} reads {secret}",
                role.as_str()
            );
        }
        let page = answer.is(200);
        assert_eq!(
            (&page["profile"]["revealed"], &page["status"]),
            (&json!(false), &json!("INACTIVE"))
        );
        assert_eq!(
            page["profile"]["first_name"],
            if role == Role::Viewer {
                "P•••"
            } else {
                "Priya"
            }
        );
        assert_eq!(
            (
                &page["tokens"][0]["token_id"],
                &page["tokens"][0]["decision"]["eligible"]
            ),
            (&json!(token_id), &json!(false))
        );
        let moves = if role >= Role::Officer {
            json!(["activate", "suspend", "delete"])
        } else {
            json!([])
        };
        assert_eq!(page["legal_moves"], moves, "{}", role.as_str());
    }
}

#[tokio::test]
async fn support_reveals_one_customer_with_a_reason_that_is_kept() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = priya(&merchant).await;
    let viewer = Desk::open(&app, &merchant, Role::Viewer).await;
    let path = format!("customers/{id}/reveal");
    viewer
        .post(&path, &json!({ "reason": "curious" }))
        .await
        .refused(ErrorCode::PermissionDenied);
    let support = Desk::open(&app, &merchant, Role::Support).await;
    for reason in [
        json!({}),
        json!({ "reason": " " }),
        json!({ "reason": "r".repeat(201) }),
    ] {
        support.post(&path, &reason).await.refuses_field("reason");
    }
    let profile = support
        .post(
            &path,
            &json!({ "reason": "caller asks for the address on file" }),
        )
        .await
        .is(200);
    assert_eq!(
        (
            &profile["revealed"],
            &profile["mobile_number"],
            &profile["email_id"]
        ),
        (
            &json!(true),
            &json!("+91 9876543210"),
            &json!("Priya@Example.com")
        )
    );
    assert_eq!(
        (
            &profile["billing_address"]["address1"],
            &profile["gstin"],
            &profile["merchant_metadata"]["favourite"]
        ),
        (
            &json!("14 Lake Road"),
            &json!("28ABCDE1234F2Z6"),
            &json!("Darjeeling")
        )
    );
    let entry = viewer.customer(&id).await["history"][0].clone();
    assert_eq!(
        (&entry["action"], &entry["actor"], &entry["actor_id"]),
        (
            &json!("customer.reveal"),
            &json!("admin"),
            &json!(support.email)
        )
    );
    assert_eq!(entry["reason"], "caller asks for the address on file");
    assert_eq!(
        viewer.customer(&id).await["history"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "refused ones reveal nothing and leave nothing"
    );
}

#[tokio::test]
async fn nothing_personal_of_a_deleted_customer_is_shown_even_when_revealed() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let id = priya(&merchant).await;
    merchant
        .update(&id, &json!({ "status": "DELETED" }))
        .await
        .is(200);
    let desk = Desk::open(&app, &merchant, Role::Owner).await;
    let revealed = desk
        .post(&format!("customers/{id}/reveal"), &json!({ "reason": "x" }))
        .await;
    let page = desk.get(&format!("customers/{id}")).await;
    let list = desk.post("customers/search", &json!({})).await;
    for answer in [revealed, page, list] {
        for secret in [
            "9876543210",
            "3210",
            "riya",
            "Sharma",
            "Lake Road",
            "28ABCDE",
            "Darjeeling",
            "ref-1",
        ] {
            assert!(!answer.text().contains(secret), "{secret} in {answer}");
        }
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn a_customer_of_nobody_is_not_found() {
    let app = TestApp::start().await;
    let merchant = app.merchant().await;
    let desk = Desk::open(&app, &merchant, Role::Owner).await;
    for id in [
        "cust-v1-260314092653-aa-aaaaaaaaaaaa",
        "x",
        "%00",
        "%F0%9F%98%80",
    ] {
        desk.get(&format!("customers/{id}"))
            .await
            .refused(ErrorCode::CustomerNotFound);
        desk.make_move(id, "suspend")
            .await
            .refused(ErrorCode::CustomerNotFound);
    }
}
