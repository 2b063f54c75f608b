//! Labelled form fields, with a hint and a fault that are read out together with the field.

use leptos::prelude::*;

use super::icon::{Icon, Shape};
use super::view;

/// What kind of field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An `input` of this type.
    Input(&'static str),
    /// A `textarea`.
    Area,
}

/// A labelled field.
#[component]
pub fn Field(
    /// Unique on the page.
    id: &'static str,
    #[prop(into)] label: String,
    kind: Kind,
    value: RwSignal<String>,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] fault: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    #[prop(optional)] autofocus: bool,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(into, optional)] min: Option<String>,
) -> impl IntoView {
    let (hint_id, fault_id) = (format!("{id}-hint"), format!("{id}-fault"));
    let described = if hint.is_empty() {
        fault_id.clone()
    } else {
        format!("{hint_id} {fault_id}")
    };
    let invalid = move || fault.get().map(|_| "true");
    // `required` itself would bring the browser's own bubbles, which neither speak nor look like us.
    let needed = required.then_some("true");
    let control = match kind {
        Kind::Input(kind) => view! {
            <input
                id=id
                class="input"
                type=kind
                autocomplete=autocomplete
                inputmode=inputmode
                min=min
                autofocus=autofocus
                spellcheck="false"
                aria-required=needed
                aria-invalid=invalid
                aria-describedby=described
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
        .into_any(),
        Kind::Area => view! {
            <textarea
                id=id
                class="input"
                rows="3"
                autocomplete=autocomplete
                aria-required=needed
                aria-invalid=invalid
                aria-describedby=described
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            ></textarea>
        }
        .into_any(),
    };
    view! {
        <div class="field">
            <label class="label" for=id>
                {label}
                {(!required).then(|| view! { <span class="label-optional">" optional"</span> })}
            </label>
            {control}
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <p class="fault" id=fault_id>
                {move || fault.get().map(|text| view! { <Icon shape=Shape::Alert/>{text} })}
            </p>
        </div>
    }
}

/// Puts the keyboard into the element with this id, once the page has caught up with what changed.
pub fn focus_later(id: &'static str) {
    request_animation_frame(move || focus(id));
}

/// Puts the keyboard into the element with this id.
pub fn focus(id: &str) {
    use wasm_bindgen::JsCast as _;
    let element = document().get_element_by_id(id);
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // Fails only for what cannot take focus.
        let _ = element.focus();
    }
}
