//! Onfile on PostgreSQL, beside pgbench: what the same server does for as many clients that are nothing
//! but clients, over the same socket.

use std::process::Command;
use std::time::Duration;

use acceptance::kept::{Kept, OnServer};
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use crate::children::Onfile;
use crate::http;
use crate::load::{Phones, Wrk};
use crate::measure::{self, CREATE, GET, Loads, WARM_UP};
use crate::report::{Row, Target};
use crate::{Arguments, Outcome, go_on, say, seed};

/// How long pgbench runs before and after each load.
const LIMIT: Duration = Duration::from_secs(2);
/// A million rows: clients do not wait for each other's.
const SCALE: &str = "10";
const WRITES: &str = "pgbench -N";
const READS: &str = "pgbench -S";
/// What is measured: the figure, its limit, the connections of both, and the share that was promised.
const LOADS: [(&str, &str, u32, f64); 3] = [
    (CREATE, WRITES, 16, 0.80),
    (CREATE, WRITES, 64, 0.80),
    (GET, READS, 16, 0.45),
];

/// pgbench with its tables.
pub struct Limits {
    database: OnServer,
    settings: String,
}

impl Limits {
    /// Looks at the server of `scripts/postgres.sh`, and fills the tables.
    pub async fn make() -> Outcome<Self> {
        if std::env::var_os("ONFILE_POSTGRES_URL").is_none() {
            return Err("ONFILE_POSTGRES_URL leads to no server: scripts/bench.sh starts one where PostgreSQL is installed".into());
        }
        if Command::new("pgbench").arg("--version").output().is_err() {
            return Err("pgbench is missing: install the package that has it".into());
        }
        let database = database().await?;
        let mut connection = PgConnection::connect(&database.url).await?;
        let (fsync, commit): (String, String) = sqlx::query_as(
            "select current_setting('fsync'), current_setting('synchronous_commit')",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        let settings = format!("fsync {fsync}, synchronous_commit {commit}");
        if fsync == "off" || commit == "off" {
            return Err(format!("with {settings} nothing is durable on this server").into());
        }
        let limits = Self { database, settings };
        limits.pgbench(&["-i", "-q", "-s", SCALE])?;
        Ok(limits)
    }

    /// Transactions per second.
    fn rate(&self, kind: &str, clients: u32, time: Duration) -> Outcome<f64> {
        go_on()?;
        let (seconds, threads) = (time.as_secs().to_string(), clients.min(2).to_string());
        let clients = clients.to_string();
        let script = kind.trim_start_matches("pgbench ");
        let output = self.pgbench(&[
            script, "-n", "-M", "prepared", "-T", &seconds, "-c", &clients, "-j", &threads,
        ])?;
        let rate = output
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next())
            .ok_or_else(|| format!("pgbench said: {output}"))?;
        Ok(rate.parse()?)
    }

    fn pgbench(&self, arguments: &[&str]) -> Outcome<String> {
        let output = Command::new("pgbench")
            .args(arguments)
            .arg(&self.database.url)
            .output()?;
        let said = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        if output.status.success() {
            Ok(said(&output.stdout))
        } else {
            Err(format!("pgbench said: {}", said(&output.stderr)).into())
        }
    }
}

/// A database that is gone with this.
async fn database() -> Outcome<OnServer> {
    match Kept::on_server().await {
        Kept::Server(database) => Ok(database),
        Kept::File(_) => Err("that is no server".into()),
    }
}

/// Loads with pgbench before and after each.
pub fn run(runtime: &Runtime, arguments: &Arguments, limits: &Limits) -> Outcome<Vec<Row>> {
    let directory = measure::directory(arguments)?;
    let database = runtime.block_on(database())?;
    let onfile = Onfile {
        binary: arguments.onfile.clone(),
        data: directory.path().join("data"),
        database_url: Some(database.url.clone()),
    };
    say("the same customers on PostgreSQL: writing");
    let seeded = runtime.block_on(seed::plant(&onfile, arguments.customers, seed::CARDS))?;
    let (mut running, api, _) = runtime.block_on(measure::cold_starts(&onfile, &seeded))?;
    runtime.block_on(api.check_all(&seeded.customers))?;
    let wrk = Wrk::new(directory.path(), api.token())?;
    let paths = wrk.paths("get", seeded.customers.iter().map(http::path_by_id))?;
    let mut phones = Phones::all();
    let mut load = |kind, at, connections, time| {
        if kind == CREATE {
            wrk.creates(at, phones.more(), connections, time)
        } else {
            wrk.reads(at, &paths, connections, time)
        }
    };
    let mut loads = Loads::new();
    let time = Duration::from_secs(arguments.seconds.into());
    for (kind, limit, connections, _) in LOADS {
        limits.rate(limit, connections, WARM_UP)?;
        measure::one(&running, |at| load(kind, at, connections, WARM_UP), None)?;
    }
    for round in 1..=arguments.rounds {
        say(&format!(
            "on PostgreSQL, round {round} of {}",
            arguments.rounds
        ));
        for (kind, limit, connections, _) in LOADS {
            let before = limits.rate(limit, connections, LIMIT)?;
            let into = loads.entry((kind, connections)).or_default();
            measure::one(&running, |at| load(kind, at, connections, time), Some(into))?;
            let after = limits.rate(limit, connections, LIMIT)?;
            let beside = loads.entry((limit, connections)).or_default();
            beside.rate.push(f64::midpoint(before, after));
        }
    }
    runtime.block_on(api.check_all(&seeded.customers))?;
    running.end()?;
    let mut rows = Vec::new();
    for (kind, limit, connections, share) in LOADS {
        let target = Target::Share(share);
        rows.extend(
            measure::rate(&loads, (kind, connections), Some(limit), target).map(|row| Row {
                figure: format!("PostgreSQL: {}", row.figure),
                ..row
            }),
        );
    }
    for (_, limit, connections, _) in LOADS {
        rows.extend(
            measure::rate(&loads, (limit, connections), None, Target::None).map(|row| Row {
                figure: format!("{}, {}", row.figure, limits.settings),
                ..row
            }),
        );
    }
    Ok(rows)
}
