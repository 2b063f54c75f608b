//! One of everything at one merchant, and for every described operation a request that is good: what
//! generated tests start from. An operation without its line here fails them.

use std::fmt::Write as _;

use acceptance::app::{SHOP, TestApp};
use acceptance::description::{Api, Operation};
use acceptance::desk::{ADMIN_HOST, Desk, PASSWORD};
use acceptance::request::Request;
use acceptance::server::Server;
use acceptance::shopper::Shopper;
use backend::http::auth::ADMIN_COOKIE;
use serde_json::{Value, json};
use shared::api::admin::Role;

/// One of everything.
pub struct World<'a> {
    pub merchant: Server,
    pub customer_id: String,
    pub token_id: String,
    pub provider_token: String,
    pub shopper: Shopper<'a>,
    pub challenge_id: String,
    pub desk: Desk<'a>,
}

pub const PHONE: &str = "9876543210";
pub const REFERENCE: &str = "ref-of-the-world";

impl<'a> World<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        let merchant = app.merchant().await;
        let body = json!({ "mobile_number": PHONE, "merchant_customer_reference": REFERENCE, "first_name": "Priya" });
        let customer_id = merchant.create(&body).await.is(201)["customer_id"]
            .as_str()
            .unwrap()
            .to_owned();
        merchant
            .update(&customer_id, &json!({ "status": "ACTIVE" }))
            .await
            .is(200);
        let token_id = merchant.card(app, &customer_id, "card-1").await;
        let token = merchant
            .get(&format!("/api/v1/tokens/{token_id}"))
            .await
            .is(200);
        let provider_token = token["service_provider_token_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut shopper = merchant.shopper(app).await;
        shopper.verify(PHONE).await;
        let challenge_id = shopper.challenge("9876500001").await;
        let desk = Desk::open(app, &merchant, Role::Officer).await;
        app.settle().await;
        Self {
            merchant,
            customer_id,
            token_id,
            provider_token,
            shopper,
            challenge_id,
            desk,
        }
    }

    /// Where an operation is, for the records of this world.
    pub fn target(&self, operation: &Operation) -> String {
        let mut target = operation.target(|name| match name {
            "customer_id" => self.customer_id.clone(),
            "token_id" | "identifier" => self.token_id.clone(),
            "session_id" => self.shopper.session_id.clone(),
            "challenge_id" => self.challenge_id.clone(),
            other => panic!(
                "{} has {other} in its path: give it a value here",
                operation.id
            ),
        });
        match operation.id.as_str() {
            "get_customer_details" => {
                write!(target, "?merchant_customer_reference={REFERENCE}").unwrap();
            }
            // Asked with a revision, it would wait.
            "get_customer" => {}
            _ => assert!(
                operation.query_names.is_empty(),
                "{} takes a query: give it one here",
                operation.id
            ),
        }
        target
    }

    /// The least body that an operation takes.
    pub fn body(&self, operation: &Operation) -> Option<Value> {
        operation.fields.as_ref()?;
        Some(match operation.id.as_str() {
            "generate_token" => json!({
                "client_id": self.merchant.client_id,
                "client_secret": self.merchant.client_secret,
                "grant_type": "client_credentials",
            }),
            "create_customer" | "identify_customer" => json!({ "mobile_number": PHONE }),
            "update_customer" | "put_customer" => json!({}),
            "generate_card_token" => json!({
                "customer_id": self.customer_id,
                "merchant_token_reference": "card-2",
                "payment_method": "CARD",
                "payment_option": { "encrypted_card_details": "eyJhbGciOiJSU0EifQ" },
            }),
            "delete_customer_token" => json!({ "merchant_unique_reference": "u-1" }),
            "generate_cryptogram" => json!({
                "merchant_unique_reference": "u-1",
                "service_provider_token_id": self.provider_token,
            }),
            "create_checkout_session" => json!({ "origin": SHOP, "customer_id": self.customer_id }),
            "start_verification" => json!({ "country_code": "91", "mobile_number": "9876500002" }),
            "enter_code" => json!({ "code": "000000" }),
            "resend_code" | "update_shopper" | "search_customers" => json!({}),
            "select" => json!({ "token_id": self.token_id }),
            "sign_in" => json!({ "email": self.desk.email, "password": PASSWORD }),
            "reveal_customer" | "suspend_customer" | "lift_customer" | "activate_customer"
            | "delete_customer" => {
                json!({ "reason": "as the test wants" })
            }
            other => panic!("{other} takes a body: give it one here"),
        })
    }

    /// A request with everything but the credential.
    pub fn bare(&self, operation: &Operation) -> Request {
        let request = Request::new(operation.method.clone(), self.target(operation));
        match self.body(operation) {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// With this world's credential for an API.
    pub fn enter(&self, api: Api, request: Request) -> Request {
        match api {
            Api::Merchant => request.bearer(&self.merchant.token),
            Api::Checkout => request.bearer(&self.shopper.secret).header("origin", SHOP),
            Api::Admin => request
                .header("host", ADMIN_HOST)
                .header("origin", format!("https://{ADMIN_HOST}"))
                .header("cookie", format!("{ADMIN_COOKIE}={}", self.desk.cookie)),
        }
    }

    /// A good request.
    pub fn good(&self, operation: &Operation) -> Request {
        self.enter(operation.api, self.bare(operation))
    }
}
