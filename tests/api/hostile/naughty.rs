//! Any text at all, in every field, path and query.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::description::{Api, Kind};
use acceptance::request::{Request, encode};
use serde_json::json;

use super::{Matrix, with};

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
                let mut request = Request::new(operation.method.clone(), target);
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
                let request = Request::new(
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
                let request = Request::new(
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
