//! Rotation of keys while Onfile serves.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use acceptance::app::{SHOP, TestApp};
use acceptance::server::Server;
use axum::http::Method;
use backend::command::{self, CommandError, RootKeyFile};
use backend::database::Database;
use backend::sender::Unconfigured;
use backend::service::instance::{self, InstanceError};
use backend::service::keys::{self, KNOWN_AFTER, Step};
use backend::service::merchants::{self, Settings};
use backend::settings::{Command, DataArguments, KeysCommand, MerchantCommand, RotateCommand};
use backend::vault::Key;
use serde_json::{Value, json};
use store::{MerchantKey, MerchantRecord, Sealed};

const PHONE: &str = "9876543210";
const NEW_ROOT: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

async fn record(app: &TestApp, merchant: &Server) -> MerchantRecord {
    let mut view = app.onfile.store.read().await.unwrap();
    view.merchant(&merchant.merchant_id).await.unwrap().unwrap()
}

async fn sealed(app: &TestApp, merchant: &Server) -> Vec<(String, Vec<u8>)> {
    let mut view = app.onfile.store.read().await.unwrap();
    let mut all = Vec::new();
    for what in Sealed::ALL {
        let rows = view.sealed(&merchant.merchant_id, what, "", 1_000);
        all.extend(rows.await.unwrap());
    }
    all
}

async fn step(app: &TestApp, merchant: &Server) -> Step {
    keys::step(&record(app, merchant).await, MerchantKey::Wrap, app.now())
}

/// A customer, and something in each of the places that are sealed under the merchant's key.
async fn fill(app: &TestApp, merchant: &Server) -> (String, Value) {
    let customer_id = merchant.customer_who_is("ACTIVE", PHONE).await;
    let request = merchant
        .request(Method::POST, "/api/v1/checkout-sessions")
        .json(&json!({ "origin": SHOP, "mobile_number": PHONE }))
        .header("idempotency-key", "one");
    let minted = merchant.send(request).await.is(201);
    for what in Sealed::ALL {
        if what.table == "challenges" || what.table == "outbox_messages" {
            continue;
        }
        let mut view = app.onfile.store.read().await.unwrap();
        let rows = view
            .sealed(&merchant.merchant_id, what, "", 10)
            .await
            .unwrap();
        assert!(!rows.is_empty(), "{what:?}");
    }
    (customer_id, minted)
}

