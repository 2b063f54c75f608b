//! Admins: people who sign in to the admin page, and what they see there.

use shared::Timestamp;
use shared::api::admin::Role;
use shared::customer::{Customer, CustomerStatus};
use shared::id::{AdminId, CustomerId, MerchantId};
use std::sync::Arc;
use std::time::Duration;
use store::{
    AdminRecord, AdminSessionRecord, AuditRecord, CustomerRecord, DecisionRecord, Inserted,
    PageAfter, StoreError,
};

use super::customers::{self, CustomerError};
use super::tokens::{self, Decided};
use super::verification::subject_of;
use super::work::{Entry, Work};
use super::{By, Fault, Merchant, Onfile, merchants};
use crate::vault::{mac, secret, sha256};

/// A session without a request for this long is over.
const IDLE: Duration = Duration::from_mins(30);
/// A session is over after this long whatever happens.
const LIFETIME: Duration = Duration::from_hours(12);
/// How often the use of a session is written down at most.
const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// Wrong passwords are counted over this long, and refused for this long once there are too many.
const WINDOW: Duration = Duration::from_mins(15);
const WRONG_PER_ACCOUNT: i64 = 10;
const WRONG_PER_ADDRESS: i64 = 20;
const WRONG_ACCOUNT: &str = "wrong_password_of_account";
const WRONG_ADDRESS: &str = "wrong_password_from_address";

