//! A client of the Merchant API.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method};
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
    token: String,
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
        let mut asked = installation.credentials.clone();
        asked.as_object_mut().unwrap().remove("merchant_id");
        asked["grant_type"] = json!("client_credentials");
        let client = Client::builder().timeout(PATIENCE).build().unwrap();
        let url = server.public_url();
        let answer: Value = client
            .post(format!("{url}/api/auth/v1/token"))
            .json(&asked)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = answer["access_token"].as_str();
        let token = token.unwrap_or_else(|| panic!("{answer}")).to_owned();
        Self {
            client,
            url: Arc::new(Mutex::new(url)),
            token,
        }
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
        let answer = self
            .client
            .get(self.url(path))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
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
            .bearer_auth(&self.token)
            .header("request-id", request_id(op));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
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