#[tokio::test]
async fn a_merchants_key_is_rotated_step_by_step_and_everything_still_opens() {
    let app = TestApp::start().await;
    let mut merchant = app.merchant().await;
    let (customer_id, minted) = fill(&app, &merchant).await;
    // A code on its way, and one that was sent.
    let challenge_id = merchant.shopper_from(&app, &minted).challenge(PHONE).await;
    let before = sealed(&app, &merchant).await;
    let old = record(&app, &merchant).await;

    assert_eq!(step(&app, &merchant).await, Step::Publish);
    keys::publish(&app.onfile, &merchant.merchant_id, MerchantKey::Wrap)
        .await
        .unwrap();
    let known = app.now().plus(KNOWN_AFTER);
    assert_eq!(step(&app, &merchant).await, Step::Wait(known));
    // Too early: nothing happens.
    keys::switch(&app.onfile, &merchant.merchant_id, MerchantKey::Wrap)
        .await
        .unwrap();
    assert_eq!(step(&app, &merchant).await, Step::Wait(known));
    app.advance(KNOWN_AFTER.as_secs());
    assert_eq!(step(&app, &merchant).await, Step::Switch);
    keys::switch(&app.onfile, &merchant.merchant_id, MerchantKey::Wrap)
        .await
        .unwrap();
    // Too early: what nobody has sealed anew must still open.
    keys::destroy(&app.onfile, &merchant.merchant_id, MerchantKey::Wrap)
        .await
        .unwrap();
    assert_eq!(merchant.read(&customer_id).await["mobile_number"], PHONE);
    let other = merchant.customer("9876543211").await;
    app.advance(KNOWN_AFTER.as_secs());
    let app = app.restarted().await;
    merchant = merchant.at(&app);
    assert_eq!(step(&app, &merchant).await, Step::Renew);
    let changed = keys::reseal(&app.onfile, &merchant.merchant_id)
        .await
        .unwrap();
    // One more than before: this process had not heard of the switch when it sealed `other`.
    assert_eq!(changed, u64::try_from(before.len()).unwrap() + 1);
    assert_eq!(
        keys::reseal(&app.onfile, &merchant.merchant_id)
            .await
            .unwrap(),
        0
    );
    let after = sealed(&app, &merchant).await;
    for row in &before {
        assert!(!after.contains(row), "{} was not sealed anew", row.0);
    }
    keys::destroy(&app.onfile, &merchant.merchant_id, MerchantKey::Wrap)
        .await
        .unwrap();
    let new = record(&app, &merchant).await;
    assert_eq!(new.spare_key, None);
    assert_ne!(new.wrapped_key, old.wrapped_key);
    assert_eq!(step(&app, &merchant).await, Step::Publish);

    let app = app.restarted().await;
    let merchant = merchant.at(&app);
    for (id, status) in [(&customer_id, "ACTIVE"), (&other, "INACTIVE")] {
        assert_eq!(merchant.read(id).await["status"], status);
    }
    let request = merchant
        .request(Method::POST, "/api/v1/checkout-sessions")
        .json(&json!({ "origin": SHOP, "mobile_number": PHONE }))
        .header("idempotency-key", "one");
    assert_eq!(merchant.send(request).await.is(201), minted);
    let shopper = merchant.shopper_from(&app, &minted);
    let code = app.code_sent_to(&format!("91{PHONE}")).await;
    shopper.enter(&challenge_id, &code).await.is(200);
}

#[tokio::test]
async fn a_rotation_beside_nodes_that_serve_is_never_in_their_way() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    let elsewhere = merchant.clone().at(&other);
    let (customer_id, _) = fill(&one, &merchant).await;
    let mut numbers = 9_000_000_000_u64..;
    let mut rounds = 0;
    loop {
        // Both nodes read what the other has just sealed, whichever keys they know.
        for (writer, reader) in [(&merchant, &elsewhere), (&elsewhere, &merchant)] {
            let made = writer.customer(&numbers.next().unwrap().to_string()).await;
            assert_eq!(reader.read(&made).await["customer_id"], made);
            reader.read(&customer_id).await;
        }
        let merchant_id = &merchant.merchant_id;
        match step(&one, &merchant).await {
            Step::Publish if rounds > 0 => break,
            Step::Publish => keys::publish(&one.onfile, merchant_id, MerchantKey::Wrap)
                .await
                .unwrap(),
            Step::Wait(_) => one.advance(1),
            Step::Switch => keys::switch(&one.onfile, merchant_id, MerchantKey::Wrap)
                .await
                .unwrap(),
            Step::Finish(_) => panic!("no other key is rotated"),
            Step::Renew => {
                keys::reseal(&one.onfile, merchant_id).await.unwrap();
                keys::destroy(&one.onfile, merchant_id, MerchantKey::Wrap)
                    .await
                    .unwrap();
            }
        }
        rounds += 1;
    }
    assert_eq!(record(&one, &merchant).await.spare_key, None);
    for what in Sealed::ALL {
        let mut view = one.onfile.store.read().await.unwrap();
        for (id, sealed) in view
            .sealed(&merchant.merchant_id, what, "", 1_000)
            .await
            .unwrap()
        {
            let keys = one
                .onfile
                .vault
                .merchant_keys(&record(&one, &merchant).await)
                .unwrap();
            let again = keys.resealed(what.name, &id, &sealed, &*one.onfile.random);
            assert_eq!(again.unwrap(), None, "{what:?} of {id}");
        }
    }
}