/// The shortest password.
pub const PASSWORD_MIN: usize = 15;
/// Long enough, but the first that is tried.
const COMMON: &[&str] = &[
    "passwordpassword",
    "password1234567",
    "123456789012345",
    "1234567890123456",
    "qwertyuiopasdfgh",
    "correcthorsebatterystaple",
    "administrator1",
    "adminadminadmin",
];

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// E-mail address and password do not belong together.
    #[error("e-mail address and password do not belong together")]
    BadCredentials,
    /// Too many wrong passwords.
    #[error("too many wrong passwords")]
    Limited {
        /// Until when.
        until: Timestamp,
    },
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Why no admin was created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAdminError {
    /// Not an e-mail address.
    #[error("the e-mail address is not one")]
    Email,
    /// Too short or too common.
    #[error("the password must have at least {PASSWORD_MIN} characters and not be a common one")]
    WeakPassword,
    /// There is one with this address.
    #[error("there is an admin with this e-mail address")]
    Exists,
    /// See [`Fault`].
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A signed-in admin.
#[derive(Clone)]
pub struct Admin {
    /// Who.
    pub admin_id: AdminId,
    /// E-mail address.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// For whom.
    pub merchant: Arc<Merchant>,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// Creates an admin.
///
/// # Errors
/// [`CreateAdminError`].
pub async fn create(
    app: &Onfile,
    merchant_id: &MerchantId,
    email: &str,
    password: &str,
    role: Role,
) -> Result<AdminId, CreateAdminError> {
    let email = shared::customer::Email::parse(email)
        .map_err(|_| CreateAdminError::Email)?
        .normalised();
    if password.chars().count() < PASSWORD_MIN
        || COMMON.contains(&password.to_ascii_lowercase().as_str())
    {
        return Err(CreateAdminError::WeakPassword);
    }
    let now = app.clock.now();
    let admin_id = AdminId::new(now, app.random_bytes());
    let password_hash = hash_password(password.to_owned()).await?;
    let record = AdminRecord {
        merchant_id: merchant_id.clone(),
        admin_id: admin_id.clone(),
        email,
        password_hash,
        role,
        created_at: now,
    };
    let mut unit = app.store.write().await.map_err(Fault::from)?;
    if unit.insert_admin(&record).await.map_err(Fault::from)? == Inserted::Taken {
        return Err(CreateAdminError::Exists);
    }
    unit.commit().await.map_err(Fault::from)?;
    Ok(admin_id)
}

/// Signs in and answers the token for the cookie. A wrong password and an unknown address look, cost
/// and count the same.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(
    app: &Onfile,
    by: &By,
    email: &str,
    password: &str,
) -> Result<(Admin, String), SignInError> {
    let email = email.trim().to_ascii_lowercase();
    let now = app.clock.now();
    let account = mac(&app.vault.phones, &[b"admin", email.as_bytes()]);
    let address = by.address.map(subject_of);
    let mut unit = app.store.write().await?;
    let since = now.minus(WINDOW);
    let mut too_many = unit
        .count_events(None, WRONG_ACCOUNT, &account, since)
        .await?
        >= WRONG_PER_ACCOUNT;
    if let Some(address) = &address {
        too_many |= unit
            .count_events(None, WRONG_ADDRESS, address, since)
            .await?
            >= WRONG_PER_ADDRESS;
    }
    if too_many {
        return Err(SignInError::Limited {
            until: now.plus(WINDOW),
        });
    }
    // Counted as wrong before it is checked, so that parallel tries are all counted.
    unit.record_event(None, WRONG_ACCOUNT, &account, now)
        .await?;
    if let Some(address) = &address {
        unit.record_event(None, WRONG_ADDRESS, address, now).await?;
    }
    unit.commit().await?;

    let found = app.read().await?.admin_by_email(&email).await?;
    let hash = match &found {
        Some(found) => found.password_hash.clone(),
        None => decoy().await?,
    };
    let matches = verify_password(password.to_owned(), hash).await?;
    let Some(record) = found.filter(|_| matches) else {
        return Err(SignInError::BadCredentials);
    };
    let Some(merchant) = merchants::get(app, &record.merchant_id).await? else {
        return Err(SignInError::BadCredentials);
    };

    let token = secret(&*app.random);
    let expires_at = now.plus(LIFETIME);
    let session = AdminSessionRecord {
        token_sha256: sha256(token.as_bytes()),
        merchant_id: record.merchant_id.clone(),
        admin_id: record.admin_id.clone(),
        created_at: now,
        last_seen_at: now,
        expires_at,
    };
    let admin = Admin {
        admin_id: record.admin_id,
        email: record.email,
        role: record.role,
        merchant: Arc::clone(&merchant),
        expires_at,
    };
    let mut work = Work::begin_alone(app, &merchant).await?;
    work.unit()
        .forget_events(None, WRONG_ACCOUNT, &account)
        .await?;
    if let Some(address) = &address {
        // Others behind the same address have only their own wrong passwords to answer for.
        work.unit()
            .take_back_event(None, WRONG_ADDRESS, address, now)
            .await?;
    }
    if work.unit().insert_admin_session(&session).await? == Inserted::Taken {
        return Err(Fault::Other("a random session token exists already".into()).into());
    }
    work.audit(
        &by_admin(by, &admin),
        Entry {
            action: "admin.sign_in",
            ..Entry::default()
        },
    )
    .await?;
    work.commit().await?;
    Ok((admin, token))
}

/// The admin of a cookie, if the session still runs.
///
/// # Errors
/// [`Fault`].
pub async fn authenticate(app: &Onfile, token: &str) -> Result<Option<Admin>, Fault> {
    let now = app.clock.now();
    let token_sha256 = sha256(token.as_bytes());
    let mut view = app.read().await?;
    let Some(session) = view.admin_session(&token_sha256).await? else {
        return Ok(None);
    };
    if session.expires_at <= now || session.last_seen_at.plus(IDLE) <= now {
        return Ok(None);
    }
    let Some(record) = view.admin(&session.merchant_id, &session.admin_id).await? else {
        return Ok(None);
    };
    drop(view);
    let Some(merchant) = merchants::get(app, &session.merchant_id).await? else {
        return Ok(None);
    };
    if session.last_seen_at.plus(TOUCH_EVERY) <= now {
        let mut unit = app.store.write().await?;
        unit.touch_admin_session(&token_sha256, now).await?;
        unit.commit().await?;
    }
    Ok(Some(Admin {
        admin_id: record.admin_id,
        email: record.email,
        role: record.role,
        merchant,
        expires_at: session.expires_at,
    }))
}

/// Signs out.
///
/// # Errors
/// [`Fault`].
pub async fn sign_out(app: &Onfile, by: &By, admin: &Admin, token: &str) -> Result<(), Fault> {
    let mut work = Work::begin(app, &admin.merchant).await?;
    work.unit()
        .delete_admin_session(&sha256(token.as_bytes()))
        .await?;
    work.audit(
        &by_admin(by, admin),
        Entry {
            action: "admin.sign_out",
            ..Entry::default()
        },
    )
    .await?;
    Ok(work.commit().await?)
}

/// The same request, asked for by this admin.
#[must_use]
pub fn by_admin(by: &By, admin: &Admin) -> By {
    By {
        actor: shared::customer::Actor::Admin,
        actor_id: admin.email.clone(),
        ..by.clone()
    }
}

/// argon2id with 19 MiB, two passes, one lane: the defaults of the crate, written down.
fn hasher() -> Result<argon2::Argon2<'static>, Fault> {
    let params = argon2::Params::new(19 * 1_024, 2, 1, None)
        .map_err(|error| Fault::Other(error.to_string()))?;
    Ok(argon2::Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        params,
    ))
}

