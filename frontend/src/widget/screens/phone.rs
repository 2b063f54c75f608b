//! Asking for the number.

use leptos::ev::Event;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{HtmlInputElement, HtmlSelectElement};
use shared::text::Key;

use super::Ui;
use super::parts::{form, guest_way, invalid, line, main_button, title, ways_out};
use crate::widget::country::{COUNTRIES, caret_after};
use crate::widget::drawing::{Element, View, el};
use crate::widget::flow::message::{Call, Message};
use crate::widget::flow::state::Problem;
use crate::widget::{locale, wording};

pub fn phone(ui: Ui) -> Vec<View> {
    let lead = ui.text(|state, texts| match &state.facts.hint {
        Some(hint) if state.is_hinted() => texts.fill(Key::WidgetPhoneLeadHint, &[("phone", hint)]),
        _ => texts.get(Key::WidgetPhoneLead).to_owned(),
    });
    let usual =
        ui.text(|state, texts| wording::note(state, texts, texts.get(Key::WidgetPhoneNote)));
    let number = el("input")
        .class("field")
        .attr("id", "of-number")
        .attr("name", "mobile_number")
        .attr("type", "tel")
        .attr("inputmode", "tel")
        .attr("autocomplete", "tel")
        .attr("maxlength", "24")
        .attr("data-focus", "number")
        .attr("aria-describedby", "of-number-line")
        .live(
            "aria-invalid",
            invalid(ui, |problem| matches!(problem, Problem::NumberIncomplete)),
        )
        .live(
            "placeholder",
            ui.attribute(|state| state.facts.hint.clone()),
        )
        .text_property("value", ui.text(|state, _| state.phone.number.clone()))
        .on("input", Box::new(move |event| number_typed(ui, &event)));
    let step = form(ui, "phone", Message::SendCode)
        .class("step")
        .child(title(
            ui.text(|_, texts| texts.get(Key::WidgetPhoneTitle).to_owned()),
        ))
        .child(el("p").class("lead").child(lead))
        .child(
            el("label")
                .class("label")
                .attr("for", "of-number")
                .child(ui.say(Key::WidgetPhoneNumber)),
        )
        .child(el("div").class("phone").child(country(ui)).child(number))
        .child(line(ui, "of-number-line", |_| true, usual))
        .child(main_button(ui, Key::WidgetPhoneSubmit, |call| {
            matches!(call, Call::Start(_))
        }));
    vec![step.into(), ways_out(vec![guest_way(ui)])]
}

fn country(ui: Ui) -> Element {
    let (chosen, language) = ui.now(|state| (state.phone.country.region, state.language));
    let options = COUNTRIES
        .iter()
        .zip(locale::country_names(language))
        .map(|(country, name)| {
            el("option")
                .attr("value", country.calling_code)
                .maybe("selected", (country.region == chosen).then(String::new))
                .child(format!("+{} {name}", country.calling_code))
                .into()
        })
        .collect();
    let index = ui.text(|state, _| {
        COUNTRIES
            .iter()
            .position(|country| country.region == state.phone.country.region)
            .unwrap_or(0)
            .to_string()
    });
    let select = el("select")
        .class("field")
        .attr("name", "country_code")
        .attr("autocomplete", "tel-country-code")
        .attr("aria-label", ui.say(Key::WidgetPhoneCountry))
        .children(options)
        .on("change", Box::new(move |event| country_chosen(ui, &event)));
    // The server marks the option instead.
    let select = if cfg!(target_arch = "wasm32") {
        select.text_property("selectedIndex", index)
    } else {
        select
    };
    el("span").class("select").child(select)
}

fn country_chosen(ui: Ui, event: &Event) {
    let Some(select) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlSelectElement>().ok())
    else {
        return;
    };
    // By its place, not its value: two countries share +1.
    if let Some(country) = usize::try_from(select.selected_index())
        .ok()
        .and_then(|index| COUNTRIES.get(index))
    {
        ui.send(Message::CountryChosen(country.region.to_owned()));
    }
}

/// Groups the digits as they are typed and keeps the caret with its digit.
fn number_typed(ui: Ui, event: &Event) {
    let Some(input) = event
        .target()
        .and_then(|target| target.dyn_into::<HtmlInputElement>().ok())
    else {
        return;
    };
    let text = input.value();
    let caret = input.selection_start().ok().flatten();
    ui.send(Message::NumberTyped(text.clone()));
    let shown = ui.now(|state| state.phone.number.clone());
    if shown != text {
        input.set_value(&shown);
        if let Some(caret) = caret.and_then(|caret| usize::try_from(caret).ok()) {
            let caret = u32::try_from(caret_after(&text, caret, &shown)).unwrap_or(0);
            let _ = input.set_selection_range(caret, caret);
        }
    }
}
