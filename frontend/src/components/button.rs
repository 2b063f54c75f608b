//! Buttons.

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::icon::{Icon, Shape};
use super::view;

/// How much weight a button has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    /// The one thing to do here.
    Primary,
    /// One of several.
    #[default]
    Plain,
    /// Takes something away.
    Danger,
    /// Barely there until wanted.
    Quiet,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button is-primary",
            Self::Plain => "button",
            Self::Danger => "button is-danger",
            Self::Quiet => "button is-quiet",
        }
    }
}

/// A button that does something when pressed.
#[component]
pub fn Button(
    #[prop(into)] label: String,
    #[prop(optional)] weight: Weight,
    #[prop(optional)] icon: Option<Shape>,
    #[prop(into, optional)] disabled: Signal<bool>,
    #[prop(into)] on_press: Callback<MouseEvent>,
) -> impl IntoView {
    view! {
        <button type="button" class=weight.class() disabled=disabled on:click=move |event| on_press.run(event)>
            {icon.map(|shape| view! { <Icon shape=shape/> })}
            {label}
        </button>
    }
}

/// The button that sends a form. While it works it stays focusable and says so.
#[component]
pub fn SubmitButton(
    #[prop(into)] label: String,
    #[prop(optional)] weight: Weight,
    #[prop(into)] busy: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=weight.class()
            aria-disabled=move || if busy.get() { "true" } else { "false" }
        >
            {label}
            {move || busy.get().then(|| view! { <span class="button-busy">" …"</span> })}
        </button>
    }
}
