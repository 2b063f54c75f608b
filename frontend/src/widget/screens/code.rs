//! Asking for the code.

use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::HtmlInputElement;
use shared::text::Key;

use super::Ui;
use super::parts::{form, guest_way, instead, invalid, line, main_button, title, ways_out};
use crate::widget::drawing::{Element, View, el};
use crate::widget::flow::message::{Call, Message};
use crate::widget::flow::state::{Problem, State};
use crate::widget::wording;

pub fn code(ui: Ui) -> Vec<View> {
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
    let label = ui.text(|state, texts| {
        texts.fill(
            Key::WidgetCodeLabel,
            &[("digits", &state.facts.code_digits.to_string())],
        )
    });
    let field = el("input")
        .class("field code")
        .attr("id", "of-code")
        .attr("name", "code")
        .attr("type", "text")
        .attr("inputmode", "numeric")
        .attr("autocomplete", "one-time-code")
        .attr("maxlength", "12")
        .attr("data-focus", "code")
        .attr("aria-describedby", "of-code-line")
        .live(
            "aria-invalid",
            invalid(ui, |problem| {
                matches!(problem, Problem::CodeIncomplete | Problem::Refused { .. })
            }),
        )
        .live("readonly", ui.when("", State::is_locked))
        .text_property(
            "value",
            ui.text(|state, _| {
                state
                    .challenge()
                    .map_or_else(String::new, |challenge| challenge.code.clone())
            }),
        )
        .on("input", Box::new(move |event| code_typed(ui, &event)));
    let step = form(ui, "code", Message::EnterCode)
        .class("step")
        .child(challenge_field(ui))
        .child(
            el("label")
                .class("label")
                .attr("for", "of-code")
                .child(label),
        )
        .child(field)
        .child(line(ui, "of-code-line", |_| true, usual))
        .child(main_button(ui, Key::WidgetCodeSubmit, |call| {
            matches!(call, Call::Code { .. })
        }));
    vec![
        title(ui.text(|_, texts| texts.get(Key::WidgetCodeTitle).to_owned())).into(),
        el("div")
            .class("lead sent")
            .child(el("p").child(sent_to))
            .child(change_number(ui))
            .into(),
        step.into(),
        ways_out(vec![resend(ui), guest_way(ui)]),
    ]
}

fn challenge_field(ui: Ui) -> Element {
    let id = ui.attribute(|state| {
        state
            .challenge()
            .map(|challenge| challenge.view.challenge_id.clone())
    });
    el("input")
        .attr("type", "hidden")
        .attr("name", "challenge_id")
        .live("value", id)
}

/// What is not a digit never stays in the field.
fn code_typed(ui: Ui, event: &leptos::ev::Event) {
    let Some(input) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    ui.send(Message::CodeTyped(input.value()));
    let shown = ui.now(|state| state.challenge().map(|challenge| challenge.code.clone()));
    if let Some(shown) = shown.filter(|shown| *shown != input.value()) {
        input.set_value(&shown);
    }
}

fn resend(ui: Ui) -> View {
    // Without scripts nothing counts down, so the button stays: the server says when it is too early.
    fn unready(state: &State) -> bool {
        let never = state
            .challenge()
            .is_some_and(|challenge| challenge.view.resend_at.is_none());
        never || cfg!(target_arch = "wasm32") && state.resend_in().is_some()
    }
    let words = ui.text(|state, texts| {
        if unready(state) {
            wording::resend(state, texts)
        } else {
            texts.get(Key::WidgetCodeResend).to_owned()
        }
    });
    let button = el("button")
        .class("button quiet steady")
        .attr("type", "submit")
        .live("aria-disabled", ui.when("true", unready))
        .child(words);
    form(ui, "resend", Message::Resend)
        .child(challenge_field(ui))
        .child(button)
        .into()
}

/// Without scripts this goes back to the page itself, which asks for the number.
fn change_number(ui: Ui) -> Element {
    el("form")
        .attr("method", "get")
        .attr("action", ui.home())
        .on("submit", instead(ui, Message::ChangeNumber))
        .child(
            el("button")
                .class("button quiet")
                .attr("type", "submit")
                .child(ui.say(Key::WidgetCodeChange)),
        )
}
