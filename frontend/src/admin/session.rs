//! Who is signed in, and what ends with them.
//!
//! Signing in is a state and not an address: whoever has to sign in does so where they are, and is
//! there again afterwards.

use std::future::Future;
use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::Timestamp;
use shared::api::admin::AdminSessionView;
use shared::text::{Language, Texts};

use super::listing::Listing;
use crate::client::admin::{self as client, CallError};
use crate::components::dates;
use crate::components::field;

/// A session ends after 30 minutes without a call (trust.md); a little later the server is asked.
const IDLE: Duration = Duration::from_secs(1_805);
const WATCH: Duration = Duration::from_secs(15);

/// Where the person in front of the page stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Not known yet.
    Starting,
    /// The server could not be asked.
    Unreachable(CallError),
    /// Nobody is signed in.
    SignedOut(Ended),
    /// Somebody is.
    SignedIn(AdminSessionView),
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody was.
    NotBegun,
    /// The session ended by itself.
    Expired,
    /// The admin signed out.
    Left,
}

/// The session, and what is kept in memory along with it.
#[derive(Clone, Copy)]
pub struct Session {
    /// Who is signed in.
    pub standing: RwSignal<Standing>,
    /// The words of reasons and errors.
    pub texts: RwSignal<Option<Texts>>,
    /// Where one is in the list.
    pub listing: RwSignal<Listing>,
    /// The customer last looked at, whose line takes the focus on return to the list.
    pub last_customer: StoredValue<Option<String>>,
    /// Whether the list, once drawn, is to put the keyboard into its search box.
    pub search_wanted: StoredValue<bool>,
    /// Whose list and customer that are.
    owner: StoredValue<Option<String>>,
    last_call: StoredValue<Timestamp>,
    page_shown: StoredValue<bool>,
}

impl Session {
    /// Begins, and makes it available to everything below.
    pub fn provide() -> Self {
        let session = Self {
            standing: RwSignal::new(Standing::Starting),
            texts: RwSignal::new(None),
            listing: RwSignal::new(Listing::default()),
            last_customer: StoredValue::new(None),
            search_wanted: StoredValue::new(false),
            owner: StoredValue::new(None),
            last_call: StoredValue::new(dates::now()),
            page_shown: StoredValue::new(false),
        };
        provide_context(session);
        session.start();
        session.watch();
        session
    }

    /// The session of this page.
    pub fn here() -> Self {
        expect_context()
    }

    /// Asks who is signed in, and for the words, at the same time.
    pub fn start(self) {
        self.standing.set(Standing::Starting);
        spawn_local(async move {
            match self.call(client::session()).await {
                Ok(view) => self.begin(view),
                Err(CallError::SignedOut) => {
                    self.standing.set(Standing::SignedOut(Ended::NotBegun));
                }
                Err(error) => self.standing.set(Standing::Unreachable(error)),
            }
        });
        self.load_texts();
    }

    /// Fetches the words, unless they are here. Should the server not know them, every reason still
    /// shows its code.
    pub fn load_texts(self) {
        if self.texts.with_untracked(Option::is_some) {
            return;
        }
        spawn_local(async move {
            match client::texts(Language::En).await {
                Ok(texts) => self.texts.set(Some(texts)),
                Err(error @ CallError::Unreachable) => {
                    self.standing.set(Standing::Unreachable(error));
                }
                Err(_) => self.texts.set(Texts::from_json(Language::En, "{}").ok()),
            }
        });
    }

    /// Makes a call as whoever is signed in, and notices when nobody is any more.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<T>(
        self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        self.last_call.set_value(dates::now());
        let outcome = call.await;
        if matches!(outcome, Err(CallError::SignedOut))
            && matches!(self.standing.get_untracked(), Standing::SignedIn(_))
        {
            self.standing.set(Standing::SignedOut(Ended::Expired));
        }
        outcome
    }

    /// Somebody signed in. What another person looked for is not theirs to see.
    pub fn begin(self, view: AdminSessionView) {
        if self
            .owner
            .with_value(|owner| owner.as_ref().is_some_and(|owner| *owner != view.email))
        {
            self.forget();
        }
        self.owner.set_value(Some(view.email.clone()));
        self.last_call.set_value(dates::now());
        self.standing.set(Standing::SignedIn(view));
    }

    /// The admin signed out: the next person begins at the list, with nothing looked for.
    pub fn leave(self) {
        self.forget();
        self.owner.set_value(None);
        if let Ok(history) = window().history() {
            // Without it the address would name a customer; nothing else depends on it.
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("/"));
        }
        self.standing.set(Standing::SignedOut(Ended::Left));
    }

    /// The e-mail address of whoever was signed in until the session ended by itself.
    pub fn last_email(self) -> Option<String> {
        self.owner.get_value()
    }

    /// A page appeared: the keyboard goes to its title, except on the very first one, where the
    /// browser has put it already.
    pub fn arrive(self, title_id: &'static str) {
        if self.page_shown.get_value() {
            field::focus_later(title_id);
        }
        self.page_shown.set_value(true);
    }

    fn forget(self) {
        self.listing.set(Listing::default());
        self.last_customer.set_value(None);
    }

    /// Asks the server whether the session is over when it should be: left alone, a screen must not
    /// go on showing customers.
    fn watch(self) {
        let look = move || {
            let now = dates::now();
            let Some(Standing::SignedIn(view)) = self.standing.try_get_untracked() else {
                return;
            };
            let idle = self.last_call.with_value(|last| last.until(now)) > IDLE;
            if idle || now > view.expires_at {
                spawn_local(async move {
                    let _ = self.call(client::session()).await;
                });
            }
        };
        let interval = set_interval_with_handle(look, WATCH).ok();
        let seen = window_event_listener(leptos::ev::visibilitychange, move |_| look());
        on_cleanup(move || {
            if let Some(interval) = interval {
                interval.clear();
            }
            seen.remove();
        });
    }
}
