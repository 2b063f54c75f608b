//! Pieces that several screens are made of.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use shared::text::Key;

use super::{Attribute, Flag, Text, Ui, view};
use crate::widget::flow::message::Message;
use crate::widget::flow::state::{Problem, State};
use crate::widget::wording;

/// The heading of a step. Takes the reading position when the step is reached, so that a screen
/// reader begins where the shopper's own action led.
pub fn title(words: Text) -> AnyView {
    view! { <h1 class="title" tabindex="-1" data-focus="title">{words}</h1> }.into_any()
}

/// Sends a message in place of posting the form.
pub fn instead(ui: Ui, message: Message) -> impl Fn(SubmitEvent) + 'static {
    move |event| {
        event.prevent_default();
        ui.send(message.clone());
    }
}

/// The main button of a step, which shows that it works without changing its size and stays
/// focusable while it does.
pub fn main_button(
    words: Text,
    mut busy: impl FnMut() -> bool + Clone + Send + 'static,
    form: Option<&'static str>,
) -> AnyView {
    let mut also_busy = busy.clone();
    view! {
        <button class="button main" type="submit" form=form class:busy=move || busy() aria-disabled=move || also_busy().then_some("true")>
            <span>{words}</span>
        </button>
    }
    .into_any()
}

/// A quiet button that is a form of its own where no script runs.
pub fn quiet_form(
    ui: Ui,
    step: &'static str,
    label: Key,
    message: Message,
    name: Option<&'static str>,
) -> AnyView {
    view! {
        <form method="post" action=ui.action(step) on:submit=instead(ui, message)>
            <button class="button quiet" type="submit" name=name value=name.map(|_| "true")>{ui.say(label)}</button>
        </form>
    }
    .into_any()
}

/// A button that only scripts can use.
pub fn press(
    ui: Ui,
    class: &'static str,
    words: Text,
    name: Option<String>,
    focus: Option<String>,
    message: Message,
) -> AnyView {
    view! {
        <button class=class type="button" aria-label=name data-focus=focus on:click=move |_| ui.send(message.clone())>{words}</button>
    }
    .into_any()
}

/// The line under a field or above a button: what stands in the way or, when nothing does, what is
/// usual. Its room is kept, so nothing moves when it changes; it is there before its first message.
pub fn line(ui: Ui, id: &'static str, about: fn(&Problem) -> bool, usual: Text) -> AnyView {
    let mut usual = usual;
    let problem = ui.text(move |state, texts| {
        if state.problem.as_ref().is_some_and(about) {
            wording::problem(state, texts)
        } else {
            String::new()
        }
    });
    let trouble =
        move || -> Flag { ui.flag(move |state| state.problem.as_ref().is_some_and(about)) };
    view! {
        <div class="line">
            <p class="problem" class:raised=trouble() id=id role="alert">{problem}</p>
            <p class="note" hidden=trouble()>{move || usual()}</p>
        </div>
    }
    .into_any()
}

/// `aria-invalid` of a field while the problem is its own.
pub fn invalid(ui: Ui, about: fn(&Problem) -> bool) -> Attribute {
    ui.attribute(move |state: &State| {
        state
            .problem
            .as_ref()
            .is_some_and(about)
            .then(|| "true".to_owned())
    })
}

/// Ways out that every step has.
pub fn guest_way(ui: Ui) -> AnyView {
    quiet_form(ui, "leave", Key::WidgetGuest, Message::Guest, Some("guest"))
}
