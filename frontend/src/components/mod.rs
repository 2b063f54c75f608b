//! Pieces that pages are put together from. They hold no rules.

pub(crate) mod announcer;
pub(crate) mod badge;
pub(crate) mod button;
pub(crate) mod dates;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod icon;
pub(crate) mod notice;

/// Leptos' `view!` with inert HTML turned off.
///
/// Plain `view!` sets the `innerHTML` of a template for every static subtree, which the page's
/// Trusted Types policy forbids; any global class makes it create nodes instead. The class means
/// nothing and no style uses it, but an empty one would make the browser throw for every element.
macro_rules! view {
    ($($tokens:tt)*) => { ::leptos::prelude::view! { class="of", $($tokens)* } };
}
pub(crate) use view;
