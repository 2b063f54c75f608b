//! The page as a whole: which screen there is, and the addresses inside.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wasm_bindgen::JsCast as _;

use super::pages::customer::CustomerPage;
use super::pages::customers::CustomersPage;
use super::pages::not_found::NotFoundPage;
use super::pages::sign_in::SignInPage;
use super::session::{Session, Standing};
use super::shell::Shell;
use crate::components::announcer::{Announcer, AnnouncerRegion};
use crate::components::notice::Failure;
use crate::components::view;

/// Draws the page into `#app`.
pub fn mount() {
    let place = document()
        .get_element_by_id("app")
        .and_then(|element| element.dyn_into().ok());
    let Some(place): Option<web_sys::HtmlElement> = place else {
        return;
    };
    place.set_text_content(None);
    leptos::mount::mount_to(place, App).forget();
}

#[derive(Clone, Debug, PartialEq)]
enum Screen {
    Starting,
    Unreachable(crate::client::admin::CallError),
    SignIn,
    Inside,
}

#[component]
fn App() -> impl IntoView {
    let announcer = Announcer::provide();
    let session = Session::provide();
    let screen = Memo::new(move |_| match session.standing.get() {
        Standing::Unreachable(error) => Screen::Unreachable(error),
        Standing::SignedOut(_) => Screen::SignIn,
        Standing::SignedIn(_) if session.texts.with(Option::is_some) => Screen::Inside,
        Standing::Starting | Standing::SignedIn(_) => Screen::Starting,
    });
    view! {
        <AnnouncerRegion announcer=announcer/>
        {move || match screen.get() {
            Screen::Starting => view! {
                <main class="screen">
                    <h1 class="unseen">"Onfile admin"</h1>
                    <p class="starting" role="status">"Loading …"</p>
                </main>
            }
            .into_any(),
            Screen::Unreachable(error) => view! {
                <main class="screen">
                    <h1 class="wordmark">"Onfile"</h1>
                    <Failure error=error on_retry=move |()| session.start()/>
                </main>
            }
            .into_any(),
            Screen::SignIn => view! { <SignInPage/> }.into_any(),
            Screen::Inside => view! { <Inside/> }.into_any(),
        }}
    }
}

#[component]
fn Inside() -> impl IntoView {
    view! {
        <Router>
            <Shell>
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=CustomersPage/>
                    <Route path=path!("/customers/:id") view=CustomerPage/>
                </Routes>
            </Shell>
        </Router>
    }
}
