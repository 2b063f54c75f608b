//! `--million`: whether a store of a million customers is as quick as one of ten thousand.

use std::ops::Range;
use std::time::Duration;

use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::children::{Onfile, Running};
use crate::load::Wrk;
use crate::measure::{self, Measured, WARM_UP};
use crate::report::{self, Row, Target, Unit};
use crate::{Arguments, Outcome, http, say, seed};

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
/// How many times as slow the large store may be.
const TIMES: f64 = 1.3;
const OF_FEW: &str = "of 10,000";
const CONNECTIONS: [u32; 2] = [1, 64];
/// Over how many connections that is held.
const HELD: u32 = 64;
/// Of how many customers every answer is looked at.
const LOOKED_AT: usize = 1_000;
/// Which of the customers, in an order without any, are found before those that count. Some more are, for
/// a load does not end on the spot.
const BEFORE: Range<u32> = 0..5_000;
/// Which are found once each.
const ONCE: Range<u32> = 5_500..FEW;

/// A store, and how it is loaded.
struct Store {
    onfile: Onfile,
    running: Running,
    wrk: Wrk,
    customers: u32,
}

/// Measures it and prints the table.
pub fn run(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    say(&measure::conditions("at the start")?);
    let directory = measure::directory(arguments)?;
    let mut rows = Vec::new();
    let mut few = make(runtime, arguments, &directory, FEW, &mut rows)?;
    let mut many = make(runtime, arguments, &directory, MANY, &mut rows)?;
    again(arguments, [&few, &many], &mut rows)?;
    for store in [&few, &many] {
        let memory = store.running.memory("VmHWM")?;
        let figure = format!("memory, peak, {}", store.customers);
        let target = Target::AtMost(80e6);
        rows.push(Row::of(&figure, memory, Unit::Megabytes, target));
    }
    once(runtime, arguments, [&mut few, &mut many], &mut rows)?;
    for store in [&mut few, &mut many] {
        store.running.end()?;
    }
    say(&measure::conditions("at the end")?);
    report::print(&rows)
}

fn make(
    runtime: &Runtime,
    arguments: &Arguments,
    directory: &TempDir,
    customers: u32,
    rows: &mut Vec<Row>,
) -> Outcome<Store> {
    say(&format!("{customers} customers without cards: writing"));
    let onfile = Onfile::with_file(
        &arguments.onfile,
        directory.path().join(customers.to_string()),
    );
    let seeded = runtime.block_on(seed::plant(&onfile, customers, 0))?;
    let mut bytes = 0;
    for file in std::fs::read_dir(&onfile.data)? {
        bytes += file?.metadata()?.len();
    }
    let each = f64::from(u32::try_from(bytes / u64::from(customers))?);
    let (running, api, cold) = runtime.block_on(measure::cold_starts(&onfile, &seeded))?;
    let last = seeded.customers.rchunks(LOOKED_AT).next();
    runtime.block_on(api.check_all(last.unwrap_or_default()))?;
    rows.push(Row {
        figure: format!("cold start to the first answer, {customers}"),
        figures: cold,
        unit: Unit::Millis,
        limit: None,
        target: Target::AtMost(1_000.0),
    });
    let figure = format!("data directory, for each of {customers}");
    rows.push(Row::of(&figure, each, Unit::Kilobytes, Target::None));
    Ok(Store {
        wrk: Wrk::new(directory.path(), api.token())?,
        onfile,
        running,
        customers,
    })
}

/// Any customers, as often as it goes: soon the small store has all of its own in memory.
fn again(arguments: &Arguments, stores: [&Store; 2], rows: &mut Vec<Row>) -> Outcome<()> {
    let finds = |store: &Store, connections, time, into: Option<&mut Measured>| {
        let find = |at| store.wrk.finds(at, store.customers, connections, time);
        measure::one(&store.running, find, into)
    };
    for store in stores {
        finds(store, 64, WARM_UP, None)?;
    }
    let time = Duration::from_secs(arguments.seconds.into());
    for connections in CONNECTIONS {
        let mut measured = [Measured::default(), Measured::default()];
        for round in 1..=arguments.rounds {
            say(&format!(
                "any, over {connections}, round {round} of {}",
                arguments.rounds
            ));
            for (store, into) in stores.into_iter().zip(&mut measured) {
                finds(store, connections, time, Some(into))?;
            }
        }
        let [few, many] = measured;
        rows.push(Row {
            figure: format!("find any of {MANY} by phone, {connections} conn."),
            figures: many.rate,
            unit: Unit::Rate,
            limit: Some((OF_FEW, few.rate)),
            target: Target::None,
        });
    }
    Ok(())
}

/// Customers that are asked for once, which no store has in memory.
fn once(
    runtime: &Runtime,
    arguments: &Arguments,
    mut stores: [&mut Store; 2],
    rows: &mut Vec<Row>,
) -> Outcome<()> {
    for connections in CONNECTIONS {
        let mut measured = [Measured::default(), Measured::default()];
        for round in 1..=arguments.rounds {
            say(&format!(
                "once each, over {connections}, round {round} of {}",
                arguments.rounds
            ));
            for (store, into) in stores.iter_mut().zip(&mut measured) {
                store.running.end()?;
                store.running = store.onfile.serve()?;
                let url = format!("http://{}", store.running.address);
                runtime.block_on(http::is_up(&url))?;
                for (range, into) in [(BEFORE, None), (ONCE, Some(into))] {
                    let find = |at| {
                        store
                            .wrk
                            .first_finds(at, store.customers, &range, connections)
                    };
                    measure::one(&store.running, find, into)?;
                }
            }
        }
        let [few, many] = measured;
        let target = if connections == HELD {
            Target::Times(TIMES)
        } else {
            Target::None
        };
        rows.push(Row {
            figure: format!("find one of {MANY} once: p50, {connections} conn."),
            figures: many.p50,
            unit: Unit::Micros,
            limit: Some((OF_FEW, few.p50)),
            target,
        });
    }
    Ok(())
}
