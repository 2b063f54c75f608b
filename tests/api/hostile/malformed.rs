//! Missing, wrong-typed, over-long and unknown fields.

use acceptance::app::TestApp;
use acceptance::description::{Api, Kind, Operation};
use acceptance::request::Answer;
use serde_json::{Value, json};

use super::{Matrix, with};

/// What an operation cannot do without.
fn required(operation: &str) -> &'static [&'static str] {
    match operation {
        "generate_token" => &["client_id", "client_secret", "grant_type"],
        "create_customer" | "identify_customer" => &["mobile_number"],
        "generate_card_token" => &[
            "customer_id",
            "merchant_token_reference",
            "payment_method",
            "payment_option",
            "payment_option.encrypted_card_details",
        ],
        "delete_customer_token" => &["merchant_unique_reference"],
        "generate_cryptogram" => &["merchant_unique_reference", "service_provider_token_id"],
        "create_checkout_session" => &["origin"],
        "start_verification" => &["mobile_number"],
        "enter_code" => &["code"],
        "sign_in" => &["email", "password"],
        "reveal_customer" | "suspend_customer" | "lift_customer" | "activate_customer"
        | "delete_customer" => &["reason"],
        "update_customer" | "put_customer" | "resend_code" | "update_shopper" | "select"
        | "search_customers" => &[],
        other => panic!("{other} has no case: which of its fields are needed?"),
    }
}

/// Where an over-long text is not malformed, but simply nobody's.
fn unknown_to_us(operation: &str, field: &str) -> Option<u16> {
    match (operation, field) {
        ("generate_token", "client_id" | "client_secret") | ("sign_in", "email" | "password") => {
            Some(401)
        }
        ("generate_card_token" | "create_checkout_session", "customer_id")
        | ("select", "token_id") => Some(404),
        _ => None,
    }
}

/// Values of other types than a field takes, each with the path at fault below the field.
fn wrong_types(kind: Kind) -> Vec<(Value, &'static str)> {
    let values = match kind {
        Kind::Text => vec![
            json!(7),
            json!(1.5),
            json!(true),
            json!([]),
            json!(["x"]),
            json!({}),
            json!({ "a": "b" }),
        ],
        Kind::Word => vec![
            json!("nonsense"),
            json!(""),
            json!(7),
            json!(true),
            json!(["x"]),
            json!({ "a": 1 }),
        ],
        Kind::Number => vec![
            json!("7"),
            json!(1.5),
            json!(true),
            json!([]),
            json!({}),
            json!(1e300),
            json!(-1),
        ],
        Kind::List => vec![json!("x"), json!(7), json!({}), json!({ "a": "b" })],
        Kind::Object => vec![json!("x"), json!(7), json!(true), json!([1])],
        Kind::Map => {
            let of_values = [json!(7), json!(null), json!(true), json!([]), json!({})];
            let mut values: Vec<_> = of_values
                .into_iter()
                .map(|value| (json!({ "k": value }), ".k"))
                .collect();
            values.extend([json!("x"), json!(7), json!([1])].map(|value| (value, "")));
            return values;
        }
        Kind::Any => vec![json!("x"), json!(7), json!([]), json!({ "a": 1 })],
    };
    values.into_iter().map(|value| (value, "")).collect()
}

/// A text of this many characters where the field takes one, with the path at fault below the field.
fn over_long(kind: Kind) -> Vec<(Value, &'static str)> {
    match kind {
        Kind::Text => ["a", "7", "न"]
            .map(|letter| (json!(letter.repeat(9_000)), ""))
            .to_vec(),
        Kind::Word => vec![(json!("A".repeat(9_000)), "")],
        Kind::Map => vec![
            (json!({ "k": "v".repeat(9_000) }), ".k"),
            (json!({ "k".repeat(9_000): "v" }), ""),
            (
                json!(
                    (0..500)
                        .map(|n| (n.to_string(), json!("v")))
                        .collect::<serde_json::Map<_, _>>()
                ),
                "",
            ),
        ],
        Kind::Number | Kind::List | Kind::Object | Kind::Any => vec![],
    }
}

