//! The steps without a question: loading, chosen, guest, over.

use shared::text::Key;

use super::parts::{guest_way, line, press, quiet_form, title, ways_out};
use super::{Ui, card};
use crate::widget::drawing::{View, el};
use crate::widget::flow::message::Message;
use crate::widget::flow::state::{Choice, Ending, Step};
use crate::widget::wording;

pub fn loading(ui: Ui) -> Vec<View> {
    let busy = ui.text(|state, texts| {
        if state.problem.is_some() {
            String::new()
        } else {
            wording::note(state, texts, texts.get(Key::WidgetBusy))
        }
    });
    let retry = press(ui, "button main", ui.say(Key::WidgetRetry), Message::Retry)
        .live("hidden", ui.when("", |state| state.problem.is_none()));
    vec![
        el("div")
            .class("step loading")
            .child(line(ui, "of-loading-line", |_| true, busy))
            .child(retry)
            .into(),
        ways_out(vec![guest_way(ui)]),
    ]
}

pub fn done(ui: Ui) -> Vec<View> {
    let choice = ui.now(|state| {
        if let Step::Done(_, choice) = &state.step {
            choice.clone()
        } else {
            Choice::default()
        }
    });
    let shown = if let Some(id) = choice.token_id {
        el("div").class("chosen").child(card::face(ui, &id))
    } else {
        let saved = if choice.save {
            Key::WidgetDoneSaved
        } else {
            Key::WidgetDoneNotSaved
        };
        let words = [ui.say(Key::WidgetDoneOther), ui.say(saved)];
        el("p").class("lead").child(words.join(" "))
    };
    let change = ui.say(Key::WidgetDoneChange);
    let change = if cfg!(target_arch = "wasm32") {
        press(ui, "button quiet", change, Message::ChangeChoice)
    } else {
        let button = el("button")
            .class("button quiet")
            .attr("type", "submit")
            .child(change);
        el("form")
            .attr("method", "get")
            .attr("action", ui.home())
            .child(button)
    };
    vec![
        el("div")
            .class("step")
            .child(title(
                ui.text(|_, texts| texts.get(Key::WidgetDoneTitle).to_owned()),
            ))
            .child(shown)
            .into(),
        ways_out(vec![
            change.into(),
            quiet_form(ui, "leave", Key::WidgetLeave, Message::Leave, None).into(),
        ]),
    ]
}

pub fn guest(ui: Ui) -> Vec<View> {
    let returnable = cfg!(target_arch = "wasm32")
        && ui.now(|state| matches!(state.step, Step::Guest { returnable: true }));
    let back = returnable.then(|| {
        press(
            ui,
            "button quiet",
            ui.say(Key::WidgetGuestBack),
            Message::BackFromGuest,
        )
        .into()
    });
    let mut views = plain(ui, Key::WidgetGuestTitle, Key::WidgetGuestLead);
    views.extend(back.map(|back| ways_out(vec![back])));
    views
}

pub fn ended(ui: Ui) -> Vec<View> {
    let left = ui.now(|state| matches!(state.step, Step::Ended(Ending::Left)));
    let (heading, lead) = if left {
        (Key::WidgetLeftTitle, Key::WidgetLeftLead)
    } else {
        (Key::WidgetEndedTitle, Key::WidgetEndedLead)
    };
    let mut views = plain(ui, heading, lead);
    // Without scripts there is nothing left to leave.
    if cfg!(target_arch = "wasm32") {
        views.push(ways_out(vec![guest_way(ui)]));
    }
    views
}

fn plain(ui: Ui, heading: Key, lead: Key) -> Vec<View> {
    let heading = title(ui.text(move |_, texts| texts.get(heading).to_owned()));
    vec![
        el("div")
            .class("step")
            .child(heading)
            .child(el("p").class("lead").child(ui.say(lead)))
            .into(),
    ]
}
