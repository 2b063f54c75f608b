//! The records. A `CustomerRecord` is a customer as storage knows it: the facts that rules and indexes
//! need in the open, everything personal sealed.

use shared::Timestamp;
use shared::api::admin::Role;
use shared::card_token::{CardSummary, PaymentMethod, TokenProvider, TokenStatus};
use shared::checkout_session::SessionStatus;
use shared::consent::Purpose;
use shared::customer::{Actor, CustomerState};
use shared::id::{
    AdminId, ChallengeId, CustomerId, MerchantId, MessageId, ServiceProviderTokenId, SessionId,
    TokenId,
};

/// A merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantRecord {
    /// Who.
    pub merchant_id: MerchantId,
    /// The name shoppers read.
    pub name: String,
    /// Whether it is for testing.
    pub sandbox: bool,
    /// The key that wraps its customers' keys, wrapped by the root key.
    pub wrapped_key: Vec<u8>,
    /// The key of its blind indexes, wrapped by the root key.
    pub wrapped_index_key: Vec<u8>,
    /// A second key, while one of the two is rotated.
    pub spare_key: Option<SpareKey>,
    /// Settings as JSON.
    pub settings: String,
    /// When made.
    pub created_at: Timestamp,
}

/// A merchant's second key while one of its keys is rotated. What it has sealed opens, and what it has
/// indexed is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpareKey {
    /// Which is rotated.
    pub of: MerchantKey,
    /// Wrapped by the root key.
    pub wrapped: Vec<u8>,
    /// Whether it comes or goes.
    pub role: SpareRole,
    /// Since when it has this role.
    pub since: Timestamp,
}

/// The keys that a merchant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MerchantKey {
    /// The one that wraps its customers' keys.
    Wrap,
    /// The one of its blind indexes.
    Index,
}

impl MerchantKey {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrap => "key",
            Self::Index => "index_key",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Wrap, Self::Index]
            .into_iter()
            .find(|key| key.as_str() == word)
    }
}

/// Whether a second key comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpareRole {
    /// Made known to every node, before anything is sealed with it.
    Next,
    /// Opens what has not been sealed anew yet, or finds what has not been indexed anew.
    Previous,
}

impl SpareRole {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Next, Self::Previous]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// What is sealed under a merchant's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What its ciphertexts are bound to.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// The column that names the record within its merchant.
    pub id: &'static str,
    /// The column that is sealed.
    pub column: &'static str,
}

impl Sealed {
    /// Every such column. A test holds them against the schema.
    pub const ALL: [Self; 6] = [
        Self::new(
            "customers.wrapped_key",
            "customers",
            "customer_id",
            "wrapped_key",
        ),
        Self::new(
            "checkout_sessions.hint",
            "checkout_sessions",
            "session_id",
            "hint",
        ),
        Self::new("challenges.phone", "challenges", "challenge_id", "phone"),
        Self::new("outbox.payload", "outbox_messages", "message_id", "payload"),
        Self::new(
            "idempotency_keys.answer",
            "idempotency_keys",
            "key_index",
            "answer",
        ),
        Self::new(
            "idempotency_keys.session_secret",
            "idempotency_keys",
            "key_index",
            "session_secret",
        ),
    ];

