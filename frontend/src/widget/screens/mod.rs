//! What each step looks like: functions of the flow's state, drawn on the server and in the browser.
//!
//! Every step is made of ordinary forms with an address to post to, so it works before any script has
//! run; in the browser the same elements send messages instead. Nothing here asks for the document:
//! a screen only knows what is drawn inside it. No element is made again while somebody types:
//! closures change texts and attributes in place, and only another step brings another screen.

mod card;
mod cards;
mod code;
mod mark;
mod outcome;
mod parts;
mod phone;

use leptos::prelude::*;
use shared::text::{Key, Texts};

use super::flow::message::Message;
use super::flow::state::{Screen, State};
use super::wording;

/// `leptos::view!` without its shortcut that sets static markup through `innerHTML`, which Trusted
/// Types forbid on a merchant's page: any class for the whole view turns that shortcut off.
macro_rules! view {
    ($($tokens:tt)*) => { ::leptos::view! { class="", $($tokens)* } };
}
pub(crate) use view;

/// A text that follows the state.
pub type Text = Box<dyn FnMut() -> String + Send>;
/// An attribute that follows the state and may be absent.
pub type Attribute = Box<dyn FnMut() -> Option<String> + Send>;
/// A yes or no that follows the state.
pub type Flag = Box<dyn FnMut() -> bool + Send>;

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

    /// A text made of the state. Boxed, like the two below: one type for all keeps the WASM small.
    fn text(self, words: impl Fn(&State, &Texts) -> String + Send + 'static) -> Text {
        Box::new(move || {
            self.texts
                .with_value(|texts| self.state.with(|state| words(state, texts)))
        })
    }

    /// A text that does not change.
    fn say(self, key: Key) -> String {
        self.texts.with_value(|texts| texts.get(key).to_owned())
    }

    fn attribute(self, value: impl Fn(&State) -> Option<String> + Send + 'static) -> Attribute {
        Box::new(move || self.state.with(&value))
    }

    fn flag(self, holds: impl Fn(&State) -> bool + Send + 'static) -> Flag {
        Box::new(move || self.state.with(&holds))
    }

    fn send(self, message: Message) {
        self.send.run(message);
    }

    /// The address that a step's form is posted to where no script runs.
    fn action(self, step: &str) -> String {
        self.base.with_value(|base| format!("{base}/{step}"))
    }
}

/// The widget.
pub fn checkout(ui: Ui) -> AnyView {
    let screen = Memo::new(move |_| ui.state.with(|state| state.step.screen()));
    view! {
        <main class="sheet">
            <p class="merchant">{ui.text(|state, _| state.facts.merchant_name.clone())}</p>
            {move || match screen.get() {
                Screen::Loading => outcome::loading(ui),
                Screen::Phone => phone::phone(ui),
                Screen::Code => code::code(ui),
                Screen::Cards => cards::cards(ui),
                Screen::Done => outcome::done(ui),
                Screen::Guest => outcome::guest(ui),
                Screen::Ended => outcome::ended(ui),
            }}
            <p class="unseen" role="status">{ui.text(wording::notice)}</p>
        </main>
    }
    .into_any()
}
