//! Messages in the page: what went wrong and what to do, or that there is nothing here.

use leptos::prelude::*;

use super::announcer::Announcer;
use super::button::{Button, Weight};
use super::icon::{Icon, Shape};
use super::view;
use crate::client::admin::CallError;

/// A failed call in words: a headline, what to do, and the request's id where there is one.
#[must_use]
pub fn failure_words(error: CallError) -> (&'static str, String, Option<String>) {
    match error {
        CallError::Unreachable => (
            "Onfile does not answer",
            "Check your connection. This page tries again by itself when you are back online."
                .to_owned(),
            None,
        ),
        CallError::SignedOut => (
            "You are signed out",
            "Sign in again to go on.".to_owned(),
            None,
        ),
        CallError::Refused(body) => ("That did not work", body.message, Some(body.request_id)),
        CallError::Unreadable(status) => (
            "That did not work",
            format!(
                "Something between you and Onfile answered instead of it (status {status}). Try again in a moment."
            ),
            None,
        ),
    }
}

/// The same in one line, for a form.
#[must_use]
pub fn failure_line(error: CallError) -> String {
    let (headline, text, request_id) = failure_words(error);
    let request = request_id
        .map(|id| format!(" (request {id})"))
        .unwrap_or_default();
    format!("{headline}. {text}{request}")
}

/// A failed call with a button to try again, read out through the page's one live region. Tries again
/// by itself when the network comes back.
#[component]
pub fn Failure(error: CallError, #[prop(into)] on_retry: Callback<()>) -> impl IntoView {
    let unreachable = error == CallError::Unreachable;
    let (headline, text, request_id) = failure_words(error);
    if unreachable {
        let handle = window_event_listener(leptos::ev::online, move |_| on_retry.run(()));
        on_cleanup(move || handle.remove());
    }
    Announcer::here().say(format!("{headline}. {text}"));
    view! {
        <div class="notice is-failure">
            <Icon shape=Shape::Alert/>
            <div class="notice-body">
                <p class="notice-title">{headline}</p>
                <p>{text}</p>
                {request_id.map(|id| view! { <p class="notice-small">"Request " <code>{id}</code></p> })}
            </div>
            <Button label="Try again" weight=Weight::Plain on_press=move |_| on_retry.run(())/>
        </div>
    }
}

/// Nothing is here, and why that may be.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <p class="empty-text">{text}</p>
            {children.map(|children| children())}
        </div>
    }
}
