//! The frame's page, drawn here: the phone form is usable before any script has run. With scripts the
//! WebAssembly takes it over; without them every step is a form posted to the same services.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use frontend::widget::flow::state::Facts;
use frontend::widget::page::{Assets, PageProps, PageStep, frame_page};
use serde::Deserialize;
use shared::api::Change;
use shared::api::checkout::{Theme, UpdateShopperRequest};
use shared::api::error::ErrorCode;
use shared::checkout_session::SessionStatus;
use shared::id::{MerchantId, SessionId};
use shared::text::Language;

use super::{calls, views};
use crate::app::Onfile;
use crate::http::assets;
use crate::http::auth::{FRAME_COOKIE, InSession, cookie};
use crate::http::body::{Form, Params};
use crate::http::error::ApiError;
use crate::service::checkout_sessions::{self, AuthenticateError, Entrance, Session, frame_path};
use crate::service::shopper::{self, ShopperError};
use crate::service::verification;

/// What a frame's address may say: nothing secret, nothing personal. The code works once.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    code: Option<String>,
    locale: Option<String>,
    theme: Option<String>,
    step: Option<String>,
}

/// The page.
pub async fn page(
    State(app): State<Arc<Onfile>>,
    Path((merchant_id, session_id)): Path<(String, String)>,
    Params(query): Params<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let not_found = || ApiError::of(ErrorCode::SessionNotFound);
    let merchant_id = MerchantId::parse(&merchant_id).ok_or_else(not_found)?;
    let session_id = SessionId::parse(&session_id).ok_or_else(not_found)?;
    let session = checkout_sessions::open(&app, &merchant_id, &session_id)
        .await?
        .ok_or_else(not_found)?;
    let looks = Looks::new(&session, &headers, &query);
    if let Some(code) = &query.code {
        return match checkout_sessions::exchange_frame_code(&app, &merchant_id, &session_id, code)
            .await
        {
            Ok(cookie) => {
                let mut response =
                    Redirect::to(&frame_path(&merchant_id, &session_id)).into_response();
                response
                    .headers_mut()
                    .insert(header::SET_COOKIE, calls::frame_cookie(&cookie)?);
                Ok(response)
            }
            Err(AuthenticateError::Fault(fault)) => Err(fault.into()),
            // Used before, perhaps by this very browser, whose cookie then opens the page.
            Err(AuthenticateError::Ended | AuthenticateError::Unknown)
                if entered(&app, &session, &headers).await?.is_some() =>
            {
                Ok(Redirect::to(&frame_path(&merchant_id, &session_id)).into_response())
            }
            Err(AuthenticateError::Ended | AuthenticateError::Unknown) => Ok(draw(
                &app,
                &session,
                &looks,
                PageStep::Ended,
                None,
                StatusCode::UNAUTHORIZED,
            )),
        };
    }
    let Some(session) = entered(&app, &session, &headers).await? else {
        let ended = session.record.expires_at <= app.clock.now()
            || session.record.status == SessionStatus::Expired;
        let step = if ended {
            PageStep::Ended
        } else {
            PageStep::Phone {
                country_code: None,
                mobile_number: String::new(),
            }
        };
        return Ok(draw(&app, &session, &looks, step, None, StatusCode::OK));
    };
    let step = step_of(&app, &session, query.step.as_deref()).await?;
    Ok(draw(
        &app,
        &session,
        &Looks {
            cookie: true,
            ..looks
        },
        step,
        None,
        StatusCode::OK,
    ))
}

/// The session as this browser's cookie enters it, if it does.
async fn entered(
    app: &Onfile,
    session: &Session,
    headers: &HeaderMap,
) -> Result<Option<Session>, ApiError> {
    let Some(cookie) = cookie(headers, FRAME_COOKIE) else {
        return Ok(None);
    };
    match checkout_sessions::authenticate(app, cookie, Entrance::Cookie).await {
        Ok(entered) => Ok(Some(entered).filter(|entered| {
            entered.record.session_id == session.record.session_id
                && entered.merchant.merchant_id == session.merchant.merchant_id
        })),
        Err(AuthenticateError::Unknown | AuthenticateError::Ended) => Ok(None),
        Err(AuthenticateError::Fault(fault)) => Err(fault.into()),
    }
}

/// Where a session without scripts stands.
async fn step_of(
    app: &Onfile,
    session: &Session,
    wanted: Option<&str>,
) -> Result<PageStep, ApiError> {
    if session.record.customer_id.is_some() && wanted != Some("phone") && wanted != Some("code") {
        let cards = views::customer_cards(shopper::get(app, session, None).await?);
        return Ok(match (session.record.status, wanted) {
            (SessionStatus::Completed, Some("done")) => PageStep::Done {
                cards,
                token_id: session
                    .record
                    .selected_token_id
                    .as_ref()
                    .map(ToString::to_string),
                save: session.record.save_consent.is_some(),
            },
            _ => PageStep::Cards(cards),
        });
    }
    if wanted == Some("code")
        && let Some(challenge) = verification::running(app, session).await?
    {
        return Ok(PageStep::Code(views::challenge(challenge)));
    }
    Ok(PageStep::Phone {
        country_code: None,
        mobile_number: String::new(),
    })
}

