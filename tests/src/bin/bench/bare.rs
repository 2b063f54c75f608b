//! The limit for requests: axum, answering a customer's JSON with nothing behind it.

use std::io::Write as _;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use shared::api::merchant::CustomerView;

use crate::Outcome;

/// The hidden command under which this binary is that server.
pub const COMMAND: &str = "serve-bare-axum";

/// Serves until standard input ends, which it does however the parent ends. Reads from its first line
/// the customer to answer, as Onfile answered it; says in a line where it listens.
pub async fn serve() -> Outcome<()> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let customer: CustomerView = serde_json::from_str(&line)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let router = Router::new()
        .route("/api/v1/customer/{customer_id}", get(customer_by_id))
        .with_state(customer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

async fn customer_by_id(
    State(customer): State<CustomerView>,
    Path(customer_id): Path<String>,
) -> Json<CustomerView> {
    Json(CustomerView {
        customer_id,
        ..customer
    })
}
