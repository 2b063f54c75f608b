//! A merchant's server, which speaks the Merchant API.

use axum::Router;
use axum::http::Method;
use backend::service::merchants::NewMerchant;
use serde_json::{Value, json};
use shared::id::MerchantId;

use crate::app::{SHOP, TestApp};
use crate::request::{Answer, Request};
use crate::shopper::Shopper;

/// A merchant's server with an access token.
#[derive(Clone)]
pub struct Server {
    /// Who.
    pub merchant_id: MerchantId,
    /// The API key's public half.
    pub client_id: String,
    /// The API key's secret half.
    pub client_secret: String,
    /// The access token.
    pub token: String,
    router: Router,
}

impl Server {
    pub(crate) async fn new(app: &TestApp, created: NewMerchant) -> Self {
        let NewMerchant {
            merchant_id,
            client_id,
            client_secret,
        } = created;
        let router = app.public.clone();
        let mut server = Self {
            merchant_id,
            client_id,
            client_secret,
            token: String::new(),
            router,
        };
        server.token = server.fresh_token().await;
        server
    }

    /// Another access token.
    pub async fn fresh_token(&self) -> String {
        let body = json!({ "client_id": self.client_id, "client_secret": self.client_secret, "grant_type": "client_credentials" });
        let answer = Request::post("/api/auth/v1/token")
            .json(&body)
            .send(&self.router)
            .await
            .is(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// After a restart: the same credentials at the new process.
    #[must_use]
    pub fn at(mut self, app: &TestApp) -> Self {
        self.router = app.public.clone();
        self
    }

    /// A request with the access token.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, path).bearer(&self.token)
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Answer {
        request.send(&self.router).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Creates a customer or is refused.
    pub async fn create(&self, body: &Value) -> Answer {
        self.post("/api/v1/customer", body).await
    }

    /// Changes a customer or is refused.
    pub async fn update(&self, customer_id: &str, body: &Value) -> Answer {
        self.send(
            self.request(Method::PATCH, &format!("/api/v1/customer/{customer_id}"))
                .json(body),
        )
        .await
    }

    /// A customer.
    pub async fn read(&self, customer_id: &str) -> Value {
        self.get(&format!("/api/v1/customer/{customer_id}"))
            .await
            .is(200)
    }

    /// An INACTIVE customer with this phone.
    pub async fn customer(&self, mobile: &str) -> String {
        let created = self
            .create(&json!({ "mobile_number": mobile }))
            .await
            .is(201);
        created["customer_id"].as_str().unwrap().to_owned()
    }

    /// A customer of a status with this phone.
    pub async fn customer_who_is(&self, status: &str, mobile: &str) -> String {
        let customer_id = self.customer(mobile).await;
        for next in match status {
            "INACTIVE" => vec![],
            "ACTIVE" => vec!["ACTIVE"],
            "SUSPENDED" => vec!["ACTIVE", "SUSPENDED"],
            other => vec![other],
        } {
            self.update(&customer_id, &json!({ "status": next }))
                .await
                .is(200);
        }
        customer_id
    }

    /// The body that makes a token.
    pub fn token_body(customer_id: &str, reference: &str) -> Value {
        json!({
            "customer_id": customer_id,
            "merchant_token_reference": reference,
            "payment_method": "CARD",
            "payment_option": { "encrypted_card_details": "eyJhbGciOiJSU0EifQ" },
            "payment": { "acquirer_data": { "approval_code": "A1", "auth_reference": "auth-77" } },
        })
    }

    /// A card token as it stands once its provider has answered.
    pub async fn card(&self, app: &TestApp, customer_id: &str, reference: &str) -> String {
        let made = self
            .post("/api/v1/tokens", &Self::token_body(customer_id, reference))
            .await
            .is(201);
        app.settle().await;
        made["token_id"].as_str().unwrap().to_owned()
    }

    /// One token of a customer.
    pub async fn read_token(&self, customer_id: &str, token_id: &str) -> Value {
        self.get(&format!("/api/v1/customer/{customer_id}/tokens/{token_id}"))
            .await
            .is(200)
    }

    /// Mints a checkout session and gives it to a shopper's widget.
    pub async fn shopper<'a>(&self, app: &'a TestApp) -> Shopper<'a> {
        self.shopper_with(app, &json!({})).await
    }

    /// The same with more fields.
    pub async fn shopper_with<'a>(&self, app: &'a TestApp, more: &Value) -> Shopper<'a> {
        let mut body = json!({ "origin": SHOP });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let minted = self.post("/api/v1/checkout-sessions", &body).await.is(201);
        Shopper::new(app, &minted)
    }

    /// The widget under a session that was minted before.
    pub fn shopper_from<'a>(&self, app: &'a TestApp, minted: &Value) -> Shopper<'a> {
        Shopper::new(app, minted)
    }

    /// What the merchant's server learns of a session.
    pub async fn session(&self, session_id: &str) -> Value {
        self.get(&format!("/api/v1/checkout-sessions/{session_id}"))
            .await
            .is(200)
    }
}
