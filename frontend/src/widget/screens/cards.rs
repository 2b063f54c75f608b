//! Choosing how to pay.

use shared::checkout_session::Permission;
use shared::text::Key;

use super::parts::{
    busy_button, form, guest_way, invalid, line, main_button, quiet_form, title, typed, ways_out,
};
use super::{Ui, card, mark};
use crate::widget::drawing::{Element, Text, View, el};
use crate::widget::flow::message::{Call, Message, Target};
use crate::widget::flow::state::{Pick, Problem, ProfileField, State};
use crate::widget::wording;

/// The form that all ways to pay belong to, wherever they stand.
pub const FORM: &str = "of-select";

pub fn cards(ui: Ui) -> Vec<View> {
    let heading = ui.text(|state, texts| {
        state
            .wallet()
            .map_or_else(String::new, |wallet| wording::greeting(wallet, texts))
    });
    let usual = ui.text(|state, texts| {
        wording::note(
            state,
            texts,
            if state.stale {
                texts.get(Key::WidgetOfflineWatch)
            } else {
                ""
            },
        )
    });
    let keys = move || {
        ui.read(|state, _| {
            state
                .shown_cards()
                .map(|card| card.token_id.clone())
                .collect()
        })
    };
    let list = el("ul")
        .child(View::List(
            Box::new(keys),
            Box::new(move |id| card::card(ui, &id)),
        ))
        .child(other(ui));
    let mut step = el("div")
        .class("step")
        .child(title(heading))
        .child(el("p").class("lead").child(ui.text(wording::cards_lead)))
        .child(form(ui, "select", Message::Continue).attr("id", FORM))
        .child(
            el("fieldset")
                .class("ways")
                .child(
                    el("legend")
                        .class("unseen")
                        .child(ui.say(Key::WidgetCardsLegend)),
                )
                .child(list),
        )
        .child(line(
            ui,
            "of-cards-line",
            |problem| !matches!(problem, Problem::Profile(_)),
            usual,
        ));
    if ui.now(|state| state.options.button) {
        step = step.child(
            main_button(ui, Key::WidgetCardsSubmit, |call| {
                matches!(call, Call::Select(_))
            })
            .attr("form", FORM),
        );
    }
    let without = quiet_form(
        ui,
        "select",
        Key::WidgetCardsWithoutSaving,
        Message::PayWithoutSaving,
        None,
    );
    let leave = quiet_form(ui, "leave", Key::WidgetLeave, Message::Leave, None);
    vec![
        step.child(el("div").class("second").child(without)).into(),
        ui.switch(
            |state| state.wallet().is_some_and(|wallet| wallet.profile.open),
            move |open| if *open { vec![profile(ui)] } else { Vec::new() },
        ),
        ways_out(vec![leave.into(), guest_way(ui)]),
    ]
}

/// Another card: a way to pay like the saved ones, with the box to save it.
fn other(ui: Ui) -> Element {
    let picked = ui.flag(|state| {
        state
            .wallet()
            .is_some_and(|wallet| wallet.pick == Some(Pick::Other))
    });
    let radio = el("input")
        .attr("type", "radio")
        .attr("id", "of-other")
        .attr("name", "token_id")
        .attr("value", "")
        .attr("form", FORM)
        .flag_property("checked", picked)
        .on(
            "change",
            Box::new(move |_| ui.send(Message::Picked(Pick::Other))),
        );
    let name = el("span")
        .class("name")
        .child(el("span").child(ui.say(Key::WidgetCardsOther)))
        .child(
            el("span")
                .class("kind")
                .child(ui.say(Key::WidgetCardsOtherNote)),
        );
    let pick = el("label")
        .class("pick")
        .child(radio)
        .child(mark::another())
        .child(name);
    let way = el("li")
        .class("way other")
        .child(el("div").class("row").child(pick));
    if ui.now(|state| state.may(Permission::Save)) {
        way.child(save(ui))
    } else {
        way
    }
}

fn save(ui: Ui) -> Element {
    let tick = el("input")
        .attr("type", "checkbox")
        .attr("name", "save")
        .attr("value", "true")
        .attr("form", FORM)
        .attr("aria-describedby", "of-consent")
        .flag_property(
            "checked",
            ui.flag(|state| state.wallet().is_some_and(|wallet| wallet.save)),
        )
        .on(
            "change",
            typed(ui, |input| Message::SaveTicked(input.checked())),
        );
    el("div")
        .class("more")
        .child(
            el("label")
                .class("tick")
                .child(tick)
                .child(el("span").child(ui.say(Key::WidgetCardsSave))),
        )
        .child(
            el("p")
                .class("consent")
                .attr("id", "of-consent")
                .child(consent(ui)),
        )
}

/// The consent text: the wording whose version is recorded.
pub fn consent(ui: Ui) -> Text {
    ui.text(|state, texts| {
        texts.fill(
            Key::WidgetCardsConsent,
            &[("merchant", &state.facts.merchant_name)],
        )
    })
}

/// Name and e-mail, asked of a new customer after everything else, and never required.
fn profile(ui: Ui) -> View {
    let heading = el("h2")
        .child(format!("{} ", ui.say(Key::WidgetProfileTitle)))
        .child(el("small").child(ui.say(Key::WidgetProfileOptional)));
    let first = profile_field(
        ui,
        ProfileField::FirstName,
        Key::WidgetProfileFirstName,
        "given-name",
        |problem| matches!(problem, Problem::Profile(ProfileField::FirstName)),
    );
    let last = profile_field(
        ui,
        ProfileField::LastName,
        Key::WidgetProfileLastName,
        "family-name",
        |problem| matches!(problem, Problem::Profile(ProfileField::LastName)),
    );
    let email = profile_field(
        ui,
        ProfileField::Email,
        Key::WidgetProfileEmail,
        "email",
        |problem| matches!(problem, Problem::Profile(ProfileField::Email)),
    );
    form(ui, "profile", Message::ProfileSaved)
        .class("profile")
        .child(heading)
        .child(el("div").class("pair").child(first).child(last))
        .child(email)
        .child(line(
            ui,
            "of-profile-line",
            |problem| matches!(problem, Problem::Profile(_)),
            ui.text(|_, _| String::new()),
        ))
        .child(busy_button(
            ui,
            "button",
            Key::WidgetProfileSubmit,
            |call| matches!(call, Call::Profile(_)),
        ))
        .into()
}

fn profile_field(
    ui: Ui,
    field: ProfileField,
    label: Key,
    autocomplete: &str,
    about: fn(&Problem) -> bool,
) -> Element {
    let id = format!("of-{}", field.as_str());
    let held = move |state: &State| {
        state
            .wallet()
            .map_or_else(String::new, |wallet| wallet.profile.get(field).to_owned())
    };
    let input = el("input")
        .class("field")
        .attr("id", id.as_str())
        .attr("name", field.as_str())
        .attr(
            "type",
            if field == ProfileField::Email {
                "email"
            } else {
                "text"
            },
        )
        .attr("autocomplete", autocomplete)
        .attr("maxlength", "50")
        .attr("data-focus", Target::Profile(field).name())
        .attr("aria-describedby", "of-profile-line")
        .live("aria-invalid", invalid(ui, about))
        .text_property("value", ui.text(move |state, _| held(state)))
        .on(
            "input",
            typed(ui, move |input| Message::ProfileTyped(field, input.value())),
        );
    el("div")
        .child(
            el("label")
                .class("label")
                .attr("for", id)
                .child(ui.say(label)),
        )
        .child(input)
}
