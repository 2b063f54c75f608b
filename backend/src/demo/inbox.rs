//! The inbox of the demo: where messages land that would go to phones.
//!
//! It lives in memory only and forgets all but the newest messages. It exists for `onfile demo`; a
//! production server never mounts it, because whoever reads it can pass any verification.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use shared::Timestamp;

use super::shop::markup::escape;

/// How many messages are kept.
const CAPACITY: usize = 1_000;
/// How many the page draws; the JSON answers all that are kept.
const ON_THE_PAGE: usize = 100;
/// A number of at least so many digits is also found without its calling code.
const NATIONAL_DIGITS: usize = 10;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// One message that would go to a phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Digits with calling code, no plus: `919876543210`.
    pub to: String,
    /// How it would go: `sms`, `whatsapp`.
    pub channel: String,
    /// All of it, as the phone would show it.
    pub text: String,
    /// The one-time code in it.
    pub code: String,
    /// When it was handed over.
    pub at: Timestamp,
}

/// The messages, newest first. Clones share them.
#[derive(Clone, Default)]
pub struct Inbox {
    messages: Arc<Mutex<VecDeque<Message>>>,
}

impl Inbox {
    /// Puts a message on top; the oldest one goes when there are too many.
    pub fn deliver(&self, message: Message) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push_front(message);
        messages.truncate(CAPACITY);
    }

    /// The messages to one number, or all of them, newest first.
    fn read(&self, to: Option<&str>) -> Vec<Message> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages
            .iter()
            .filter(|message| to.is_none_or(|to| went_to(message, to)))
            .cloned()
            .collect()
    }
}

fn went_to(message: &Message, number: &str) -> bool {
    message.to == number || (number.len() >= NATIONAL_DIGITS && message.to.ends_with(number))
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

impl Filter {
    /// The digits of the number asked for. A plus, which a query turns into a space, and the usual
    /// separators are dropped; nothing left means all messages.
    fn number(&self) -> Option<String> {
        let separators = ['+', '-', '(', ')'];
        let typed = self.to.as_deref().unwrap_or_default();
        let number: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !separators.contains(c))
            .collect();
        (!number.is_empty()).then_some(number)
    }
}

/// `/inbox` for people and `/inbox.json` for programs.
pub fn router(inbox: Inbox) -> Router {
    Router::new()
        .route("/inbox", get(page))
        .route("/inbox.json", get(json))
        .route("/inbox/inbox.css", get(stylesheet))
        .route("/inbox/inbox.js", get(script))
        .with_state(inbox)
}

async fn page(State(inbox): State<Inbox>, Query(filter): Query<Filter>) -> impl IntoResponse {
    let number = filter.number();
    let messages = inbox.read(number.as_deref());
    (guarded(), Html(draw(&messages, number.as_deref())))
}

async fn json(State(inbox): State<Inbox>, Query(filter): Query<Filter>) -> impl IntoResponse {
    (guarded(), Json(inbox.read(filter.number().as_deref())))
}