#[tokio::test]
async fn the_root_key_is_rotated_while_two_nodes_serve() {
    let [one, other] = TestApp::two_nodes().await;
    let merchant = one.merchant().await;
    let elsewhere = merchant.clone().at(&other);
    let (customer_id, minted) = fill(&one, &merchant).await;
    let (old, new) = (one.onfile.vault.root(), Key::from_hex(NEW_ROOT).unwrap());
    one.keys.put(&[old.clone(), new.clone()]);
    assert_eq!(keys::rotate_root(&one.onfile, &new).await.unwrap(), 1);
    one.keys.put(std::slice::from_ref(&new));
    for _ in 0..3 {
        for server in [&merchant, &elsewhere] {
            assert_eq!(server.read(&customer_id).await["mobile_number"], PHONE);
            let request = server
                .request(Method::POST, "/api/v1/checkout-sessions")
                .json(&json!({ "origin": SHOP, "mobile_number": PHONE }))
                .header("idempotency-key", "one");
            assert_eq!(server.send(request).await.is(201), minted);
        }
        one.advance(6);
    }
    assert!(other.onfile.vault.root() == new);

    let bind = async |key: &Key| {
        let at_hand = std::slice::from_ref(key);
        instance::bind(&one.onfile.store, at_hand, &*one.onfile.random).await
    };
    assert!(matches!(bind(&old).await, Err(InstanceError::WrongRootKey)));
    assert!(bind(&new).await.is_ok());
}

#[tokio::test]
async fn a_process_with_the_old_root_key_makes_no_merchant_and_rotates_nothing() {
    let [one, stale] = TestApp::two_nodes().await;
    let new = Key::from_hex(NEW_ROOT).unwrap();
    keys::rotate_root(&one.onfile, &new).await.unwrap();
    let made = merchants::create(&stale.onfile, "Late", true, &Settings::default()).await;
    assert!(made.is_err_and(|error| error.to_string().contains("run it again")));
    let again = Key::from_hex(&NEW_ROOT.replace('0', "f")).unwrap();
    assert!(keys::rotate_root(&stale.onfile, &again).await.is_err());
    merchants::create(&one.onfile, "Early", true, &Settings::default())
        .await
        .unwrap();
}

fn data_in(directory: &Path) -> DataArguments {
    DataArguments {
        data_dir: directory.to_owned(),
        database_url: None,
        root_key_file: None,
    }
}

async fn rotate(directory: &Path) {
    let what = RotateCommand::Root {
        data: data_in(directory),
    };
    let command = Command::Keys(KeysCommand::Rotate { what });
    command::run(command).await.unwrap();
}

#[tokio::test]
async fn a_root_rotation_that_is_refused_makes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let refused = async || {
        let what = RotateCommand::Root { data: data_in(at) };
        let command = Command::Keys(KeysCommand::Rotate { what });
        let error = command::run(command).await.unwrap_err().to_string();
        assert!(!at.join("root.key.next").exists(), "{error}");
        error
    };
    assert!(refused().await.contains("onfile keys init"));
    std::fs::write(at.join("root.key"), NEW_ROOT).unwrap();
    assert!(refused().await.contains("there is no database"));
    std::fs::remove_file(at.join("root.key")).unwrap();
    let create = Command::Merchant(MerchantCommand::Create {
        name: "Tamra Tea".to_owned(),
        sandbox: true,
        data: data_in(at),
    });
    command::run(create).await.unwrap();
    std::fs::write(at.join("root.key"), NEW_ROOT).unwrap();
    assert!(refused().await.contains("another root key"));
}

/// Opens it as `serve` does.
async fn opens(directory: &Path) -> Result<(), CommandError> {
    let data = data_in(directory);
    let database = Database::of(&data)?;
    let sender = Arc::new(Unconfigured);
    let keys = RootKeyFile::of(&data);
    let app = command::assemble(&database, keys, sender, String::new(), Vec::new()).await?;
    let all = app.store.read().await.unwrap().merchants().await.unwrap();
    assert_eq!(all.len(), 1);
    merchants::get(&app, &all[0].merchant_id).await?.unwrap();
    app.store.close().await;
    Ok(())
}

