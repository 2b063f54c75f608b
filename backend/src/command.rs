//! The commands: open the data, assemble Onfile, do the one thing.

mod erase;
mod keys;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use shared::api::admin::Role;
use shared::id::MerchantId;
use store::{MerchantRecord, Read};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::ambient::{SystemClock, SystemRandom};
use crate::app::{Onfile, Parts};
use crate::database::{Database, Look};
use crate::sender::{Sender, Unconfigured};
use crate::service::{Fault, admins, audit, erasure, instance, merchants, revocations};
use crate::settings::{
    AdminCommand, AuditCommand, Command, DataArguments, MerchantCommand, ServeArguments,
};
use crate::vault::Vault;
use crate::{backup, demo, http, listen, migrate, outbox};

pub use keys::RootKeyFile;

/// Why a command did not do its thing. The words are for whoever typed it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// In plain words.
    #[error("{0}")]
    Plain(String),
    /// The database.
    #[error(transparent)]
    Open(#[from] store_sqlite::OpenError),
    /// The database on a server.
    #[error(transparent)]
    OpenServer(#[from] store_postgres::OpenError),
    /// The root key of the database is another one.
    #[error(transparent)]
    Instance(#[from] instance::InstanceError),
    /// An address.
    #[error(transparent)]
    Listen(#[from] listen::ListenError),
    /// A merchant.
    #[error(transparent)]
    Merchant(#[from] merchants::CreateMerchantError),
    /// An admin.
    #[error(transparent)]
    Admin(#[from] admins::CreateAdminError),
    /// A database, while all of it is moved.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// A fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl CommandError {
    /// What went wrong with a file, and where.
    #[must_use]
    pub fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::Plain(format!("{}: {error}", path.display()))
    }
}

/// Runs a command.
///
/// # Errors
/// [`CommandError`], in words that say what to do.
pub async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Demo(arguments) => {
            log();
            demo::run(&arguments).await
        }
        Command::Serve(arguments) => {
            log();
            serve(&arguments).await
        }
        Command::Merchant(MerchantCommand::Create {
            name,
            sandbox,
            data,
        }) => create_merchant(&name, sandbox, &data).await,
        Command::Admin(AdminCommand::Create {
            merchant_id,
            email,
            role,
            data,
        }) => create_admin(&merchant_id, &email, &role, &data).await,
        Command::Keys(command) => keys::run(&command).await,
        Command::Audit(AuditCommand::Verify { merchant_id, data }) => {
            verify_audit(merchant_id.as_deref(), &data).await
        }
        Command::Erase(arguments) => erase::run(&arguments).await,
        Command::Backup { to, data } => {
            let work = backup::backup(&to, &data);
            unless_interrupted(work, "interrupted: nothing was made").await
        }
        Command::Restore { from, data } => {
            let work = backup::restore(&from, &data);
            unless_interrupted(work, "interrupted: nothing was made").await
        }
        Command::Migrate { from, to } => {
            let work = migrate::migrate(&from, &to);
            unless_interrupted(work, "interrupted: run the same command again to go on").await
        }
    }
}

/// Drops what is unfinished, and so removes it, when the process is asked to end.
async fn unless_interrupted(
    work: impl Future<Output = Result<(), CommandError>>,
    interrupted: &str,
) -> Result<(), CommandError> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        done = work => done,
        () = signals.asked_to_end() => Err(CommandError::Plain(interrupted.to_owned())),
    }
}

/// Logs as JSON lines on standard error. Whatever is written passes the card number guard once more.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ONFILE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(|| Scrubbed(std::io::stderr()))
        .init();
}

struct Scrubbed(std::io::Stderr);

