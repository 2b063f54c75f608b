//! The Checkout API, as the widget calls it: one function per call. It holds the session's secret,
//! takes over each new one, and shows it to nobody.

pub mod wire;

use std::cell::RefCell;

use gloo_net::http::{Method, Request, RequestBuilder};
use shared::api::checkout::{
    ChallengeView, CustomerCardsView, IdentifiedView, SelectionRequest, SessionView,
    StartVerificationRequest, UpdateShopperRequest,
};
use shared::api::error::ErrorBody;
use web_sys::{AbortSignal, RequestCredentials, RequestInit};

use self::wire::{Read, Write as _, code_request};

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// No answer came, or it is not Onfile's.
    Offline,
    /// The server said no, and why.
    Refused(Box<ErrorBody>),
}

type Answer<T> = Result<T, CallError>;

/// A checkout session at one server.
pub struct Checkout {
    /// Nothing on Onfile's own pages, Onfile's origin elsewhere.
    origin: String,
    /// None where a cookie says which session it is.
    secret: RefCell<Option<String>>,
}

impl Checkout {
    /// Calls under a secret, or under the cookie when there is none.
    #[must_use]
    pub const fn new(origin: String, secret: Option<String>) -> Self {
        Self {
            origin,
            secret: RefCell::new(secret),
        }
    }

    /// Forgets the secret: this device no longer knows the session.
    pub fn forget(&self) {
        if let Some(secret) = self.secret.borrow_mut().as_mut() {
            secret.clear();
        }
    }

    /// What to show before anything is known.
    ///
    /// # Errors
    /// [`CallError`], like every call here.
    pub async fn session(&self, signal: &AbortSignal) -> Answer<SessionView> {
        read(&self.send(Method::GET, "session", None, signal).await?)
    }

    /// Asks for a code.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn start(
        &self,
        request: &StartVerificationRequest,
        signal: &AbortSignal,
    ) -> Answer<ChallengeView> {
        read(
            &self
                .send(Method::POST, "verification", Some(request.json()), signal)
                .await?,
        )
    }

    /// Enters a code. When it is right, the session goes on under a new secret, which stays here.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn enter_code(
        &self,
        challenge_id: &str,
        code: &str,
        signal: &AbortSignal,
    ) -> Answer<CustomerCardsView> {
        let path = format!("verification/{}", encoded(challenge_id));
        let IdentifiedView {
            session_secret,
            customer,
            cards,
            revision,
        } = read(
            &self
                .send(Method::POST, &path, Some(code_request(code)), signal)
                .await?,
        )?;
        if let Some(secret) = self.secret.borrow_mut().as_mut() {
            *secret = session_secret;
        }
        Ok(CustomerCardsView {
            customer,
            cards,
            revision,
        })
    }

    /// Asks for another code.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn resend(&self, challenge_id: &str, signal: &AbortSignal) -> Answer<ChallengeView> {
        let path = format!("verification/{}/resend", encoded(challenge_id));
        read(
            &self
                .send(Method::POST, &path, Some("{}".to_owned()), signal)
                .await?,
        )
    }

    /// The customer and the cards: at once, or when they are no longer at `after`.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn customer(
        &self,
        after: Option<&str>,
        signal: &AbortSignal,
    ) -> Answer<CustomerCardsView> {
        let path = after.map_or_else(
            || "customer".to_owned(),
            |revision| format!("customer?after={}", encoded(revision)),
        );
        read(&self.send(Method::GET, &path, None, signal).await?)
    }

    /// Changes name or e-mail.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn update(
        &self,
        request: &UpdateShopperRequest,
        signal: &AbortSignal,
    ) -> Answer<CustomerCardsView> {
        read(
            &self
                .send(Method::PATCH, "customer", Some(request.json()), signal)
                .await?,
        )
    }

    /// Chooses.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn select(&self, request: &SelectionRequest, signal: &AbortSignal) -> Answer<()> {
        self.send(Method::POST, "selection", Some(request.json()), signal)
            .await
            .map(drop)
    }

    /// Removes a card. Arrives even when the page is left meanwhile.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn remove(&self, token_id: &str) -> Answer<()> {
        let request = self
            .request(Method::DELETE, &format!("tokens/{}", encoded(token_id)))
            .build()
            .map_err(|_| CallError::Offline)?;
        let lasting = RequestInit::new();
        let _ = js_sys::Reflect::set(&lasting, &"keepalive".into(), &true.into());
        let request = web_sys::Request::new_with_request_and_init(&request.into(), &lasting)
            .map_err(|_| CallError::Offline)?;
        answer_to(request.into()).await.map(drop)
    }

    /// "Not you": the session's secret is dead.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn leave(&self, signal: &AbortSignal) -> Answer<()> {
        self.send(Method::POST, "leave", None, signal)
            .await
            .map(drop)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = RequestBuilder::new(&format!("{}/checkout/v1/{path}", self.origin))
            .method(method)
            .header("Accept", "application/json");
        match self.secret.borrow().as_deref() {
            Some(secret) => request
                .header("Authorization", &format!("Bearer {secret}"))
                .credentials(RequestCredentials::Omit),
            None => request.credentials(RequestCredentials::SameOrigin),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        signal: &AbortSignal,
    ) -> Answer<String> {
        let request = self.request(method, path).abort_signal(Some(signal));
        let request = match body {
            Some(body) => request
                .header("Content-Type", "application/json")
                .body(body),
            None => request.build(),
        };
        answer_to(request.map_err(|_| CallError::Offline)?).await
    }
}

async fn answer_to(request: Request) -> Answer<String> {
    let response = request.send().await.map_err(|_| CallError::Offline)?;
    let text = response.text().await.map_err(|_| CallError::Offline)?;
    if response.ok() {
        Ok(text)
    } else {
        Err(read(&text).map_or(CallError::Offline, |body| {
            CallError::Refused(Box::new(body))
        }))
    }
}

fn read<T: Read>(text: &str) -> Answer<T> {
    wire::parse(text).ok_or(CallError::Offline)
}

fn encoded(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}
