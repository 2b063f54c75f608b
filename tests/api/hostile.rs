//! Bad input, field by field. The fields come from the OpenAPI documents, so a new one is tested the
//! day it is described. Whatever is sent: no fault of ours, the field named, nothing stored.

use std::collections::BTreeMap;

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::description::{Api, Field, Kind, Operation};
use acceptance::request::{Answer, encode};
use serde_json::{Value, json};
use shared::api::error::ErrorCode;

use crate::world::World;

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

/// Words that have broken other programs, in the spirit of the Big List of Naughty Strings.
const NAUGHTY: [&str; 30] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\u{1}\u{2}\u{3}",
    "\r\nSet-Cookie: a=b",
    "\u{202e}gnirts\u{202c}",
    "\u{feff}",
    "\u{200b}\u{200d}",
    "undefined",
    "null",
    "NaN",
    "true",
    "-1",
    "1e1000",
    "0x0",
    "' or 1=1 --",
    "1; drop table customers",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}%n%s",
    "../../../../etc/passwd",
    "$(touch /tmp/x)",
    "() { :; }; echo x",
    "😀👩‍👩‍👧‍👦🏴‍☠️",
    "Ṱ̺̺o͞ ̢i̖n̢v̥o̕k͡e",
    "ﷺﷺﷺ",
    "'''\"\"\"```",
    "%00%ff",
    "\u{10ffff}\u{fffe}",
];

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

/// A body with one field set, the objects around it made where they are missing.
fn with(mut body: Value, path: &[String], value: Value) -> Value {
    let mut place = &mut body;
    for name in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
    body
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

struct Matrix<'a> {
    app: &'a TestApp,
    world: World<'a>,
    api: Api,
}

impl<'a> Matrix<'a> {
    async fn new(app: &'a TestApp, api: Api) -> Self {
        Self {
            app,
            world: World::new(app).await,
            api,
        }
    }

    async fn with_bodies(&self) -> Vec<(Operation, Vec<Field>, Value)> {
        let operations = self.api.operations(self.app).await.into_iter();
        let with_bodies = operations.filter_map(|operation| {
            let (fields, body) = (operation.fields.clone()?, self.world.body(&operation)?);
            Some((operation, fields, body))
        });
        with_bodies.collect()
    }

    async fn send(&self, operation: &Operation, body: &Value) -> Answer {
        self.world
            .good(operation)
            .json(body)
            .send(self.api.router(self.app))
            .await
    }

