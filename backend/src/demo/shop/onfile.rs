//! The shop's client of Onfile: the four calls of the Merchant API that a checkout needs.
//!
//! Nothing here knows more than the public API tells. The credential never leaves the shop's server.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::api::error::{ErrorBody, ErrorCode};
use shared::api::merchant::{
    AccessTokenView, CheckoutSessionView, CreatedCheckoutSessionView, GeneratedTokenView,
};
use shared::text::Language;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A token is renewed so long before it ends, so that none ends on its way.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why a call came to nothing. What exactly happened is in the log.
#[derive(Debug)]
pub enum OnfileError {
    /// No answer, or none that could be read.
    Unreachable,
    /// An error, with its HTTP status.
    Refused(StatusCode),
}

/// The client.
pub struct Onfile {
    http: reqwest::Client,
    address: String,
    client_id: String,
    client_secret: String,
    access: Mutex<Option<Access>>,
}

struct Access {
    token: String,
    renew_at: Instant,
}

/// A new card to be saved, after its payment went through.
pub struct NewCard<'a> {
    /// Whose it is.
    pub customer_id: &'a str,
    /// The shop's own name for it; the same name never saves a card twice.
    pub reference: &'a str,
    /// The card, encrypted for the token provider.
    pub encrypted: &'a str,
    /// The acquirer's proof of the payment.
    pub approval: &'a str,
}

impl Onfile {
    /// A client of the Onfile at `address`, such as `http://127.0.0.1:8080`.
    pub fn new(address: &str, client_id: String, client_secret: String) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            // Onfile is a neighbour of the shop, never behind the machine's way to the internet.
            .no_proxy()
            .build()
            .unwrap_or_default();
        let address = address.trim_end_matches('/').to_owned();
        Self {
            http,
            address,
            client_id,
            client_secret,
            access: Mutex::new(None),
        }
    }

    /// Mints the session that the widget runs under.
    pub async fn create_checkout_session(
        &self,
        origin: &str,
        amount: i64,
        language: Language,
    ) -> Result<CreatedCheckoutSessionView, OnfileError> {
        let body = json!({
            "origin": origin,
            "amount": amount,
            "currency": "INR",
            "locale": language.tag(),
        });
        self.call(Method::POST, "/api/v1/checkout-sessions", Some(&body))
            .await
    }

    /// What became of a session, decided again at this moment.
    pub async fn checkout_session(
        &self,
        session_id: &str,
    ) -> Result<CheckoutSessionView, OnfileError> {
        let path = format!("/api/v1/checkout-sessions/{session_id}");
        self.call(Method::GET, &path, None).await
    }

    /// Saves a card that its holder agreed to keep.
    pub async fn save_card(&self, card: &NewCard<'_>) -> Result<GeneratedTokenView, OnfileError> {
        let body = json!({
            "customer_id": card.customer_id,
            "merchant_token_reference": card.reference,
            "payment_method": "CARD",
            "payment_option": { "encrypted_card_details": card.encrypted },
            "payment": { "acquirer_data": {
                "approval_code": card.approval,
                "acquirer_reference": format!("acquirer-{}", card.reference),
                "rrn": format!("rrn-{}", card.reference),
                "auth_reference": format!("auth-{}", card.reference),
            } },
        });
        self.call(Method::POST, "/api/v1/tokens", Some(&body)).await
    }

    /// One call with the access token. A token that was refused is renewed once: its key may have
    /// been rotated, or Onfile started anew.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, OnfileError> {
        let token = self.access_token(None).await?;
        match self.send(method.clone(), path, Some(&token), body).await {
            Err(OnfileError::Refused(StatusCode::UNAUTHORIZED)) => {
                let token = self.access_token(Some(&token)).await?;
                self.send(method, path, Some(&token), body).await
            }
            answer => answer,
        }
    }

    /// The access token, asked for when there is none that will last. `refused` is never given again.
    /// Who waits for the lock finds the token that the first one fetched.
    async fn access_token(&self, refused: Option<&str>) -> Result<String, OnfileError> {
        let mut access = self.access.lock().await;
        if let Some(Access { token, renew_at }) = access.as_ref()
            && *renew_at > Instant::now()
            && refused != Some(token.as_str())
        {
            return Ok(token.clone());
        }
        let body = json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "grant_type": "client_credentials",
        });
        let view: AccessTokenView = self
            .send(Method::POST, "/api/auth/v1/token", None, Some(&body))
            .await?;
        // `expires_in` rather than `expires_at`: the clocks of shop and Onfile need not agree.
        let life = Duration::from_secs(u64::try_from(view.expires_in).unwrap_or(0));
        let renew_at = Instant::now() + life.saturating_sub(RENEW_BEFORE);
        let token = view.access_token;
        *access = Some(Access {
            token: token.clone(),
            renew_at,
        });
        Ok(token)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T, OnfileError> {
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(unreachable);
        }
        let code = answer.json::<ErrorBody>().await.ok().map(|body| body.code);
        let code = code.map(ErrorCode::as_str);
        tracing::warn!(
            path,
            status = status.as_u16(),
            code,
            "demo shop: Onfile refused"
        );
        Err(OnfileError::Refused(status))
    }
}

fn unreachable(error: reqwest::Error) -> OnfileError {
    let error = error.without_url();
    tracing::warn!(%error, "demo shop: Onfile does not answer");
    OnfileError::Unreachable
}
