//! The whole page of the frame, as the server draws it: usable and styled before any script has run,
//! with no inline script or style. What the scripts need is in `data-*` attributes of the root.

use leptos::prelude::*;
use shared::Timestamp;
use shared::api::checkout::{ChallengeView, CustomerCardsView, Theme};
use shared::api::error::{ErrorCode, ErrorDetails};
use shared::text::{Key, Language, tables};

use super::country::Country;
use super::flow::state::{
    Challenge, Choice, Ending, Facts, Options, Problem, ProfileField, State, Step, Wallet,
};
use super::screens::{self, Ui, view};

/// What the page is drawn from.
#[derive(Clone, Debug)]
pub struct PageProps {
    /// The language of all texts.
    pub language: Language,
    /// Light, dark or as the system says.
    pub theme: Theme,
    /// The merchant's accent as `#rrggbb`.
    pub accent: Option<String>,
    /// What is known of the session. Before a credential is known: merchant, calling code.
    pub facts: Facts,
    /// The step to draw.
    pub step: PageStep,
    /// What was wrong with the last form.
    pub error: Option<(ErrorCode, Option<ErrorDetails>)>,
    /// Where the files are.
    pub assets: Assets,
    /// The only page that may frame this one and is spoken to; none for a page of its own.
    pub parent_origin: Option<String>,
    /// `/widget/v1/frame/{merchant_id}/{session_id}`.
    pub base: String,
    /// Whether this browser has the session's cookie, so that no secret is needed.
    pub cookie: bool,
    /// Now.
    pub now: Timestamp,
}

/// A step with what belongs to it.
#[derive(Clone, Debug)]
pub enum PageStep {
    /// Asking for the number; what was typed last, if the page comes back.
    Phone {
        /// Calling code.
        country_code: Option<String>,
        /// Number.
        mobile_number: String,
    },
    /// Asking for the code.
    Code(ChallengeView),
    /// Choosing how to pay.
    Cards(CustomerCardsView),
    /// Chosen.
    Done {
        /// The customer and the cards.
        cards: CustomerCardsView,
        /// The chosen card; none for another one.
        token_id: Option<String>,
        /// Whether another card will be saved.
        save: bool,
    },
    /// Gone on as a guest.
    Guest,
    /// The session is over.
    Ended,
    /// The shopper said "not you".
    Left,
}

/// Where the files of the page are: paths on this origin.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The style sheet: tokens, reset and widget in one file.
    pub style: String,
    /// The frame's own script, `loader/frame.js`.
    pub frame: String,
    /// The JavaScript of wasm-bindgen.
    pub glue: String,
    /// The WASM.
    pub wasm: String,
    /// The table of texts in the page's language.
    pub texts: String,
}

/// The complete document.
#[must_use]
pub fn frame_page(props: &PageProps) -> String {
    let owner = Owner::new();
    let html = owner.with(|| document(props).to_html());
    // The view macro's guard against innerHTML leaves an empty class on everything.
    format!("<!doctype html>{}", html.replace(" class=\"\"", ""))
}

fn document(props: &PageProps) -> AnyView {
    let texts = tables::of(props.language);
    let state = state_of(props);
    let theme = match props.theme {
        Theme::Auto => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    let step = match props.step {
        PageStep::Phone { .. } => "phone",
        PageStep::Code(_) => "code",
        PageStep::Cards(_) => "cards",
        PageStep::Done { .. } => "done",
        PageStep::Guest => "guest",
        PageStep::Ended | PageStep::Left => "ended",
    };
    let challenge = match &props.step {
        PageStep::Code(challenge) => serde_json::to_string(challenge).ok(),
        _ => None,
    };
    let ui = Ui::new(
        RwSignal::new(state),
        texts.clone(),
        props.base.clone(),
        Callback::new(|_| ()),
    );
    let Assets {
        style,
        frame,
        glue,
        wasm,
        texts: table,
    } = props.assets.clone();
    view! {
        <html lang=props.language.tag() data-theme=theme data-hosted=props.parent_origin.is_none().then_some("true")>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="robots" content="noindex" />
                <title>{format!("{} · {}", texts.get(Key::WidgetPhoneTitle), props.facts.merchant_name)}</title>
                <link rel="stylesheet" href=style />
                <link rel="modulepreload" href=glue.clone() />
                <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="" />
                <link rel="preload" href=table.clone() r#as="fetch" crossorigin="" />
                <script type="module" src=frame></script>
            </head>
            <body>
                <div
                    id="onfile"
                    data-base=props.base.clone()
                    data-step=step
                    data-challenge=challenge
                    data-language=props.language.tag()
                    data-merchant-name=props.facts.merchant_name.clone()
                    data-country-code=props.facts.country_code.clone()
                    data-hint=props.facts.hint.clone()
                    data-accent=props.accent.clone()
                    data-parent-origin=props.parent_origin.clone()
                    data-cookie=props.cookie.then_some("true")
                    data-glue=glue
                    data-wasm=wasm
                    data-texts=table
                >
                    {screens::checkout(ui)}
                </div>
            </body>
        </html>
    }
    .into_any()
}

fn state_of(props: &PageProps) -> State {
    let step = match props.step.clone() {
        PageStep::Phone { .. } => Step::Phone,
        PageStep::Code(view) => Step::Code(Challenge::from(view)),
        PageStep::Cards(view) => Step::Cards(Wallet::from(view)),
        PageStep::Done {
            cards,
            token_id,
            save,
        } => Step::Done(Wallet::from(cards), Choice { token_id, save }),
        PageStep::Guest => Step::Guest { returnable: false },
        PageStep::Ended => Step::Ended(Ending::Expired),
        PageStep::Left => Step::Ended(Ending::Left),
    };
    let mut state = State::new(
        props.language,
        props.facts.clone(),
        Options::default(),
        step,
    );
    state.now = props.now;
    if let PageStep::Phone {
        country_code,
        mobile_number,
    } = &props.step
    {
        if let Some(country) = country_code.as_deref().and_then(Country::of_calling_code) {
            state.phone.country = country;
        }
        state.phone.number = state.phone.country.group(mobile_number);
    }
    if let Some((code, details)) = &props.error {
        let details = details.clone().unwrap_or_default();
        let profile = details
            .field
            .as_deref()
            .and_then(ProfileField::parse)
            .filter(|_| matches!(state.step, Step::Cards(_)));
        state.problem = Some(profile.map_or(
            Problem::Refused {
                code: *code,
                until: details.until,
                tries_left: details.tries_left,
            },
            Problem::Profile,
        ));
        if let (Step::Code(challenge), ErrorCode::ChallengeLocked) = (&mut state.step, code) {
            challenge.locked_until = details.until;
        }
    }
    state
}
