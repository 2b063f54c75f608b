//! The dialog of a status move: why, and for a suspension until when.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::error::ErrorCode;
use shared::customer::Move;
use std::time::Duration;

use super::{Open, faults_of};
use crate::admin::form::{self, End, Faults};
use crate::admin::session::Session;
use crate::admin::wording::{self, MoveWords};
use crate::client::admin::{self as client, CallError};
use crate::components::announcer::Announcer;
use crate::components::button::{Button, SubmitButton, Weight};
use crate::components::dates;
use crate::components::dialog::Dialog;
use crate::components::field::{Field, Kind, focus};
use crate::components::icon::{Icon, Shape};
use crate::components::view;

const REASON_ID: &str = "move-reason";
const NOTE_ID: &str = "move-note";
const UNTIL_ID: &str = "move-until";

const DAY: Duration = Duration::from_hours(24);
const ENDS: [(&str, Option<u32>); 4] = [
    ("1 day", Some(1)),
    ("7 days", Some(7)),
    ("30 days", Some(30)),
    ("No end", None),
];

/// The one dialog that every move uses.
#[component]
pub fn MoveDialog() -> impl IntoView {
    let open = Open::here();
    let words = move || {
        open.attempted
            .get()
            .and_then(|attempted| wording::move_words(attempted).map(|words| (attempted, words)))
    };
    let title = Signal::derive(move || {
        words().map_or_else(String::new, |(_, words)| {
            format!("{} {}?", words.question, open.name())
        })
    });
    view! {
        <Dialog id="move" open=open.asking_move title=title>
            {move || words().map(|(attempted, words)| view! { <MoveForm attempted=attempted words=words/> })}
        </Dialog>
    }
}

#[component]
fn MoveForm(attempted: Move, words: MoveWords) -> impl IntoView {
    let open = Open::here();
    let session = Session::here();
    let announcer = Announcer::here();
    let (reason, note, until) = (
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
        RwSignal::new(String::new()),
    );
    let faults = RwSignal::new(Faults::default());
    let busy = RwSignal::new(false);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let end = read_end(&until.get_untracked());
        let read = form::read_move(
            attempted,
            &reason.get_untracked(),
            &note.get_untracked(),
            end,
            dates::now(),
        );
        let request = match read {
            Ok(request) => request,
            Err(found) => return show(faults, found),
        };
        faults.set(Faults::default());
        busy.set(true);
        let customer_id = open.customer_id.get_untracked();
        spawn_local(async move {
            let outcome = session
                .call(client::move_customer(&customer_id, attempted, &request))
                .await;
            busy.try_set(false);
            match outcome {
                Ok(detail) => open.moved(attempted, detail, announcer),
                Err(error) => {
                    // Somebody else was faster: the page shows what they did, behind the dialog.
                    if was_too_late(&error) {
                        open.reload();
                    }
                    show(faults, faults_of(error));
                }
            }
        });
    };
    let weight = if attempted == Move::Delete {
        Weight::Danger
    } else {
        Weight::Primary
    };
    view! {
        <form class="form" novalidate=true on:submit=submit>
            <p class="dialog-lead">{words.consequence}</p>
            <Field
                id=REASON_ID label="Reason" kind=Kind::Input("text") value=reason required=true autofocus=true
                hint="Kept in the history, up to 200 characters."
                fault=Signal::derive(move || faults.with(|faults| faults.reason.clone()))
            />
            {(attempted == Move::Suspend).then(|| view! { <EndField value=until faults=faults/> })}
            <Field
                id=NOTE_ID label="Note" kind=Kind::Area value=note
                fault=Signal::derive(move || faults.with(|faults| faults.note.clone()))
            />
            <p class="form-fault" role="alert">
                {move || faults.with(|faults| faults.form.clone()).map(|text| view! {
                    <Icon shape=Shape::Alert/><span>{text}</span>
                })}
            </p>
            <div class="dialog-foot">
                <Button label="Cancel" on_press=move |_| open.asking_move.set(false)/>
                <SubmitButton label=words.confirm weight=weight busy=busy/>
            </div>
        </form>
    }
}

/// When the suspension ends by itself, with the usual lengths at hand.
#[component]
fn EndField(value: RwSignal<String>, faults: RwSignal<Faults>) -> impl IntoView {
    let pick = move |days: Option<u32>| {
        value.set(days.map_or_else(String::new, |days| {
            dates::to_field(dates::now().plus(DAY.saturating_mul(days)))
        }));
    };
    view! {
        <div class="field-group">
            <Field
                id=UNTIL_ID label="Ends by itself" kind=Kind::Input("datetime-local") value=value
                min=dates::to_field(dates::now())
                hint="In your own time zone. Without it the suspension holds until it is lifted."
                fault=Signal::derive(move || faults.with(|faults| faults.until.clone()))
            />
            <div class="picks" role="group" aria-label="Usual lengths">
                {ENDS.map(|(words, days)| view! {
                    <button type="button" class="pick" on:click=move |_| pick(days)>{words}</button>
                }).collect_view()}
            </div>
        </div>
    }
}

/// A half-filled field reads as empty, so the browser is asked whether there is more in it.
fn read_end(value: &str) -> End {
    use wasm_bindgen::JsCast as _;
    let field = document().get_element_by_id(UNTIL_ID);
    let half = field
        .and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok())
        .is_some_and(|field| field.validity().bad_input());
    match dates::from_field(value) {
        _ if half => End::Unreadable,
        Some(at) => End::At(at),
        None if value.is_empty() => End::Open,
        None => End::Unreadable,
    }
}

fn was_too_late(error: &CallError) -> bool {
    matches!(error, CallError::Refused(body)
        if matches!(body.code, ErrorCode::InvalidStatusTransition | ErrorCode::CustomerDeleted))
}

/// Shows what is wrong and puts the keyboard into the first field at fault.
fn show(faults: RwSignal<Faults>, found: Faults) {
    let first = [
        (&found.reason, REASON_ID),
        (&found.until, UNTIL_ID),
        (&found.note, NOTE_ID),
    ]
    .into_iter()
    .find_map(|(fault, id)| fault.is_some().then_some(id));
    faults.try_set(found);
    if let Some(id) = first {
        focus(id);
    }
}
