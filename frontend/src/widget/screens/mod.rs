//! What each step looks like: functions of the flow's state, drawn on the server and in the browser.
//!
//! Every step is made of ordinary forms with an address to post to, so it works before any script has
//! run; in the browser the same elements send messages instead. Nothing here asks for the document:
//! a screen only knows what is drawn inside it. No element is made again while somebody types: texts
//! and attributes change in place, and only another step brings another screen.

mod card;
mod cards;
mod code;
mod mark;
mod outcome;
mod parts;
mod phone;

use leptos::prelude::*;
use shared::text::{Key, Texts};

use super::drawing::{Attribute, Element, Flag, Text, View, el};
use super::flow::message::Message;
use super::flow::state::{Screen, State};
use super::wording;

/// What every screen draws from.
#[derive(Clone, Copy)]
pub struct Ui {
    state: RwSignal<State>,
    texts: StoredValue<Texts>,
    base: StoredValue<String>,
    send: Callback<Message>,
}

impl Ui {
    /// Draws `state`, posts forms under `base`, and sends what happens to `send`.
    #[must_use]
    pub fn new(
        state: RwSignal<State>,
        texts: Texts,
        base: String,
        send: Callback<Message>,
    ) -> Self {
        Self {
            state,
            texts: StoredValue::new(texts),
            base: StoredValue::new(base),
            send,
        }
    }

    /// A text made of the state.
    fn text(self, words: impl Fn(&State, &Texts) -> String + Send + 'static) -> Text {
        Box::new(move || self.read(|state, texts| words(state, texts)))
    }

    /// A text of the table that does not change.
    fn say(self, key: Key) -> String {
        self.texts.with_value(|texts| texts.get(key).to_owned())
    }

    /// An attribute made of the state.
    fn attribute(self, value: impl Fn(&State) -> Option<String> + Send + 'static) -> Attribute {
        Box::new(move || self.state.try_with(&value).flatten())
    }

    /// An attribute that is there or not.
    fn when(
        self,
        word: &'static str,
        holds: impl Fn(&State) -> bool + Send + 'static,
    ) -> Attribute {
        Box::new(move || self.state.try_with(&holds)?.then(|| word.to_owned()))
    }

    /// A yes or no made of the state.
    fn flag(self, holds: impl Fn(&State) -> bool + Send + 'static) -> Flag {
        Box::new(move || self.state.try_with(&holds).unwrap_or_default())
    }

    /// Views that are drawn again when what they are made of is another one, and only then.
    fn switch<T: PartialEq + Send + 'static>(
        self,
        about: impl Fn(&State) -> T + Send + 'static,
        draw: impl Fn(&T) -> Vec<View> + Send + 'static,
    ) -> View {
        let mut drawn = None;
        View::Switch(Box::new(move || {
            let now = self.state.try_with(&about)?;
            if drawn.as_ref() == Some(&now) {
                return None;
            }
            let views = untrack(|| draw(&now));
            drawn = Some(now);
            Some(views)
        }))
    }

    /// What is to be known of the state once.
    fn now<T>(self, about: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(about)
    }

    /// What is to be known of the state, in words. Effects can be run once more after the widget is
    /// gone, so nothing here insists that the state is still there.
    fn read<T: Default>(self, about: impl FnOnce(&State, &Texts) -> T) -> T {
        let about = |texts: &Texts| self.state.try_with(|state| about(state, texts));
        self.texts
            .try_with_value(about)
            .flatten()
            .unwrap_or_default()
    }

    fn send(self, message: Message) {
        self.send.run(message);
    }

    /// The address of the page itself.
    fn home(self) -> String {
        self.base.get_value()
    }

    /// The address that a step's form is posted to where no script runs.
    fn action(self, step: &str) -> String {
        self.base.with_value(|base| format!("{base}/{step}"))
    }
}

/// The widget.
#[must_use]
pub fn checkout(ui: Ui) -> Element {
    let screen = ui.switch(
        |state| state.step.screen(),
        move |screen| match screen {
            Screen::Loading => outcome::loading(ui),
            Screen::Phone => phone::phone(ui),
            Screen::Code => code::code(ui),
            Screen::Cards => cards::cards(ui),
            Screen::Done => outcome::done(ui),
            Screen::Guest => outcome::guest(ui),
            Screen::Ended => outcome::ended(ui),
        },
    );
    el("main")
        .class("sheet")
        .child(
            el("p")
                .class("merchant")
                .child(ui.text(|state, _| state.facts.merchant_name.clone())),
        )
        .child(screen)
        .child(
            el("p")
                .class("unseen")
                .attr("role", "status")
                .child(ui.text(wording::notice)),
        )
}
