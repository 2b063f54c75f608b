//! What happened, for those who hear the page instead of seeing it.

use leptos::prelude::*;

use super::view;

/// Says things through one live region that is in the page from the start: a region that appears
/// together with its text is often not read out.
#[derive(Clone, Copy)]
pub struct Announcer(RwSignal<String>);

impl Announcer {
    /// Makes it available to everything below.
    #[must_use]
    pub fn provide() -> Self {
        let announcer = Self(RwSignal::new(String::new()));
        provide_context(announcer);
        announcer
    }

    /// The announcer of this page.
    #[must_use]
    pub fn here() -> Self {
        use_context().unwrap_or_else(|| Self(RwSignal::new(String::new())))
    }

    /// Says it.
    pub fn say(self, text: impl Into<String>) {
        let text = text.into();
        // The same words twice would be no change and so not read out; a no-break space makes them
        // differ without being heard.
        let repeated = self.0.try_get_untracked().is_some_and(|last| last == text);
        self.0.try_set(if repeated {
            format!("{text}\u{a0}")
        } else {
            text
        });
    }
}

/// The live region itself; once per page.
#[component]
pub fn AnnouncerRegion(announcer: Announcer) -> impl IntoView {
    view! { <div class="unseen" role="status" aria-live="polite">{move || announcer.0.get()}</div> }
}