/// Hashing takes some 20 ms of a core and 19 MiB, so few run at once and none on the reactor.
static SLOTS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let _slot = SLOTS
        .acquire()
        .await
        .map_err(|error| Fault::Other(error.to_string()))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Fault::Other(error.to_string()))?
}

async fn hash_password(password: String) -> Result<String, Fault> {
    use argon2::password_hash::PasswordHasher as _;
    on_a_thread(move || {
        hasher()?
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| Fault::Other(error.to_string()))
    })
    .await
}

async fn verify_password(password: String, hash: String) -> Result<bool, Fault> {
    use argon2::password_hash::PasswordVerifier as _;
    on_a_thread(move || {
        let hash =
            argon2::PasswordHash::new(&hash).map_err(|error| Fault::Other(error.to_string()))?;
        Ok(hasher()?
            .verify_password(password.as_bytes(), &hash)
            .is_ok())
    })
    .await
}

/// A hash that nobody's password has, so that an unknown address costs as much as a known one.
async fn decoy() -> Result<String, Fault> {
    static DECOY: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    DECOY
        .get_or_try_init(|| hash_password("an address that nobody has".to_owned()))
        .await
        .cloned()
}

/// A page of customers.
pub struct Page {
    /// How many there are in all.
    pub total: i64,
    /// This page, each with the number of its tokens.
    pub customers: Vec<(Customer, i64)>,
    /// Where the next page begins.
    pub next: Option<PageAfter>,
}

/// Lists customers, or finds them by phone, e-mail address, reference or id.
///
/// # Errors
/// [`CustomerError`].
pub async fn search(
    app: &Onfile,
    merchant: &Merchant,
    query: &str,
    status: Option<CustomerStatus>,
    after: Option<&PageAfter>,
    limit: u32,
) -> Result<Page, CustomerError> {
    let mut view = app.read().await?;
    let merchant_id = &merchant.merchant_id;
    let query = query.trim();
    let (total, records, next) = if query.is_empty() {
        let mut records = view
            .customers(merchant_id, status, after, limit + 1)
            .await?;
        let more = records.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        records.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = records.last().filter(|_| more).map(|last| PageAfter {
            created_at: last.created_at,
            customer_id: last.customer_id.clone(),
        });
        (
            view.count_customers(merchant_id, status).await?,
            records,
            next,
        )
    } else {
        let mut found: Vec<CustomerRecord> = Vec::new();
        let mut add = |record: Option<CustomerRecord>| {
            if let Some(record) = record
                && !found
                    .iter()
                    .any(|other| other.customer_id == record.customer_id)
            {
                found.push(record);
            }
        };
        if let Some(customer_id) = CustomerId::parse(query) {
            add(view.customer(merchant_id, &customer_id).await?);
        }
        if let Ok(reference) = shared::customer::Reference::parse(query) {
            add(customers::by_reference(&mut *view, merchant, &reference).await?);
        }
        for phone in phones(query) {
            add(customers::by_phone(&mut *view, merchant, &phone).await?);
        }
        if let Ok(email) = shared::customer::Email::parse(query) {
            for record in customers::by_email(&mut *view, merchant, &email, limit).await? {
                add(Some(record));
            }
        }
        found.retain(|record| status.is_none_or(|status| record.state.status() == status));
        (i64::try_from(found.len()).unwrap_or(i64::MAX), found, None)
    };
    let ids: Vec<_> = records
        .iter()
        .map(|record| record.customer_id.clone())
        .collect();
    let counts = view.count_tokens_of(merchant_id, &ids).await?;
    let customers = records
        .iter()
        .zip(counts)
        .map(|(record, count)| Ok((merchant.keys.customer(record)?, count)))
        .collect::<Result<_, CustomerError>>()?;
    Ok(Page {
        total,
        customers,
        next,
    })
}

