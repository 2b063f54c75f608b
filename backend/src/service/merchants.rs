//! Merchants, with their keys opened once.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::api::checkout::Appearance;
use shared::eligibility::{Acceptance, Context};
use shared::id::MerchantId;
use store::{ApiKeyRecord, Inserted, MerchantRecord};

use super::known::Known;
use super::{Fault, Onfile, instance};
use crate::vault::{self, MerchantKeys};

/// How long a merchant's settings may lag behind the store.
const FRESH: Duration = Duration::from_secs(5);

/// What a merchant may set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which cards are accepted.
    pub acceptance: Acceptance,
    /// How many days a verification counts; none is for ever.
    pub verification_max_age_days: Option<u32>,
    /// Calling codes whose phones are sent codes.
    pub verification_countries: Vec<String>,
    /// Looks of the widget.
    pub appearance: Appearance,
    /// After how many days a DELETED customer is erased for good.
    pub retention_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            acceptance: Acceptance::default(),
            verification_max_age_days: Some(180),
            verification_countries: vec!["91".to_owned()],
            appearance: Appearance::default(),
            retention_days: 30,
        }
    }
}

/// A merchant, ready to work for.
#[derive(Debug)]
pub struct Merchant {
    /// Who.
    pub merchant_id: MerchantId,
    /// The name shoppers read.
    pub name: String,
    /// Whether it is for testing.
    pub sandbox: bool,
    /// What it set.
    pub settings: Settings,
    /// Its keys.
    pub keys: MerchantKeys,
}

impl Merchant {
    /// What decisions depend on besides customer, token and consent.
    #[must_use]
    pub fn context(&self, amount: Option<i64>) -> Context {
        Context {
            acceptance: self.settings.acceptance.clone(),
            verification_max_age: self
                .settings
                .verification_max_age_days
                .map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            amount,
        }
    }
}

/// The merchants this process has met.
pub struct Merchants(Known<MerchantId, Arc<Merchant>>);

impl Default for Merchants {
    fn default() -> Self {
        Self(Known::new(FRESH))
    }
}

/// A merchant by id.
///
/// # Errors
/// [`Fault`] when storage fails or its keys do not open.
pub async fn get(app: &Onfile, merchant_id: &MerchantId) -> Result<Option<Arc<Merchant>>, Fault> {
    app.merchants
        .0
        .get(merchant_id, app.clock.now(), load(app, merchant_id))
        .await
}

async fn load(app: &Onfile, merchant_id: &MerchantId) -> Result<Option<Arc<Merchant>>, Fault> {
    let Some(record) = app.read().await?.merchant(merchant_id).await? else {
        return Ok(None);
    };
    let merchant = match open(app, &record) {
        Err(Fault::Unopened(_)) => {
            instance::follow_root(app)
                .await
                .map_err(|error| Fault::Other(error.to_string()))?;
            open(app, &record)?
        }
        opened => opened?,
    };
    Ok(Some(Arc::new(merchant)))
}

/// What a merchant set, from its record.
///
/// # Errors
/// [`Fault`] when it cannot be read.
pub fn settings_of(record: &MerchantRecord) -> Result<Settings, Fault> {
    serde_json::from_str(&record.settings).map_err(|error| {
        Fault::Other(format!(
            "the settings of {} cannot be read: {error}",
            record.merchant_id
        ))
    })
}

fn open(app: &Onfile, record: &MerchantRecord) -> Result<Merchant, Fault> {
    Ok(Merchant {
        merchant_id: record.merchant_id.clone(),
        name: record.name.clone(),
        sandbox: record.sandbox,
        settings: settings_of(record)?,
        keys: app.vault.merchant_keys(record)?,
    })
}

/// A new merchant's credentials. The secret is shown here and never again.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewMerchant {
    /// Who.
    pub merchant_id: MerchantId,
    /// The API key's public half.
    pub client_id: String,
    /// The API key's secret half.
    pub client_secret: String,
}

/// Why a merchant was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateMerchantError {
    /// The name is empty or too long.
    #[error("the merchant's name must have 1 to 100 characters, none of them control characters")]
    Name,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Creates a merchant with its first API key.
///
/// # Errors
/// [`CreateMerchantError`].
pub async fn create(
    app: &Onfile,
    name: &str,
    sandbox: bool,
    settings: &Settings,
) -> Result<NewMerchant, CreateMerchantError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(CreateMerchantError::Name);
    }
    let now = app.clock.now();
    let merchant_id = MerchantId::new(now, app.random_bytes());
    let settings =
        serde_json::to_string(settings).map_err(|error| Fault::Other(error.to_string()))?;
    let record = app.vault.new_merchant(
        merchant_id.clone(),
        name.to_owned(),
        sandbox,
        settings,
        now,
        &*app.random,
    );
    let client_id = uuid(app.random_bytes());
    let client_secret = api_secret(app.random_bytes(), sandbox);
    let key = ApiKeyRecord {
        merchant_id: merchant_id.clone(),
        client_id: client_id.clone(),
        secret_sha256: vault::sha256(client_secret.as_bytes()),
        created_at: now,
        last_used_at: None,
        revoked_at: None,
    };
    let mut unit = app.store.write().await.map_err(Fault::from)?;
    // A root key that was rotated since this process began would lock the new merchant out.
    let check = unit
        .instance_value(instance::ROOT_CHECK)
        .await
        .map_err(Fault::from)?;
    if check != Some(vault::check_value(&app.vault.root())) {
        return Err(Fault::Other("the root key was rotated meanwhile: run it again".into()).into());
    }
    for inserted in [
        unit.insert_merchant(&record).await.map_err(Fault::from)?,
        unit.insert_api_key(&key).await.map_err(Fault::from)?,
    ] {
        if inserted == Inserted::Taken {
            return Err(Fault::Other("a random id exists already".into()).into());
        }
    }
    unit.commit().await.map_err(Fault::from)?;
    Ok(NewMerchant {
        merchant_id,
        client_id,
        client_secret,
    })
}

/// A random UUID: the form that published clients expect of a client id.
fn uuid(mut bytes: [u8; 16]) -> String {
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32)
    )
}

/// `<prefix>_<256 random bits>_<checksum>`: a scanner finds a leaked one by its prefix and knows by
/// the checksum that it is no accident.
fn api_secret(random: [u8; 32], sandbox: bool) -> String {
    let prefix = if sandbox {
        "onfile_test"
    } else {
        "onfile_live"
    };
    // In letters, because digits can look like a card number, and the door would refuse the secret.
    let body: String = random
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .map(|half| char::from(b'a' + half))
        .collect();
    let checksum = hex::encode(vault::sha256(format!("{prefix}_{body}").as_bytes()));
    format!("{prefix}_{body}_{}", checksum.get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use shared::card_number::scan_text;

    use crate::ambient::{self, SeededRandom};

    #[test]
    fn client_ids_are_random_uuids() {
        let id = super::uuid([0xff; 16]);
        assert_eq!(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn no_secret_looks_like_a_card_number() {
        let random = SeededRandom::default();
        for _ in 0..20_000 {
            let secret = super::api_secret(ambient::bytes(&random), false);
            assert_eq!(scan_text(&secret), None, "{secret}");
        }
    }
}
