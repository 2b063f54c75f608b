//! The Admin API, as the admin page calls it. Same origin; the session is a cookie that no script
//! can read.

use gloo_net::http::{Request, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::api::admin::{
    AdminSessionView, CustomerDetailView, CustomerPageView, MoveCustomerRequest, ProfileView,
    RevealCustomerRequest, SearchCustomersRequest, SignInRequest,
};
use shared::api::error::ErrorBody;
use shared::customer::Move;
use shared::text::{Language, Texts};

/// After this long a call is given up: nobody waits longer in front of a list.
const PATIENCE_MILLIS: u32 = 20_000;

/// Why a call brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// No answer came.
    Unreachable,
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// The server said no, and why.
    Refused(Box<ErrorBody>),
    /// An answer that is not Onfile's, with its status.
    Unreadable(u16),
}

/// Who is signed in.
///
/// # Errors
/// [`CallError`].
pub async fn session() -> Result<AdminSessionView, CallError> {
    read(send(Request::get("/admin/v1/session")).await?).await
}

/// Signs in; [`CallError::SignedOut`] means that the e-mail address or password is not right.
///
/// # Errors
/// [`CallError`].
pub async fn sign_in(request: &SignInRequest) -> Result<AdminSessionView, CallError> {
    post("/admin/v1/session", request).await
}

/// Signs out.
///
/// # Errors
/// [`CallError`].
pub async fn sign_out() -> Result<(), CallError> {
    let response = send(Request::delete("/admin/v1/session")).await?;
    if response.ok() {
        Ok(())
    } else {
        Err(refusal(response).await)
    }
}

/// A page of customers.
///
/// # Errors
/// [`CallError`].
pub async fn search(request: &SearchCustomersRequest) -> Result<CustomerPageView, CallError> {
    post("/admin/v1/customers/search", request).await
}

/// One customer.
///
/// # Errors
/// [`CallError`].
pub async fn customer(customer_id: &str) -> Result<CustomerDetailView, CallError> {
    read(send(Request::get(&customer_path(customer_id, None))).await?).await
}

/// Moves a customer's status.
///
/// # Errors
/// [`CallError`].
pub async fn move_customer(
    customer_id: &str,
    attempted: Move,
    request: &MoveCustomerRequest,
) -> Result<CustomerDetailView, CallError> {
    post(
        &customer_path(customer_id, Some(attempted.as_str())),
        request,
    )
    .await
}

/// A customer's profile without masks.
///
/// # Errors
/// [`CallError`].
pub async fn reveal(
    customer_id: &str,
    request: &RevealCustomerRequest,
) -> Result<ProfileView, CallError> {
    post(&customer_path(customer_id, Some("reveal")), request).await
}

/// The words of reasons and errors.
///
/// # Errors
/// [`CallError`].
pub async fn texts(language: Language) -> Result<Texts, CallError> {
    let response = send(Request::get(&format!(
        "/assets/text-{}.json",
        language.tag()
    )))
    .await?;
    let status = response.status();
    if !response.ok() {
        return Err(refusal(response).await);
    }
    let json = response.text().await.map_err(|_| CallError::Unreachable)?;
    Texts::from_json(language, &json).map_err(|_| CallError::Unreadable(status))
}

fn customer_path(customer_id: &str, verb: Option<&str>) -> String {
    let id = js_sys::encode_uri_component(customer_id);
    match verb {
        Some(verb) => format!("/admin/v1/customers/{id}/{verb}"),
        None => format!("/admin/v1/customers/{id}"),
    }
}

fn patience() -> web_sys::AbortSignal {
    web_sys::AbortSignal::timeout_with_u32(PATIENCE_MILLIS)
}

async fn send(request: RequestBuilder) -> Result<Response, CallError> {
    request
        .abort_signal(Some(&patience()))
        .send()
        .await
        .map_err(|_| CallError::Unreachable)
}

async fn post<T: DeserializeOwned>(path: &str, body: &impl Serialize) -> Result<T, CallError> {
    let request = Request::post(path)
        .abort_signal(Some(&patience()))
        .json(body)
        .map_err(|_| CallError::Unreachable)?;
    read(request.send().await.map_err(|_| CallError::Unreachable)?).await
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, CallError> {
    if !response.ok() {
        return Err(refusal(response).await);
    }
    let status = response.status();
    let text = response.text().await.map_err(|_| CallError::Unreachable)?;
    serde_json::from_str(&text).map_err(|_| CallError::Unreadable(status))
}

async fn refusal(response: Response) -> CallError {
    let status = response.status();
    if status == 401 {
        return CallError::SignedOut;
    }
    let body = response
        .text()
        .await
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok());
    body.map_or(CallError::Unreadable(status), |body| {
        CallError::Refused(Box::new(body))
    })
}
