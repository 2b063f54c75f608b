//! Opening: recognising a database of ours before anything is written to it, making the tables in an
//! empty one, and setting what every connection must have.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::lease::Pool;
use crate::open_error::OpenError;
use crate::servers::{Role, Servers, ask_role, last_promoted};

static MIGRATOR: Migrator = sqlx::migrate!();

/// `server_version_num` of the oldest version there is support for.
const OLDEST: i32 = 150_000;
const CONNECTIONS: usize = 16;
/// The same with those that are being closed.
const ALL_CONNECTIONS: u32 = 64;
/// How long a call waits for a connection, and for making one.
const PATIENCE: Duration = Duration::from_secs(3);
/// The advisory lock under which nodes that start together look and migrate: "Onfile" in ASCII.
const OPENING: i64 = 0x4f6e_6669_6c65;

/// Opens a database, making the tables in an empty one if `create` says so.
pub(crate) async fn open(url: &str, create: bool) -> Result<Arc<Servers>, OpenError> {
    let urls = each_host(url);
    let [only] = urls.as_slice() else {
        return open_several(&urls, create).await;
    };
    let options = options(only)?;
    let place = place_of(&options);
    prepare(&options, &place, create).await?;
    let pool = pool_of(options);
    Ok(Servers::new(vec![pool.clone()], pool, 0))
}

/// Opens a database on a primary and those that follow it. One that does not answer may come back.
async fn open_several(urls: &[String], create: bool) -> Result<Arc<Servers>, OpenError> {
    let (index, timeline) = primary_among(urls).await?;
    let pools = urls.iter().map(|url| options(url).map(pool_of));
    let pools = pools.collect::<Result<Vec<_>, _>>()?;
    let (Some(url), Some(primary)) = (urls.get(index), pools.get(index).cloned()) else {
        return Err(no_primary(urls));
    };
    let options = options(url)?;
    prepare(&options, &place_of(&options), create).await?;
    Ok(Servers::new(pools, primary, timeline))
}

/// Which of several servers is the primary, and its timeline.
async fn primary_among(urls: &[String]) -> Result<(usize, i64), OpenError> {
    let (mut roles, mut unreachable) = (Vec::new(), None);
    for url in urls {
        let options = options(url)?;
        let role = match reach(&options, &place_of(&options)).await {
            Ok(mut connection) => ask_role(&mut connection).await.ok(),
            Err(error) => {
                unreachable.get_or_insert(error);
                None
            }
        };
        roles.push(role.unwrap_or(Role::Away));
    }
    last_promoted(&roles).ok_or_else(|| unreachable.unwrap_or_else(|| no_primary(urls)))
}

fn no_primary(urls: &[String]) -> OpenError {
    let places: Vec<_> = urls
        .iter()
        .filter_map(|url| options(url).ok())
        .map(|options| place_of(&options))
        .collect();
    OpenError::NoPrimary {
        places: places.join(", "),
    }
}

/// The URL of each host of one that names several, as libpq reads it: `postgres://user@one:5432,two/name`.
pub(crate) fn each_host(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return vec![url.to_owned()];
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = authority
        .rsplit_once('@')
        .map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    hosts
        .split(',')
        .map(|host| format!("{scheme}://{user}{at}{host}{path}"))
        .collect()
}

fn pool_of(options: PgConnectOptions) -> Arc<Pool> {
    let connections = PgPoolOptions::new()
        .min_connections(0)
        .max_connections(ALL_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .connect_lazy_with(bounded(options));
    Pool::new(connections, CONNECTIONS)
}

/// Opens a database that must have Onfile's tables for nothing but reading.
pub(crate) async fn open_to_look(url: &str) -> Result<Arc<Servers>, OpenError> {
    let urls = each_host(url);
    let url = match urls.as_slice() {
        [only] => only,
        several => {
            let (index, _) = primary_among(several).await?;
            urls.get(index).ok_or_else(|| no_primary(several))?
        }
    };
    let options = options(url)?;
    let place = place_of(&options);
    let engine = |error: sqlx::Error| OpenError::Engine {
        place: place.clone(),
        problem: one_line(&error.to_string()),
    };
    let mut connection = reach(&options, &place).await?;
    check_server(&mut connection, &place).await?;
    if look_inside(&mut connection, &place).await? {
        return Err(OpenError::Empty { place });
    }
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .map_err(engine)?;
    connection.close().await.map_err(engine)?;
    if usize::try_from(applied).ok() != Some(MIGRATOR.iter().count()) {
        return Err(OpenError::Older { place });
    }
    let pool = pool_of(options.options([("default_transaction_read_only", "on")]));
    Ok(Servers::new(vec![pool.clone()], pool, 0))
}

pub(crate) fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Url {
            problem: "it does not begin with postgres://".to_owned(),
        });
    }
    let options = PgConnectOptions::from_str(url).map_err(|error| OpenError::Url {
        problem: one_line(&error.to_string()),
    })?;
    Ok(options
        .application_name("onfile")
        .statement_cache_capacity(256)
        .disable_statement_logging())
}

