//! Asking for the code.

use leptos::prelude::*;
use shared::text::Key;

use super::parts::{guest_way, instead, invalid, line, main_button, title};
use super::{Ui, view};
use crate::widget::flow::message::{Call, Message};
use crate::widget::flow::state::{Problem, State};
use crate::widget::wording;

pub fn code(ui: Ui) -> AnyView {
    let busy = move || {
        ui.state
            .with(|state| wording::is_busy(state, |call| matches!(call, Call::Code { .. })))
    };
    let challenge_id = move || {
        ui.state.with(|state| {
            state
                .challenge()
                .map(|challenge| challenge.view.challenge_id.clone())
        })
    };
    let usual = ui.text(|state, texts| {
        wording::note(
            state,
            texts,
            &texts.fill(
                Key::WidgetCodeNote,
                &[("minutes", &state.facts.code_minutes.to_string())],
            ),
        )
    });
    let sent_to = ui.text(|state, texts| {
        let phone = state
            .challenge()
            .map_or("", |challenge| &challenge.view.sent_to);
        texts.fill(Key::WidgetCodeSentTo, &[("phone", phone)])
    });
    let typed = move |state: &State| {
        state
            .challenge()
            .map_or_else(String::new, |challenge| challenge.code.clone())
    };
    view! {
        {title(ui.text(|_, texts| texts.get(Key::WidgetCodeTitle).to_owned()))}
        <div class="lead sent">
            <p>{sent_to}</p>
            {change_number(ui)}
        </div>
        <form class="step" method="post" action=ui.action("code") novalidate="" on:submit=instead(ui, Message::EnterCode)>
            <input type="hidden" name="challenge_id" value=challenge_id />
            <label class="label" for="of-code">
                {ui.text(|state, texts| texts.fill(Key::WidgetCodeLabel, &[("digits", &state.facts.code_digits.to_string())]))}
            </label>
            <input
                class="field code"
                id="of-code"
                name="code"
                type="text"
                inputmode="numeric"
                autocomplete="one-time-code"
                maxlength="12"
                data-focus="code"
                aria-describedby="of-code-line"
                aria-invalid=invalid(ui, about_code)
                readonly=ui.flag(State::is_locked)
                prop:value=ui.text(move |state, _| typed(state))
                on:input=move |event| {
                    ui.send(Message::CodeTyped(event_target_value(&event)));
                    show_code(ui, &event);
                }
            />
            {line(ui, "of-code-line", |_| true, usual)}
            {main_button(ui.text(|_, texts| texts.get(Key::WidgetCodeSubmit).to_owned()), busy, None)}
        </form>
        <footer class="ways-out">
            {resend(ui)}
            {guest_way(ui)}
        </footer>
    }
    .into_any()
}

const fn about_code(problem: &Problem) -> bool {
    matches!(problem, Problem::CodeIncomplete | Problem::Refused { .. })
}

/// What is not a digit never stays in the field.
fn show_code(ui: Ui, event: &leptos::ev::Event) {
    use leptos::wasm_bindgen::JsCast as _;
    let Some(input) = event
        .target()
        .and_then(|target| target.dyn_into::<leptos::web_sys::HtmlInputElement>().ok())
    else {
        return;
    };
    let shown = ui
        .state
        .with_untracked(|state| state.challenge().map(|challenge| challenge.code.clone()));
    if let Some(shown) = shown.filter(|shown| *shown != input.value()) {
        input.set_value(&shown);
    }
}

fn resend(ui: Ui) -> AnyView {
    let challenge_id = move || {
        ui.state.with(|state| {
            state
                .challenge()
                .map(|challenge| challenge.view.challenge_id.clone())
        })
    };
    // Without scripts nothing counts down, so the button stays: the server says when it is too early.
    let early = move |state: &State| cfg!(target_arch = "wasm32") && state.resend_in().is_some();
    let never = |state: &State| {
        state
            .challenge()
            .is_some_and(|challenge| challenge.view.resend_at.is_none())
    };
    let unready =
        ui.attribute(move |state| (early(state) || never(state)).then(|| "true".to_owned()));
    let words = ui.text(move |state, texts| {
        if early(state) || never(state) {
            wording::resend(state, texts)
        } else {
            texts.get(Key::WidgetCodeResend).to_owned()
        }
    });
    view! {
        <form method="post" action=ui.action("resend") on:submit=instead(ui, Message::Resend)>
            <input type="hidden" name="challenge_id" value=challenge_id />
            <button class="button quiet steady" type="submit" aria-disabled=unready>{words}</button>
        </form>
    }
    .into_any()
}

/// Without scripts this goes back to the page itself, which asks for the number.
fn change_number(ui: Ui) -> AnyView {
    view! {
        <form method="get" action=ui.base.get_value() on:submit=instead(ui, Message::ChangeNumber)>
            <button class="button quiet" type="submit">{ui.say(Key::WidgetCodeChange)}</button>
        </form>
    }
    .into_any()
}
