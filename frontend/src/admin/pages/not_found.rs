//! Any other address.

use leptos::prelude::*;

use crate::components::notice::Empty;
use crate::components::view;

/// Nothing is here.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    document().set_title("Not found · Onfile");
    view! {
        <h1 class="unseen">"Not found"</h1>
        <Empty title="There is no page here" text="The address may be mistyped, or from another version of Onfile.">
            <a class="button" href="/">"All customers"</a>
        </Empty>
    }
}
