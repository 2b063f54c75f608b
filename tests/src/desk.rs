//! The admin page of one admin, which speaks the Admin API.

use axum::http::Method;
use backend::http::auth::ADMIN_COOKIE;
use backend::service::admins;
use serde_json::{Value, json};
use shared::api::admin::Role;

use crate::app::TestApp;
use crate::request::{Answer, Request};
use crate::server::Server;

/// Where the admin page is.
pub const ADMIN_HOST: &str = "admin.example";
/// Every admin's password.
pub const PASSWORD: &str = "a long enough secret 7";

/// A signed-in admin.
#[derive(Clone)]
pub struct Desk<'a> {
    app: &'a TestApp,
    /// E-mail address.
    pub email: String,
    /// The session's token.
    pub cookie: String,
}

/// Makes an admin.
pub async fn hire(app: &TestApp, merchant: &Server, role: Role, email: &str) {
    admins::create(&app.onfile, &merchant.merchant_id, email, PASSWORD, role)
        .await
        .unwrap();
}

/// Tries to sign in.
pub fn sign_in(email: &str, password: &str) -> Request {
    Request::post("/admin/v1/session")
        .header("host", ADMIN_HOST)
        .header("origin", format!("https://{ADMIN_HOST}"))
        .header("sec-fetch-site", "same-origin")
        .json(&json!({ "email": email, "password": password }))
}

impl<'a> Desk<'a> {
    /// Makes an admin and signs in.
    pub async fn open(app: &'a TestApp, merchant: &Server, role: Role) -> Self {
        let email = format!(
            "{}@{}.example",
            role.as_str(),
            merchant.merchant_id.as_str().to_ascii_lowercase()
        );
        let email = if email.len() > 50 {
            format!("{}@{}.example", role.as_str(), &merchant.client_id[..8])
        } else {
            email
        };
        hire(app, merchant, role, &email).await;
        let answer = sign_in(&email, PASSWORD).send(&app.admin).await;
        assert_eq!(answer.status, 200, "{answer}");
        Self {
            app,
            email,
            cookie: answer.cookie(ADMIN_COOKIE),
        }
    }

    /// A request of the admin page.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(method, format!("/admin/v1/{path}"))
            .header("host", ADMIN_HOST)
            .header("origin", format!("https://{ADMIN_HOST}"))
            .header("sec-fetch-site", "same-origin")
            .header("cookie", format!("{ADMIN_COOKIE}={}", self.cookie))
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Answer {
        request.send(&self.app.admin).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A customer's page.
    pub async fn customer(&self, customer_id: &str) -> Value {
        self.get(&format!("customers/{customer_id}")).await.is(200)
    }

    /// Moves a customer's status, with a reason, or is refused.
    pub async fn make_move(&self, customer_id: &str, verb: &str) -> Answer {
        self.post(
            &format!("customers/{customer_id}/{verb}"),
            &json!({ "reason": "as the test wants" }),
        )
        .await
    }

    /// A customer's history, oldest first: each entry's action, and its move if it is one.
    pub async fn history(&self, customer_id: &str) -> Vec<String> {
        let page = self.customer(customer_id).await;
        let entries = page["history"].as_array().unwrap();
        let line = |entry: &Value| match (entry["from"].as_str(), entry["to"].as_str()) {
            (Some(from), Some(to)) => format!("{} {from}>{to}", entry["action"].as_str().unwrap()),
            _ => entry["action"].as_str().unwrap().to_owned(),
        };
        entries.iter().rev().map(line).collect()
    }
}
