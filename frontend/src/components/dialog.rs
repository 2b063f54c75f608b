//! A native modal dialog: the browser keeps focus inside, closes on Escape and gives focus back.

use leptos::html;
use leptos::prelude::*;

use super::view;

/// A modal dialog, shown while `open` is true.
///
/// Its children are drawn anew each time it opens, so that nothing typed before is left in it.
#[component]
pub fn Dialog(
    /// Unique on the page; the title's id is made from it.
    id: &'static str,
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    children: ChildrenFn,
) -> impl IntoView {
    let node: NodeRef<html::Dialog> = NodeRef::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            // Fails only where the element has left the document.
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let title_id = format!("{id}-title");
    let labelledby = title_id.clone();
    view! {
        <dialog
            id=id
            class="dialog"
            aria-labelledby=labelledby
            node_ref=node
            on:close=move |_| open.set(false)
        >
            <h2 class="dialog-title" id=title_id>{move || title.get()}</h2>
            {move || open.get().then(|| children())}
        </dialog>
    }
}
