//! `/livez`, `/readyz` and `/metrics`, on the admin listener.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::app::Onfile;

/// The routes.
pub fn router() -> Router<Arc<Onfile>> {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

async fn works(app: &Onfile) -> bool {
    match app.read().await {
        _ if !app.store.is_healthy() => false,
        Ok(mut view) => view.merchants().await.is_ok(),
        Err(_) => false,
    }
}

/// Ready when storage answers and takes writes.
async fn readyz(State(app): State<Arc<Onfile>>) -> impl IntoResponse {
    if works(&app).await {
        (StatusCode::OK, "ok\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "storage does not answer\n")
    }
}

/// In the text form that Prometheus reads.
async fn metrics(State(app): State<Arc<Onfile>>) -> impl IntoResponse {
    let ready = u8::from(works(&app).await);
    let mut text = gauge("onfile_ready", "Whether storage answers.", ready.into());
    if let Some(bytes) = app.store.log_bytes() {
        text += &gauge(
            "onfile_sqlite_wal_bytes",
            "Length of the write-ahead log; every 30 seconds it is cut if nobody writes, and in any case if longer than 64 MiB.",
            bytes,
        );
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

fn gauge(name: &str, help: &str, value: u64) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
}
