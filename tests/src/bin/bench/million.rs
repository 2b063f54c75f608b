//! `--million`: whether a store of a million customers is as quick as one of ten thousand.

use std::time::Duration;

use tokio::runtime::Runtime;

use crate::children::Onfile;
use crate::load::Wrk;
use crate::measure::{self, Measured, WARM_UP};
use crate::report::{self, Row, Target, Unit};
use crate::{Arguments, Outcome, say, seed};

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
/// How many times as slow the large store may be.
const TIMES: f64 = 1.3;
const CONNECTIONS: [u32; 2] = [1, 64];
/// Of how many customers every answer is looked at.
const LOOKED_AT: usize = 1_000;

/// Measures it and prints the table.
pub fn run(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    say(&measure::conditions("at the start")?);
    let directory = measure::directory(arguments)?;
    let mut stores = Vec::new();
    let mut rows = Vec::new();
    for customers in [FEW, MANY] {
        say(&format!("{customers} customers without cards: writing"));
        let onfile = Onfile {
            binary: arguments.onfile.clone(),
            data: directory.path().join(customers.to_string()),
            database_url: None,
        };
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
        stores.push((customers, running, Wrk::new(directory.path(), api.token())?));
    }
    for (customers, running, wrk) in &stores {
        measure::one(running, |at| wrk.finds(at, *customers, 64, WARM_UP), None)?;
    }
    let time = Duration::from_secs(arguments.seconds.into());
    for connections in CONNECTIONS {
        let (mut few, mut many) = (Measured::default(), Measured::default());
        for round in 1..=arguments.rounds {
            say(&format!(
                "over {connections}, round {round} of {}",
                arguments.rounds
            ));
            for (customers, running, wrk) in &stores {
                let into = if *customers == FEW {
                    &mut few
                } else {
                    &mut many
                };
                measure::one(
                    running,
                    |at| wrk.finds(at, *customers, connections, time),
                    Some(into),
                )?;
            }
        }
        let limit = "of 10,000";
        rows.push(Row {
            figure: format!("find by phone of {MANY}, {connections} conn."),
            figures: many.rate,
            unit: Unit::Rate,
            limit: Some((limit, few.rate)),
            target: Target::Share(1.0 / TIMES),
        });
        rows.push(Row {
            figure: format!("find by phone of {MANY}: p50, {connections} conn."),
            figures: many.p50,
            unit: Unit::Micros,
            limit: Some((limit, few.p50)),
            target: Target::Times(TIMES),
        });
    }
    for (customers, running, _) in stores {
        let memory = running.memory("VmHWM")?;
        let figure = format!("memory, peak, {customers}");
        rows.push(Row::of(&figure, memory, Unit::Megabytes, Target::None));
        running.end()?;
    }
    say(&measure::conditions("at the end")?);
    report::print(&rows)
}