/// How a page looks to this browser.
struct Looks {
    language: Language,
    theme: Theme,
    cookie: bool,
    /// Whether the page is drawn into another one, which then is told what happens.
    framed: bool,
}

impl Looks {
    fn new(session: &Session, headers: &HeaderMap, query: &PageQuery) -> Self {
        let accepted = || {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .map(Language::from_accept_language)
                .unwrap_or_default()
        };
        let tag = query.locale.as_deref().or(session.record.locale.as_deref());
        let theme = match query.theme.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => session.merchant.settings.appearance.theme,
        };
        Self {
            language: tag.and_then(Language::from_tag).unwrap_or_else(accepted),
            theme,
            cookie: false,
            framed: headers
                .get("sec-fetch-dest")
                .is_some_and(|dest| dest == "iframe"),
        }
    }
}

fn draw(
    app: &Onfile,
    session: &Session,
    looks: &Looks,
    step: PageStep,
    error: Option<&ApiError>,
    status: StatusCode,
) -> Response {
    let Some(files) = assets::widget_files(looks.language) else {
        return ApiError::of(ErrorCode::ServiceUnavailable)
            .because(
                "assets",
                "the widget was not built into this binary: run make build",
            )
            .into_response();
    };
    // Before a credential is known the page says no more than the merchant's name: the hint is personal.
    let facts = match (looks.cookie, views::session(session)) {
        (true, Ok(view)) => Facts::from(view),
        _ => Facts {
            merchant_name: session.merchant.name.clone(),
            country_code: views::default_country(session),
            ..Facts::default()
        },
    };
    let props = PageProps {
        language: looks.language,
        theme: looks.theme,
        accent: session.merchant.settings.appearance.accent.clone(),
        facts,
        step,
        error: error.map(|error| (error.code, error.details().cloned())),
        assets: Assets {
            style: files.style,
            frame: files.frame,
            glue: files.glue,
            wasm: files.wasm,
            texts: files.texts,
        },
        parent_origin: (looks.framed || !looks.cookie).then(|| session.record.origin.clone()),
        base: frame_path(&session.merchant.merchant_id, &session.record.session_id),
        cookie: looks.cookie,
        now: app.clock.now(),
    };
    let mut response = (status, Html(frame_page(&props))).into_response();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors {} {}; require-trusted-types-for 'script'; trusted-types 'none'",
        session.record.origin, app.public_url
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept-Language, Cookie"),
    );
    response
}

/// A frame that holds the secret gets the cookie as well, for when WebAssembly does not run.
pub async fn exchange_secret(
    State(app): State<Arc<Onfile>>,
    InSession { session, .. }: InSession,
) -> Result<Response, ApiError> {
    let cookie = checkout_sessions::exchange_secret(&app, &session).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response
        .headers_mut()
        .insert(header::SET_COOKIE, calls::frame_cookie(&cookie)?);
    Ok(response)
}

/// After a form: on to the next page, or the same page with what was wrong.
async fn after(
    app: &Onfile,
    session: &Session,
    headers: &HeaderMap,
    outcome: Result<&'static str, ApiError>,
    stay: Stay,
) -> Result<Response, ApiError> {
    let error = match outcome {
        Ok(next) => {
            let base = frame_path(&session.merchant.merchant_id, &session.record.session_id);
            return Ok(Redirect::to(&format!("{base}{next}")).into_response());
        }
        Err(error) => error,
    };
    if error.code == ErrorCode::InternalError || error.code == ErrorCode::ServiceUnavailable {
        return Err(error);
    }
    let step = match stay {
        Stay::Phone {
            country_code,
            mobile_number,
        } => PageStep::Phone {
            country_code,
            mobile_number,
        },
        Stay::Code => step_of(app, session, Some("code")).await?,
        Stay::Cards => step_of(app, session, None).await?,
    };
    let looks = Looks {
        cookie: true,
        ..Looks::new(session, headers, &PageQuery::default())
    };
    let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut page = draw(app, session, &looks, step, Some(&error), status);
    if let Some(seconds) = error.retry_after(app.clock.now()) {
        page.headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(page)
}

/// Which page a refused form leads back to.
enum Stay {
    Phone {
        country_code: Option<String>,
        mobile_number: String,
    },
    Code,
    Cards,
}

/// The phone form.
#[derive(Deserialize)]
pub struct PhoneForm {
    #[serde(default)]
    country_code: Option<String>,
    #[serde(default)]
    mobile_number: Option<String>,
}

/// Sends a code.
pub async fn phone(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, by, .. }: InSession,
    Form(form): Form<PhoneForm>,
) -> Result<Response, ApiError> {
    let stay = Stay::Phone {
        country_code: form.country_code.clone(),
        mobile_number: form.mobile_number.clone().unwrap_or_default(),
    };
    let outcome = async {
        let phone = calls::typed_phone(&session, form.country_code, form.mobile_number)?;
        match verification::start(&app, &session, &by, phone, verification::Channel::default())
            .await
        {
            // The code already sent stays good: on to entering it.
            Ok(_) | Err(verification::VerificationError::TooEarly { .. }) => Ok("?step=code"),
            Err(error) => Err(error.into()),
        }
    };
    let outcome = outcome.await;
    after(&app, &session, &headers, outcome, stay).await
}

