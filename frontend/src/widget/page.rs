//! The whole page of the frame, as the server draws it: usable and styled before any script has run,
//! with no inline script or style. What the scripts need is in `data-*` attributes of the root.

use leptos::prelude::*;
use shared::Timestamp;
use shared::api::checkout::{ChallengeView, CustomerCardsView, Theme};
use shared::api::error::{ErrorCode, ErrorDetails};
use shared::text::{Key, Language, tables};

use super::country::Country;
use super::drawing::{Element, el};
use super::flow::state::{
    Challenge, Choice, Ending, Facts, Options, Problem, ProfileField, State, Step, Wallet,
};
use super::screens::{self, Ui};

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
    format!("<!doctype html>{html}")
}

fn document(props: &PageProps) -> Element {
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
    let link = |rel: &str, href: String| el("link").attr("rel", rel).attr("href", href);
    let preload = |href: String| {
        link("preload", href)
            .attr("as", "fetch")
            .attr("crossorigin", "")
    };
    let head = el("head")
        .child(el("meta").attr("charset", "utf-8"))
        .child(el("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1"))
        .child(el("meta").attr("name", "robots").attr("content", "noindex"))
        .child(el("title").child(format!("{} · {}", texts.get(Key::WidgetPhoneTitle), props.facts.merchant_name)))
        // No request for an icon that is not there, when the page stands by itself.
        .child(link("icon", "data:,".to_owned()))
        .child(link("stylesheet", style))
        .child(link("modulepreload", glue.clone()))
        .child(preload(wasm.clone()).attr("type", "application/wasm"))
        .child(preload(table.clone()))
        .child(el("script").attr("type", "module").attr("src", frame));
    let root = el("div")
        .attr("id", "onfile")
        .attr("data-base", props.base.as_str())
        .attr("data-step", step)
        .attr("data-language", props.language.tag())
        .attr("data-merchant-name", props.facts.merchant_name.as_str())
        .attr("data-country-code", props.facts.country_code.as_str())
        .attr("data-glue", glue)
        .attr("data-wasm", wasm)
        .attr("data-texts", table)
        .maybe("data-challenge", challenge)
        .maybe("data-hint", props.facts.hint.clone())
        .maybe("data-accent", props.accent.clone())
        .maybe("data-parent-origin", props.parent_origin.clone())
        .maybe("data-cookie", props.cookie.then(|| "true".to_owned()))
        .child(screens::checkout(ui));
    el("html")
        .attr("lang", props.language.tag())
        .maybe("data-theme", theme.map(str::to_owned))
        .maybe(
            "data-hosted",
            props.parent_origin.is_none().then(|| "true".to_owned()),
        )
        .child(head)
        .child(el("body").child(root))
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
