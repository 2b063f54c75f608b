//! The measurements, one after another.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::children::{self, Onfile, Running};
use crate::disk::{Customers, Rows};
use crate::figures::Figures;
use crate::http::{self, Api};
use crate::load::{Phones, Seen, Wrk};
use crate::report::{self, Row, Target, Unit};
use crate::seed::{self, Seeded};
use crate::{Arguments, Outcome, go_on, pages, postgres, say};

const CONNECTIONS: [u32; 3] = [1, 16, 64];
/// Of the reads that are looked at by themselves and while others create.
const READERS: u32 = 16;
const CREATORS: u32 = 64;
const COLD_STARTS: u32 = 5;
pub const WARM_UP: Duration = Duration::from_secs(1);
/// How long one-by-one commits are measured before and after each load of creations.
const COMMITS: Duration = Duration::from_secs(1);
const BARE: &str = "bare axum";
const ONE_BY_ONE: &str = "one-row commits";
const SAME_ROWS: &str = "commits of a creation's rows";
/// What creations over so many connections must reach of which limit.
const ON_ANY_DISK: [(&str, u32, f64); 2] = [(SAME_ROWS, 1, 0.60), (SAME_ROWS, 64, 2.0)];
const ON_A_SLOW_DISK: [(&str, u32, f64); 1] = [(ONE_BY_ONE, 64, 2.0)];

/// One kind of load at one number of connections.
#[derive(Default)]
pub struct Measured {
    /// Answers per second.
    pub rate: Figures,
    /// Half of the answers took at most this, in microseconds.
    pub p50: Figures,
    p99: Figures,
    cpu: Figures,
}

impl Measured {
    fn push(&mut self, seen: &Seen, cpu: Duration) {
        self.rate.push(seen.rate);
        self.p50.push(seen.p50);
        self.p99.push(seen.p99);
        self.cpu
            .push(cpu.as_secs_f64() * 1e6 / f64::from(seen.answers.max(1)));
    }
}

/// One of the figures of a load.
type Pick = fn(&Measured) -> &Figures;

