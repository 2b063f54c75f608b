//! The root key's file, and the rotation of keys.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{
    CommandError, existing, make_directory, no_merchant, parse_merchant_id, print, refuse_unfit,
};
use crate::ambient::SystemRandom;
use crate::service::keys::{self, Step};
use crate::service::{Fault, instance};
use crate::settings::{DataArguments, KeysCommand, RotateCommand};
use crate::vault::Key;
use store::MerchantKey;

/// Runs `keys ...`.
pub(super) async fn run(command: &KeysCommand) -> Result<(), CommandError> {
    match command {
        KeysCommand::Rotate { what } => match what {
            RotateCommand::Root { data } => rotate_root(data).await,
            RotateCommand::Merchant { merchant_id, data } => {
                rotate_merchant(merchant_id, MerchantKey::Wrap, data).await
            }
            RotateCommand::Index { merchant_id, data } => {
                rotate_merchant(merchant_id, MerchantKey::Index, data).await
            }
        },
        KeysCommand::Init { data } => {
            make_directory(&data.data_dir)?;
            let path = RootKeyFile::of(data).0;
            make_key(&path)?;
            print(&format!(
                "made {}: keep a copy of it apart from the data, which cannot be read without it",
                path.display()
            ));
            Ok(())
        }
    }
}

/// Makes a root key in a file that only its owner can read; an existing file is never touched.
///
/// # Errors
/// When the file exists already or cannot be written.
fn make_key(path: &Path) -> Result<Key, CommandError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let key = Key::generate(&SystemRandom);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| CommandError::file(path, &error))?;
    file.write_all(format!("{}\n", key.to_hex()).as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| CommandError::file(path, &error))?;
    Ok(key)
}

/// The file of the root key, and beside it the file of the one that it is being rotated to.
pub struct RootKeyFile(PathBuf);

impl RootKeyFile {
    /// In the data directory, unless it is given elsewhere.
    #[must_use]
    pub fn of(data: &DataArguments) -> Self {
        match &data.root_key_file {
            Some(path) => Self(path.clone()),
            None => Self::within(&data.data_dir),
        }
    }

    /// In a data directory.
    #[must_use]
    pub fn within(data_dir: &Path) -> Self {
        Self(data_dir.join("root.key"))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    /// Where the key in use is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the next key is while the root key is rotated.
    fn next(&self) -> PathBuf {
        self.beside(".next")
    }

    /// Where the key is kept that was in use before.
    fn previous(&self) -> PathBuf {
        self.beside(".previous")
    }

    /// Whether there is any.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.0.exists() || self.next().exists()
    }

    /// Makes a root key where there is none; answers whether it did.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_unless_there(&self) -> Result<bool, CommandError> {
        let made = !self.exists();
        if made {
            make_key(&self.0)?;
        }
        Ok(made)
    }

    /// The keys at hand, the one in use first.
    ///
    /// # Errors
    /// When there is none, or one is malformed or weak.
    pub fn keys(&self) -> Result<Vec<Key>, CommandError> {
        let next = self.next();
        if !next.exists() {
            return Ok(vec![read_key(&self.0)?]);
        }
        let mut keys = Vec::new();
        if self.0.exists() {
            keys.push(read_key(&self.0)?);
        }
        keys.push(read_key(&next)?);
        Ok(keys)
    }
}

impl instance::RootKeys for RootKeyFile {
    fn read(&self) -> Vec<Key> {
        self.keys().unwrap_or_else(|error| {
            tracing::error!(%error, "the root key was rotated, and the new one cannot be read");
            Vec::new()
        })
    }
}

