//! A small Onfile that answers on loopback as the Merchant API does.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the stand-in was asked, and what it answers about the session.
#[derive(Default)]
pub struct StandIn {
    pub access_tokens: AtomicUsize,
    pub refuse_next: AtomicBool,
    pub minted: Mutex<Vec<Value>>,
    pub saved: Mutex<Vec<Value>>,
    pub session: Mutex<Value>,
}

type Asked = State<Arc<StandIn>>;

async fn access_token(State(onfile): Asked, Json(body): Json<Value>) -> Response {
    if body["client_secret"] != "secret" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let number = onfile.access_tokens.fetch_add(1, Ordering::SeqCst);
    Json(json!({
        "access_token": format!("access-{number}"), "expires_at": "2026-11-25T11:00:00Z",
        "expires_in": 3_600, "token_type": "Bearer",
    }))
    .into_response()
}

async fn mint(State(onfile): Asked, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let known = headers[AUTHORIZATION]
        .to_str()
        .unwrap()
        .starts_with("Bearer access-");
    if !known || onfile.refuse_next.swap(false, Ordering::SeqCst) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    onfile.minted.lock().unwrap().push(body);
    let view = json!({
        "session_id": "session-1", "session_secret": "the-secret",
        "expires_at": "2026-11-25T11:00:00Z", "frame_url": "http://onfile.test/frame?code=1",
    });
    (StatusCode::CREATED, Json(view)).into_response()
}

async fn read(State(onfile): Asked) -> Response {
    let changes = onfile.session.lock().unwrap().clone();
    if changes.is_null() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut view = json!({
        "session_id": "session-1", "status": "completed", "customer_id": "cust-1",
        "selected": null, "save_consent": null, "origin": "http://127.0.0.1:8090",
        "amount": 71_900, "currency": "INR", "purpose": "card_on_file",
        "created_at": "2026-11-25T10:00:00Z", "expires_at": "2026-11-25T10:30:00Z",
    });
    for (name, value) in changes.as_object().unwrap() {
        view[name] = value.clone();
    }
    Json(view).into_response()
}

async fn save(State(onfile): Asked, Json(body): Json<Value>) -> Response {
    let reference = body["merchant_token_reference"].clone();
    onfile.saved.lock().unwrap().push(body);
    let view = json!({
        "token_id": "token-new", "customer_id": "cust-1", "merchant_token_reference": reference,
        "status": "INITIATED", "created_at": "2026-11-25T10:00:00Z",
        "updated_at": "2026-11-25T10:00:00Z",
    });
    (StatusCode::CREATED, Json(view)).into_response()
}

/// Lets a stand-in answer on a port of its own, and says where.
pub async fn serve(onfile: Arc<StandIn>) -> String {
    let routes = Router::new()
        .route("/api/auth/v1/token", post(access_token))
        .route("/api/v1/checkout-sessions", post(mint))
        .route("/api/v1/checkout-sessions/{id}", get(read))
        .route("/api/v1/tokens", post(save))
        .with_state(onfile);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}