/// How long the server works or waits for us before it gives up by itself; and that it plans a statement
/// once. A list of one key is cheaper than the list a plan is made for, so it would plan each anew.
const SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("plan_cache_mode", "force_generic_plan"),
];

fn bounded(options: PgConnectOptions) -> PgConnectOptions {
    options.options(SETTINGS)
}

/// Host, port and database, without user and password.
pub(crate) fn place_of(options: &PgConnectOptions) -> String {
    let database = options
        .get_database()
        .unwrap_or_else(|| options.get_username());
    match options.get_socket() {
        Some(socket) => format!("{}/{database}", socket.display()),
        None => format!("{}:{}/{database}", options.get_host(), options.get_port()),
    }
}

/// What the engine says may be several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A handshake that is none or not trusted; or there is no such file, and it is not a socket's that is
/// missing, so it is a certificate's.
fn is_about_encryption(error: &io::Error, place: &str) -> bool {
    match error.kind() {
        ErrorKind::InvalidData => true,
        ErrorKind::NotFound => !place.starts_with('/'),
        _ => false,
    }
}

pub(crate) fn not_connected(place: &str, error: &sqlx::Error) -> OpenError {
    let (place, problem) = (place.to_owned(), one_line(&error.to_string()));
    let code = error.as_database_error().and_then(DatabaseError::code);
    match (code.as_deref(), error) {
        (Some("28P01" | "28000"), _) => OpenError::Refused { place, problem },
        (Some("3D000"), _) => OpenError::Missing { place },
        (None, sqlx::Error::Tls(_)) => OpenError::Unencrypted { place, problem },
        (None, sqlx::Error::Io(error)) if is_about_encryption(error, &place) => {
            OpenError::Unencrypted { place, problem }
        }
        (Some("57P03" | "53300"), _) | (None, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => {
            OpenError::Unreachable { place, problem }
        }
        _ => OpenError::Engine { place, problem },
    }
}

/// Boxed, because the compiler cannot tell otherwise that a future that opens a store is `Send`.
pub(crate) fn connect(
    options: &PgConnectOptions,
) -> Pin<Box<dyn Future<Output = sqlx::Result<PgConnection>> + Send + '_>> {
    Box::pin(PgConnection::connect_with(options))
}

async fn reach(options: &PgConnectOptions, place: &str) -> Result<PgConnection, OpenError> {
    match tokio::time::timeout(PATIENCE, connect(options)).await {
        Ok(connected) => connected.map_err(|error| not_connected(place, &error)),
        Err(_) => Err(OpenError::Unreachable {
            place: place.to_owned(),
            problem: "no answer in time".to_owned(),
        }),
    }
}

/// Looks at what is there through a connection of its own and migrates it. Nodes that start together
/// do this one after the other.
pub(crate) async fn prepare(
    options: &PgConnectOptions,
    place: &str,
    create: bool,
) -> Result<(), OpenError> {
    let engine = |error: sqlx::Error| OpenError::Engine {
        place: place.to_owned(),
        problem: one_line(&error.to_string()),
    };
    let mut connection = reach(options, place).await?;
    check_server(&mut connection, place).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(OPENING)
        .execute(&mut connection)
        .await
        .map_err(engine)?;
    let empty = look_inside(&mut connection, place).await?;
    if empty && !create {
        return Err(OpenError::Empty {
            place: place.to_owned(),
        });
    }
    MIGRATOR
        .run_direct(None, &mut connection, false)
        .await
        .map_err(|error| OpenError::Engine {
            place: place.to_owned(),
            problem: one_line(&error.to_string()),
        })?;
    // gives the lock back
    connection.close().await.map_err(engine)
}

