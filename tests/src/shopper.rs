//! The widget in a shopper's browser, which speaks the Checkout API.

use std::net::IpAddr;

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{SHOP, TestApp};
use crate::request::{Answer, Request};

/// The widget under one session.
#[derive(Clone)]
pub struct Shopper<'a> {
    /// Onfile.
    pub app: &'a TestApp,
    /// The session.
    pub session_id: String,
    /// The secret that counts now.
    pub secret: String,
    /// Where the frame page is.
    pub frame_url: String,
    /// Where the browser is.
    pub address: Option<IpAddr>,
}

impl<'a> Shopper<'a> {
    pub(crate) fn new(app: &'a TestApp, minted: &Value) -> Self {
        let text = |name: &str| minted[name].as_str().unwrap().to_owned();
        Self {
            app,
            session_id: text("session_id"),
            secret: text("session_secret"),
            frame_url: text("frame_url"),
            address: None,
        }
    }

    /// The same widget in a browser at this address.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.address = Some(address.parse().unwrap());
        self
    }

    /// A request of the page.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let request = Request::new(method, format!("/checkout/v1/{path}"))
            .bearer(&self.secret)
            .header("origin", SHOP);
        match self.address {
            Some(address) => request.from(address),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Answer {
        request.send(&self.app.public).await
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Asks for a code to an Indian phone.
    pub async fn start(&self, mobile: &str) -> Answer {
        self.post(
            "verification",
            &json!({ "country_code": "91", "mobile_number": mobile }),
        )
        .await
    }

    /// Asks for a code and gives the challenge's id.
    pub async fn challenge(&self, mobile: &str) -> String {
        self.start(mobile).await.is(201)["challenge_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Asks for another code under a challenge.
    pub async fn resend(&self, challenge_id: &str) -> Answer {
        self.post(&format!("verification/{challenge_id}/resend"), &json!({}))
            .await
    }

    /// Enters a code.
    pub async fn enter(&self, challenge_id: &str, code: &str) -> Answer {
        self.post(
            &format!("verification/{challenge_id}"),
            &json!({ "code": code }),
        )
        .await
    }

    /// Enters a code that is not the one last sent to the phone.
    pub async fn enter_wrong(&self, challenge_id: &str, mobile: &str) -> Answer {
        let wrong = wrong(&self.app.code_sent_to(&format!("91{mobile}")).await);
        self.enter(challenge_id, &wrong).await
    }

    /// Proves an Indian phone and goes on under the new secret.
    pub async fn verify(&mut self, mobile: &str) -> Value {
        let challenge_id = self.challenge(mobile).await;
        let code = self.app.code_sent_to(&format!("91{mobile}")).await;
        let identified = self.enter(&challenge_id, &code).await.is(200);
        identified["session_secret"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.secret);
        identified
    }

    /// The cards as the widget shows them.
    pub async fn cards(&self) -> Value {
        self.get("customer").await.is(200)["cards"].clone()
    }
}

/// A code that is not this one.
pub fn wrong(code: &str) -> String {
    if code == "000000" {
        "111111".to_owned()
    } else {
        "000000".to_owned()
    }
}
