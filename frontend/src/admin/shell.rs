//! What is around every page: the bar with who is signed in, the `/` key, the foot.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::JsCast as _;

use super::session::{Session, Standing};
use super::wording;
use crate::client::admin::{self as client, CallError};
use crate::components::announcer::Announcer;
use crate::components::button::{Button, Weight};
use crate::components::dates::{Grain, Moment};
use crate::components::field;
use crate::components::notice::failure_words;
use crate::components::view;

/// The id of the search box, which `/` leads to.
pub const SEARCH_ID: &str = "customer-search";
const SHORTCUT_KEY: &str = "onfile.shortcut";

/// The frame around a page.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let session = Session::here();
    let shortcut = RwSignal::new(stored_shortcut());
    listen_for_slash(shortcut);
    let who = move || match session.standing.get() {
        Standing::SignedIn(view) => Some(view),
        _ => None,
    };
    view! {
        <a class="skip" href="#main" on:click=move |event| skip(&event)>"Skip to content"</a>
        <header class="bar">
            <div class="bar-inside">
                <a class="wordmark" href="/" aria-label="Onfile, all customers">"Onfile"</a>
                {move || who().map(|view| view! {
                    <p class="bar-merchant">{view.merchant_name}</p>
                    <p class="bar-who">
                        <span>{view.email}</span>
                        <span class="bar-role">{wording::readable(view.role.as_str())}</span>
                    </p>
                })}
                <SignOut/>
            </div>
        </header>
        <main id="main" class="page" tabindex="-1">{children()}</main>
        <footer class="foot">
            <label class="foot-choice">
                <input
                    type="checkbox"
                    prop:checked=move || shortcut.get()
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        store_shortcut(on);
                        shortcut.set(on);
                    }
                />
                <span>"The " <kbd>"/"</kbd> " key jumps to the search"</span>
            </label>
            {move || who().map(|view| view! {
                <p>
                    {format!("Signed in as {}, at the latest until ", view.email)}
                    <Moment at=view.expires_at grain=Grain::Minute/> "."
                </p>
            })}
        </footer>
    }
}

#[component]
fn SignOut() -> impl IntoView {
    let session = Session::here();
    let announcer = Announcer::here();
    let failed = RwSignal::new(None::<String>);
    let sign_out = move |_| {
        failed.set(None);
        spawn_local(async move {
            match client::sign_out().await {
                Ok(()) | Err(CallError::SignedOut) => session.leave(),
                Err(error) => {
                    let (_, text, _) = failure_words(error);
                    let text = format!("You are still signed in. {text}");
                    announcer.say(text.clone());
                    failed.try_set(Some(text));
                }
            }
        });
    };
    view! {
        <Button label="Sign out" weight=Weight::Quiet on_press=sign_out/>
        {move || failed.get().map(|text| view! { <p class="bar-fault">{text}</p> })}
    }
}

/// The router would take `#main` for a new address and draw the page again.
fn skip(event: &ev::MouseEvent) {
    event.prevent_default();
    event.stop_propagation();
    field::focus("main");
}

/// `/` leads to the search from anywhere, unless one is typing, a dialog is open, or the key was
/// turned off: a key without Ctrl or Alt gets in the way of speech input, so it must be possible to.
fn listen_for_slash(shortcut: RwSignal<bool>) {
    let session = Session::here();
    let navigate = use_navigate();
    let location = use_location();
    let handle = window_event_listener(ev::keydown, move |event| {
        let plain = !event.ctrl_key() && !event.alt_key() && !event.meta_key();
        if event.key() != "/" || !plain || !shortcut.get_untracked() || is_busy(&event) {
            return;
        }
        event.prevent_default();
        if location.pathname.get_untracked() == "/" {
            return field::focus(SEARCH_ID);
        }
        session.search_wanted.set_value(true);
        session.last_customer.set_value(None);
        navigate("/", leptos_router::NavigateOptions::default());
    });
    on_cleanup(move || handle.remove());
}

fn is_busy(event: &ev::KeyboardEvent) -> bool {
    let typing = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| {
            element
                .matches("input:not([type=radio], [type=checkbox]), textarea, select")
                .unwrap_or(false)
        });
    typing
        || document()
            .query_selector("dialog[open]")
            .ok()
            .flatten()
            .is_some()
}

fn stored_shortcut() -> bool {
    let storage = window().local_storage().ok().flatten();
    storage
        .and_then(|storage| storage.get_item(SHORTCUT_KEY).ok().flatten())
        .as_deref()
        != Some("off")
}

fn store_shortcut(on: bool) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing forgets the choice; the key still obeys it until then.
        let _ = storage.set_item(SHORTCUT_KEY, if on { "on" } else { "off" });
    }
}
