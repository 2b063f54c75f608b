//! A status in a word, with a colour and a shape that say the same.

use leptos::prelude::*;

use super::view;
use crate::admin::wording::Tone;

/// A status badge.
#[component]
pub fn Badge(#[prop(into)] words: String, tone: Tone) -> impl IntoView {
    view! { <span class=tone.class()>{words}</span> }
}
