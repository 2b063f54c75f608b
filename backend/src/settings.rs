//! Arguments and environment: the only place that reads either.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ipnet::IpNet;

/// Customers on file: recognises a returning shopper, and says which saved cards can be used and why
/// the others cannot.
#[derive(Parser)]
#[command(name = "onfile", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Run with sample data and a demo shop: to look around, never for real customers.
    Demo(DemoArguments),
    /// Run for real.
    Serve(ServeArguments),
    /// Merchants.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// People who sign in to the admin page.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The root key.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Copy the SQLite database into one file, also beside a running server.
    Backup {
        /// The file to make, with its checksum in FILE.sha256 beside it.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
    /// Put a backup into a data directory that has no database.
    Restore {
        /// The backup, with its checksum in FILE.sha256 beside it.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Where the data goes.
        #[command(flatten)]
        data: DataArguments,
    },
    /// Move everything from the SQLite database of a stopped server to an empty one on a PostgreSQL server.
    Migrate {
        /// The data directory, or `sqlite://PATH`.
        #[arg(long)]
        from: String,
        /// `postgres://USER:PASSWORD@HOST/NAME`.
        #[arg(long, env = "ONFILE_DATABASE_URL", hide_env_values = true)]
        to: String,
    },
    /// The audit chains.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Erase DELETED customers whose retention is over, for good; without --yes only says who is due, and
    /// when others are.
    Erase(EraseArguments),
}

/// Where the data is.
#[derive(Args, Clone)]
pub struct DataArguments {
    /// Directory of the database and, unless given elsewhere, the root key.
    #[arg(long, env = "ONFILE_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// Database; the SQLite file in the data directory when absent.
    #[arg(long, env = "ONFILE_DATABASE_URL")]
    pub database_url: Option<String>,
    /// File with the root key in 64 hexadecimal digits; `root.key` in the data directory when absent.
    #[arg(long, env = "ONFILE_ROOT_KEY_FILE")]
    pub root_key_file: Option<PathBuf>,
}

/// Arguments of `demo`.
#[derive(Args)]
pub struct DemoArguments {
    /// Directory of the demo's data.
    #[arg(long, env = "ONFILE_DATA_DIR", default_value = "./data/demo")]
    pub data_dir: PathBuf,
    /// Database; the SQLite file in the data directory when absent.
    #[arg(long, env = "ONFILE_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Where the APIs and the widget listen.
    #[arg(long, env = "ONFILE_PUBLIC_ADDR", default_value = "127.0.0.1:8080")]
    pub public_addr: SocketAddr,
    /// Where the admin page listens.
    #[arg(long, env = "ONFILE_ADMIN_ADDR", default_value = "127.0.0.1:8081")]
    pub admin_addr: SocketAddr,
    /// Where the demo shop and the inbox listen.
    #[arg(long, env = "ONFILE_SHOP_ADDR", default_value = "127.0.0.1:8090")]
    pub shop_addr: SocketAddr,
    /// Throw the demo's data away and start over.
    #[arg(long)]
    pub fresh: bool,
}

/// Arguments of `serve`.
#[derive(Args)]
pub struct ServeArguments {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataArguments,
    /// Where the APIs and the widget listen.
    #[arg(long, env = "ONFILE_PUBLIC_ADDR", default_value = "127.0.0.1:8080")]
    pub public_addr: SocketAddr,
    /// Where the admin page, health and metrics listen.
    #[arg(long, env = "ONFILE_ADMIN_ADDR", default_value = "127.0.0.1:8081")]
    pub admin_addr: SocketAddr,
    /// Proxies in front, as addresses or networks (`10.0.0.0/8`): what they say in `X-Forwarded-For` is
    /// taken as the shopper's address, by which sends and checks of codes are limited.
    #[arg(long, env = "ONFILE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Where browsers find the public listener: `https://pay.example`; the listener's own address when absent.
    #[arg(long, env = "ONFILE_PUBLIC_URL")]
    pub public_url: Option<String>,
}

/// `merchant ...`
#[derive(Subcommand)]
pub enum MerchantCommand {
    /// Create a merchant with its first API key, also beside a running server; prints JSON.
    Create {
        /// The name shoppers read.
        #[arg(long)]
        name: String,
        /// For testing: cards live in the sandbox, and pages on http loopback may embed the widget.
        #[arg(long)]
        sandbox: bool,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
}

/// `admin ...`
#[derive(Subcommand)]
pub enum AdminCommand {
    /// Create an admin; the password is read from standard input.
    Create {
        /// For which merchant.
        #[arg(long)]
        merchant_id: String,
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// viewer, support, officer or owner.
        #[arg(long, default_value = "owner")]
        role: String,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
}

/// `keys ...`
#[derive(Subcommand)]
pub enum KeysCommand {
    /// Replace a key, also beside running servers. Cut off, it goes on when run again.
    Rotate {
        /// Which.
        #[command(subcommand)]
        what: RotateCommand,
    },
    /// Make a root key, readable by its owner only.
    Init {
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
}

/// `keys rotate ...`
#[derive(Subcommand)]
pub enum RotateCommand {
    /// The root key: a new one takes the place of its file, the old one stays beside it.
    Root {
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
    /// A merchant's key: everything sealed with it is sealed anew, then it is destroyed.
    Merchant {
        /// Whose.
        #[arg(long)]
        merchant_id: String,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
    /// The key of a merchant's indexes, by which customers are found: every customer is indexed anew, then
    /// it is destroyed.
    Index {
        /// Whose.
        #[arg(long)]
        merchant_id: String,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
}

/// `audit ...`
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check the audit chains against their hashes and signed heads, also beside a running server; changes
    /// nothing, and ends with status 1 if anything does not hold.
    Verify {
        /// Of one merchant only.
        #[arg(long)]
        merchant_id: Option<String>,
        /// Where the data is.
        #[command(flatten)]
        data: DataArguments,
    },
}

/// Arguments of `erase`.
#[derive(Args)]
pub struct EraseArguments {
    /// Of one merchant only.
    #[arg(long)]
    pub merchant_id: Option<String>,
    /// One DELETED customer, whether its retention is over or not.
    #[arg(long, requires = "merchant_id")]
    pub customer_id: Option<String>,
    /// Really erase. There is no way back.
    #[arg(long)]
    pub yes: bool,
    /// Print the receipts of those who were erased, as lines of JSON.
    #[arg(long, conflicts_with_all = ["customer_id", "yes", "reapply"])]
    pub list: bool,
    /// Erase again what a restored backup brought back: a file that --list has written.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["customer_id", "merchant_id"])]
    pub reapply: Option<PathBuf>,
    /// Where the data is.
    #[command(flatten)]
    pub data: DataArguments,
}

impl From<&DemoArguments> for DataArguments {
    fn from(demo: &DemoArguments) -> Self {
        Self {
            data_dir: demo.data_dir.clone(),
            database_url: demo.database_url.clone(),
            root_key_file: None,
        }
    }
}

/// A network, or one address as the network of itself.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text} is neither an address nor a network such as 10.0.0.0/8"))
}