async fn stylesheet() -> impl IntoResponse {
    let kind = [(CONTENT_TYPE, "text/css; charset=utf-8")];
    (guarded(), kind, include_str!("inbox/inbox.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (guarded(), kind, include_str!("inbox/inbox.js"))
}

fn guarded() -> [(HeaderName, &'static str); 4] {
    [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ]
}

fn draw(messages: &[Message], number: Option<&str>) -> String {
    let mut list = String::new();
    for message in messages.iter().take(ON_THE_PAGE) {
        // A `String` takes everything that is written to it.
        let _ = write!(
            list,
            include_str!("inbox/message.html"),
            to = escape(&grouped(&message.to)),
            channel = escape(&message.channel),
            at = message.at,
            clock = escape(&clock(message.at)),
            text = escape(&message.text),
            code = escape(&message.code),
        );
    }
    format!(
        include_str!("inbox/inbox.html"),
        number = escape(number.unwrap_or_default()),
        all_hidden = if number.is_some() { "" } else { " hidden" },
        list = list,
        empty_hidden = if messages.is_empty() { "" } else { " hidden" },
        empty = if number.is_some() {
            "Nothing was sent to this number yet."
        } else {
            "Nothing yet. Ask for a code at the shop’s checkout and it lands here."
        },
    )
}

/// `+91 98765 43210`, or the bare digits where the calling code is not India's.
fn grouped(to: &str) -> String {
    match to
        .strip_prefix("91")
        .and_then(|national| national.split_at_checked(5))
    {
        Some((first, last)) if last.len() == 5 => format!("+91 {first} {last}"),
        _ => format!("+{to}"),
    }
}

/// The minute in UTC; the page's script puts the reader's own time in its place.
fn clock(at: Timestamp) -> String {
    at.to_string()
        .get(11..16)
        .map(|clock| format!("{clock} UTC"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;

    fn message(to: &str, code: &str, second: i64) -> Message {
        Message {
            to: to.into(),
            channel: "sms".into(),
            text: format!("{code} is your code for Tamra."),
            code: code.into(),
            at: Timestamp::from_micros(second * 1_000_000),
        }
    }

    fn filled() -> Inbox {
        let inbox = Inbox::default();
        inbox.deliver(message("919876543210", "111111", 1));
        inbox.deliver(message("919000000000", "222222", 2));
        inbox.deliver(message("919876543210", "333333", 3));
        inbox
    }

    async fn ask(inbox: &Inbox, path: &str) -> (axum::http::HeaderMap, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router(inbox.clone()).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let headers = answer.headers().clone();
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn codes(inbox: &Inbox, path: &str) -> Vec<String> {
        let messages: Vec<Value> = serde_json::from_str(&ask(inbox, path).await.1).unwrap();
        messages
            .iter()
            .map(|message| message["code"].as_str().unwrap().to_owned())
            .collect()
    }

    #[tokio::test]
    async fn messages_to_one_number_are_answered_newest_first() {
        assert_eq!(
            codes(&filled(), "/inbox.json?to=919876543210").await,
            ["333333", "111111"]
        );
        assert_eq!(
            codes(&filled(), "/inbox.json?to=910000000000").await,
            Vec::<String>::new()
        );
    }

    #[tokio::test]
    async fn without_a_number_every_message_is_answered() {
        for path in ["/inbox.json", "/inbox.json?to=", "/inbox.json?to=+"] {
            assert_eq!(
                codes(&filled(), path).await,
                ["333333", "222222", "111111"],
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn a_plus_spaces_and_a_missing_calling_code_are_understood() {
        for to in [
            "+919876543210",
            "%2B919876543210",
            "+91+98765+43210",
            "98765%2043210",
        ] {
            let path = format!("/inbox.json?to={to}");
            assert_eq!(codes(&filled(), &path).await, ["333333", "111111"], "{to}");
        }
        assert_eq!(
            codes(&filled(), "/inbox.json?to=210").await,
            Vec::<String>::new()
        );
    }

    #[tokio::test]
    async fn a_message_on_the_wire_has_five_fields() {
        let inbox = Inbox::default();
        inbox.deliver(message("919876543210", "123456", 0));
        let body: Value = serde_json::from_str(&ask(&inbox, "/inbox.json").await.1).unwrap();
        let expected = json!([{
            "to": "919876543210",
            "channel": "sms",
            "text": "123456 is your code for Tamra.",
            "code": "123456",
            "at": "1970-01-01T00:00:00.000000Z",
        }]);
        assert_eq!(body, expected);
    }

    #[tokio::test]
    async fn only_the_newest_thousand_are_kept() {
        let inbox = Inbox::default();
        for second in 0..1_005 {
            inbox.deliver(message("919876543210", &second.to_string(), second));
        }
        let codes = codes(&inbox, "/inbox.json").await;
        assert_eq!(codes.len(), CAPACITY);
        assert_eq!((codes[0].as_str(), codes[999].as_str()), ("1004", "5"));
    }

    #[tokio::test]
    async fn the_page_shows_the_codes_and_runs_nothing_foreign() {
        let (headers, page) = ask(&filled(), "/inbox?to=%2B91+98765+43210").await;
        assert!(page.contains("333333") && page.contains("+91 98765 43210"));
        assert!(!page.contains("222222"));
        assert_eq!(headers[CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert!(!page.contains("style=") && !page.contains("<style"));
    }

    #[tokio::test]
    async fn what_a_message_says_is_never_markup() {
        let inbox = Inbox::default();
        let hostile = r#""><script>alert(1)</script>"#;
        inbox.deliver(Message {
            to: hostile.into(),
            channel: hostile.into(),
            text: hostile.into(),
            code: hostile.into(),
            at: Timestamp::from_micros(0),
        });
        let (_, page) = ask(&inbox, "/inbox").await;
        assert!(!page.contains("<script>alert"));
        let (_, page) = ask(&inbox, "/inbox?to=%22%3E%3Cscript%3Ealert(1)").await;
        assert!(!page.contains("<script>alert"));
    }

    #[tokio::test]
    async fn an_empty_inbox_says_what_to_do() {
        let (_, page) = ask(&Inbox::default(), "/inbox").await;
        assert!(page.contains("Ask for a code"));
    }
}
