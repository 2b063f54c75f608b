//! Who may reach what: every described operation, with no credential, another's, and from the wrong
//! page. A route without a case fails.

use acceptance::app::{PUBLIC_URL, SHOP, TestApp};
use acceptance::description::{Api, Operation};
use acceptance::desk::{ADMIN_HOST, Desk};
use acceptance::request::Request;
use axum::http::Method;
use serde_json::{Value, json};
use shared::api::admin::Role;
use shared::api::error::ErrorCode;

use crate::world::World;

/// What one merchant's credential gets where another merchant's records are named.
enum Foreign {
    /// They are not there.
    NotFound,
    /// Nothing of them is named: it works on one's own.
    Own(u16),
}

fn foreign(operation: &Operation) -> Foreign {
    use Foreign::{NotFound, Own};
    match operation.id.as_str() {
        // The same phone is on file here too: a customer belongs to one merchant.
        "create_customer" => Own(422),
        "identify_customer" | "get_session" | "get_customer" | "update_shopper" => Own(200),
        "get_admin_session" | "search_customers" => Own(200),
        "start_verification" => Own(201),
        "leave" | "sign_out" => Own(204),
        "get_customer_by_id" | "get_customer_details" | "update_customer" | "put_customer" => {
            NotFound
        }
        "generate_card_token" | "get_customer_tokens_by_customer_id" => NotFound,
        "get_customer_token_by_token_id" | "delete_customer_token" => NotFound,
        "get_service_provider_token" | "generate_cryptogram" | "delete_token_by_token_id" => {
            NotFound
        }
        "create_checkout_session" | "get_checkout_session" => NotFound,
        "enter_code" | "resend_code" | "select" | "remove_token" => NotFound,
        "get_admin_customer" | "reveal_customer" | "suspend_customer" => NotFound,
        "lift_customer" | "activate_customer" | "delete_customer" => NotFound,
        other => panic!(
            "{other} has no case: may one merchant's credential reach another's records by it?"
        ),
    }
}

/// Ends the session it is asked under, so it comes last.
fn ends(operation: &Operation) -> bool {
    matches!(operation.id.as_str(), "leave" | "sign_out")
}

async fn every_operation(app: &TestApp) -> Vec<Operation> {
    let mut operations = Vec::new();
    for api in Api::ALL {
        operations.extend(api.operations(app).await);
    }
    operations.sort_by_key(ends);
    operations
}

#[tokio::test]
async fn the_requests_that_generated_tests_start_from_are_good() {
    let app = TestApp::start().await;
    let mut statuses = Vec::new();
    // A world each, because one operation may stand in the way of the next.
    for operation in every_operation(&app).await {
        let app = TestApp::start().await;
        let world = World::new(&app).await;
        let answer = world
            .good(&operation)
            .send(operation.api.router(&app))
            .await;
        let expected = match operation.id.as_str() {
            // Good, but refused for what is on file.
            "create_customer" | "enter_code" | "lift_customer" | "activate_customer" => 422,
            "resend_code" => 429,
            _ => answer.status.clamp(200, 204),
        };
        assert_eq!(answer.status, expected, "{}: {answer}", operation.id);
        statuses.push(answer.status);
    }
    assert!(statuses.len() > 30, "{statuses:?}");
}

#[tokio::test]
async fn without_a_credential_nothing_opens() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let mut open = Vec::new();
    for operation in every_operation(&app).await {
        if operation.is_open {
            open.push(operation.id);
            continue;
        }
        let bare = world.bare(&operation).header("host", ADMIN_HOST);
        let answer = bare.clone().send(operation.api.router(&app)).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{answer}");
        answer.refused(ErrorCode::AuthenticationFailed);
        for credential in [
            "Bearer",
            "Bearer ",
            "Bearer x.y.z",
            "Basic eDp5",
            "bearer null",
        ] {
            let request = bare.clone().header("authorization", credential);
            let answer = request.send(operation.api.router(&app)).await;
            assert_eq!(answer.status, 401, "{} with {credential}", operation.id);
        }
    }
    assert_eq!(
        open,
        ["generate_token", "sign_in"],
        "these give the credentials"
    );
}

#[tokio::test]
async fn one_apis_credential_opens_no_other_api() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    for operation in every_operation(&app)
        .await
        .iter()
        .filter(|operation| !operation.is_open)
    {
        let secrets = [
            (Some(Api::Merchant), &world.merchant.token),
            (Some(Api::Checkout), &world.shopper.secret),
            (None, &world.desk.cookie),
            (None, &world.merchant.client_secret),
        ];
        for (of, secret) in secrets {
            if of != Some(operation.api) {
                let answer = world
                    .bare(operation)
                    .bearer(secret)
                    .send(operation.api.router(&app))
                    .await;
                assert_eq!(answer.status, 401, "{}: {answer}", operation.id);
            }
        }
    }
}

/// Everything that a merchant's side shows of its records.
async fn shown(world: &World<'_>) -> Value {
    json!({
        "customer": world.merchant.read(&world.customer_id).await,
        "token": world.merchant.read_token(&world.customer_id, &world.token_id).await,
        "session": world.merchant.session(&world.shopper.session_id).await,
        "history": world.desk.history(&world.customer_id).await,
    })
}