    const fn new(
        name: &'static str,
        table: &'static str,
        id: &'static str,
        column: &'static str,
    ) -> Self {
        Self {
            name,
            table,
            id,
            column,
        }
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Whose.
    pub merchant_id: MerchantId,
    /// Its public half.
    pub client_id: String,
    /// SHA-256 of its secret half.
    pub secret_sha256: Vec<u8>,
    /// When made.
    pub created_at: Timestamp,
    /// When last used for an access token.
    pub last_used_at: Option<Timestamp>,
    /// When revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Who.
    pub customer_id: CustomerId,
    /// Where the customer stands.
    pub state: CustomerState,
    /// Since when.
    pub state_since: Timestamp,
    /// When last verified.
    pub verified_at: Option<Timestamp>,
    /// When the phone last changed.
    pub phone_changed_at: Option<Timestamp>,
    /// Rises by one with every replacement.
    pub version: i64,
    /// The customer's key, wrapped by the merchant's.
    pub wrapped_key: Vec<u8>,
    /// The profile, sealed.
    pub profile: Vec<u8>,
    /// Blind index of the phone.
    pub phone_index: Option<Vec<u8>>,
    /// Blind index of the reference.
    pub reference_index: Option<Vec<u8>>,
    /// Blind index of the e-mail address.
    pub email_index: Option<Vec<u8>>,
    /// When made.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// Where a page of customers begins: after this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAfter {
    /// Its creation.
    pub created_at: Timestamp,
    /// Its id.
    pub customer_id: CustomerId,
}

/// A token. There is no column for anything that `trust.md` forbids to keep of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Which.
    pub token_id: TokenId,
    /// Whose.
    pub customer_id: CustomerId,
    /// The merchant's own name for it.
    pub merchant_token_reference: String,
    /// HMAC of the request that made it, to tell a repetition from another request.
    pub request_mac: Vec<u8>,
    /// Where it stands.
    pub status: TokenStatus,
    /// Since when.
    pub status_since: Timestamp,
    /// Why.
    pub status_reason: Option<String>,
    /// What kind of instrument.
    pub payment_method: PaymentMethod,
    /// What may be shown of the card.
    pub card: Option<CardSummary>,
    /// When it stops working.
    pub expired_at: Option<Timestamp>,
    /// Whether it meets the rules for cards on file.
    pub is_compliant: bool,
    /// The merchant's pairs, sealed under the customer's key; none when there are none.
    pub metadata: Option<Vec<u8>>,
    /// Who holds the card.
    pub provider: TokenProvider,
    /// The provider's own reference.
    pub provider_token_reference: Option<String>,
    /// The network's or issuer's token.
    pub service_provider_token_id: Option<ServiceProviderTokenId>,
    /// Evidence of the issuer's authentication.
    pub afa_reference: Option<String>,
    /// When its removal was asked for.
    pub removed_at: Option<Timestamp>,
    /// When its provider confirmed that.
    pub removal_confirmed_at: Option<Timestamp>,
    /// When made.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

/// A decision as a shopper was shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// About whom.
    pub customer_id: CustomerId,
    /// About which token.
    pub token_id: TokenId,
    /// In which session.
    pub session_id: SessionId,
    /// When.
    pub at: Timestamp,
    /// By which rules.
    pub rules_version: u32,
    /// What went in, as JSON.
    pub inputs: String,
    /// What came out, as JSON.
    pub outcome: String,
}

/// A checkout session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Which.
    pub session_id: SessionId,
    /// SHA-256 of the secret; none once the session ended.
    pub secret_sha256: Option<Vec<u8>>,
    /// SHA-256 of the single-use code in `frame_url`; none once used.
    pub frame_code_sha256: Option<Vec<u8>>,
    /// SHA-256 of the frame's cookie; none until there is one.
    pub cookie_sha256: Option<Vec<u8>>,
    /// The page's origin.
    pub origin: String,
    /// What is to be paid, in minor units.
    pub amount: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// The phone that the merchant gave as a hint, sealed under the merchant's key.
    pub hint: Option<Vec<u8>>,
    /// The language tag the merchant asked for.
    pub locale: Option<String>,
    /// What the browser may do, as JSON.
    pub allow: String,
    /// What a saved card is for.
    pub purpose: Purpose,
    /// How far it has come.
    pub status: SessionStatus,
    /// Who was identified.
    pub customer_id: Option<CustomerId>,
    /// Whether the customer came into being in this session.
    pub is_new: bool,
    /// The challenge that runs.
    pub challenge_id: Option<ChallengeId>,
    /// The revision whose decisions the shopper was shown last.
    pub shown_revision: Option<String>,
    /// What the shopper chose.
    pub selected_token_id: Option<TokenId>,
    /// Consent to save a new card, as JSON.
    pub save_consent: Option<String>,
    /// When minted.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A code sent to a phone, and the tries at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeRecord {
    /// Which.
    pub challenge_id: ChallengeId,
    /// In which session.
    pub session_id: SessionId,
    /// Under what is counted of the phone.
    pub phone_index: Vec<u8>,
    /// The phone, sealed under the merchant's key.
    pub phone: Vec<u8>,
    /// HMAC of the code under the pepper; none once used.
    pub code_mac: Option<Vec<u8>>,
    /// When the code ends.
    pub code_expires_at: Timestamp,
    /// How many codes were sent.
    pub sends: u32,
    /// When the last was sent.
    pub last_sent_at: Timestamp,
    /// Wrong codes so far.
    pub wrong: u32,
    /// Until when it is locked.
    pub locked_until: Option<Timestamp>,
    /// When begun.
    pub created_at: Timestamp,
}

