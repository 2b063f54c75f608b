//! The program and its server, as whoever runs them meets them.
#![allow(dead_code, reason = "not every file of tests needs all of it")]
#![allow(
    clippy::indexing_slicing,
    reason = "what is not in an answer fails the test"
)]

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

/// The program, with nothing of this process's environment.
pub fn onfile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onfile"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The one line of success.
pub fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one line: {words}");
    assert!(output.stderr.is_empty(), "{output:?}");
    words
}

/// The one line of a refusal.
pub fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(words.lines().count(), 1, "one clear line: {words}");
    words
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A server, killed when this is dropped.
pub struct Server {
    child: Child,
    public: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts one, and waits until it says that it serves.
    pub fn start(data: &Path, further: &[&str]) -> Self {
        loop {
            if let Some(server) = Self::try_start(data, further) {
                return server;
            }
        }
    }

    /// Nothing when somebody was faster to take a port that was free.
    fn try_start(data: &Path, further: &[&str]) -> Option<Self> {
        let (public, admin) = (free_address(), free_address());
        let mut child = onfile()
            .arg("serve")
            .args([Path::new("--data-dir"), data])
            .args(["--public-addr", &public.to_string()])
            .args(["--admin-addr", &admin.to_string()])
            .args(further)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        if line.starts_with("Onfile serves") {
            return Some(Self { child, public });
        }
        let words = refusal(&child.wait_with_output().unwrap());
        assert!(words.contains("-addr"), "{words}");
        None
    }

    pub async fn token(&self, credentials: &Value) -> String {
        let asked = json!({
            "client_id": credentials["client_id"],
            "client_secret": credentials["client_secret"],
            "grant_type": "client_credentials",
        });
        let answer: Value = reqwest::Client::new()
            .post(format!("http://{}/api/auth/v1/token", self.public))
            .json(&asked)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = answer["access_token"].as_str();
        assert!(token.is_some(), "{answer}");
        token.unwrap().to_owned()
    }

    pub async fn create(&self, token: &str, phone: &str) -> Value {
        let made = reqwest::Client::new()
            .post(format!("http://{}/api/v1/customer", self.public))
            .bearer_auth(token)
            .header("idempotency-key", format!("create-{phone}"))
            .json(&json!({ "mobile_number": phone, "first_name": "Asha" }))
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201);
        made.json().await.unwrap()
    }

    pub async fn read(&self, token: &str, customer: &Value) -> Value {
        let id = customer["customer_id"].as_str().unwrap();
        let read = reqwest::Client::new()
            .get(format!("http://{}/api/v1/customer/{id}", self.public))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(read.status(), 200);
        read.json().await.unwrap()
    }
}