/// What a load is: of what, over how many connections.
pub type Loads = BTreeMap<(&'static str, u32), Measured>;

pub const GET: &str = "get by id";
const FIND: &str = "find by phone";
const TOKENS: &str = "tokens with decisions";
pub const CREATE: &str = "create, durable";
const ALONE: &str = "get by id, alone";
const MEANWHILE: &str = "get by id, while 64 create";
const CREATE_MEANWHILE: &str = "create, durable, while 16 get";

/// Measures everything and prints the table.
pub fn run(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    say(&conditions("at the start")?);
    let directory = directory(arguments)?;
    let onfile = Onfile::with_file(&arguments.onfile, directory.path().join("data"));
    say(&format!(
        "{} customers with {} cards each: writing",
        arguments.customers,
        seed::CARDS
    ));
    let seeded = runtime.block_on(seed::plant(&onfile, arguments.customers, seed::CARDS))?;

    say("cold starts");
    let (mut running, api, cold) = runtime.block_on(cold_starts(&onfile, &seeded))?;
    std::thread::sleep(Duration::from_secs(2));
    let at_rest = running.memory("VmRSS")?;
    let of_files = running.memory("RssFile")?;
    say("every answer looked at once");
    runtime.block_on(api.check_all(&seeded.customers))?;

    let first = seeded.customers.first().ok_or("no customers")?;
    let bare = children::bare_axum(&runtime.block_on(api.get(&http::path_by_id(first)))?)?;
    let wrk = Wrk::new(directory.path(), api.token())?;
    let mut loads = Loads::new();
    reads(arguments, &wrk, &seeded, &bare, &running, &mut loads)?;
    let peak_of_reads = running.memory("VmHWM")?;
    let mut phones = Phones::all();
    let limits = creates(
        runtime,
        arguments,
        &wrk,
        directory.path(),
        &running,
        &mut phones,
        &mut loads,
    )?;
    reads_meanwhile(arguments, &wrk, &seeded, &running, &mut phones, &mut loads)?;
    let peak = running.memory("VmHWM")?;
    runtime.block_on(api.check_all(&seeded.customers))?;
    let mut rows = speed(&loads, &limits);
    let megabytes = |figure: &str, value: f64, most: f64| {
        Row::of(figure, value, Unit::Megabytes, Target::AtMost(most))
    };
    rows.push(megabytes("memory at rest, resident", at_rest, 30e6));
    let figure = "  of that, pages of the binary and other files";
    rows.push(Row::of(figure, of_files, Unit::Megabytes, Target::None));
    rows.push(megabytes(
        "memory, peak under the reads",
        peak_of_reads,
        80e6,
    ));
    rows.push(megabytes(
        "memory, peak under reads and creations",
        peak,
        80e6,
    ));
    rows.push(Row {
        figure: "cold start to the first answer".to_owned(),
        figures: cold,
        unit: Unit::Millis,
        limit: None,
        target: Target::AtMost(200.0),
    });
    let binary = f64::from(u32::try_from(std::fs::metadata(&onfile.binary)?.len())?);
    rows.push(megabytes("binary", binary, 30e6));
    match runtime.block_on(pages::sizes(&api)) {
        Ok(sizes) => rows.extend(sizes),
        Err(problem) => say(&format!("no sizes of the pages: {problem}")),
    }
    running.end()?;
    drop(bare);
    match runtime.block_on(postgres::Limits::make()) {
        Ok(limits) => {
            rows.extend(postgres::run(runtime, arguments, &limits)?);
        }
        Err(problem) => say(&format!("nothing of PostgreSQL: {problem}")),
    }
    say(&conditions("at the end")?);
    report::print(&rows)
}

/// Measures creations alone, on a disk that was made slow.
pub fn slow_disk(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    say(&conditions("at the start")?);
    let directory = directory(arguments)?;
    let onfile = Onfile::with_file(&arguments.onfile, directory.path().join("data"));
    say(&format!("{} customers: writing", arguments.customers));
    let seeded = runtime.block_on(seed::plant(&onfile, arguments.customers, 0))?;
    let (mut running, api, _) = runtime.block_on(cold_starts(&onfile, &seeded))?;
    let wrk = Wrk::new(directory.path(), api.token())?;
    let mut loads = Loads::new();
    let limits = creates(
        runtime,
        arguments,
        &wrk,
        directory.path(),
        &running,
        &mut Phones::all(),
        &mut loads,
    )?;
    runtime.block_on(api.check_all(&seeded.customers))?;
    running.end()?;
    say(&conditions("at the end")?);
    report::print(&creations(&loads, &limits, &ON_A_SLOW_DISK))
}

/// A directory for what is measured. Beside the binary: one for temporary files may be in memory, where
/// nothing is durable.
pub fn directory(arguments: &Arguments) -> Outcome<TempDir> {
    let place = arguments
        .onfile
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    Ok(tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(place)?)
}

/// What else the machine was doing.
pub fn conditions(when: &str) -> Outcome<String> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load: Vec<_> = load.split(' ').take(3).collect();
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "{when}: load average {} on {cores} cores, which servers and load share",
        load.join(" ")
    ))
}

/// Starts Onfile several times on the store that is there; the last one goes on running.
pub async fn cold_starts(onfile: &Onfile, seeded: &Seeded) -> Outcome<(Running, Api, Figures)> {
    let first = seeded.customers.first().ok_or("no customers")?;
    let mut running = onfile.serve()?;
    let url = |running: &Running| format!("http://{}", running.address);
    http::is_up(&url(&running)).await?;
    let token = Api::sign_in(url(&running), seeded)
        .await?
        .token()
        .to_owned();
    let client = reqwest::Client::new();
    let mut times = Figures::default();
    for _ in 0..COLD_STARTS {
        running.end()?;
        let begun = Instant::now();
        running = onfile.serve()?;
        let address = format!("{}{}", url(&running), http::path_by_id(first));
        let took = http::first_answer(&client, &address, &token, begun).await?;
        times.push(took.as_secs_f64() * 1e3);
    }
    let api = Api::sign_in(url(&running), seeded).await?;
    Ok((running, api, times))
}

/// Runs one load and reads the server's clock before and after.
pub fn one(
    server: &Running,
    load: impl FnOnce(SocketAddr) -> Outcome<Seen>,
    into: Option<&mut Measured>,
) -> Outcome<()> {
    go_on()?;
    let before = server.cpu()?;
    let seen = load(server.address)?;
    if let Some(into) = into {
        into.push(&seen, server.cpu()?.saturating_sub(before));
    }
    Ok(())
}

