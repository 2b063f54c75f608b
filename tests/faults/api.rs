//! A client of the Merchant API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::installation::{Installation, Running};
use crate::ledger::{Told, What, request_id};

/// Nobody who is served waits for so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// The API of a running server.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: Arc<Mutex<String>>,
    credentials: Value,
    token: Arc<Mutex<String>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The connection broke, or there was none.
    Broken,
    /// It did not come.
    Hung,
}

impl From<reqwest::Error> for NoAnswer {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Hung
        } else {
            Self::Broken
        }
    }
}

impl Api {
    /// Signs in.
    pub async fn sign_in(server: &Running, installation: &Installation) -> Self {
        let mut credentials = installation.credentials.clone();
        credentials.as_object_mut().unwrap().remove("merchant_id");
        credentials["grant_type"] = json!("client_credentials");
        let api = Self {
            client: Client::builder().timeout(PATIENCE).build().unwrap(),
            url: Arc::new(Mutex::new(server.public_url())),
            credentials,
            token: Arc::default(),
        };
        api.sign_in_again().await.unwrap();
        api
    }

    async fn sign_in_again(&self) -> Result<(), NoAnswer> {
        let request = self.client.post(self.url("/api/auth/v1/token"));
        let answer: Value = request.json(&self.credentials).send().await?.json().await?;
        let token = answer["access_token"].as_str();
        let token = token.unwrap_or_else(|| panic!("{answer}"));
        token.clone_into(&mut self.token.lock().unwrap());
        Ok(())
    }

    /// What gives access now, and will not for ever.
    pub fn token(&self) -> String {
        self.token.lock().unwrap().clone()
    }

    /// The server was started again.
    pub fn follow(&self, server: &Running) {
        *self.url.lock().unwrap() = server.public_url();
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.lock().unwrap())
    }

    /// Reads: the status and the body.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.get_as(&self.token(), path).await
    }

    /// The same by the right of another access token.
    pub async fn get_as(&self, token: &str, path: &str) -> (u16, Value) {
        read(self.client.get(self.url(path)).bearer_auth(token)).await
    }

    /// Reads as the merchant's page does, by the secret of a checkout session.
    pub async fn get_in_session(&self, secret: &str) -> (u16, Value) {
        let request = self.client.get(self.url("/checkout/v1/session"));
        read(request.header("origin", SHOP).bearer_auth(secret)).await
    }

    /// A new checkout session.
    pub async fn checkout_session(&self) -> Value {
        let request = self.client.post(self.url("/api/v1/checkout-sessions"));
        let body = json!({ "origin": SHOP });
        let (status, session) = read(request.bearer_auth(self.token()).json(&body)).await;
        assert_eq!(status, 201, "{session}");
        session
    }

    /// Attempts something.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn attempt(&self, op: u64, what: &What) -> Result<Told, NoAnswer> {
        let (method, path, body) = match what {
            What::Create { phone } => (
                Method::POST,
                "/api/v1/customer".to_owned(),
                Some(json!({ "mobile_number": phone })),
            ),
            What::Identify { phone } => (
                Method::POST,
                "/api/v1/customer/identify".to_owned(),
                Some(json!({ "mobile_number": phone })),
            ),
            What::Rename { customer, name } => (
                Method::PATCH,
                format!("/api/v1/customer/{customer}"),
                Some(json!({ "first_name": name })),
            ),
            What::Delete { customer } => (
                Method::PATCH,
                format!("/api/v1/customer/{customer}"),
                Some(json!({ "status": "DELETED" })),
            ),
            What::Generate {
                customer,
                reference,
            } => (
                Method::POST,
                "/api/v1/tokens".to_owned(),
                Some(json!({
                    "customer_id": customer,
                    "merchant_token_reference": reference,
                    "payment_method": "CARD",
                    "payment_option": { "encrypted_card_details": "ZW5jcnlwdGVk" },
                    "payment": { "acquirer_data": { "auth_reference": reference } },
                })),
            ),
            What::Remove { token, .. } => {
                (Method::POST, format!("/api/v1/tokens/{token}/delete"), None)
            }
        };
        let mut request = self
            .client
            .request(method, self.url(&path))
            .header("request-id", request_id(op));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = loop {
            let again = request.try_clone().unwrap().bearer_auth(self.token());
            let answer = again.send().await?;
            if answer.status() != 401 {
                break answer;
            }
            self.sign_in_again().await?;
        };
        let status = answer.status().as_u16();
        let says_when = answer.headers().contains_key("retry-after");
        let body: Value = answer.json().await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Told {
            status,
            says_when,
            customer: text(&body["customer_id"])
                .or_else(|| text(&body["additional_error_details"]["customer_id"])),
            token: text(&body["token_id"]),
        })
    }
}

/// Where the merchant's pages are.
const SHOP: &str = "http://127.0.0.1:9000";

/// The status and the body.
async fn read(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}
