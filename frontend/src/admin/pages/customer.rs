//! `/customers/{id}`: one customer.

mod cards;
mod decisions;
mod history;
mod moves;
mod profile;
mod reasons;
mod status;

use leptos::prelude::*;
use leptos::task::spawn_local_scoped_with_cancellation;
use leptos_router::hooks::use_params_map;
use shared::api::admin::{AdminTokenView, CustomerDetailView};
use shared::api::error::ErrorCode;
use shared::customer::Move;

use crate::admin::form::Faults;
use crate::admin::session::Session;
use crate::admin::wording;
use crate::client::admin::{self as client, CallError};
use crate::components::announcer::Announcer;
use crate::components::field::focus_later;
use crate::components::icon::{Icon, Shape};
use crate::components::notice::{Empty, Failure, failure_line};
use crate::components::view;

const TITLE_ID: &str = "customer-title";
/// The status panel, where the keyboard goes after a move: the button that began it may be gone.
const STATUS_ID: &str = "customer-status";

/// What this page knows and may do; its panels share it.
#[derive(Clone, Copy)]
struct Open {
    customer_id: Memo<String>,
    detail: RwSignal<Option<CustomerDetailView>>,
    attempt: RwSignal<u32>,
    /// The move whose dialog is open, and the last one that was.
    attempted: RwSignal<Option<Move>>,
    asking_move: RwSignal<bool>,
    /// What was just done.
    done: RwSignal<Option<String>>,
}

impl Open {
    fn here() -> Self {
        expect_context()
    }

    /// A part of the customer, which draws its panel again only when that part changed.
    fn part<T>(self, take: fn(&CustomerDetailView) -> T) -> Memo<Option<T>>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.detail.with(|detail| detail.as_ref().map(take)))
    }

    fn name(self) -> String {
        self.detail.with(|detail| {
            detail.as_ref().map_or_else(String::new, |detail| {
                wording::customer_name(
                    &detail.profile.first_name,
                    &detail.profile.last_name,
                    detail.status,
                )
            })
        })
    }

    fn reload(self) {
        self.attempt
            .try_update(|count| *count = count.wrapping_add(1));
    }

    /// A move was made.
    fn moved(self, attempted: Move, detail: CustomerDetailView, announcer: Announcer) {
        // The name from before: a deletion takes it away.
        let name = untrack(move || self.name());
        self.detail.try_set(Some(detail));
        self.asking_move.try_set(false);
        let done = wording::move_words(attempted).map(|words| format!("{name} {}", words.done));
        announcer.say(done.clone().unwrap_or_default());
        self.done.try_set(done);
        focus_later(STATUS_ID);
    }
}

/// One customer.
#[component]
pub fn CustomerPage() -> impl IntoView {
    // No name here: the browser keeps titles in its history.
    document().set_title("Customer · Onfile");
    let session = Session::here();
    let params = use_params_map();
    let open = Open {
        customer_id: Memo::new(move |_| params.read().get("id").unwrap_or_default()),
        detail: RwSignal::new(None),
        attempt: RwSignal::new(0),
        attempted: RwSignal::new(None),
        asking_move: RwSignal::new(false),
        done: RwSignal::new(None),
    };
    provide_context(open);
    let failure = RwSignal::new(None::<CallError>);
    load(open, failure);
    session.arrive(TITLE_ID);

    let loaded = Memo::new(move |_| open.detail.with(Option::is_some));
    view! {
        <nav class="trail" aria-label="Way back">
            <a href="/"><Icon shape=Shape::Left/>"Customers"</a>
        </nav>
        <div class="page-head">
            <h1 id=TITLE_ID tabindex="-1">
                {move || if loaded.get() { open.name() } else { "Customer".to_owned() }}
            </h1>
            <p class="page-id"><code>{move || open.customer_id.get()}</code></p>
        </div>
        {move || match (failure.get(), loaded.get()) {
            (Some(CallError::Refused(body)), false) if body.code == ErrorCode::CustomerNotFound => view! {
                <Empty
                    title="There is no such customer"
                    text="The address may be cut off, or the customer belongs to another merchant."
                >
                    <a class="button" href="/">"All customers"</a>
                </Empty>
            }
            .into_any(),
            (Some(error), _) => view! {
                <Failure error=error on_retry=move |()| open.reload()/>
            }
            .into_any(),
            (None, false) => view! { <p class="starting" role="status">"Loading …"</p> }.into_any(),
            (None, true) => ().into_any(),
        }}
        {move || loaded.get().then(|| view! {
            <p class="done">{move || open.done.get().map(|text| view! {
                <span class="notice is-done"><Icon shape=Shape::Check/>{text}</span>
            })}</p>
            <div class="customer">
                <div class="customer-side">
                    <status::StatusPanel/>
                    <profile::ProfilePanel/>
                </div>
                <div class="customer-main">
                    <cards::CardsPanel/>
                    <decisions::DecisionsPanel/>
                    <history::HistoryPanel/>
                </div>
            </div>
            <moves::MoveDialog/>
        })}
    }
}

fn load(open: Open, failure: RwSignal<Option<CallError>>) {
    let session = Session::here();
    let announcer = Announcer::here();
    // Another id is another customer: nothing of the one before may stay.
    Effect::new(move |before: Option<String>| {
        let customer_id = open.customer_id.get();
        if before.is_some_and(|before| before != customer_id) {
            open.detail.set(None);
            open.done.set(None);
        }
        customer_id
    });
    Effect::new(move |_| {
        open.attempt.track();
        let customer_id = open.customer_id.get();
        spawn_local_scoped_with_cancellation(async move {
            match session.call(client::customer(&customer_id)).await {
                Ok(detail) => {
                    failure.try_set(None);
                    if open
                        .detail
                        .try_get_untracked()
                        .is_some_and(|before| before.is_none())
                    {
                        let name = wording::customer_name(
                            &detail.profile.first_name,
                            &detail.profile.last_name,
                            detail.status,
                        );
                        let (status, _) = wording::customer_status(detail.status);
                        announcer.say(format!("{name}, {}", status.to_lowercase()));
                    }
                    open.detail.try_set(Some(detail));
                }
                Err(error) => {
                    failure.try_set(Some(error));
                }
            }
        });
    });
}

/// What went wrong with a dialog's call, field by field.
fn faults_of(error: CallError) -> Faults {
    match error {
        CallError::Refused(body) => Faults::from_refusal(&body),
        _ => Faults {
            form: Some(failure_line(error)),
            ..Faults::default()
        },
    }
}

/// The name of a token's card; the token's id where nothing is known of the card, or it is gone.
fn card_of(tokens: &[AdminTokenView], token_id: &str) -> String {
    let token = tokens.iter().find(|token| token.token_id == token_id);
    token
        .and_then(|token| token.card_data.as_ref())
        .map_or_else(|| token_id.to_owned(), wording::card_name)
}

/// A titled part of the page.
#[component]
fn Panel(id: &'static str, #[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby=id>
            <h2 class="panel-title" id=id tabindex="-1">{title}</h2>
            {children()}
        </section>
    }
}