impl std::io::Write for Scrubbed {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0
            .write_all(shared::card_number::scrub(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Prints a line for whoever typed the command.
pub fn print(text: &str) {
    // A closed pipe is the reader's choice.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says why a command failed, and that it did.
pub fn fail(error: &dyn std::fmt::Display) -> std::process::ExitCode {
    let _ = writeln!(std::io::stderr(), "onfile: {error}");
    std::process::ExitCode::FAILURE
}

/// Makes a directory with those above it, unless it is there.
///
/// # Errors
/// When it cannot be made.
pub fn make_directory(path: &Path) -> Result<(), CommandError> {
    std::fs::create_dir_all(path).map_err(|error| CommandError::file(path, &error))
}

/// Keeps other servers out of a data directory for as long as it lives: the cache of the SQLite store
/// is exact only while one process serves.
///
/// # Errors
/// When another process holds it.
pub fn lock(data_dir: &Path) -> Result<std::fs::File, CommandError> {
    let path = data_dir.join("onfile.lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| CommandError::file(&path, &error))?;
    file.try_lock().map_err(|_| {
        CommandError::Plain(format!(
            "another Onfile serves {}: stop it first, or choose another --data-dir",
            data_dir.display()
        ))
    })?;
    Ok(file)
}

/// Opens the data and assembles Onfile.
///
/// # Errors
/// [`CommandError`]; nothing was changed.
pub async fn assemble(
    database: &Database,
    root_keys: RootKeyFile,
    sender: Arc<dyn Sender>,
    public_url: String,
    trusted_proxies: Vec<IpNet>,
) -> Result<Arc<Onfile>, CommandError> {
    let at_hand = root_keys.keys()?;
    let store = database.open().await?;
    let vault = instance::bind(&store, &at_hand, &SystemRandom).await?;
    Ok(Onfile::new(Parts {
        store,
        clock: Arc::new(SystemClock::default()),
        random: Arc::new(SystemRandom),
        vault,
        root_keys: Arc::new(root_keys),
        sender,
        public_url,
        trusted_proxies,
    }))
}

/// Starts what runs beside the listeners.
///
/// # Errors
/// When storage does not answer.
pub async fn start_background(app: &Arc<Onfile>) -> Result<(), CommandError> {
    revocations::refresh(app).await?;
    tokio::spawn(revocations::run(Arc::clone(app)));
    tokio::spawn(outbox::run(Arc::clone(app)));
    tokio::spawn(outbox::run_purge(Arc::clone(app)));
    tokio::spawn(audit::run_signing(Arc::clone(app)));
    tokio::spawn(erasure::run(Arc::clone(app)));
    Ok(())
}

/// Serves until the process is asked to end, then finishes what runs and closes the store.
///
/// # Errors
/// When storage takes no writes any more: the process ends rather than refuse every write.
pub async fn serve_until_asked_to_end(
    app: &Arc<Onfile>,
    mut signals: Signals,
    listeners: Vec<(TcpListener, axum::Router)>,
) -> Result<(), CommandError> {
    let stop = CancellationToken::new();
    let serving: Vec<_> = listeners
        .into_iter()
        .map(|(listener, router)| tokio::spawn(listen::serve(listener, router, stop.clone())))
        .collect();
    let asked = tokio::select! {
        () = signals.asked_to_end() => true,
        () = unhealthy(app) => false,
    };
    app.changes.close();
    stop.cancel();
    for listener in serving {
        // A listener that panicked has nothing left to finish.
        let _ = listener.await;
    }
    app.store.close().await;
    if asked {
        Ok(())
    } else {
        Err(CommandError::Plain(
            "storage takes no writes any more (see the log): free or repair the disk, then start again".into(),
        ))
    }
}

/// Returns when storage takes no writes any more.
async fn unhealthy(app: &Onfile) {
    while app.store.is_healthy() {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// The wish that the process ends, heard from the moment this is made.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on: before anybody is told that the process serves.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn listen() -> Result<Self, CommandError> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| CommandError::Plain(format!("signals cannot be heard: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn asked_to_end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The address of a listener as a browser types it.
#[must_use]
pub fn url_of(address: SocketAddr) -> String {
    format!("http://{address}")
}

async fn serve(arguments: &ServeArguments) -> Result<(), CommandError> {
    let signals = Signals::listen()?;
    let database = Database::of(&arguments.data)?;
    let root_keys = RootKeyFile::of(&arguments.data);
    root_keys.keys()?;
    let public = listen::bind(arguments.public_addr, "public-addr").await?;
    let admin = listen::bind(arguments.admin_addr, "admin-addr").await?;
    let _lock = lock(&arguments.data.data_dir)?;
    let public_url = arguments.public_url.clone().map_or_else(
        || url_of(arguments.public_addr),
        |url| url.trim_end_matches('/').to_owned(),
    );
    let app = assemble(
        &database,
        root_keys,
        Arc::new(Unconfigured),
        public_url.clone(),
        arguments.trusted_proxies.clone(),
    )
    .await?;
    start_background(&app).await?;
    print(&format!(
        "Onfile serves {public_url} and the admin page on {}",
        url_of(arguments.admin_addr)
    ));
    let listeners = vec![(public, http::public(&app)), (admin, http::admin(&app))];
    serve_until_asked_to_end(&app, signals, listeners).await
}

/// For commands that run beside a server or before the first one: a fresh directory gets its key.
async fn beside(data: &DataArguments) -> Result<Arc<Onfile>, CommandError> {
    let (database, root_keys) = (Database::of(data)?, RootKeyFile::of(data));
    make_directory(&data.data_dir)?;
    // a database on a server may have been made with a key that is kept elsewhere
    let is_new = database.path().is_some_and(|path| !path.exists());
    if is_new && root_keys.make_unless_there()? {
        let _ = writeln!(
            std::io::stderr(),
            "made the root key {}: keep a copy of it apart from the data",
            root_keys.path().display()
        );
    }
    assemble(
        &database,
        root_keys,
        Arc::new(Unconfigured),
        String::new(),
        Vec::new(),
    )
    .await
}

async fn create_merchant(
    name: &str,
    sandbox: bool,
    data: &DataArguments,
) -> Result<(), CommandError> {
    let app = beside(data).await?;
    let created = merchants::create(&app, name, sandbox, &merchants::Settings::default()).await?;
    app.store.close().await;
    print(
        &serde_json::to_string_pretty(&created)
            .map_err(|error| CommandError::Plain(error.to_string()))?,
    );
    Ok(())
}

fn parse_merchant_id(text: &str) -> Result<MerchantId, CommandError> {
    MerchantId::parse(text)
        .ok_or_else(|| CommandError::Plain("--merchant-id is no merchant id".into()))
}

fn no_merchant(merchant_id: &MerchantId) -> CommandError {
    CommandError::Plain(format!("there is no merchant {merchant_id}"))
}

async fn create_admin(
    merchant_id: &str,
    email: &str,
    role: &str,
    data: &DataArguments,
) -> Result<(), CommandError> {
    let app = beside(data).await?;
    let merchant_id = parse_merchant_id(merchant_id)?;
    if merchants::get(&app, &merchant_id).await?.is_none() {
        return Err(no_merchant(&merchant_id));
    }
    let role = Role::parse(role).ok_or_else(|| {
        CommandError::Plain("--role must be viewer, support, officer or owner".into())
    })?;
    let mut password = String::new();
    std::io::stdin()
        .read_line(&mut password)
        .map_err(|error| CommandError::Plain(format!("the password could not be read: {error}")))?;
    let admin_id = admins::create(
        &app,
        &merchant_id,
        email,
        password.trim_end_matches(['\r', '\n']),
        role,
    )
    .await?;
    app.store.close().await;
    print(&format!("{{ \"admin_id\": \"{admin_id}\" }}"));
    Ok(())
}

/// For commands that change what is there: makes nothing that is not.
async fn existing(data: &DataArguments) -> Result<Arc<Onfile>, CommandError> {
    refuse_unfit(data).await?;
    let root_keys = RootKeyFile::of(data);
    assemble(
        &Database::of(data)?,
        root_keys,
        Arc::new(Unconfigured),
        String::new(),
        Vec::new(),
    )
    .await
}

/// Refuses a database that is missing, foreign or of another key before it is opened for writing, which
/// brings an older one up to date.
async fn refuse_unfit(data: &DataArguments) -> Result<(), CommandError> {
    match look(data).await.map(drop) {
        Ok(())
        | Err(
            CommandError::Open(store_sqlite::OpenError::Older { .. })
            | CommandError::OpenServer(store_postgres::OpenError::Older { .. }),
        ) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Looks at a database that was served under the root key: no directory, key or database is made, and
/// nothing is written.
async fn look(data: &DataArguments) -> Result<(Look, Vault), CommandError> {
    let database = Database::of(data)?;
    let root_keys = RootKeyFile::of(data).keys()?;
    let mut look = database.look().await?;
    let vault = instance::vault_of(&mut *look.view, &root_keys).await?;
    let vault = vault.ok_or_else(|| {
        CommandError::Plain("the database was never served, so there is nothing in it yet".into())
    })?;
    Ok((look, vault))
}

/// The merchants of a database, or the one that was asked for.
async fn merchants_in(
    view: &mut dyn Read,
    merchant_id: Option<&MerchantId>,
) -> Result<Vec<MerchantRecord>, CommandError> {
    let Some(merchant_id) = merchant_id else {
        return Ok(view.merchants().await.map_err(Fault::from)?);
    };
    let merchant = view.merchant(merchant_id).await.map_err(Fault::from)?;
    Ok(vec![merchant.ok_or_else(|| no_merchant(merchant_id))?])
}

async fn verify_audit(merchant_id: Option<&str>, data: &DataArguments) -> Result<(), CommandError> {
    let merchant_id = merchant_id.map(parse_merchant_id).transpose()?;
    let (mut look, vault) = look(data).await?;
    let outcome = verify_merchants(&mut look, &vault, merchant_id.as_ref()).await;
    if look.was_disturbed() {
        return Err(CommandError::Plain(
            "the database was changed while it was read, perhaps because a server was started: check it again".into(),
        ));
    }
    match outcome? {
        0 => Ok(()),
        findings => Err(CommandError::Plain(format!(
            "the audit chain does not hold, findings: {findings}; keep the database as it is and compare it with a backup"
        ))),
    }
}

async fn verify_merchants(
    look: &mut Look,
    vault: &Vault,
    merchant_id: Option<&MerchantId>,
) -> Result<u64, CommandError> {
    let merchants = merchants_in(&mut *look.view, merchant_id).await?;
    let mut findings = 0;
    for merchant in merchants {
        let Look { view, file } = look;
        let checked = audit::verify(&mut **view, vault, &merchant, &mut |finding| {
            // what is read of a file that is being changed is no finding
            if !file.as_ref().is_some_and(store_sqlite::Look::was_disturbed) {
                print(&finding.to_string());
            }
        })
        .await?;
        findings += checked.findings;
        print(&format!("{}: {checked}", merchant.merchant_id));
    }
    Ok(findings)
}
