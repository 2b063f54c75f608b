//! Signing in, wherever one is.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::admin::SignInRequest;
use shared::api::error::ErrorCode;

use crate::admin::session::{Ended, Session, Standing};
use crate::client::admin::{self as client, CallError};
use crate::components::announcer::Announcer;
use crate::components::button::{SubmitButton, Weight};
use crate::components::dates::{self, Grain};
use crate::components::field::{Field, Kind, focus, focus_later};
use crate::components::icon::{Icon, Shape};
use crate::components::notice::failure_line;
use crate::components::view;

const EMAIL_ID: &str = "sign-in-email";
const PASSWORD_ID: &str = "sign-in-password";
const TOTP_ID: &str = "sign-in-totp";

/// The sign-in form.
#[component]
pub fn SignInPage() -> impl IntoView {
    document().set_title("Sign in · Onfile");
    let session = Session::here();
    let ended = match session.standing.get_untracked() {
        Standing::SignedOut(ended) => ended,
        _ => Ended::NotBegun,
    };
    // Also replaces whatever was read out last, which may have named a customer.
    Announcer::here().say(ended_words(ended).unwrap_or_default());
    let known = session.last_email();
    focus_later(if known.is_some() {
        PASSWORD_ID
    } else {
        EMAIL_ID
    });

    let email = RwSignal::new(known.unwrap_or_default());
    let password = RwSignal::new(String::new());
    let totp = RwSignal::new(String::new());
    let (email_fault, password_fault) = (RwSignal::new(None), RwSignal::new(None));
    let fault = RwSignal::new(None::<String>);
    // Asked for only where the server says that this admin has set one up.
    let totp_wanted = RwSignal::new(false);
    let busy = RwSignal::new(false);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        fault.set(None);
        let missing = |text: &str, words: &str| text.trim().is_empty().then(|| words.to_owned());
        email_fault.set(email.with_untracked(|text| missing(text, "Enter your e-mail address.")));
        password_fault.set(password.with_untracked(|text| missing(text, "Enter your password.")));
        if email_fault.with_untracked(Option::is_some) {
            return focus(EMAIL_ID);
        }
        if password_fault.with_untracked(Option::is_some) {
            return focus(PASSWORD_ID);
        }
        busy.set(true);
        let code = totp.with_untracked(|text| text.split_whitespace().collect::<String>());
        let request = SignInRequest {
            email: Some(email.with_untracked(|text| text.trim().to_owned())),
            password: Some(password.get_untracked()),
            totp: (!code.is_empty()).then_some(code),
        };
        spawn_local(async move {
            let outcome = client::sign_in(&request).await;
            busy.try_set(false);
            match outcome {
                Ok(view) => session.begin(view),
                Err(error) => {
                    if names_totp(&error) {
                        totp_wanted.try_set(true);
                        focus_later(TOTP_ID);
                    }
                    fault.try_set(Some(refusal_words(error)));
                }
            }
            session.load_texts();
        });
    };

    view! {
        <main class="screen">
            <h1 class="wordmark is-large">"Onfile"</h1>
            <p class="screen-lead">"Sign in to the admin page"</p>
            {ended_words(ended).map(|words| view! {
                <p class="notice is-quiet"><Icon shape=Shape::Alert/>{words}</p>
            })}
            <form class="sheet form" novalidate=true on:submit=submit>
                <Field
                    id=EMAIL_ID label="E-mail address" kind=Kind::Input("email") value=email
                    fault=email_fault required=true autocomplete="username" inputmode="email"
                />
                <Field
                    id=PASSWORD_ID label="Password" kind=Kind::Input("password") value=password
                    fault=password_fault required=true autocomplete="current-password"
                />
                {move || totp_wanted.get().then(|| view! {
                    <Field
                        id=TOTP_ID label="Six digits from your authenticator app" kind=Kind::Input("text")
                        value=totp required=true autocomplete="one-time-code" inputmode="numeric"
                    />
                })}
                <p class="form-fault" role="alert">
                    {move || fault.get().map(|text| view! { <Icon shape=Shape::Alert/><span>{text}</span> })}
                </p>
                <SubmitButton label="Sign in" weight=Weight::Primary busy=busy/>
            </form>
        </main>
    }
}

const fn ended_words(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::NotBegun => None,
        Ended::Expired => Some("Your session has ended. Sign in and you are back where you were."),
        Ended::Left => Some("You are signed out."),
    }
}

fn names_totp(error: &CallError) -> bool {
    match error {
        CallError::Refused(body) => body
            .additional_error_details
            .as_ref()
            .is_some_and(|details| details.field.as_deref() == Some("totp")),
        _ => false,
    }
}

fn refusal_words(error: CallError) -> String {
    match error {
        CallError::SignedOut => {
            "That e-mail address, password or code is not right. Check each and try again."
                .to_owned()
        }
        CallError::Refused(body) if body.code == ErrorCode::TooManyRequests => {
            let until = body
                .additional_error_details
                .as_ref()
                .and_then(|details| details.until);
            match until {
                Some(until) => {
                    format!(
                        "Too many tries. Try again after {}.",
                        dates::shown(until, Grain::Minute)
                    )
                }
                None => "Too many tries. Wait 15 minutes, then try again.".to_owned(),
            }
        }
        _ => failure_line(error),
    }
}