    /// What is kept, except what counts wrong passwords.
    async fn kept(&self) -> BTreeMap<String, Vec<String>> {
        let mut kept = database::contents(self.app).await;
        kept.remove("limit_events");
        kept
    }
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
                let request = acceptance::request::Request::new(operation.method.clone(), target);
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
                let request = acceptance::request::Request::new(
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
            let request = acceptance::request::Request::new(
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
}

#[tokio::test]
async fn a_card_number_anywhere_in_the_checkout_api_is_refused_and_not_echoed() {
    card_numbers(Api::Checkout).await;
}

#[tokio::test]
async fn a_card_number_anywhere_in_the_admin_api_is_refused_and_not_echoed() {
    card_numbers(Api::Admin).await;
}

/// Any text at all: taken or refused by its rule, never a fault (every answer is held to that), and
/// refused means that nothing was stored.
async fn naughty(api: Api) {
    let app = TestApp::start().await;
    let matrix = Matrix::new(&app, api).await;
    let mut watch = database::Watch::new(&app).await;
    for (operation, fields, body) in matrix.with_bodies().await {
        for field in &fields {
            for text in NAUGHTY {
                let value = if field.kind == Kind::Map {
                    json!({ text: text })
                } else {
                    json!(text)
                };
                let body = with(body.clone(), &field.path, value);
                let answer = matrix.send(&operation, &body).await;
                let counted = matches!(operation.id.as_str(), "enter_code" | "sign_in");
                // Looked at twice, because the log may be moved into the file meanwhile.
                if watch.saw_a_write().await && answer.status >= 400 && !counted {
                    matrix.send(&operation, &body).await;
                    assert!(
                        !watch.saw_a_write().await,
                        "{}, {}: {answer}",
                        operation.id,
                        field.dotted()
                    );
                }
                if answer.status == 400 && field.kind != Kind::Object {
                    assert!(
                        !answer.field().is_empty(),
                        "{}, {}: {answer}",
                        operation.id,
                        field.dotted()
                    );
                }
            }
        }
    }
    for operation in api.operations(&app).await {
        for text in NAUGHTY.iter().filter(|text| !text.is_empty()) {
            for name in &operation.path_names {
                let target =
                    operation.target(|known| encode(if known == name { text } else { "x" }));
                let mut request =
                    acceptance::request::Request::new(operation.method.clone(), target);
                if let Some(body) = matrix.world.body(&operation) {
                    request = request.json(&body);
                }
                let answer = matrix
                    .world
                    .enter(api, request)
                    .send(api.router(&app))
                    .await;
                assert_eq!(
                    answer.status, 404,
                    "{} with {text:?} for {name}: {answer}",
                    operation.id
                );
            }
            let path = matrix.world.target(&operation);
            let path = path.split('?').next().unwrap();
            for name in &operation.query_names {
                let request = acceptance::request::Request::new(
                    operation.method.clone(),
                    format!("{path}?{name}={}", encode(text)),
                );
                matrix
                    .world
                    .enter(api, request)
                    .send(api.router(&app))
                    .await;
            }
            if !operation.query_names.is_empty() {
                let request = acceptance::request::Request::new(
                    operation.method.clone(),
                    format!("{path}?{}=x", encode(text)),
                );
                matrix
                    .world
                    .enter(api, request)
                    .send(api.router(&app))
                    .await
                    .is(400);
            }
        }
    }
}

#[tokio::test]
async fn no_text_whatsoever_breaks_the_merchant_api() {
    naughty(Api::Merchant).await;
}

#[tokio::test]
async fn no_text_whatsoever_breaks_the_checkout_api() {
    naughty(Api::Checkout).await;
}

#[tokio::test]
async fn no_text_whatsoever_breaks_the_admin_api() {
    naughty(Api::Admin).await;
}

#[tokio::test]
async fn every_operation_with_a_body_bounds_it_and_reads_nothing_but_json_objects() {
    let app = TestApp::start().await;
    for api in Api::ALL {
        let matrix = Matrix::new(&app, api).await;
        let before = database::contents(&app).await;
        for (operation, _, _) in matrix.with_bodies().await {
            let send = async |content_type: &str, body: Vec<u8>| {
                matrix
                    .world
                    .good(&operation)
                    .bytes(content_type, body)
                    .send(api.router(&app))
                    .await
            };
            let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(70_000)).into_bytes();
            send("application/json", huge)
                .await
                .refused(ErrorCode::PayloadTooLarge);
            for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
                send(content_type, b"{}".to_vec())
                    .await
                    .refused(ErrorCode::UnsupportedMediaType);
            }
            for body in ["[]", "null", "7", "\"x\"", "{", "{}{}", "<a/>", "\0"] {
                send("application/json", body.as_bytes().to_vec())
                    .await
                    .refused(ErrorCode::InvalidRequest);
            }
            let deep = format!("{}{}", "{\"a\":".repeat(9), "1".to_owned() + &"}".repeat(9));
            send("application/json", deep.into_bytes())
                .await
                .refused(ErrorCode::InvalidRequest);
        }
        assert_eq!(database::contents(&app).await, before, "nothing was stored");
    }
}

#[tokio::test]
async fn every_route_answers_a_method_it_does_not_have_with_405() {
    let app = TestApp::start().await;
    for api in Api::ALL {
        let world = World::new(&app).await;
        let operations = api.operations(&app).await;
        for operation in &operations {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let target = operation.target(|_| "x".to_owned());
                let taken = operations
                    .iter()
                    .any(|other| other.method == method && matches(&other.path, &target));
                if !taken {
                    let request =
                        acceptance::request::Request::new(method.parse().unwrap(), target);
                    let answer = world.enter(api, request).send(api.router(&app)).await;
                    answer.refused(ErrorCode::MethodNotAllowed);
                }
            }
        }
    }
}

/// Whether a described path takes this target.
fn matches(path: &str, target: &str) -> bool {
    let (path, target): (Vec<_>, Vec<_>) = (path.split('/').collect(), target.split('/').collect());
    path.len() == target.len()
        && path
            .iter()
            .zip(&target)
            .all(|(name, part)| name.starts_with('{') || name == part)
}
