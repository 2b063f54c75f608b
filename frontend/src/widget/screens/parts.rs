//! Pieces that several screens are made of.

use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::HtmlInputElement;
use shared::text::Key;

use super::Ui;
use crate::widget::drawing::{Attribute, Element, Handler, Text, View, el};
use crate::widget::flow::message::{Call, Message};
use crate::widget::flow::state::{Problem, State};
use crate::widget::wording;

/// The heading of a step. Takes the reading position when the step is reached, so that a screen
/// reader begins where the shopper's own action led.
pub fn title(words: Text) -> Element {
    el("h1")
        .class("title")
        .attr("tabindex", "-1")
        .attr("data-focus", "title")
        .child(words)
}

/// A form that posts a step where no script runs, and sends a message where one does.
pub fn form(ui: Ui, step: &str, message: Message) -> Element {
    el("form")
        .attr("method", "post")
        .attr("action", ui.action(step))
        .attr("novalidate", "")
        .on("submit", instead(ui, message))
}

/// Sends a message in place of posting a form.
pub fn instead(ui: Ui, message: Message) -> Handler {
    Box::new(move |event| {
        event.prevent_default();
        ui.send(message.clone());
    })
}

/// Sends a message made of what an input holds.
pub fn typed(ui: Ui, message: impl Fn(&HtmlInputElement) -> Message + Send + 'static) -> Handler {
    Box::new(move |event| {
        if let Some(input) = event.target().and_then(|target| target.dyn_into().ok()) {
            ui.send(message(&input));
        }
    })
}

/// The main button of a step, which shows that it works without changing its size and stays
/// focusable while it does.
pub fn main_button(ui: Ui, label: Key, busy: fn(&Call) -> bool) -> Element {
    busy_button(ui, "button main", label, busy)
}

/// A submit button that shows that its call is under way.
pub fn busy_button(ui: Ui, class: &'static str, label: Key, busy: fn(&Call) -> bool) -> Element {
    el("button")
        .attr("type", "submit")
        .live(
            "class",
            ui.attribute(move |state| {
                Some(if wording::is_busy(state, busy) {
                    format!("{class} busy")
                } else {
                    class.to_owned()
                })
            }),
        )
        .live(
            "aria-disabled",
            ui.when("true", move |state| wording::is_busy(state, busy)),
        )
        .child(ui.say(label))
}

/// A quiet button that is a form of its own where no script runs.
pub fn quiet_form(
    ui: Ui,
    step: &'static str,
    label: Key,
    message: Message,
    name: Option<&str>,
) -> Element {
    let button = el("button")
        .class("button quiet")
        .attr("type", "submit")
        .child(ui.say(label));
    let button = match name {
        Some(name) => button.attr("name", name).attr("value", "true"),
        None => button,
    };
    form(ui, step, message).child(button)
}

/// A button that only scripts can use.
pub fn press(ui: Ui, class: &str, label: String, message: Message) -> Element {
    el("button")
        .class(class)
        .attr("type", "button")
        .child(label)
        .on("click", Box::new(move |_| ui.send(message.clone())))
}

/// The line under a field or above a button: what stands in the way or, when nothing does, what is
/// usual. Its room is kept, so nothing moves when it changes; it is there before its first message.
pub fn line(ui: Ui, id: &str, about: fn(&Problem) -> bool, usual: Text) -> Element {
    let holds = move |state: &State| state.problem.as_ref().is_some_and(about);
    let words = ui.text(move |state, texts| {
        if holds(state) {
            wording::problem(state, texts)
        } else {
            String::new()
        }
    });
    let class = ui.attribute(move |state| {
        Some(
            if holds(state) {
                "problem raised"
            } else {
                "problem"
            }
            .to_owned(),
        )
    });
    el("div")
        .class("line")
        .child(
            el("p")
                .attr("id", id)
                .attr("role", "alert")
                .live("class", class)
                .child(words),
        )
        .child(
            el("p")
                .class("note")
                .live("hidden", ui.when("", holds))
                .child(usual),
        )
}

/// `aria-invalid` of a field while the problem is its own.
pub fn invalid(ui: Ui, about: fn(&Problem) -> bool) -> Attribute {
    ui.when("true", move |state| {
        state.problem.as_ref().is_some_and(about)
    })
}

/// The ways out under a step.
pub fn ways_out(ways: Vec<View>) -> View {
    el("footer").class("ways-out").children(ways).into()
}

/// The way out that every step has.
pub fn guest_way(ui: Ui) -> View {
    quiet_form(ui, "leave", Key::WidgetGuest, Message::Guest, Some("guest")).into()
}
