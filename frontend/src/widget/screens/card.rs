//! One saved card: what it is, why it cannot be used, and how it is removed.

use leptos::prelude::*;
use shared::api::checkout::CardView;
use shared::card_token::CardType;
use shared::checkout_session::Permission;
use shared::eligibility::{Reason, Remedy};
use shared::text::{Key, Texts};

use super::cards::{FORM, consent};
use super::parts::press;
use super::{Text, Ui, mark, view};
use crate::widget::flow::message::{Call, Message, Target};
use crate::widget::flow::state::{Pick, Removal, State};
use crate::widget::wording;

/// The card of a token as it stands now; nothing once it is gone.
fn with_card<T: Default>(state: &State, id: &str, read: impl FnOnce(&CardView) -> T) -> T {
    state
        .wallet()
        .and_then(|wallet| wallet.card(id))
        .map(read)
        .unwrap_or_default()
}

fn removal(state: &State, id: &str) -> Option<Removal> {
    state.wallet().and_then(|wallet| wallet.removal(id))
}

/// One saved card in the list.
pub fn card(ui: Ui, id: String) -> AnyView {
    let usable = {
        let id = id.clone();
        Memo::new(move |_| {
            ui.state
                .with(|state| state.wallet().is_some_and(|wallet| wallet.is_usable(&id)))
        })
    };
    let picked = {
        let id = id.clone();
        ui.flag(move |state| {
            state.wallet().is_some_and(|wallet| {
                wallet
                    .pick
                    .as_ref()
                    .is_some_and(|pick| matches!(pick, Pick::Card(token) if *token == id))
            })
        })
    };
    let choose = id.clone();
    let reasons_id = format!("of-why-{id}");
    view! {
        <li class="way" class:dimmed=move || !usable.get()>
            <div class="row">
                <label class="pick">
                    <input
                        type="radio"
                        name="token_id"
                        value=id.clone()
                        form=FORM
                        disabled=move || !usable.get()
                        aria-describedby=reasons_id.clone()
                        prop:checked=picked
                        on:change=move |_| ui.send(Message::Picked(Pick::Card(choose.clone())))
                    />
                    {face(ui, id.clone())}
                </label>
                {remove(ui, id.clone())}
            </div>
            <div id=reasons_id>{reasons(ui, id.clone())}</div>
            {agreement(ui, id.clone())}
            {removal_line(ui, id)}
        </li>
    }
    .into_any()
}

/// Network mark, issuer and last four.
pub fn face(ui: Ui, id: String) -> AnyView {
    let (network, issuer, last4, kind) = ui.state.with_untracked(|state| {
        with_card(state, &id, |card| {
            card.card.as_ref().map(|face| {
                (
                    face.network_name.clone(),
                    face.issuer_name.clone(),
                    face.last4_digit.clone(),
                    face.card_type,
                )
            })
        })
        .unwrap_or_default()
    });
    if last4.is_empty() {
        return view! { <span class="face">{mark::mark("", String::new())} <span class="name"><span>{ui.say(Key::WidgetCardUnnamed)}</span></span></span> }.into_any();
    }
    let kind = kind.map(|kind| match kind {
        CardType::Credit => ui.say(Key::WidgetCardCredit),
        CardType::Debit => ui.say(Key::WidgetCardDebit),
    });
    view! {
        <span class="face">
            {mark::mark(&network, network.clone())}
            <span class="name">
                <span>{issuer} " " <span class="digits"><span aria-hidden="true">"•••• "</span>{last4}</span></span>
                <span class="kind">{kind}</span>
            </span>
        </span>
    }
    .into_any()
}

// ----- why not

fn reasons(ui: Ui, id: String) -> AnyView {
    let held = {
        let id = id.clone();
        Memo::new(move |_| {
            ui.state.with(|state| {
                if removal(state, &id).is_some() {
                    Vec::new()
                } else {
                    with_card(state, &id, |card| card.decision.reasons.clone())
                }
            })
        })
    };
    (move || {
        let reasons = held.get();
        (!reasons.is_empty()).then(|| {
            let items: Vec<AnyView> = reasons
                .into_iter()
                .map(|reason| item(ui, id.clone(), reason))
                .collect();
            view! { <ul class="reasons">{items}</ul> }
        })
    })
    .into_any()
}

fn item(ui: Ui, id: String, reason: Reason) -> AnyView {
    let remedy = reason.remedy;
    let shown = reason.clone();
    let advice = ui.texts.with_value(|texts| wording::advice(&reason, texts));
    let advice = (!advice.is_empty()).then(|| view! { <span class="advice">{advice}</span> });
    view! {
        <li>
            <span>{ui.text(move |state, texts| wording::reason(&shown, state, texts))}</span>
            {advice}
            {action(ui, id, remedy)}
        </li>
    }
    .into_any()
}

#[cfg(target_arch = "wasm32")]
fn action(ui: Ui, id: String, remedy: Remedy) -> Option<AnyView> {
    let words = ui.text(move |_, texts| texts.remedy(remedy).to_owned());
    wording::is_action(remedy).then(|| {
        press(
            ui,
            "button small",
            words,
            None,
            None,
            Message::RemedyTaken(id, remedy),
        )
    })
}

