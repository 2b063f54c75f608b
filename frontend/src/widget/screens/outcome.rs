//! The steps without a question: loading, chosen, guest, over.

use leptos::prelude::*;
use shared::text::Key;

use super::parts::{guest_way, line, press, quiet_form, title};
use super::{Ui, card, view};
use crate::widget::flow::message::Message;
use crate::widget::flow::state::{Ending, Step};
use crate::widget::wording;

pub fn loading(ui: Ui) -> AnyView {
    let failed = ui.flag(|state| state.problem.is_none());
    let busy = ui.text(|state, texts| {
        if state.problem.is_some() {
            String::new()
        } else {
            wording::note(state, texts, texts.get(Key::WidgetBusy))
        }
    });
    view! {
        <div class="step loading">
            {line(ui, "of-loading-line", |_| true, busy)}
            <div hidden=failed>{press(ui, "button main", ui.text(|_, texts| texts.get(Key::WidgetRetry).to_owned()), None, None, Message::Retry)}</div>
        </div>
        <footer class="ways-out">{guest_way(ui)}</footer>
    }
    .into_any()
}

pub fn done(ui: Ui) -> AnyView {
    let lead = ui.text(|state, texts| match &state.step {
        Step::Done(_, choice) if choice.token_id.is_none() => {
            let saved = if choice.save {
                Key::WidgetDoneSaved
            } else {
                Key::WidgetDoneNotSaved
            };
            format!("{} {}", texts.get(Key::WidgetDoneOther), texts.get(saved))
        }
        _ => String::new(),
    });
    let chosen = ui.state.with_untracked(|state| match &state.step {
        Step::Done(_, choice) => choice.token_id.clone(),
        _ => None,
    });
    let shown = match chosen {
        Some(id) => view! { <div class="chosen">{card::face(ui, id)}</div> }.into_any(),
        None => view! { <p class="lead">{lead}</p> }.into_any(),
    };
    let change = if cfg!(target_arch = "wasm32") {
        press(
            ui,
            "button quiet",
            ui.text(|_, texts| texts.get(Key::WidgetDoneChange).to_owned()),
            None,
            None,
            Message::ChangeChoice,
        )
    } else {
        view! {
            <form method="get" action=ui.base.get_value()>
                <button class="button quiet" type="submit">{ui.say(Key::WidgetDoneChange)}</button>
            </form>
        }
        .into_any()
    };
    view! {
        <div class="step">{title(ui.text(|_, texts| texts.get(Key::WidgetDoneTitle).to_owned()))} {shown}</div>
        <footer class="ways-out">{change} {quiet_form(ui, "leave", Key::WidgetLeave, Message::Leave, None)}</footer>
    }
    .into_any()
}

pub fn guest(ui: Ui) -> AnyView {
    let returnable = ui
        .state
        .with_untracked(|state| matches!(state.step, Step::Guest { returnable: true }))
        && cfg!(target_arch = "wasm32");
    let back = returnable.then(|| {
        press(
            ui,
            "button quiet",
            ui.text(|_, texts| texts.get(Key::WidgetGuestBack).to_owned()),
            None,
            None,
            Message::BackFromGuest,
        )
    });
    view! {
        <div class="step">
            {title(ui.text(|_, texts| texts.get(Key::WidgetGuestTitle).to_owned()))}
            <p class="lead">{ui.say(Key::WidgetGuestLead)}</p>
        </div>
        <footer class="ways-out">{back}</footer>
    }
    .into_any()
}

pub fn ended(ui: Ui) -> AnyView {
    let left = ui
        .state
        .with_untracked(|state| matches!(state.step, Step::Ended(Ending::Left)));
    let (heading, lead) = if left {
        (Key::WidgetLeftTitle, Key::WidgetLeftLead)
    } else {
        (Key::WidgetEndedTitle, Key::WidgetEndedLead)
    };
    view! {
        <div class="step">
            {title(ui.text(move |_, texts| texts.get(heading).to_owned()))}
            <p class="lead">{ui.say(lead)}</p>
        </div>
        <footer class="ways-out">{guest_way(ui)}</footer>
    }
    .into_any()
}
