//! Sealing of personal data, and the blind indexes by which it is found.
//!
//! Three keys deep: the root key (from a file or the environment, never in the database) wraps a key
//! and an index key per merchant; the merchant's key wraps a key per customer; the customer's key
//! seals the profile. XChaCha20-Poly1305 throughout, with 192-bit random nonces. The associated data
//! names table, column, merchant and record, so that a ciphertext moved elsewhere does not open.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use shared::Timestamp;
use shared::customer::{Customer, Email, PhoneNumber, Profile, Reference};
use shared::id::{CustomerId, MerchantId};
use std::sync::{PoisonError, RwLock};
use store::{CustomerRecord, MerchantKey, MerchantRecord, SpareKey, SpareRole};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ambient::{self, Random};

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Plaintexts are padded to a multiple of this, so that a length says little about a name.
const BUCKET: usize = 128;

/// Why a ciphertext did not open.
#[derive(Debug, thiserror::Error)]
#[error(
    "the sealed {column} of {record} does not open: it was changed, moved, or sealed under another root key"
)]
pub struct Unopened {
    column: &'static str,
    record: String,
}

/// 256 bits that wipe themselves and print nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A fresh key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(ambient::bytes(random))
    }

    /// Reads a key as 64 hexadecimal digits, the form of key files.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut key = [0; 32];
        for (byte, place) in key.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(place..place + 2)?, 16).ok()?;
        }
        Some(Self(key))
    }

    /// Writes a key as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Whether every byte is the same: what somebody types who has no key.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.0.windows(2).all(|pair| pair.first() == pair.last())
    }

    fn derive(&self, purpose: &str) -> Self {
        let mut derived = [0; 32];
        // 32 bytes is far below HKDF's limit of 255 blocks, the only way this can fail.
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_bytes(), &mut derived);
        debug_assert!(expanded.is_ok());
        Self(derived)
    }
}

/// SHA-256, the form in which secrets of 256 random bits are kept.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// HMAC-SHA256.
#[must_use]
pub fn mac(key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&key.0) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether two secrets are equal, in time that does not depend on where they differ.
#[must_use]
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

/// A secret of 256 random bits, as text.
pub fn secret(random: &dyn Random) -> String {
    URL_SAFE_NO_PAD.encode(ambient::bytes::<32>(random))
}

/// Where a ciphertext belongs.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// `table.column`.
    pub column: &'static str,
    /// The merchant.
    pub merchant: &'a str,
    /// The record.
    pub record: &'a str,
}

