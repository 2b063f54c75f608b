//! What the embedding page is told, as plain objects: `{type, ...}`.

use js_sys::{Array, Object, Reflect};
use shared::text::Texts;
use wasm_bindgen::JsValue;

use super::flow::message::{Event, Outcome};
use super::flow::state::{Problem, State};
use super::wording;

/// An event as an object.
pub fn object_of(event: &Event, state: &State, texts: &Texts) -> JsValue {
    match event {
        Event::Ready => object("ready", &[]),
        Event::Change {
            empty,
            complete,
            token_id,
            save,
        } => {
            let value = plain(&[
                ("token_id", word(token_id.as_deref())),
                ("save", (*save).into()),
            ]);
            object(
                "change",
                &[
                    ("empty", (*empty).into()),
                    ("complete", (*complete).into()),
                    ("value", value),
                ],
            )
        }
        Event::CodeSent => object("codesent", &[]),
        Event::Identified {
            status,
            is_new,
            cards,
            usable,
        } => object(
            "identified",
            &[
                ("status", status.as_str().into()),
                ("is_new", (*is_new).into()),
                ("cards", count(*cards)),
                ("usable", count(*usable)),
            ],
        ),
        Event::CardSelect(token_id) => {
            object("cardselect", &[("token_id", word(token_id.as_deref()))])
        }
        Event::CardRemove(token_id) => {
            object("cardremove", &[("token_id", token_id.as_str().into())])
        }
        Event::EligibilityChange {
            token_id,
            eligible,
            reasons,
        } => {
            let reasons: Array = reasons
                .iter()
                .map(|code| JsValue::from_str(code.as_str()))
                .collect();
            object(
                "eligibilitychange",
                &[
                    ("token_id", token_id.as_str().into()),
                    ("eligible", (*eligible).into()),
                    ("reasons", reasons.into()),
                ],
            )
        }
        Event::Guest => object("guest", &[]),
        Event::Error(problem) => object("error", &[("error", error(problem, state, texts))]),
        Event::Ended => object(
            "change",
            &[
                ("empty", true.into()),
                ("complete", false.into()),
                ("value", JsValue::NULL),
            ],
        ),
        Event::Outcome(id, outcome) => {
            let outcome = outcome_of(outcome, state, texts);
            object("outcome", &[("id", (*id).into()), ("outcome", outcome)])
        }
    }
}

/// What `submit()` gives.
fn outcome_of(outcome: &Outcome, state: &State, texts: &Texts) -> JsValue {
    match outcome {
        Outcome::Chosen {
            status,
            is_new,
            token_id,
            cvv_required,
            save,
        } => {
            let customer = plain(&[
                ("status", status.as_str().into()),
                ("is_new", (*is_new).into()),
            ]);
            let card = token_id.as_deref().map_or(JsValue::NULL, |id| {
                plain(&[
                    ("token_id", id.into()),
                    ("cvv_required", (*cvv_required).into()),
                ])
            });
            plain(&[
                ("customer", customer),
                ("card", card),
                ("save", (*save).into()),
                ("guest", false.into()),
            ])
        }
        Outcome::Guest => plain(&[
            ("customer", JsValue::NULL),
            ("card", JsValue::NULL),
            ("save", false.into()),
            ("guest", true.into()),
        ]),
        Outcome::Refused(problem) => plain(&[("error", error(problem, state, texts))]),
    }
}

/// `{type, code, message, field}`, as checkouts elsewhere return a shopper's problem.
fn error(problem: &Problem, state: &State, texts: &Texts) -> JsValue {
    let (kind, code, field) = match problem {
        Problem::Offline => ("connection_error", "offline", None),
        Problem::NumberIncomplete => (
            "validation_error",
            "incomplete_number",
            Some("mobile_number"),
        ),
        Problem::CodeIncomplete => ("validation_error", "incomplete_code", Some("code")),
        Problem::NothingChosen => ("validation_error", "nothing_chosen", None),
        Problem::Profile(field) => ("validation_error", "invalid_field", Some(field.as_str())),
        Problem::Refused { code, .. } => ("api_error", code.as_str(), None),
    };
    let message = wording::words_of(problem, state, texts);
    plain(&[
        ("type", kind.into()),
        ("code", code.into()),
        ("message", message.into()),
        ("field", word(field)),
    ])
}

fn object(kind: &str, fields: &[(&str, JsValue)]) -> JsValue {
    let object = plain(fields);
    let _ = Reflect::set(&object, &"type".into(), &kind.into());
    object
}

fn plain(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

fn word(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from_str)
}

fn count(number: usize) -> JsValue {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}
