//! `onfile demo`: sample data, an inbox in place of phones, and a shop on another origin. Nothing of it
//! is reachable under `onfile serve`.

pub mod inbox;
mod seed;
pub mod shop;

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::customer::CustomerStatus;

use crate::command::{self, CommandError, print, url_of};
use crate::database::Database;
use crate::settings::{DataArguments, DemoArguments};
use crate::{http, listen};
use inbox::Inbox;

/// What `demo.json` says.
#[derive(Serialize, Deserialize)]
pub struct Demo {
    /// APIs and widget.
    pub public_url: String,
    /// Admin page.
    pub admin_url: String,
    /// Shop.
    pub shop_url: String,
    /// Where messages land.
    pub inbox_url: String,
    /// The shop's API key.
    pub merchant: DemoMerchant,
    /// Who signs in to the admin page.
    pub admin: DemoAdmin,
    /// Some customers to try.
    pub samples: Vec<Sample>,
}

/// The shop's API key.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoMerchant {
    /// Public half.
    pub client_id: String,
    /// Secret half.
    pub client_secret: String,
}

/// Who signs in to the admin page.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoAdmin {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// A customer to try.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sample {
    /// Who.
    pub customer_id: String,
    /// Calling code.
    pub country_code: String,
    /// Number.
    pub mobile_number: String,
    /// Where the customer stands.
    pub status: CustomerStatus,
}

const FILES: [&str; 2] = ["demo.json", "root.key"];
const DATABASE_FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Runs the demo until it is asked to end.
///
/// # Errors
/// [`CommandError`].
pub async fn run(arguments: &DemoArguments) -> Result<(), CommandError> {
    let signals = command::Signals::listen()?;
    let data = DataArguments::from(arguments);
    let database = Database::of(&data)?;
    let public = listen::bind(arguments.public_addr, "public-addr").await?;
    let admin = listen::bind(arguments.admin_addr, "admin-addr").await?;
    let shop = listen::bind(arguments.shop_addr, "shop-addr").await?;
    // Port 0 asks for any free one.
    let at = |listener: &tokio::net::TcpListener, fallback| {
        url_of(listener.local_addr().unwrap_or(fallback))
    };
    let (public_url, admin_url, shop_url) = (
        at(&public, arguments.public_addr),
        at(&admin, arguments.admin_addr),
        at(&shop, arguments.shop_addr),
    );

    std::fs::create_dir_all(&data.data_dir)
        .map_err(|error| CommandError::file(&data.data_dir, &error))?;
    let _lock = command::lock(&data.data_dir)?;
    if arguments.fresh {
        let Some(path) = database.path() else {
            return Err(CommandError::Plain(
                "--fresh throws files away only: make another database on the server, or drop this one yourself".into(),
            ));
        };
        throw_away(&data.data_dir, path)?;
    }
    let written = data.data_dir.join("demo.json");
    let root_keys = command::RootKeyFile::of(&data);
    let known = read(&written)?;
    let inbox = Inbox::default();
    let sender = Arc::new(inbox.clone());
    let (app, demo) = match known {
        Some(demo) => (
            command::assemble(&database, root_keys, sender, public_url.clone(), Vec::new()).await?,
            demo,
        ),
        None if database.path().is_some_and(|path| path.exists()) => {
            return Err(CommandError::Plain(format!(
                "{} holds data but no demo.json: the demo was not finished. Start over with --fresh",
                data.data_dir.display()
            )));
        }
        None => {
            root_keys.make_unless_there()?;
            let app =
                command::assemble(&database, root_keys, sender, public_url.clone(), Vec::new())
                    .await?;
            let seeded = seed::plant(&app).await?;
            let demo = Demo {
                public_url: public_url.clone(),
                admin_url: admin_url.clone(),
                inbox_url: format!("{shop_url}/inbox"),
                shop_url: shop_url.clone(),
                merchant: seeded.merchant,
                admin: seeded.admin,
                samples: seeded.samples,
            };
            (app, demo)
        }
    };
    command::start_background(&app).await?;
    let counter = shop::Shop {
        onfile_url: public_url.clone(),
        shop_url: shop_url.clone(),
        client_id: demo.merchant.client_id.clone(),
        client_secret: demo.merchant.client_secret.clone(),
    };
    let listeners = vec![
        (public, http::public(&app)),
        (admin, http::admin(&app)),
        (shop, shop::router(counter).merge(inbox::router(inbox))),
    ];
    // The sockets are bound, so connections are accepted from here on.
    if !written.exists() {
        write(&written, &demo)?;
    }
    welcome(&demo, &public_url, &admin_url, &shop_url);
    command::serve_until_asked_to_end(&app, signals, listeners).await
}

fn read(path: &Path) -> Result<Option<Demo>, CommandError> {
    match std::fs::read(path) {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|error| {
            CommandError::Plain(format!(
                "{} cannot be read ({error}): start over with --fresh",
                path.display()
            ))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::file(path, &error)),
    }
}

/// Written whole or not at all, readable by its owner only: it holds secrets, if only of a demo.
fn write(path: &Path, demo: &Demo) -> Result<(), CommandError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let json = serde_json::to_string_pretty(demo)
        .map_err(|error| CommandError::Plain(error.to_string()))?;
    let part = path.with_extension("json.part");
    let io = |error: std::io::Error| CommandError::file(path, &error);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(io)?;
    file.write_all(json.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    std::fs::rename(&part, path).map_err(io)
}

fn throw_away(data_dir: &Path, database: &Path) -> Result<(), CommandError> {
    let beside = DATABASE_FILES.map(|ending| {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        std::path::PathBuf::from(path)
    });
    for path in FILES
        .map(|name| data_dir.join(name))
        .into_iter()
        .chain(beside)
    {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(CommandError::file(&path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn welcome(demo: &Demo, public_url: &str, admin_url: &str, shop_url: &str) {
    print(&format!(
        "\nThe demo is running. Look around:\n\n  shop    {shop_url}\n  inbox   {shop_url}/inbox   (codes land here instead of on phones)\n  admin   {admin_url}\n          {} / {}\n  APIs    {public_url}\n\nPhones to try:\n",
        demo.admin.email, demo.admin.password
    ));
    for sample in &demo.samples {
        print(&format!(
            "  +{} {}   {}",
            sample.country_code,
            sample.mobile_number,
            sample.status.as_str()
        ));
    }
    print("\nAny other Indian mobile number is a new customer. Ctrl-C ends the demo.\n");
}