async fn check_server(connection: &mut PgConnection, place: &str) -> Result<(), OpenError> {
    let (version, fsync, synchronous_commit): (i32, String, String) = sqlx::query_as(
        "select current_setting('server_version_num')::int, current_setting('fsync'),
                current_setting('synchronous_commit')",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| not_connected(place, &error))?;
    check_version(place, version)?;
    for (name, found) in [("fsync", fsync), ("synchronous_commit", synchronous_commit)] {
        if found == "off" {
            return Err(OpenError::Setting {
                place: place.to_owned(),
                name,
                found,
            });
        }
    }
    Ok(())
}

fn check_version(place: &str, number: i32) -> Result<(), OpenError> {
    if number < OLDEST {
        return Err(OpenError::TooOld {
            place: place.to_owned(),
            found: number / 10_000,
        });
    }
    Ok(())
}

/// Whether there is nothing yet. What is there must be ours, with migrations that are known and done.
async fn look_inside(connection: &mut PgConnection, place: &str) -> Result<bool, OpenError> {
    let failed = |error: sqlx::Error| OpenError::Engine {
        place: place.to_owned(),
        problem: one_line(&error.to_string()),
    };
    let half = |problem: String| OpenError::HalfMigrated {
        place: place.to_owned(),
        problem,
    };
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
         order by relname",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    let Some(first) = tables.first() else {
        return Ok(true);
    };
    let has = |name: &str| tables.iter().any(|table| table == name);
    let foreign = || OpenError::Foreign {
        place: place.to_owned(),
        table: first.clone(),
    };
    let ours = has("instance_values") && has("audit_entries");
    if !has("_sqlx_migrations") {
        return Err(if ours {
            half("it records no migrations".to_owned())
        } else {
            foreign()
        });
    }
    let applied: Vec<(i64, bool, Vec<u8>)> =
        sqlx::query_as("select version, success, checksum from _sqlx_migrations order by version")
            .fetch_all(connection)
            .await
            .map_err(failed)?;
    match (applied.is_empty(), tables.len()) {
        // a node died between making this table and the others
        (true, 1) => return Ok(true),
        (true, _) if ours => return Err(half("none of its migrations is done".to_owned())),
        _ if !ours => return Err(foreign()),
        _ => {}
    }
    check_migrations(place, &applied)?;
    Ok(false)
}

fn check_migrations(place: &str, applied: &[(i64, bool, Vec<u8>)]) -> Result<(), OpenError> {
    let half = |problem: String| OpenError::HalfMigrated {
        place: place.to_owned(),
        problem,
    };
    if let Some((version, _, _)) = applied.last()
        && MIGRATOR.iter().all(|known| known.version < *version)
    {
        return Err(OpenError::Newer {
            place: place.to_owned(),
            version: *version,
        });
    }
    for (version, success, checksum) in applied {
        if !success {
            return Err(half(format!("migration {version} stopped in the middle")));
        }
        match MIGRATOR.iter().find(|known| known.version == *version) {
            Some(known) if *known.checksum == **checksum => {}
            _ => {
                return Err(half(format!(
                    "migration {version} is another one than this version's"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what fails in a test fails the test"
)]
mod tests {
    use super::{OpenError, SETTINGS, bounded, check_version, connect, options, place_of};

    #[tokio::test]
    async fn a_connection_has_its_bounds() {
        let url = std::env::var("ONFILE_POSTGRES_URL").expect(
            "ONFILE_POSTGRES_URL leads to no server: run the tests with scripts/postgres.sh",
        );
        let mut connection = connect(&bounded(options(&url).unwrap())).await.unwrap();
        for (name, wanted) in SETTINGS.into_iter().chain([("application_name", "onfile")]) {
            let found: String = sqlx::query_scalar("select current_setting($1)")
                .bind(name)
                .fetch_one(&mut connection)
                .await
                .unwrap();
            assert_eq!(found, wanted, "{name}");
        }
    }

    #[test]
    fn an_old_server_is_refused_with_its_version() {
        assert!(check_version("here", 150_000).is_ok());
        assert!(matches!(
            check_version("here", 140_012),
            Err(OpenError::TooOld { found: 14, .. })
        ));
    }

    #[test]
    fn no_password_is_in_the_name_of_a_place() {
        let options = options("postgres://user:geheim@db.example:5433/onfile").unwrap();
        assert_eq!(place_of(&options), "db.example:5433/onfile");
    }

    #[test]
    fn no_password_is_in_what_is_said_of_a_bad_url() {
        for url in [
            "mysql://user:geheim@db.example/onfile",
            "postgres://user:geheim@db.example:port/onfile",
            "postgres://user:geheim@[db.example/onfile",
            "postgres://user:geheim@db.example/onfile?sslmode=geheim-oder-nicht",
        ] {
            let error = options(url).unwrap_err().to_string();
            assert!(!error.contains("user:geheim"), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
