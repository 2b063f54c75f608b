//! Access tokens of the Merchant API. source: Pine Labs Online, Generate Token.
//!
//! A token is a JWT signed by this instance. Checking one takes a MAC and a look at the set of revoked
//! keys, no database.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use shared::Timestamp;
use shared::id::MerchantId;

use super::{Fault, Onfile};
use crate::vault::{equal, mac, sha256};

/// How long an access token lives.
pub const LIFETIME_SECONDS: i64 = 3_600;
/// How often the use of a key is written down at most.
const TOUCH_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// An access token.
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a good token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The API key.
    #[serde(rename = "sub")]
    pub client_id: String,
    /// The merchant.
    #[serde(rename = "mid")]
    pub merchant_id: String,
    /// When it ends, in seconds since the epoch.
    pub exp: i64,
}

/// Why no token was given.
#[derive(Debug, thiserror::Error)]
pub enum GenerateTokenError {
    /// No such key, another secret, or a revoked key: not told apart.
    #[error("client_id and client_secret do not belong together")]
    BadCredentials,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Gives an access token for an API key.
///
/// # Errors
/// [`GenerateTokenError`].
pub async fn generate_token(
    app: &Onfile,
    client_id: &str,
    client_secret: &str,
) -> Result<AccessToken, GenerateTokenError> {
    let now = app.clock.now();
    let key = app
        .store
        .read()
        .await
        .map_err(Fault::from)?
        .api_key(client_id)
        .await
        .map_err(Fault::from)?;
    let given = sha256(client_secret.as_bytes());
    // An unknown id costs the same comparison as a known one.
    let expected = key
        .as_ref()
        .map_or_else(|| vec![0; given.len()], |key| key.secret_sha256.clone());
    let matches = equal(&given, &expected);
    let Some(key) = key.filter(|key| matches && key.revoked_at.is_none()) else {
        return Err(GenerateTokenError::BadCredentials);
    };
    if key
        .last_used_at
        .is_none_or(|at| at.plus(TOUCH_EVERY) <= now)
    {
        let mut unit = app.store.write().await.map_err(Fault::from)?;
        unit.touch_api_key(&key.merchant_id, client_id, now)
            .await
            .map_err(Fault::from)?;
        unit.commit().await.map_err(Fault::from)?;
    }
    let exp = now.as_seconds() + LIFETIME_SECONDS;
    let claims = Claims {
        client_id: key.client_id,
        merchant_id: key.merchant_id.as_str().to_owned(),
        exp,
    };
    let payload = serde_json::to_vec(&claims).map_err(|error| Fault::Other(error.to_string()))?;
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(mac(&app.vault.access_tokens, &[signed.as_bytes()]));
    Ok(AccessToken {
        access_token: format!("{signed}.{signature}"),
        expires_at: Timestamp::from_micros(exp * 1_000_000),
    })
}

/// Reads an access token: `None` when it is not ours, has ended, or its key was revoked.
#[must_use]
pub fn verify_token(app: &Onfile, token: &str) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let payload = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    if !equal(
        &signature,
        &mac(&app.vault.access_tokens, &[signed.as_bytes()]),
    ) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let lives =
        claims.exp > app.clock.now().as_seconds() && !app.revocations.contains(&claims.client_id);
    lives.then_some(claims)
}

/// The merchant a good token belongs to.
#[must_use]
pub fn merchant_of(claims: &Claims) -> Option<MerchantId> {
    MerchantId::parse(&claims.merchant_id)
}