/// The numbers a typed query may mean: with its calling code when it begins with a plus, else as an
/// Indian number.
fn phones(query: &str) -> Vec<shared::customer::PhoneNumber> {
    let Ok(digits) = shared::customer::profile::phone_digits(query) else {
        return Vec::new();
    };
    let codes: Vec<&str> = if query.trim_start().starts_with('+') {
        (1..=3).filter_map(|length| digits.get(..length)).collect()
    } else {
        vec!["91"]
    };
    codes
        .into_iter()
        .filter_map(|code| {
            let rest = if query.trim_start().starts_with('+') {
                digits.get(code.len()..)?
            } else {
                digits.as_str()
            };
            crate::phone::normalise(shared::customer::CountryCode::parse(code).ok()?, rest).ok()
        })
        .collect()
}

/// What happened, with the reason and note of a move.
pub type Happened = (AuditRecord, Option<(String, Option<String>)>);

/// A customer's page.
pub struct Detail {
    /// Who.
    pub customer: Customer,
    /// Each token with its decision.
    pub tokens: Vec<Decided>,
    /// What happened, newest first.
    pub history: Vec<Happened>,
    /// What shoppers were shown, newest first.
    pub decisions: Vec<DecisionRecord>,
}

/// Everything on a customer's page.
///
/// # Errors
/// [`CustomerError`].
pub async fn detail(
    app: &Onfile,
    merchant: &Merchant,
    customer_id: &CustomerId,
) -> Result<Detail, CustomerError> {
    let (customer, tokens) = tokens::list(app, merchant, customer_id)
        .await
        .map_err(|error| match error {
            tokens::TokenError::CustomerNotFound => CustomerError::NotFound,
            tokens::TokenError::Fault(fault) => CustomerError::Fault(fault),
            other => CustomerError::Fault(Fault::Other(other.to_string())),
        })?;
    let mut view = app.read().await?;
    let record = view
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(CustomerError::NotFound)?;
    let key = merchant
        .keys
        .customer_key(customer_id, &record.wrapped_key)?;
    let history = view
        .history_of(&merchant.merchant_id, customer_id, 200)
        .await?;
    let decisions = view
        .decisions_of(&merchant.merchant_id, customer_id, 100)
        .await?;
    let history = history
        .into_iter()
        .map(|entry| {
            let words = match &entry.sealed_reason {
                Some(sealed) => {
                    let json = merchant.keys.open_for_customer(
                        &key,
                        "audit_entries.sealed_reason",
                        customer_id.as_str(),
                        sealed,
                    )?;
                    Some(
                        serde_json::from_slice(&json)
                            .map_err(|error| Fault::Other(error.to_string()))?,
                    )
                }
                None => None,
            };
            Ok((entry, words))
        })
        .collect::<Result<_, CustomerError>>()?;
    Ok(Detail {
        customer,
        tokens,
        history,
        decisions,
    })
}

/// Reveals a customer's profile; who did, and why, is kept.
///
/// # Errors
/// [`CustomerError`].
pub async fn reveal(
    app: &Onfile,
    merchant: &Merchant,
    by: &By,
    customer_id: &CustomerId,
    reason: &str,
) -> Result<Customer, CustomerError> {
    let mut work = Work::begin(app, merchant).await?;
    let record = work
        .unit()
        .customer(&merchant.merchant_id, customer_id)
        .await?
        .ok_or(CustomerError::NotFound)?;
    let customer = merchant.keys.customer(&record)?;
    let key = merchant
        .keys
        .customer_key(customer_id, &record.wrapped_key)?;
    let words = serde_json::to_vec(&(reason, None::<String>))
        .map_err(|error| Fault::Other(error.to_string()))?;
    let sealed_reason = Some(merchant.keys.seal_for_customer(
        &key,
        "audit_entries.sealed_reason",
        customer_id.as_str(),
        &words,
        &*app.random,
    ));
    work.audit(
        by,
        Entry {
            action: "customer.reveal",
            customer_id: Some(customer_id),
            sealed_reason,
            ..Entry::default()
        },
    )
    .await?;
    work.commit().await?;
    Ok(customer)
}