#[tokio::test]
async fn another_merchants_credential_finds_nothing() {
    let app = TestApp::start().await;
    let (mine, theirs) = (World::new(&app).await, World::new(&app).await);
    // What they ask by details is a reference that only mine has.
    theirs
        .merchant
        .update(
            &theirs.customer_id,
            &json!({ "merchant_customer_reference": "theirs" }),
        )
        .await
        .is(200);
    let before = shown(&mine).await;
    for operation in every_operation(&app)
        .await
        .iter()
        .filter(|operation| !operation.is_open)
    {
        let answer = theirs
            .enter(operation.api, mine.bare(operation))
            .send(operation.api.router(&app))
            .await;
        match foreign(operation) {
            Foreign::NotFound => assert_eq!(answer.status, 404, "{}: {answer}", operation.id),
            Foreign::Own(status) => assert_eq!(answer.status, status, "{}: {answer}", operation.id),
        }
        for id in [
            &mine.customer_id,
            &mine.token_id,
            &mine.shopper.session_id,
            &mine.challenge_id,
        ] {
            assert!(
                !answer.text().contains(id.as_str()),
                "{} tells of another's record: {answer}",
                operation.id
            );
        }
    }
    assert_eq!(shown(&mine).await, before, "and nothing of it was changed");
}

#[tokio::test]
async fn a_merchants_secret_from_a_browser_is_refused() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    for operation in Api::Merchant.operations(&app).await {
        for (name, value) in [
            ("origin", SHOP),
            ("origin", PUBLIC_URL),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let answer = world
                .good(&operation)
                .header(name, value)
                .send(&app.public)
                .await;
            assert!(
                answer.header("access-control-allow-origin").is_empty(),
                "{answer}"
            );
            answer.refused(ErrorCode::PermissionDenied);
        }
    }
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_refused_on_every_call_of_the_widget() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    for operation in Api::Checkout.operations(&app).await {
        let good = world.good(&operation).without("origin");
        for origin in [
            "https://evil.example",
            "http://shop.example",
            "https://shop.example.evil.example",
            "https://shop.example:444",
            "null",
            "",
        ] {
            let answer = good
                .clone()
                .header("origin", origin)
                .send(&app.public)
                .await;
            answer.refused(ErrorCode::OriginNotAllowed);
        }
        for site in ["cross-site", "same-site"] {
            let answer = good
                .clone()
                .header("sec-fetch-site", site)
                .send(&app.public)
                .await;
            answer.refused(ErrorCode::OriginNotAllowed);
        }
    }
    // The frame's own page is on Onfile's origin.
    let frame = world
        .shopper
        .request(Method::GET, "session")
        .without("origin")
        .header("origin", PUBLIC_URL);
    frame.send(&app.public).await.is(200);
}

#[tokio::test]
async fn a_page_may_ask_before_it_asks() {
    let app = TestApp::start().await;
    for operation in Api::Checkout.operations(&app).await {
        let preflight = Request::new(Method::OPTIONS, operation.target(|_| "x".to_owned()))
            .header("origin", SHOP)
            .header("access-control-request-method", operation.method.as_str())
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = preflight.send(&app.public).await;
        assert_eq!(answer.status, 204, "{answer}");
        assert_eq!(answer.header("access-control-allow-origin"), SHOP);
        let methods = answer.header("access-control-allow-methods");
        assert!(
            methods.contains(operation.method.as_str()),
            "{}",
            operation.id
        );
        assert!(
            answer.header("access-control-allow-credentials").is_empty(),
            "never with cookies"
        );
    }
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_refused_on_every_call_of_the_admin_page() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    for operation in Api::Admin.operations(&app).await {
        let good = world.good(&operation);
        for origin in [
            "https://evil.example",
            "null",
            "https://admin.example.evil.example",
        ] {
            let request = good.clone().without("origin").header("origin", origin);
            request
                .send(&app.admin)
                .await
                .refused(ErrorCode::OriginNotAllowed);
        }
        for site in ["cross-site", "same-site"] {
            let request = good.clone().header("sec-fetch-site", site);
            request
                .send(&app.admin)
                .await
                .refused(ErrorCode::OriginNotAllowed);
        }
    }
}

#[tokio::test]
async fn every_call_of_the_admin_page_asks_for_its_role() {
    let app = TestApp::start().await;
    let world = World::new(&app).await;
    let viewer = Desk::open(&app, &world.merchant, Role::Viewer).await;
    let support = Desk::open(&app, &world.merchant, Role::Support).await;
    let mut operations = Api::Admin.operations(&app).await;
    operations.sort_by_key(ends);
    for operation in operations.iter().filter(|operation| !operation.is_open) {
        let needs = match operation.id.as_str() {
            "get_admin_session" | "sign_out" | "search_customers" | "get_admin_customer" => {
                Role::Viewer
            }
            "reveal_customer" => Role::Support,
            "suspend_customer" | "lift_customer" | "activate_customer" | "delete_customer" => {
                Role::Officer
            }
            other => panic!("{other} has no case: which role may do this?"),
        };
        for (role, desk) in [(Role::Viewer, &viewer), (Role::Support, &support)] {
            let target = world.target(operation);
            let mut request = desk.request(
                operation.method.clone(),
                target.strip_prefix("/admin/v1/").unwrap(),
            );
            if let Some(body) = world.body(operation) {
                request = request.json(&body);
            }
            let answer = desk.send(request).await;
            if role < needs {
                answer.refused(ErrorCode::PermissionDenied);
            } else {
                assert!(answer.status < 300, "{answer}");
            }
        }
    }
    assert_eq!(
        world.merchant.read(&world.customer_id).await["status"],
        "ACTIVE"
    );
}