/// Without scripts: a link leads to the other card, consent is a form, and a phone is verified
/// by starting over.
#[cfg(not(target_arch = "wasm32"))]
fn action(ui: Ui, id: String, remedy: Remedy) -> Option<AnyView> {
    let words = ui.texts.with_value(|texts| texts.remedy(remedy).to_owned());
    match remedy {
        Remedy::AddCard | Remedy::UseAnotherCard => Some(view! { <a class="button small" href="#of-other">{words}</a> }.into_any()),
        Remedy::Consent => Some(
            view! {
                <details>
                    <summary class="button small">{words}</summary>
                    <form class="more" method="post" action=ui.action("select")>
                        <input type="hidden" name="token_id" value=id />
                        <label class="tick"><input type="checkbox" name="save" value="true" required="" /> <span class="consent">{consent(ui)}</span></label>
                        <button class="button small" type="submit">{ui.say(Key::WidgetCardAgree)}</button>
                    </form>
                </details>
            }
            .into_any(),
        ),
        _ => None,
    }
}

/// The consent text of a card that lacks consent, opened by its reason's button.
fn agreement(ui: Ui, id: String) -> AnyView {
    let open = {
        let id = id.clone();
        Memo::new(move |_| {
            ui.state.with(|state| {
                state
                    .wallet()
                    .and_then(|wallet| wallet.agreeing.as_ref())
                    .is_some_and(|(token, _)| *token == id)
            })
        })
    };
    (move || {
        open.get().then(|| {
            let ticked = move |state: &State| state.wallet().and_then(|wallet| wallet.agreeing.as_ref()).is_some_and(|(_, ticked)| *ticked);
            let untouched = ui.attribute(move |state| (!ticked(state) || wording::is_busy(state, |call| matches!(call, Call::Agree(_)))).then(|| "true".to_owned()));
            view! {
                <div class="more">
                    <label class="tick">
                        <input
                            type="checkbox"
                            data-focus=Target::Consent(id.clone()).name()
                            prop:checked=ui.flag(ticked)
                            on:change=move |event| ui.send(Message::ConsentTicked(event_target_checked(&event)))
                        />
                        <span class="consent">{consent(ui)}</span>
                    </label>
                    <button class="button small" type="button" aria-disabled=untouched on:click=move |_| ui.send(Message::ConsentGiven)>
                        {ui.say(Key::WidgetCardAgree)}
                    </button>
                </div>
            }
        })
    })
    .into_any()
}

// ----- removing

fn named(ui: Ui, id: &str) -> String {
    let name = ui.state.with_untracked(|state| {
        ui.texts
            .with_value(|texts| with_card(state, id, |card| wording::card_name(card, texts)))
    });
    ui.texts
        .with_value(|texts| texts.fill(Key::WidgetCardRemoveNamed, &[("card", &name)]))
}

fn may_remove(state: &State) -> bool {
    state.may(Permission::Remove) && state.options.removable
}

#[cfg(target_arch = "wasm32")]
fn remove(ui: Ui, id: String) -> AnyView {
    let shown = {
        let id = id.clone();
        Memo::new(move |_| {
            ui.state
                .with(|state| may_remove(state) && removal(state, &id).is_none())
        })
    };
    (move || {
        shown.get().then(|| {
            let words = ui.text(|_, texts| texts.get(Key::WidgetCardRemove).to_owned());
            press(
                ui,
                "button quiet remove",
                words,
                Some(named(ui, &id)),
                Some(Target::Remove(id.clone()).name()),
                Message::RemoveAsked(id.clone()),
            )
        })
    })
    .into_any()
}

/// Without scripts the confirmation is a fold.
#[cfg(not(target_arch = "wasm32"))]
fn remove(ui: Ui, id: String) -> AnyView {
    let shown = ui
        .state
        .with_untracked(|state| may_remove(state) && removal(state, &id).is_none());
    shown
        .then(|| {
            view! {
                <details class="remove">
                    <summary class="button quiet" aria-label=named(ui, &id)>{ui.say(Key::WidgetCardRemove)}</summary>
                    <form class="ask" method="post" action=ui.action("remove")>
                        <input type="hidden" name="token_id" value=id />
                        <button class="button small danger" type="submit">{ui.say(Key::WidgetCardRemoveYes)}</button>
                    </form>
                </details>
            }
        })
        .into_any()
}

/// The question, the time to undo, or that it is on its way.
fn removal_line(ui: Ui, id: String) -> AnyView {
    let stage = {
        let id = id.clone();
        Memo::new(move |_| ui.state.with(|state| removal(state, &id)))
    };
    let press_small = move |class, key: Key, focus: Option<Target>, message| {
        press(
            ui,
            class,
            ui.text(move |_, texts| texts.get(key).to_owned()),
            None,
            focus.map(|target| target.name()),
            message,
        )
    };
    (move || {
        let of_card = |key: Key| -> Text {
            let id = id.clone();
            ui.text(move |state, texts: &Texts| {
                texts.fill(
                    key,
                    &[(
                        "card",
                        &with_card(state, &id, |card| wording::card_name(card, texts)),
                    )],
                )
            })
        };
        let (words, buttons): (Text, Vec<AnyView>) = match stage.get()? {
            Removal::Asked => (
                of_card(Key::WidgetCardRemoveAsk),
                vec![
                    press_small(
                        "button small danger",
                        Key::WidgetCardRemoveYes,
                        Some(Target::RemoveYes(id.clone())),
                        Message::RemoveConfirmed(id.clone()),
                    ),
                    press_small(
                        "button small",
                        Key::WidgetCardRemoveNo,
                        None,
                        Message::RemoveKept(id.clone()),
                    ),
                ],
            ),
            Removal::Counting => (
                of_card(Key::WidgetCardRemoved),
                vec![press_small(
                    "button small",
                    Key::WidgetCardUndo,
                    Some(Target::Undo(id.clone())),
                    Message::RemoveUndone(id.clone()),
                )],
            ),
            Removal::Sent => (of_card(Key::WidgetCardRemoving), Vec::new()),
        };
        Some(view! { <div class="ask"><span>{words}</span> {buttons}</div> })
    })
    .into_any()
}