/// What was answered under an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRecord {
    /// Blind index of the key.
    pub key_index: Vec<u8>,
    /// MAC of the whole request, to tell a repetition from another request.
    pub request_mac: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// The body, sealed under the merchant's key.
    pub answer: Vec<u8>,
    /// Whom the body tells of, if it is a customer.
    pub customer_id: Option<CustomerId>,
    /// The session that was minted, if it was one.
    pub session: Option<AnsweredSession>,
    /// When.
    pub created_at: Timestamp,
}

/// The session that an answer told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredSession {
    /// Which.
    pub session_id: SessionId,
    /// Its secret, sealed under the merchant's key; gone once the session has ended.
    pub secret: Option<Vec<u8>>,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
}

/// A phone that is refused for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoolDown {
    /// Until when.
    pub until: Timestamp,
    /// How many there were, this one included: each is twice as long.
    pub nth: u32,
}

/// An entry of a merchant's audit chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Whose chain.
    pub merchant_id: MerchantId,
    /// Its place, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of actor.
    pub actor: Actor,
    /// Which one.
    pub actor_id: String,
    /// From which network address, where there was one.
    pub address: Option<String>,
    /// What was done, such as `customer.suspend`.
    pub action: String,
    /// To which customer.
    pub customer_id: Option<CustomerId>,
    /// To which token.
    pub token_id: Option<TokenId>,
    /// Which fields changed: names, comma-separated, never values.
    pub fields: String,
    /// The status before and after a move, `INACTIVE>ACTIVE`; empty for others.
    pub transition: String,
    /// Reason and note of a move, sealed under the customer's key.
    pub sealed_reason: Option<Vec<u8>>,
    /// The request that did it.
    pub request_id: String,
    /// Hash of the entry before.
    pub previous_hash: Vec<u8>,
    /// Hash of this one over everything above.
    pub hash: Vec<u8>,
}

/// A customer to add, and what is added with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// The customer.
    pub customer: CustomerRecord,
    /// The audit entry that says so.
    pub entry: AuditRecord,
    /// What is answered, if it is kept under a key.
    pub answer: Option<AnswerRecord>,
}

/// The end of a merchant's audit chain, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHeadRecord {
    /// Whose chain.
    pub merchant_id: MerchantId,
    /// The place of the entry that was the last one.
    pub seq: i64,
    /// Its hash.
    pub hash: Vec<u8>,
    /// When signed.
    pub signed_at: Timestamp,
    /// The signature over everything above and the signature before.
    pub signature: Vec<u8>,
}

/// How many records went with a customer that was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Destroyed {
    /// Card tokens.
    pub tokens: i64,
    /// Records of consent.
    pub consents: i64,
    /// Shown decisions.
    pub decisions: i64,
    /// Checkout sessions.
    pub sessions: i64,
}

/// The receipt of a customer that was erased for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasureRecord {
    /// Of which merchant.
    pub merchant_id: MerchantId,
    /// Whom.
    pub customer_id: CustomerId,
    /// When the customer was deleted.
    pub deleted_at: Timestamp,
    /// When erased.
    pub erased_at: Timestamp,
    /// What went with it.
    pub destroyed: Destroyed,
    /// The signature over everything above.
    pub signature: Vec<u8>,
}

/// Something that must happen after a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRecord {
    /// Whose.
    pub merchant_id: MerchantId,
    /// Which.
    pub message_id: MessageId,
    /// What is to be done, such as `send_code`.
    pub kind: String,
    /// With what, sealed under the merchant's key.
    pub payload: Vec<u8>,
    /// When.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was put in.
    pub created_at: Timestamp,
}

/// A person who signs in to the admin page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminRecord {
    /// For which merchant.
    pub merchant_id: MerchantId,
    /// Who.
    pub admin_id: AdminId,
    /// E-mail address, lower case.
    pub email: String,
    /// argon2id hash in PHC form.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
    /// When made.
    pub created_at: Timestamp,
}

/// A signed-in admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminSessionRecord {
    /// SHA-256 of the cookie's token.
    pub token_sha256: Vec<u8>,
    /// For which merchant.
    pub merchant_id: MerchantId,
    /// Who.
    pub admin_id: AdminId,
    /// When signed in.
    pub created_at: Timestamp,
    /// When last used.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}
