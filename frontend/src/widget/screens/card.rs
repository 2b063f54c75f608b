//! One saved card: what it is, why it cannot be used, and how it is removed.

use shared::api::checkout::CardView;
use shared::card_token::CardType;
use shared::checkout_session::Permission;
use shared::eligibility::{Reason, Remedy};
use shared::text::Key;

use super::cards::{FORM, consent};
#[cfg(not(target_arch = "wasm32"))]
use super::parts::form;
use super::parts::{press, typed};
use super::{Ui, mark};
use crate::widget::drawing::{Element, View, el};
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

fn is_usable(state: &State, id: &str) -> bool {
    state.wallet().is_some_and(|wallet| wallet.is_usable(id))
}

/// One saved card in the list.
pub fn card(ui: Ui, id: &str) -> Element {
    // Each closure below keeps a name of its own for the card.
    let (shown, dimmed, picked, chosen) = (
        id.to_owned(),
        id.to_owned(),
        Some(Pick::Card(id.to_owned())),
        id.to_owned(),
    );
    let why = format!("of-why-{id}");
    let radio = el("input")
        .attr("type", "radio")
        .attr("name", "token_id")
        .attr("value", id)
        .attr("form", FORM)
        .attr("aria-describedby", why.as_str())
        .live(
            "disabled",
            ui.when("", move |state| !is_usable(state, &dimmed)),
        )
        .flag_property(
            "checked",
            ui.flag(move |state| state.wallet().is_some_and(|wallet| wallet.pick == picked)),
        )
        .on(
            "change",
            Box::new(move |_| ui.send(Message::Picked(Pick::Card(chosen.clone())))),
        );
    let row = el("div")
        .class("row")
        .child(el("label").class("pick").child(radio).child(face(ui, id)))
        .child(remove(ui, id));
    el("li")
        .live(
            "class",
            ui.attribute(move |state| {
                Some(
                    if is_usable(state, &shown) {
                        "way"
                    } else {
                        "way dimmed"
                    }
                    .to_owned(),
                )
            }),
        )
        .child(row)
        .child(el("div").attr("id", why).child(reasons(ui, id)))
        .child(agreement(ui, id))
        .child(removal_line(ui, id))
}

/// Network mark, issuer and last four.
pub fn face(ui: Ui, id: &str) -> Element {
    let face = el("span").class("face");
    let Some(card) = ui.now(|state| with_card(state, id, |card| card.card.clone())) else {
        let name = el("span")
            .class("name")
            .child(el("span").child(ui.say(Key::WidgetCardUnnamed)));
        return face.child(mark::mark("")).child(name);
    };
    let digits = el("span")
        .class("digits")
        .child(
            el("span")
                .attr("aria-hidden", "true")
                .child("•••• ".to_owned()),
        )
        .child(card.last4_digit);
    let kind = card.card_type.map_or_else(String::new, |kind| {
        ui.say(match kind {
            CardType::Credit => Key::WidgetCardCredit,
            CardType::Debit => Key::WidgetCardDebit,
        })
    });
    let name = el("span")
        .class("name")
        .child(
            el("span")
                .child(format!("{} ", card.issuer_name))
                .child(digits),
        )
        .child(el("span").class("kind").child(kind));
    face.child(mark::mark(&card.network_name)).child(name)
}

// ----- why not

fn reasons(ui: Ui, id: &str) -> View {
    let (held, id) = (id.to_owned(), id.to_owned());
    ui.switch(
        move |state| {
            if removal(state, &held).is_some() {
                Vec::new()
            } else {
                with_card(state, &held, |card| card.decision.reasons.clone())
            }
        },
        move |reasons| {
            if reasons.is_empty() {
                return Vec::new();
            }
            let items = reasons
                .iter()
                .map(|reason| item(ui, &id, reason).into())
                .collect();
            vec![el("ul").class("reasons").children(items).into()]
        },
    )
}

fn item(ui: Ui, id: &str, reason: &Reason) -> Element {
    let (words, advice) = ui.read(|state, texts| {
        (
            wording::reason(reason, state, texts),
            wording::advice(reason, texts),
        )
    });
    let mut item = el("li").child(el("span").child(words));
    if !advice.is_empty() {
        item = item.child(el("span").class("advice").child(advice));
    }
    if wording::is_action(reason.remedy) {
        item.children(action(ui, id, reason.remedy))
    } else {
        item
    }
}

fn remedy_words(ui: Ui, remedy: Remedy) -> String {
    ui.read(|_, texts| texts.remedy(remedy).to_owned())
}

#[cfg(target_arch = "wasm32")]
fn action(ui: Ui, id: &str, remedy: Remedy) -> Vec<View> {
    vec![
        press(
            ui,
            "button small",
            remedy_words(ui, remedy),
            Message::RemedyTaken(id.to_owned(), remedy),
        )
        .into(),
    ]
}