impl Place<'_> {
    fn associated_data(self) -> Vec<u8> {
        let mut data = vec![FORMAT];
        for part in [self.column, self.merchant, self.record] {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// Seals bytes: format, nonce, ciphertext and tag. The plaintext is padded to a bucket.
pub fn seal(key: &Key, place: Place<'_>, plaintext: &[u8], random: &dyn Random) -> Vec<u8> {
    let mut padded = u32::try_from(plaintext.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec();
    padded.extend_from_slice(plaintext);
    padded.resize(padded.len().next_multiple_of(BUCKET), 0);
    let nonce: [u8; NONCE_BYTES] = ambient::bytes(random);
    let payload = Payload {
        msg: &padded,
        aad: &place.associated_data(),
    };
    // Encryption fails only for plaintexts of hundreds of gigabytes.
    let ciphertext = XChaCha20Poly1305::new(&key.0.into())
        .encrypt(&XNonce::from(nonce), payload)
        .unwrap_or_default();
    padded.zeroize();
    let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// Opens what [`seal`] made for the same place.
///
/// # Errors
/// [`Unopened`] for anything else.
pub fn open(key: &Key, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
    let refused = || Unopened {
        column: place.column,
        record: place.record.to_owned(),
    };
    let (format, rest) = sealed.split_first().ok_or_else(refused)?;
    let (nonce, ciphertext) = rest
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or_else(refused)?;
    if *format != FORMAT || ciphertext.len() < TAG_BYTES {
        return Err(refused());
    }
    let payload = Payload {
        msg: ciphertext,
        aad: &place.associated_data(),
    };
    let mut padded = XChaCha20Poly1305::new(&key.0.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| refused())?;
    let (length, content) = padded.split_first_chunk::<4>().ok_or_else(refused)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| refused())?;
    let plaintext = content.get(..length).ok_or_else(refused)?.to_vec();
    padded.zeroize();
    Ok(plaintext)
}

/// The root key, and what is derived from the instance's own key, which it wraps.
pub struct Vault {
    /// Changes when it is rotated.
    root: RwLock<Key>,
    /// Signs access tokens.
    pub access_tokens: Key,
    /// The pepper under which one-time codes are kept.
    pub codes: Key,
    /// Blind index of phones for the limits that hold across merchants.
    pub phones: Key,
    /// Signs the ends of audit chains.
    pub audit_heads: Key,
    /// Signs the receipts of erased customers.
    pub erasures: Key,
    /// What a merchant's limits, and the names of its requests, are kept under.
    subjects: Key,
}

/// By what customers are found.
#[derive(Clone, Copy)]
pub enum Indexed<'a> {
    /// Phone in normal form.
    Phone(&'a PhoneNumber),
    /// The merchant's own name for a customer.
    Reference(&'a Reference),
    /// E-mail address; case does not matter.
    Email(&'a Email),
}

impl Indexed<'_> {
    fn under(self, key: &Key) -> Vec<u8> {
        let (kind, value) = match self {
            Self::Phone(phone) => ("phone", phone.e164()),
            Self::Reference(reference) => ("reference", reference.as_str().to_owned()),
            Self::Email(email) => ("email", email.normalised()),
        };
        mac(key, &[kind.as_bytes(), value.as_bytes()])
    }
}

/// A merchant's keys, opened.
#[derive(Clone, Debug)]
pub struct MerchantKeys {
    merchant: MerchantId,
    wrap: Key,
    index: Key,
    /// The one that comes or goes while one of them is rotated.
    spare: Option<Spare>,
    /// Of what is soon forgotten: not rotated, so that no limit is forgotten and no request repeated with it.
    subjects: Key,
}

#[derive(Clone, Debug)]
struct Spare {
    of: MerchantKey,
    role: SpareRole,
    key: Key,
}

const WRAPPED_KEY: &str = "merchants.wrapped_key";
const WRAPPED_INDEX_KEY: &str = "merchants.wrapped_index_key";
const WRAPPED_SPARE_KEY: &str = "merchants.wrapped_spare_key";

fn of_merchant<'a>(column: &'static str, merchant: &'a MerchantId) -> Place<'a> {
    Place {
        column,
        merchant: merchant.as_str(),
        record: "",
    }
}

const INSTANCE_KEY: Place<'_> = Place {
    column: "instance_values.instance_key",
    merchant: "",
    record: "",
};

/// A value that tells whether a database belongs to a root key.
#[must_use]
pub fn check_value(root: &Key) -> Vec<u8> {
    mac(&root.derive("onfile root check"), &[b"onfile"])
}

/// Wraps the key from which whatever is the instance's own is derived.
#[must_use]
pub fn wrap_instance_key(root: &Key, key: &Key, random: &dyn Random) -> Vec<u8> {
    seal(root, INSTANCE_KEY, &key.0, random)
}

/// Opens what [`wrap_instance_key`] made.
///
/// # Errors
/// [`Unopened`] when it was wrapped under another root key.
pub fn open_instance_key(root: &Key, wrapped: &[u8]) -> Result<Key, Unopened> {
    open_key(root, INSTANCE_KEY, wrapped)
}

impl Vault {
    /// Derives what is needed from the instance's key.
    #[must_use]
    pub fn new(root: Key, instance: &Key) -> Self {
        Self {
            access_tokens: instance.derive("onfile access tokens"),
            codes: instance.derive("onfile code pepper"),
            phones: instance.derive("onfile phones"),
            audit_heads: instance.derive("onfile audit heads"),
            erasures: instance.derive("onfile erasures"),
            subjects: instance.derive("onfile subjects"),
            root: RwLock::new(root),
        }
    }

    /// The root key in use.
    #[must_use]
    pub fn root(&self) -> Key {
        self.root
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Uses another root key from now on.
    pub fn set_root(&self, root: Key) {
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
    }

    /// Makes and wraps the keys of a new merchant.
    #[must_use]
    pub fn new_merchant(
        &self,
        merchant_id: MerchantId,
        name: String,
        sandbox: bool,
        settings: String,
        now: Timestamp,
        random: &dyn Random,
    ) -> MerchantRecord {
        let keys = MerchantKeys {
            merchant: merchant_id.clone(),
            wrap: Key::generate(random),
            index: Key::generate(random),
            spare: None,
            subjects: self.subjects_of(&merchant_id),
        };
        let bare = MerchantRecord {
            merchant_id,
            name,
            sandbox,
            wrapped_key: Vec::new(),
            wrapped_index_key: Vec::new(),
            spare_key: None,
            settings,
            created_at: now,
        };
        keys.wrapped(bare, &self.root(), None, random)
    }

    /// Opens a merchant's keys.
    ///
    /// # Errors
    /// [`Unopened`] when they were wrapped under another root key.
    pub fn merchant_keys(&self, merchant: &MerchantRecord) -> Result<MerchantKeys, Unopened> {
        let root = self.root();
        let unwrap = |column, wrapped: &[u8]| {
            open_key(&root, of_merchant(column, &merchant.merchant_id), wrapped)
        };
        Ok(MerchantKeys {
            merchant: merchant.merchant_id.clone(),
            wrap: unwrap(WRAPPED_KEY, &merchant.wrapped_key)?,
            index: unwrap(WRAPPED_INDEX_KEY, &merchant.wrapped_index_key)?,
            spare: merchant
                .spare_key
                .as_ref()
                .map(|spare| {
                    Ok(Spare {
                        of: spare.of,
                        role: spare.role,
                        key: unwrap(WRAPPED_SPARE_KEY, &spare.wrapped)?,
                    })
                })
                .transpose()?,
            subjects: self.subjects_of(&merchant.merchant_id),
        })
    }

    fn subjects_of(&self, merchant: &MerchantId) -> Key {
        self.subjects.derive(merchant.as_str())
    }
}

fn open_key(key: &Key, place: Place<'_>, wrapped: &[u8]) -> Result<Key, Unopened> {
    key_of(place, open(key, place, wrapped)?)
}

fn key_of(place: Place<'_>, mut bytes: Vec<u8>) -> Result<Key, Unopened> {
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Unopened {
        column: place.column,
        record: place.record.to_owned(),
    });
    bytes.zeroize();
    key.map(Key)
}

impl MerchantKeys {
    /// The merchant with these keys, wrapped under a root key.
    #[must_use]
    pub fn wrapped(
        &self,
        merchant: MerchantRecord,
        root: &Key,
        spare_since: Option<Timestamp>,
        random: &dyn Random,
    ) -> MerchantRecord {
        let wrap =
            |column, key: &Key| seal(root, of_merchant(column, &self.merchant), &key.0, random);
        let spare_key = self.spare.as_ref().zip(spare_since);
        MerchantRecord {
            wrapped_key: wrap(WRAPPED_KEY, &self.wrap),
            wrapped_index_key: wrap(WRAPPED_INDEX_KEY, &self.index),
            spare_key: spare_key.map(|(spare, since)| SpareKey {
                of: spare.of,
                wrapped: wrap(WRAPPED_SPARE_KEY, &spare.key),
                role: spare.role,
                since,
            }),
            ..merchant
        }
    }

    /// The same with a fresh key to come in the place of one.
    #[must_use]
    pub fn with_next(mut self, of: MerchantKey, random: &dyn Random) -> Self {
        self.spare = Some(Spare {
            of,
            role: SpareRole::Next,
            key: Key::generate(random),
        });
        self
    }

    /// The same with the key that comes in its place, and the one that was there about to go.
    #[must_use]
    pub fn switched(mut self) -> Self {
        if let Some(spare) = &mut self.spare {
            let used = match spare.of {
                MerchantKey::Wrap => &mut self.wrap,
                MerchantKey::Index => &mut self.index,
            };
            std::mem::swap(&mut spare.key, used);
            spare.role = SpareRole::Previous;
        }
        self
    }

    fn spare_of(&self, of: MerchantKey) -> Option<&Spare> {
        self.spare.as_ref().filter(|spare| spare.of == of)
    }

    /// Seals anew what the key that goes has sealed; none when that has nothing to do with it.
    ///
    /// # Errors
    /// [`Unopened`] when neither key opens it.
    pub fn resealed(
        &self,
        column: &'static str,
        record: &str,
        sealed: &[u8],
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, Unopened> {
        let place = self.place(column, record);
        if open(&self.wrap, place, sealed).is_ok() {
            return Ok(None);
        }
        let mut plaintext = self.open_either(place, sealed)?;
        let anew = seal(&self.wrap, place, &plaintext, random);
        plaintext.zeroize();
        Ok(Some(anew))
    }

    fn open_either(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        match (
            open(&self.wrap, place, sealed),
            self.spare_of(MerchantKey::Wrap),
        ) {
            (Err(_), Some(spare)) => open(&spare.key, place, sealed),
            (opened, _) => opened,
        }
    }

    fn place<'a>(&'a self, column: &'static str, record: &'a str) -> Place<'a> {
        Place {
            column,
            merchant: self.merchant.as_str(),
            record,
        }
    }

    /// Makes and wraps the key of a new customer.
    #[must_use]
    pub fn new_customer_key(&self, customer: &CustomerId, random: &dyn Random) -> Vec<u8> {
        seal(
            &self.wrap,
            self.place("customers.wrapped_key", customer.as_str()),
            &Key::generate(random).0,
            random,
        )
    }

    /// Opens a customer's key.
    ///
    /// # Errors
    /// [`Unopened`] when it was changed or moved.
    pub fn customer_key(&self, customer: &CustomerId, wrapped: &[u8]) -> Result<Key, Unopened> {
        let place = self.place("customers.wrapped_key", customer.as_str());
        key_of(place, self.open_either(place, wrapped)?)
    }

    /// Seals bytes that belong to one customer under that customer's key.
    #[must_use]
    pub fn seal_for_customer(
        &self,
        key: &Key,
        column: &'static str,
        record: &str,
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Vec<u8> {
        seal(key, self.place(column, record), plaintext, random)
    }

    /// Opens what [`Self::seal_for_customer`] made.
    ///
    /// # Errors
    /// [`Unopened`] when it was changed or moved.
    pub fn open_for_customer(
        &self,
        key: &Key,
        column: &'static str,
        record: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unopened> {
        open(key, self.place(column, record), sealed)
    }

    /// Seals bytes that belong to no customer yet, under the merchant's key.
    #[must_use]
    pub fn seal(
        &self,
        column: &'static str,
        record: &str,
        plaintext: &[u8],
        random: &dyn Random,
    ) -> Vec<u8> {
        seal(&self.wrap, self.place(column, record), plaintext, random)
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`Unopened`] when it was changed or moved.
    pub fn open(
        &self,
        column: &'static str,
        record: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unopened> {
        self.open_either(self.place(column, record), sealed)
    }

    /// Under what blind indexes a customer with a value may be found, in the order in which to look. Equal
    /// values have equal indexes, and without the key nobody can tell which value it was. While the index
    /// key is rotated there are two, the older first: customers go from that to the newer, and who looks
    /// in this order misses none that goes meanwhile.
    #[must_use]
    pub fn indexes(&self, of: Indexed<'_>) -> Vec<Vec<u8>> {
        let used = of.under(&self.index);
        match self.spare_of(MerchantKey::Index) {
            None => vec![used],
            Some(spare) => match spare.role {
                SpareRole::Next => vec![used, of.under(&spare.key)],
                SpareRole::Previous => vec![of.under(&spare.key), used],
            },
        }
    }

    /// Whether the index key is being rotated, so that no unique index sees all customers.
    #[must_use]
    pub fn has_two_indexes(&self) -> bool {
        self.spare_of(MerchantKey::Index).is_some()
    }

    /// The name under which something of the merchant's is kept for a while, such as what is counted of a
    /// phone: nobody can tell which it was.
    #[must_use]
    pub fn subject(&self, kind: &str, value: &str) -> Vec<u8> {
        mac(&self.subjects, &[kind.as_bytes(), value.as_bytes()])
    }

    /// The name under which codes and wrong tries of a phone are counted.
    #[must_use]
    pub fn phone_subject(&self, phone: &PhoneNumber) -> Vec<u8> {
        self.subject("phone", &phone.e164())
    }

    /// Tells whether two requests are the same one, without keeping either.
    #[must_use]
    pub fn request_mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        mac(&self.subjects.derive("onfile requests"), parts)
    }

    /// A customer's record with its indexes under the key in use.
    #[must_use]
    pub fn indexed(&self, record: CustomerRecord, profile: &Profile) -> CustomerRecord {
        let under = |of: Indexed<'_>| of.under(&self.index);
        CustomerRecord {
            phone_index: profile.phone.as_ref().map(Indexed::Phone).map(under),
            reference_index: profile
                .merchant_customer_reference
                .as_ref()
                .map(Indexed::Reference)
                .map(under),
            email_index: profile.email.as_ref().map(Indexed::Email).map(under),
            ..record
        }
    }

    /// Opens a customer's record.
    ///
    /// # Errors
    /// [`Unopened`] when key or profile do not open.
    pub fn customer(&self, record: &CustomerRecord) -> Result<Customer, Unopened> {
        let key = self.customer_key(&record.customer_id, &record.wrapped_key)?;
        let refused = || Unopened {
            column: "customers.profile",
            record: record.customer_id.to_string(),
        };
        let json = open(
            &key,
            self.place("customers.profile", record.customer_id.as_str()),
            &record.profile,
        )?;
        let profile: Profile = serde_json::from_slice(&json).map_err(|_| refused())?;
        Ok(Customer {
            customer_id: record.customer_id.clone(),
            state: record.state,
            state_since: record.state_since,
            verified_at: record.verified_at,
            phone_changed_at: record.phone_changed_at,
            profile,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }

    /// Seals a customer into a record. `wrapped_key` is the one it already has, or a new one.
    ///
    /// # Errors
    /// [`Unopened`] when the wrapped key does not open.
    pub fn record(
        &self,
        customer: &Customer,
        wrapped_key: Vec<u8>,
        random: &dyn Random,
    ) -> Result<CustomerRecord, Unopened> {
        let key = self.customer_key(&customer.customer_id, &wrapped_key)?;
        let json = serde_json::to_vec(&customer.profile).map_err(|_| Unopened {
            column: "customers.profile",
            record: customer.customer_id.to_string(),
        })?;
        let record = CustomerRecord {
            customer_id: customer.customer_id.clone(),
            state: customer.state,
            state_since: customer.state_since,
            verified_at: customer.verified_at,
            phone_changed_at: customer.phone_changed_at,
            version: customer.version,
            profile: seal(
                &key,
                self.place("customers.profile", customer.customer_id.as_str()),
                &json,
                random,
            ),
            wrapped_key,
            phone_index: None,
            reference_index: None,
            email_index: None,
            created_at: customer.created_at,
            updated_at: customer.updated_at,
        };
        Ok(self.indexed(record, &customer.profile))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandom;

    const HERE: Place<'_> = Place {
        column: "customers.profile",
        merchant: "m",
        record: "c",
    };

    #[test]
    fn what_was_sealed_opens_in_its_place_and_nowhere_else() {
        let key = Key::generate(&SystemRandom);
        let sealed = seal(&key, HERE, b"Priya", &SystemRandom);
        assert_eq!(open(&key, HERE, &sealed).unwrap(), b"Priya");
        for elsewhere in [
            Place {
                column: "customers.other",
                ..HERE
            },
            Place {
                merchant: "n",
                ..HERE
            },
            Place {
                record: "d",
                ..HERE
            },
        ] {
            assert!(open(&key, elsewhere, &sealed).is_err());
        }
        assert!(open(&Key::generate(&SystemRandom), HERE, &sealed).is_err());
    }

    #[test]
    fn a_changed_or_cut_ciphertext_does_not_open() {
        let key = Key::generate(&SystemRandom);
        let sealed = seal(&key, HERE, b"Priya", &SystemRandom);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(&key, HERE, &changed).is_err(), "byte {place}");
            assert!(
                open(&key, HERE, &sealed[..place]).is_err(),
                "cut at {place}"
            );
        }
    }

    #[test]
    fn short_values_have_one_length() {
        let key = Key::generate(&SystemRandom);
        assert_eq!(
            seal(&key, HERE, b"", &SystemRandom).len(),
            seal(&key, HERE, &[7; 100], &SystemRandom).len()
        );
    }

    #[test]
    fn a_key_survives_its_file_and_a_weak_one_is_known() {
        let key = Key::generate(&SystemRandom);
        assert_eq!(Key::from_hex(&key.to_hex()), Some(key.clone()));
        assert!(!key.is_weak());
        assert!(Key::from_hex(&"0".repeat(64)).unwrap().is_weak());
        assert!(Key::from_hex("abc").is_none());
    }
}