/// A body without one field.
fn without(mut body: Value, dotted: &str) -> Value {
    let mut names: Vec<_> = dotted.split('.').collect();
    let last = names.pop().unwrap();
    let object = names
        .into_iter()
        .fold(&mut body, |place, name| &mut place[name]);
    object.as_object_mut().unwrap().remove(last);
    body
}

#[track_caller]
fn names(answer: &Answer, operation: &Operation, field: &str) {
    let named = answer.field();
    let is_named = named == field
        || named
            .strip_prefix(field)
            .is_some_and(|rest| rest.starts_with(['.', '[']));
    assert!(
        is_named,
        "{} answers about {named:?} instead of {field}: {answer}",
        operation.id
    );
}

/// Missing, wrong-typed, over-long and unknown: 400, and the field is named.
async fn malformed(api: Api) {
    let app = TestApp::start().await;
    let matrix = Matrix::new(&app, api).await;
    let before = matrix.kept().await;
    let mut refused = 0;
    for (operation, fields, body) in matrix.with_bodies().await {
        for field in required(&operation.id) {
            let path: Vec<String> = field.split('.').map(str::to_owned).collect();
            let mut bodies = vec![
                without(body.clone(), field),
                with(body.clone(), &path, Value::Null),
            ];
            if *field != "payment_option" {
                bodies.push(with(body.clone(), &path, json!("")));
            }
            for body in bodies {
                let answer = matrix.send(&operation, &body).await;
                assert_eq!(
                    answer.status, 400,
                    "{} without {field}: {answer}",
                    operation.id
                );
                names(&answer, &operation, field);
                refused += 1;
            }
        }
        for field in &fields {
            let dotted = field.dotted();
            for (value, below) in wrong_types(field.kind) {
                let answer = matrix
                    .send(&operation, &with(body.clone(), &field.path, value.clone()))
                    .await;
                assert_eq!(
                    answer.status, 400,
                    "{}, {dotted} as {value}: {answer}",
                    operation.id
                );
                names(&answer, &operation, &format!("{dotted}{below}"));
                refused += 1;
            }
            for (value, below) in over_long(field.kind) {
                let answer = matrix
                    .send(&operation, &with(body.clone(), &field.path, value))
                    .await;
                let status = unknown_to_us(&operation.id, &dotted).unwrap_or(400);
                assert_eq!(
                    answer.status, status,
                    "{}, {dotted} over-long: {answer}",
                    operation.id
                );
                if status == 400 {
                    names(&answer, &operation, &format!("{dotted}{below}"));
                }
                assert!(
                    answer.bytes.len() < 2_000,
                    "what was too long is not sent back: {answer}"
                );
                refused += 1;
            }
        }
        let objects = fields
            .iter()
            .filter(|field| field.kind == Kind::Object)
            .map(|field| field.path.clone());
        for parent in objects.chain([Vec::new()]) {
            for name in [
                "surplus_field",
                "",
                "first_nam",
                "__proto__",
                "a.b",
                "a\"b\\",
                "नाम",
                "\0",
            ] {
                let path = [parent.as_slice(), &[name.to_owned()]].concat();
                let answer = matrix
                    .send(&operation, &with(body.clone(), &path, json!("x")))
                    .await;
                assert_eq!(
                    answer.status, 400,
                    "{} with {path:?}: {answer}",
                    operation.id
                );
                if name == "surplus_field" {
                    names(&answer, &operation, &path.join("."));
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused}");
    assert_eq!(matrix.kept().await, before, "nothing was stored");
}

#[tokio::test]
async fn malformed_fields_of_the_merchant_api_are_named_and_nothing_is_stored() {
    malformed(Api::Merchant).await;
}

#[tokio::test]
async fn malformed_fields_of_the_checkout_api_are_named_and_nothing_is_stored() {
    malformed(Api::Checkout).await;
}

#[tokio::test]
async fn malformed_fields_of_the_admin_api_are_named_and_nothing_is_stored() {
    malformed(Api::Admin).await;
}