/// Without scripts: a link leads to the other card, consent is a form, and a phone is verified by
/// starting over.
#[cfg(not(target_arch = "wasm32"))]
fn action(ui: Ui, id: &str, remedy: Remedy) -> Vec<View> {
    let words = remedy_words(ui, remedy);
    match remedy {
        Remedy::AddCard | Remedy::UseAnotherCard => vec![
            el("a")
                .class("button small")
                .attr("href", "#of-other")
                .child(words)
                .into(),
        ],
        Remedy::Consent => {
            let tick = el("input")
                .attr("type", "checkbox")
                .attr("name", "save")
                .attr("value", "true")
                .attr("required", "");
            let agree = el("form")
                .class("more")
                .attr("method", "post")
                .attr("action", ui.action("select"))
                .child(token_field(id))
                .child(
                    el("label")
                        .class("tick")
                        .child(tick)
                        .child(el("span").class("consent").child(consent(ui))),
                )
                .child(
                    el("button")
                        .class("button small")
                        .attr("type", "submit")
                        .child(ui.say(Key::WidgetCardAgree)),
                );
            vec![
                el("details")
                    .child(el("summary").class("button small").child(words))
                    .child(agree)
                    .into(),
            ]
        }
        _ => {
            let button = el("button")
                .class("button small")
                .attr("type", "submit")
                .child(words);
            let again = el("input")
                .attr("type", "hidden")
                .attr("name", "step")
                .attr("value", "phone");
            vec![
                el("form")
                    .attr("method", "get")
                    .attr("action", ui.home())
                    .child(again)
                    .child(button)
                    .into(),
            ]
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn token_field(id: &str) -> Element {
    el("input")
        .attr("type", "hidden")
        .attr("name", "token_id")
        .attr("value", id)
}

/// The consent text of a card that lacks consent, opened by its reason's button.
fn agreement(ui: Ui, id: &str) -> View {
    fn ticked(state: &State) -> bool {
        state
            .wallet()
            .and_then(|wallet| wallet.agreeing.as_ref())
            .is_some_and(|(_, ticked)| *ticked)
    }
    let (held, id) = (id.to_owned(), id.to_owned());
    ui.switch(
        move |state| {
            state
                .wallet()
                .and_then(|wallet| wallet.agreeing.as_ref())
                .is_some_and(|(token, _)| *token == held)
        },
        move |open| {
            if !open {
                return Vec::new();
            }
            let tick = el("input")
                .attr("type", "checkbox")
                .attr("data-focus", Target::Consent(id.clone()).name())
                .flag_property("checked", ui.flag(ticked))
                .on(
                    "change",
                    typed(ui, |input| Message::ConsentTicked(input.checked())),
                );
            let unready = ui.when("true", |state| {
                !ticked(state) || wording::is_busy(state, |call| matches!(call, Call::Agree(_)))
            });
            vec![
                el("div")
                    .class("more")
                    .child(
                        el("label")
                            .class("tick")
                            .child(tick)
                            .child(el("span").class("consent").child(consent(ui))),
                    )
                    .child(
                        press(
                            ui,
                            "button small",
                            ui.say(Key::WidgetCardAgree),
                            Message::ConsentGiven,
                        )
                        .live("aria-disabled", unready),
                    )
                    .into(),
            ]
        },
    )
}

// ----- removing

fn filled(ui: Ui, key: Key, id: &str) -> String {
    ui.read(|state, texts| {
        texts.fill(
            key,
            &[(
                "card",
                &with_card(state, id, |card| wording::card_name(card, texts)),
            )],
        )
    })
}

fn may_remove(state: &State, id: &str) -> bool {
    state.may(Permission::Remove) && state.options.removable && removal(state, id).is_none()
}

#[cfg(target_arch = "wasm32")]
fn remove(ui: Ui, id: &str) -> View {
    let (held, id) = (id.to_owned(), id.to_owned());
    ui.switch(
        move |state| may_remove(state, &held),
        move |shown| {
            let button = || {
                press(
                    ui,
                    "button quiet",
                    ui.say(Key::WidgetCardRemove),
                    Message::RemoveAsked(id.clone()),
                )
                .attr("aria-label", filled(ui, Key::WidgetCardRemoveNamed, &id))
                .attr("data-focus", Target::Remove(id.clone()).name())
                .into()
            };
            shown.then(button).into_iter().collect()
        },
    )
}

/// Without scripts the confirmation is a fold.
#[cfg(not(target_arch = "wasm32"))]
fn remove(ui: Ui, id: &str) -> View {
    if !ui.now(|state| may_remove(state, id)) {
        return View::Fixed(String::new());
    }
    let summary = el("summary")
        .class("button quiet")
        .attr("aria-label", filled(ui, Key::WidgetCardRemoveNamed, id))
        .child(ui.say(Key::WidgetCardRemove));
    let confirm = form(ui, "remove", Message::RemoveConfirmed(id.to_owned()))
        .class("ask")
        .child(token_field(id))
        .child(
            el("button")
                .class("button small danger")
                .attr("type", "submit")
                .child(ui.say(Key::WidgetCardRemoveYes)),
        );
    el("details")
        .class("remove")
        .child(summary)
        .child(confirm)
        .into()
}

/// The question, the time to undo, or that it is on its way.
fn removal_line(ui: Ui, id: &str) -> View {
    let (held, id) = (id.to_owned(), id.to_owned());
    ui.switch(
        move |state| removal(state, &held),
        move |stage| {
            let Some(stage) = stage else {
                return Vec::new();
            };
            let small = |class, key, message, target: Target| {
                press(ui, class, ui.say(key), message).attr("data-focus", target.name())
            };
            let line = |key| {
                el("div")
                    .class("ask")
                    .child(el("span").child(filled(ui, key, &id)))
            };
            let view = match stage {
                Removal::Asked => line(Key::WidgetCardRemoveAsk)
                    .child(small(
                        "button small danger",
                        Key::WidgetCardRemoveYes,
                        Message::RemoveConfirmed(id.clone()),
                        Target::RemoveYes(id.clone()),
                    ))
                    .child(press(
                        ui,
                        "button small",
                        ui.say(Key::WidgetCardRemoveNo),
                        Message::RemoveKept(id.clone()),
                    )),
                Removal::Counting => line(Key::WidgetCardRemoved).child(small(
                    "button small",
                    Key::WidgetCardUndo,
                    Message::RemoveUndone(id.clone()),
                    Target::Undo(id.clone()),
                )),
                Removal::Sent => line(Key::WidgetCardRemoving),
            };
            vec![view.into()]
        },
    )
}