/// The code form.
#[derive(Deserialize)]
pub struct CodeForm {
    challenge_id: String,
    #[serde(default)]
    code: Option<String>,
}

/// Takes a code.
pub async fn code(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession {
        session,
        by,
        entrance,
    }: InSession,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let outcome = async {
        let code = calls::typed_code(form.code)?;
        let identified = verification::enter_code(
            &app,
            &session,
            &by,
            &calls::known_challenge(&form.challenge_id)?,
            &code,
            entrance,
        )
        .await?;
        Ok::<_, ApiError>(identified.cookie)
    };
    let (outcome, cookie) = match outcome.await {
        Ok(cookie) => (Ok(""), cookie),
        Err(error) => (Err(error), None),
    };
    let mut response = after(&app, &session, &headers, outcome, Stay::Code).await?;
    if let Some(cookie) = cookie {
        response
            .headers_mut()
            .insert(header::SET_COOKIE, calls::frame_cookie(&cookie)?);
    }
    Ok(response)
}

/// Sends another code.
pub async fn resend(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, by, .. }: InSession,
    Form(form): Form<CodeForm>,
) -> Result<Response, ApiError> {
    let outcome = async {
        verification::resend(
            &app,
            &session,
            &by,
            &calls::known_challenge(&form.challenge_id)?,
            verification::Channel::default(),
        )
        .await?;
        Ok("?step=code")
    };
    let outcome = outcome.await;
    after(&app, &session, &headers, outcome, Stay::Code).await
}

/// The choice form.
#[derive(Deserialize)]
pub struct SelectForm {
    #[serde(default)]
    token_id: Option<String>,
    #[serde(default)]
    save: Option<String>,
}

/// Chooses.
pub async fn select(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, by, .. }: InSession,
    Form(form): Form<SelectForm>,
) -> Result<Response, ApiError> {
    let outcome = async {
        let token_id = form
            .token_id
            .filter(|id| !id.is_empty())
            .map(|id| calls::known_token(&id))
            .transpose()?;
        let save = form
            .save
            .filter(|save| save == "true")
            .map(|_| calls::ticked(&session));
        shopper::select(&app, &session, &by, token_id.as_ref(), save).await?;
        Ok("?step=done")
    };
    let outcome = outcome.await;
    after(&app, &session, &headers, outcome, Stay::Cards).await
}

/// The form of one card.
#[derive(Deserialize)]
pub struct RemoveForm {
    token_id: String,
}

/// Removes a card.
pub async fn remove(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, by, .. }: InSession,
    Form(form): Form<RemoveForm>,
) -> Result<Response, ApiError> {
    let outcome = async {
        shopper::remove(&app, &session, &by, &calls::known_token(&form.token_id)?).await?;
        Ok("")
    };
    let outcome = outcome.await;
    after(&app, &session, &headers, outcome, Stay::Cards).await
}

/// The form of name and e-mail.
#[derive(Deserialize)]
pub struct ProfileForm {
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    email_id: Option<String>,
}

/// Changes name or e-mail; what is left empty stays.
pub async fn profile(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, by, .. }: InSession,
    Form(form): Form<ProfileForm>,
) -> Result<Response, ApiError> {
    let outcome = async {
        let filled = |value: Option<String>| {
            value
                .filter(|text| !text.trim().is_empty())
                .map_or(Change::Keep, Change::Set)
        };
        let change = UpdateShopperRequest {
            first_name: filled(form.first_name),
            last_name: filled(form.last_name),
            email_id: filled(form.email_id),
        };
        shopper::update(&app, &session, &by, calls::parse_change(change)?).await?;
        Ok("")
    };
    let outcome = outcome.await;
    after(&app, &session, &headers, outcome, Stay::Cards).await
}

/// The form of whoever goes.
#[derive(Deserialize)]
pub struct LeaveForm {
    #[serde(default)]
    guest: Option<String>,
}

/// Ends the session: for a guest, or for somebody else.
pub async fn leave(
    State(app): State<Arc<Onfile>>,
    headers: HeaderMap,
    InSession { session, .. }: InSession,
    Form(form): Form<LeaveForm>,
) -> Result<Response, ApiError> {
    shopper::leave(&app, &session)
        .await
        .map_err(ShopperError::from)?;
    let looks = Looks {
        cookie: false,
        ..Looks::new(&session, &headers, &PageQuery::default())
    };
    let step = if form.guest.is_some() {
        PageStep::Guest
    } else {
        PageStep::Left
    };
    Ok(draw(&app, &session, &looks, step, None, StatusCode::OK))
}
