//! A few requests of our own: to get a token, to check answers, to see how much is sent.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::seed::{Known, Seeded};
use crate::{Outcome, go_on};

const PATIENCE: Duration = Duration::from_secs(10);

/// Onfile at an address, with an access token.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: String,
    token: String,
    /// Of each customer.
    cards: usize,
}

/// Until a server started just now answers this path: how long that took since `begun`.
pub async fn first_answer(
    client: &Client,
    url: &str,
    token: &str,
    begun: Instant,
) -> Outcome<Duration> {
    loop {
        go_on()?;
        match client.get(url).bearer_auth(token).send().await {
            Ok(answer) if answer.status().as_u16() == 200 => return Ok(begun.elapsed()),
            Ok(answer) => return Err(format!("the first answer was {}", answer.status()).into()),
            Err(error) if begun.elapsed() > PATIENCE => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_micros(500)).await,
        }
    }
}

/// Until a server started just now accepts connections.
pub async fn is_up(url: &str) -> Outcome<()> {
    let begun = Instant::now();
    while let Err(error) = Client::new().get(url).send().await {
        go_on()?;
        if begun.elapsed() > PATIENCE {
            return Err(error.into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

impl Api {
    /// Signs in.
    pub async fn sign_in(url: String, seeded: &Seeded) -> Outcome<Self> {
        let client = Client::new();
        let asked = json!({
            "client_id": seeded.merchant.client_id,
            "client_secret": seeded.merchant.client_secret,
            "grant_type": "client_credentials",
        });
        let answer: Value = client
            .post(format!("{url}/api/auth/v1/token"))
            .json(&asked)
            .send()
            .await?
            .json()
            .await?;
        let token = answer
            .get("access_token")
            .and_then(Value::as_str)
            .ok_or("no access token")?
            .to_owned();
        Ok(Self {
            client,
            url,
            token,
            cards: seeded.cards,
        })
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What a GET answers, when that is 200.
    pub async fn get(&self, path: &str) -> Outcome<String> {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .send()
            .await?;
        if answer.status().as_u16() == 200 {
            Ok(answer.text().await?)
        } else {
            Err(format!("{path} answered {}", answer.status()).into())
        }
    }

    /// Asks for this customer in all three ways, and holds each answer to what must be in it.
    async fn check(&self, known: &Known) -> Outcome<()> {
        for path in [
            path_by_id(known),
            path_by_phone(known),
            path_of_tokens(known),
        ] {
            let text = self.get(&path).await?;
            let answer: Value = serde_json::from_str(&text)?;
            let is =
                |name: &str, value: &str| answer.get(name).and_then(Value::as_str) == Some(value);
            let cards = answer.get("tokens").and_then(Value::as_array);
            let right = match cards {
                Some(cards) => {
                    cards.len() == self.cards
                        && cards.iter().all(|card| {
                            card.pointer("/decision/eligible") == Some(&Value::Bool(true))
                        })
                }
                None => is("mobile_number", &known.mobile_number),
            };
            if !right || !is("customer_id", &known.customer_id) {
                return Err(format!("{path} answered {text}").into());
            }
        }
        Ok(())
    }

    /// Checks every customer, sixteen at a time.
    pub async fn check_all(&self, customers: &[Known]) -> Outcome<()> {
        for some in customers.chunks(16) {
            go_on()?;
            try_join_all(some.iter().map(|known| self.check(known))).await?;
        }
        Ok(())
    }

    /// The page of a new checkout session's frame: how it is sent, and its text.
    pub async fn frame(&self) -> Outcome<(Sent, String)> {
        let asked = json!({ "origin": "http://127.0.0.1:9", "locale": "en" });
        let made = self
            .client
            .post(format!("{}/api/v1/checkout-sessions", self.url))
            .bearer_auth(&self.token)
            .json(&asked);
        let answer: Value = made.send().await?.json().await?;
        let url = answer
            .get("frame_url")
            .and_then(Value::as_str)
            .ok_or_else(|| format!("no frame: {answer}"))?;
        // Without its code, which works once, it is the page that the loader opens.
        let path = url
            .split('?')
            .next()
            .unwrap_or(url)
            .trim_start_matches(&self.url)
            .to_owned();
        let sent = self.sent(&path).await?;
        let page = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await?
            .text()
            .await?;
        Ok((sent, page))
    }

    /// How a file is sent to a browser that takes brotli.
    pub async fn sent(&self, path: &str) -> Outcome<Sent> {
        let asked = self
            .client
            .get(format!("{}{path}", self.url))
            .header("accept-encoding", "br");
        let answer: Response = asked.send().await?;
        if answer.status().as_u16() != 200 {
            return Err(format!("{path} answered {}", answer.status()).into());
        }
        let brotli = answer
            .headers()
            .get("content-encoding")
            .is_some_and(|coding| coding == "br");
        Ok(Sent {
            bytes: f64::from(u32::try_from(answer.bytes().await?.len())?),
            brotli,
        })
    }
}

/// How a file was sent.
pub struct Sent {
    /// Length of the body.
    pub bytes: f64,
    /// Whether it was compressed with brotli.
    pub brotli: bool,
}

/// Get by id.
pub fn path_by_id(known: &Known) -> String {
    format!("/api/v1/customer/{}", known.customer_id)
}

/// Find by phone.
pub fn path_by_phone(known: &Known) -> String {
    format!(
        "/api/v1/customer?country_code=91&mobile_number={}",
        known.mobile_number
    )
}

/// Tokens with their decisions.
pub fn path_of_tokens(known: &Known) -> String {
    format!("/api/v1/customer/{}/tokens", known.customer_id)
}