/// Reads the root key.
///
/// # Errors
/// When it is missing, malformed or weak.
fn read_key(path: &Path) -> Result<Key, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::NotFound {
            "; make one with `onfile keys init`, or name its file with --root-key-file"
        } else {
            ""
        };
        CommandError::Plain(format!("the root key {}: {error}{hint}", path.display()))
    })?;
    let key = Key::from_hex(&text).ok_or_else(|| {
        CommandError::Plain(format!(
            "the root key {} is not 64 hexadecimal digits",
            path.display()
        ))
    })?;
    if key.is_weak() {
        return Err(CommandError::Plain(format!(
            "the root key {} is weak: make one with `onfile keys init`",
            path.display()
        )));
    }
    Ok(key)
}

/// Rotates the root key: makes the next one beside it, wraps everything under that in one commit, and
/// only then puts its file in the place of the old one. Cut off anywhere, it goes on when run again.
async fn rotate_root(data: &DataArguments) -> Result<(), CommandError> {
    let files = RootKeyFile::of(data);
    let (path, next, previous) = (files.0.clone(), files.next(), files.previous());
    if !next.exists() {
        refuse_unfit(data).await?;
        make_key(&next)?;
    }
    let to = read_key(&next)?;
    let app = existing(data).await?;
    if app.vault.root() == to {
        print("the database has the new key already: putting its file in place");
    } else {
        let merchants = keys::rotate_root(&app, &to).await?;
        print(&format!("wrapped the keys of {merchants} merchants anew"));
    }
    app.store.close().await;
    if path.exists() {
        // A second name first: at no instant is the old key without a file.
        let _ = std::fs::remove_file(&previous);
        std::fs::hard_link(&path, &previous)
            .map_err(|error| CommandError::file(&previous, &error))?;
    }
    std::fs::rename(&next, &path)
        .and_then(|()| sync_directory(&path))
        .map_err(|error| CommandError::file(&path, &error))?;
    print(&format!(
        "{} is the root key now: keep a copy of it apart from the data. {} opens the backups made before: keep it with them, or destroy both",
        path.display(),
        previous.display()
    ));
    Ok(())
}

/// Makes the names of a file's directory durable.
fn sync_directory(file: &Path) -> std::io::Result<()> {
    let directory = file
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}

/// Rotates one of a merchant's keys, beside running servers.
async fn rotate_merchant(
    merchant_id: &str,
    of: MerchantKey,
    data: &DataArguments,
) -> Result<(), CommandError> {
    let app = existing(data).await?;
    let merchant_id = parse_merchant_id(merchant_id)?;
    loop {
        let record = app
            .store
            .read()
            .await
            .map_err(Fault::from)?
            .merchant(&merchant_id)
            .await
            .map_err(Fault::from)?
            .ok_or_else(|| no_merchant(&merchant_id))?;
        match keys::step(&record, of, app.clock.now()) {
            Step::Finish(other) => {
                let first = match other {
                    MerchantKey::Wrap => "merchant",
                    MerchantKey::Index => "index",
                };
                return Err(CommandError::Plain(format!(
                    "another rotation was begun and is to be finished first: run `onfile keys rotate {first} --merchant-id {merchant_id}`"
                )));
            }
            Step::Publish => {
                keys::publish(&app, &merchant_id, of).await?;
                print("made the next key known");
            }
            Step::Wait(until) => {
                print(&format!("every server knows it from {until} on: waiting"));
                tokio::time::sleep(app.clock.now().until(until)).await;
            }
            Step::Switch => {
                keys::switch(&app, &merchant_id, of).await?;
                print("the next key is used for what is written from now on");
            }
            Step::Renew => {
                let changed = match of {
                    MerchantKey::Wrap => keys::reseal(&app, &merchant_id).await?,
                    MerchantKey::Index => keys::reindex(&app, &merchant_id).await?,
                };
                print(&format!("renewed {changed} records"));
                if changed == 0 {
                    keys::destroy(&app, &merchant_id, of).await?;
                    break;
                }
            }
        }
    }
    app.store.close().await;
    let which = match of {
        MerchantKey::Wrap => "key",
        MerchantKey::Index => "index key",
    };
    print(&format!(
        "the {which} of {merchant_id} is rotated, and the old one destroyed"
    ));
    Ok(())
}