fn reads(
    arguments: &Arguments,
    wrk: &Wrk,
    seeded: &Seeded,
    bare: &Running,
    onfile: &Running,
    loads: &mut Loads,
) -> Outcome<()> {
    let list = |name: &str, path: fn(&seed::Known) -> String| {
        wrk.paths(name, seeded.customers.iter().map(path))
    };
    let by_id = list("get", http::path_by_id)?;
    let kinds: [(&'static str, &Running, PathBuf); 4] = [
        (BARE, bare, by_id.clone()),
        (GET, onfile, by_id),
        (FIND, onfile, list("find", http::path_by_phone)?),
        (TOKENS, onfile, list("tokens", http::path_of_tokens)?),
    ];
    for (_, server, paths) in &kinds {
        one(server, |at| wrk.reads(at, paths, 16, WARM_UP), None)?;
    }
    let time = Duration::from_secs(arguments.seconds.into());
    for round in 1..=arguments.rounds {
        say(&format!("reads, round {round} of {}", arguments.rounds));
        for connections in CONNECTIONS {
            for (kind, server, paths) in &kinds {
                let into = loads.entry((*kind, connections)).or_default();
                one(
                    server,
                    |at| wrk.reads(at, paths, connections, time),
                    Some(into),
                )?;
            }
        }
    }
    Ok(())
}

/// Creations, with one-by-one commits on the same disk before and after each; answers the rates of those.
fn creates(
    runtime: &Runtime,
    arguments: &Arguments,
    wrk: &Wrk,
    directory: &Path,
    onfile: &Running,
    phones: &mut Phones,
    loads: &mut Loads,
) -> Outcome<[(&'static str, Figures); 2]> {
    let mut rows = runtime.block_on(Rows::make(directory))?;
    let mut customers = runtime.block_on(Customers::make(directory))?;
    let mut rates = || -> Outcome<[f64; 2]> {
        Ok([
            runtime.block_on(rows.rate(COMMITS))?,
            runtime.block_on(customers.rate(COMMITS))?,
        ])
    };
    let mut limits = [ONE_BY_ONE, SAME_ROWS].map(|limit| (limit, Figures::default()));
    one(
        onfile,
        |at| wrk.creates(at, phones.more(), 16, WARM_UP),
        None,
    )?;
    let time = Duration::from_secs(arguments.seconds.into());
    for round in 1..=arguments.rounds {
        say(&format!(
            "durable creations, round {round} of {}",
            arguments.rounds
        ));
        let mut before = rates()?;
        for ((_, all), rate) in limits.iter_mut().zip(before) {
            all.push(rate);
        }
        for connections in CONNECTIONS {
            let into = loads.entry((CREATE, connections)).or_default();
            one(
                onfile,
                |at| wrk.creates(at, phones.more(), connections, time),
                Some(into),
            )?;
            let after = rates()?;
            for ((limit, all), (before, after)) in
                limits.iter_mut().zip(before.into_iter().zip(after))
            {
                all.push(after);
                let beside = loads.entry((*limit, connections)).or_default();
                beside.rate.push(f64::midpoint(before, after));
            }
            before = after;
        }
    }
    runtime.block_on(rows.close())?;
    runtime.block_on(customers.close())?;
    Ok(limits)
}

/// Reads by themselves, and then the same while others create as fast as they can.
fn reads_meanwhile(
    arguments: &Arguments,
    wrk: &Wrk,
    seeded: &Seeded,
    onfile: &Running,
    phones: &mut Phones,
    loads: &mut Loads,
) -> Outcome<()> {
    let paths = wrk.paths("get", seeded.customers.iter().map(http::path_by_id))?;
    let time = Duration::from_secs(arguments.seconds.into());
    for round in 1..=arguments.rounds {
        say(&format!(
            "reads while others create, round {round} of {}",
            arguments.rounds
        ));
        let read = |at| wrk.reads(at, &paths, READERS, time);
        let alone = loads.entry((ALONE, READERS)).or_default();
        one(onfile, read, Some(alone))?;
        let first = phones.more();
        let created = std::thread::scope(|scope| {
            // from before the first read until after the last
            let longer = time + 2 * WARM_UP;
            let creating =
                scope.spawn(move || wrk.creates(onfile.address, first, CREATORS, longer));
            std::thread::sleep(WARM_UP);
            let meanwhile = loads.entry((MEANWHILE, READERS)).or_default();
            one(onfile, read, Some(meanwhile))?;
            creating
                .join()
                .map_err(|_| "the load of creations panicked")?
        })?;
        let creations = loads.entry((CREATE_MEANWHILE, CREATORS)).or_default();
        creations.rate.push(created.rate);
    }
    Ok(())
}

/// The line on the rate of a load, beside that of another one at as many connections.
pub fn rate(
    loads: &Loads,
    (kind, connections): (&'static str, u32),
    limit: Option<&'static str>,
    target: Target,
) -> Option<Row> {
    let limit = limit.and_then(|limit| {
        let beside = loads.get(&(limit, connections))?;
        Some((limit, beside.rate.clone()))
    });
    Some(Row {
        figure: format!("{kind}, {connections} conn."),
        figures: loads.get(&(kind, connections))?.rate.clone(),
        unit: Unit::Rate,
        limit,
        target,
    })
}

/// The lines on the rate of creations, beside each of the limits, and what they are held to.
fn creations(
    loads: &Loads,
    limits: &[(&'static str, Figures)],
    held_to: &[(&'static str, u32, f64)],
) -> Vec<Row> {
    let mut rows = Vec::new();
    for (limit, _) in limits {
        for connections in CONNECTIONS {
            let held = held_to
                .iter()
                .find(|(held, at, _)| (held, *at) == (limit, connections));
            let target = held.map_or(Target::None, |(_, _, least)| Target::Share(*least));
            rows.extend(rate(loads, (CREATE, connections), Some(limit), target));
        }
    }
    if let Some(alone) = loads.get(&(CREATE, 1)) {
        let crowd = rate(loads, (CREATE, 64), None, Target::Share(1.0));
        rows.extend(crowd.map(|row| Row {
            limit: Some(("of one", alone.rate.clone())),
            ..row
        }));
    }
    rows.extend(limits.iter().map(|(limit, figures)| Row {
        figure: format!("{limit}, WAL, FULL"),
        figures: figures.clone(),
        unit: Unit::Rate,
        limit: None,
        target: Target::None,
    }));
    rows
}

/// The lines on speed.
fn speed(loads: &Loads, limits: &[(&'static str, Figures)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (kind, share) in [
        (BARE, None),
        (GET, Some(0.50)),
        (FIND, Some(0.45)),
        (TOKENS, Some(0.20)),
    ] {
        for connections in CONNECTIONS {
            let limit = (kind != BARE).then_some(BARE);
            let target = share
                .filter(|_| connections == 64)
                .map_or(Target::None, Target::Share);
            rows.extend(rate(loads, (kind, connections), limit, target));
        }
    }
    rows.extend(creations(loads, limits, &ON_ANY_DISK));
    rows.extend(rate(
        loads,
        (MEANWHILE, READERS),
        Some(ALONE),
        Target::Share(0.70),
    ));
    rows.extend(rate(
        loads,
        (CREATE_MEANWHILE, CREATORS),
        Some(CREATE),
        Target::None,
    ));
    let picks: [(&str, u32, Pick); 3] = [
        ("p50", 1, |measured| &measured.p50),
        ("p99", 64, |measured| &measured.p99),
        ("CPU per request", 64, |measured| &measured.cpu),
    ];
    for (what, connections, pick) in picks {
        let bare = loads
            .get(&(BARE, connections))
            .map(|bare| (BARE, pick(bare).clone()));
        for kind in [GET, FIND, TOKENS, CREATE] {
            let Some(measured) = loads.get(&(kind, connections)) else {
                continue;
            };
            let limit = bare.clone().filter(|_| kind != CREATE);
            let figure = format!("{kind}: {what}, {connections} conn.");
            let target = if (kind, what) == (CREATE, "p99") {
                Target::AtMost(100_000.0)
            } else {
                Target::None
            };
            rows.push(Row {
                figure,
                figures: pick(measured).clone(),
                unit: Unit::Micros,
                limit,
                target,
            });
        }
    }
    rows
}
