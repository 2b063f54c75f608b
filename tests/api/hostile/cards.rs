//! Card numbers in every field, key, path, query and kept header.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::description::{Api, Operation};
use acceptance::request::{Answer, Request, encode};
use serde_json::json;
use shared::api::error::ErrorCode;

use super::{Matrix, with};

const CARDS: [&str; 8] = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "my card is 5555 5555 5555 4444, thanks",
    "\u{ff14}\u{ff11}\u{ff11}\u{ff11}1111.1111.1111",
    "४१११११११११११११११",
    "3782\u{200b}822463\u{200b}10005",
    ";4111111111111111=28121011143300000?",
];

/// Holds that a card number was refused, the field named and nothing said of the number.
#[track_caller]
fn is_refused_card(answer: Answer, operation: &Operation, field: &str) {
    for part in [
        "4111",
        "5555 5555",
        "378282",
        "3782\u{200b}",
        "४१११",
        "\u{ff14}",
    ] {
        assert!(
            !answer.text().contains(part),
            "{} echoes it: {answer}",
            operation.id
        );
    }
    assert_eq!(answer.status, 422, "{}, {field}: {answer}", operation.id);
    let shown = answer.to_string();
    assert_eq!(
        answer.refused(ErrorCode::CardNumberRefused)["field"],
        field,
        "{}: {shown}",
        operation.id
    );
}

async fn card_numbers(api: Api) {
    let app = TestApp::start().await;
    let matrix = Matrix::new(&app, api).await;
    let before = database::contents(&app).await;
    for (operation, fields, body) in matrix.with_bodies().await {
        for field in &fields {
            let dotted = field.dotted();
            for card in CARDS {
                let answer = matrix
                    .send(&operation, &with(body.clone(), &field.path, json!(card)))
                    .await;
                is_refused_card(answer, &operation, &dotted);
            }
            let number = with(body.clone(), &field.path, json!(4_111_111_111_111_111_u64));
            is_refused_card(matrix.send(&operation, &number).await, &operation, &dotted);
            let listed = with(body.clone(), &field.path, json!([{ "deep": CARDS[1] }]));
            is_refused_card(
                matrix.send(&operation, &listed).await,
                &operation,
                &format!("{dotted}.0.deep"),
            );
            let key = with(body.clone(), &field.path, json!({ CARDS[0]: "x" }));
            is_refused_card(
                matrix.send(&operation, &key).await,
                &operation,
                &format!("{dotted}.*"),
            );
        }
        let key = with(body.clone(), &[CARDS[2].to_owned()], json!("x"));
        is_refused_card(matrix.send(&operation, &key).await, &operation, "*");
        for secret in [
            "cvv",
            "card_number",
            "cardNumber",
            "expiry_month",
            "name_on_card",
            "track2",
        ] {
            let answer = matrix
                .send(
                    &operation,
                    &with(body.clone(), &[secret.to_owned()], json!("123")),
                )
                .await;
            is_refused_card(answer, &operation, secret);
        }
    }
    assert_eq!(database::contents(&app).await, before, "nothing was stored");
}

/// In kept headers, in paths and in queries.
async fn card_numbers_around_the_body(api: Api) {
    let app = TestApp::start().await;
    let matrix = Matrix::new(&app, api).await;
    let before = database::contents(&app).await;
    for operation in api.operations(&app).await {
        let router = api.router(&app);
        for card in &CARDS[..4] {
            for header in ["Idempotency-Key", "Request-ID"] {
                let answer = matrix
                    .world
                    .good(&operation)
                    .header(header, card)
                    .send(router)
                    .await;
                is_refused_card(answer, &operation, header);
            }
        }
        for card in CARDS {
            for name in &operation.path_names {
                let target =
                    operation.target(|known| encode(if known == name { card } else { "x" }));
                let request = Request::new(operation.method.clone(), target);
                let answer = matrix
                    .world
                    .enter(api, request.json(&json!({})))
                    .send(router)
                    .await;
                is_refused_card(answer, &operation, "path");
            }
            let path = matrix.world.target(&operation);
            let path = path.split('?').next().unwrap();
            for name in operation
                .query_names
                .iter()
                .map(String::as_str)
                .chain(["surplus"])
            {
                let request = Request::new(
                    operation.method.clone(),
                    format!("{path}?{name}={}", encode(card)),
                );
                let answer = matrix
                    .world
                    .enter(api, request.json(&json!({})))
                    .send(router)
                    .await;
                is_refused_card(answer, &operation, name);
            }
            let request = Request::new(
                operation.method.clone(),
                format!("{path}?{}=x", encode(card)),
            );
            is_refused_card(
                matrix
                    .world
                    .enter(api, request.json(&json!({})))
                    .send(router)
                    .await,
                &operation,
                "query",
            );
        }
    }
    assert_eq!(database::contents(&app).await, before, "nothing was stored");
}

#[tokio::test]
async fn a_card_number_anywhere_in_the_merchant_api_is_refused_and_not_echoed() {
    card_numbers(Api::Merchant).await;
    card_numbers_around_the_body(Api::Merchant).await;
}

#[tokio::test]
async fn a_card_number_anywhere_in_the_checkout_api_is_refused_and_not_echoed() {
    card_numbers(Api::Checkout).await;
    card_numbers_around_the_body(Api::Checkout).await;
}

#[tokio::test]
async fn a_card_number_anywhere_in_the_admin_api_is_refused_and_not_echoed() {
    card_numbers(Api::Admin).await;
    card_numbers_around_the_body(Api::Admin).await;
}
