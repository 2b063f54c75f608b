//! Asking for the number.

use leptos::prelude::*;
use shared::text::Key;

use super::parts::{guest_way, instead, invalid, line, main_button, title};
use super::{Ui, view};
use crate::widget::country::{COUNTRIES, caret_after};
use crate::widget::flow::message::{Call, Message};
use crate::widget::flow::state::Problem;
use crate::widget::{locale, wording};

const ABOUT_NUMBER: fn(&Problem) -> bool = |problem| matches!(problem, Problem::NumberIncomplete);

pub fn phone(ui: Ui) -> AnyView {
    let busy = move || {
        ui.state
            .with(|state| wording::is_busy(state, |call| matches!(call, Call::Start(_))))
    };
    let lead = ui.text(|state, texts| match &state.facts.hint {
        Some(hint) if state.is_hinted() => texts.fill(Key::WidgetPhoneLeadHint, &[("phone", hint)]),
        _ => texts.get(Key::WidgetPhoneLead).to_owned(),
    });
    let usual =
        ui.text(|state, texts| wording::note(state, texts, texts.get(Key::WidgetPhoneNote)));
    view! {
        <form class="step" method="post" action=ui.action("phone") novalidate="" on:submit=instead(ui, Message::SendCode)>
            {title(ui.text(|_, texts| texts.get(Key::WidgetPhoneTitle).to_owned()))}
            <p class="lead">{lead}</p>
            <label class="label" for="of-number">{ui.say(Key::WidgetPhoneNumber)}</label>
            <div class="phone">
                {country(ui)}
                <input
                    class="field"
                    id="of-number"
                    name="mobile_number"
                    type="tel"
                    inputmode="tel"
                    autocomplete="tel"
                    maxlength="24"
                    data-focus="number"
                    aria-describedby="of-number-line"
                    aria-invalid=invalid(ui, ABOUT_NUMBER)
                    placeholder=ui.attribute(|state| state.facts.hint.clone())
                    value=ui.state.with_untracked(|state| state.phone.number.clone())
                    prop:value=ui.text(|state, _| state.phone.number.clone())
                    on:input=move |event| typed(ui, &event)
                />
            </div>
            {line(ui, "of-number-line", |_| true, usual)}
            {main_button(ui.text(|_, texts| texts.get(Key::WidgetPhoneSubmit).to_owned()), busy, None)}
        </form>
        <footer class="ways-out">{guest_way(ui)}</footer>
    }
    .into_any()
}

fn country(ui: Ui) -> AnyView {
    let (chosen, language) = ui
        .state
        .with_untracked(|state| (state.phone.country.region, state.language));
    let options: Vec<AnyView> = COUNTRIES
        .iter()
        .zip(locale::country_names(language))
        .map(|(country, name)| {
            let selected = country.region == chosen;
            // Without scripts the value is what is posted; with them the region tells +1 from +1.
            view! { <option value=country.calling_code data-region=country.region selected=selected>{format!("+{} {name}", country.calling_code)}</option> }
                .into_any()
        })
        .collect();
    let index = move || {
        ui.state.with(|state| {
            COUNTRIES
                .iter()
                .position(|country| country.region == state.phone.country.region)
                .unwrap_or(0)
                .to_string()
        })
    };
    view! {
        <span class="select">
            <select
                class="field"
                name="country_code"
                autocomplete="tel-country-code"
                aria-label=ui.say(Key::WidgetPhoneCountry)
                prop:selectedIndex=index
                on:change=move |event| chosen_country(ui, &event)
            >
                {options}
            </select>
        </span>
    }
    .into_any()
}

fn chosen_country(ui: Ui, event: &leptos::ev::Event) {
    use leptos::wasm_bindgen::JsCast as _;
    let Some(select) = event
        .target()
        .and_then(|target| target.dyn_into::<leptos::web_sys::HtmlSelectElement>().ok())
    else {
        return;
    };
    let index = usize::try_from(select.selected_index()).unwrap_or(0);
    if let Some(country) = COUNTRIES.get(index) {
        ui.send(Message::CountryChosen(country.region.to_owned()));
    }
}

/// Groups the digits as they are typed and keeps the caret with its digit.
fn typed(ui: Ui, event: &leptos::ev::Event) {
    use leptos::wasm_bindgen::JsCast as _;
    let Some(input) = event
        .target()
        .and_then(|target| target.dyn_into::<leptos::web_sys::HtmlInputElement>().ok())
    else {
        return;
    };
    let text = input.value();
    let caret = input.selection_start().ok().flatten();
    ui.send(Message::NumberTyped(text.clone()));
    let shown = ui.state.with_untracked(|state| state.phone.number.clone());
    if shown != text {
        input.set_value(&shown);
        if let Some(caret) = caret.and_then(|caret| usize::try_from(caret).ok()) {
            let caret = u32::try_from(caret_after(&text, caret, &shown)).unwrap_or(0);
            let _ = input.set_selection_range(caret, caret);
        }
    }
}