#[tokio::test]
async fn a_root_rotation_that_was_cut_off_anywhere_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let [key, next, previous] =
        ["", ".next", ".previous"].map(|end| at.join(format!("root.key{end}")));
    let create = Command::Merchant(MerchantCommand::Create {
        name: "Tamra Tea".to_owned(),
        sandbox: true,
        data: data_in(at),
    });
    command::run(create).await.unwrap();
    let first = std::fs::read(&key).unwrap();
    rotate(at).await;
    let second = std::fs::read(&key).unwrap();
    assert_ne!(first, second);
    assert_eq!(std::fs::read(&previous).unwrap(), first);
    assert!(!next.exists());
    opens(at).await.unwrap();

    // Cut off after the commit: the database has the next key, its file is not in place.
    for renamed in [false, true] {
        std::fs::rename(&key, &next).unwrap();
        if renamed {
            std::fs::rename(&previous, &key).unwrap();
        }
        opens(at).await.unwrap();
        rotate(at).await;
        assert_eq!(std::fs::read(&key).unwrap(), second);
        opens(at).await.unwrap();
    }

    // Cut off before it: the next key was made, and nothing more.
    let made = NEW_ROOT.as_bytes();
    std::fs::write(&next, made).unwrap();
    opens(at).await.unwrap();
    rotate(at).await;
    assert_eq!(std::fs::read(&key).unwrap(), made);
    opens(at).await.unwrap();

    // The old key alone does not open it, and is told so.
    std::fs::write(&key, &first).unwrap();
    let refused = opens(at).await.unwrap_err().to_string();
    assert!(refused.contains("another root key"), "{refused}");
}

/// Whatever bytes are kept: what is sealed under a merchant's key, and all else.
const NOT_UNDER_A_MERCHANTS_KEY: [&str; 24] = [
    "instance_values.value",
    // under the root key
    "merchants.wrapped_key",
    "merchants.wrapped_index_key",
    "merchants.wrapped_spare_key",
    // under the customer's key
    "customers.profile",
    "card_tokens.metadata",
    "audit_entries.sealed_reason",
    // digests
    "api_keys.secret_sha256",
    "checkout_sessions.secret_sha256",
    "checkout_sessions.frame_code_sha256",
    "checkout_sessions.cookie_sha256",
    "admin_sessions.token_sha256",
    "audit_entries.previous_hash",
    "audit_entries.hash",
    "audit_heads.hash",
    "audit_heads.signature",
    "erasures.signature",
    "card_tokens.request_mac",
    "challenges.code_mac",
    "challenges.phone_index",
    "cool_downs.phone_index",
    "limit_events.subject",
    "idempotency_keys.key_index",
    "idempotency_keys.request_mac",
];

#[test]
fn whatever_a_merchants_key_seals_is_sealed_anew_when_it_is_rotated() {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../backend/store-sqlite/migrations"
    );
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut table = String::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["create" | "alter", "table", name, rest @ ..] => {
                    table = (*name).to_owned();
                    if let ["add", "column", column, kind, ..] = rest
                        && kind.starts_with("blob")
                    {
                        found.insert(format!("{table}.{column}"));
                    }
                }
                [column, kind, ..] if kind.starts_with("blob") => {
                    found.insert(format!("{table}.{column}"));
                }
                _ => {}
            }
        }
    }
    for column in NOT_UNDER_A_MERCHANTS_KEY {
        assert!(found.remove(column), "{column} is not kept");
    }
    found.retain(|column| !column.ends_with("_index") || !column.starts_with("customers."));
    let sealed: BTreeSet<_> = Sealed::ALL
        .iter()
        .map(|what| format!("{}.{}", what.table, what.column))
        .collect();
    assert_eq!(found, sealed);
}
