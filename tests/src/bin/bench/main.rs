//! `make bench`: how fast and how small Onfile is, beside the limits of the very machine it runs on.
//!
//! Times alone say little: machines differ, and so do their minutes. So every figure is measured in
//! turns with a limit, in one run: requests beside a bare axum server that does nothing but answer the
//! same JSON, durable writes beside one-row commits one by one with the same safety. What counts is the
//! ratio. Nothing here asserts anything: it prints a table and ends with status 0.
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement asks the machine for its time, and gives it time"
)]

mod bare;
mod children;
mod disk;
mod figures;
mod http;
mod load;
mod measure;
mod million;
mod pages;
mod postgres;
mod report;
mod seed;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The same allocator as the server, so that the bare one is as fast as it can be.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a measurement could not be made.
type Problem = Box<dyn Error + Send + Sync>;
type Outcome<T> = Result<T, Problem>;

/// Set when somebody asked to stop: what waits for a child looks at it.
static STOP: AtomicBool = AtomicBool::new(false);

/// What was asked for.
struct Arguments {
    /// The release binary.
    onfile: PathBuf,
    /// How many customers are on file.
    customers: u32,
    /// How often each load is repeated.
    rounds: u32,
    /// How long each takes.
    seconds: u32,
    /// What to look at.
    what: What,
}

/// What is measured.
#[derive(Clone, Copy)]
enum What {
    /// Everything but the others.
    Everything,
    /// A store of a million customers.
    Million,
    /// Creations, because somebody made the disk slow.
    SlowDisk,
}

const USAGE: &str = "usage: bench [PATH-OF-ONFILE] [--customers 10000] [--rounds 3] [--seconds 3] [--million | --slow-disk]";

fn arguments() -> Outcome<Arguments> {
    let mut arguments = Arguments {
        onfile: PathBuf::from("target/release/onfile"),
        customers: 10_000,
        rounds: 3,
        seconds: 3,
        what: What::Everything,
    };
    let mut given = std::env::args().skip(1);
    while let Some(word) = given.next() {
        let mut number = || {
            given
                .next()
                .and_then(|text| text.parse().ok())
                .filter(|n| *n > 0)
                .ok_or(USAGE)
        };
        match word.as_str() {
            "--customers" => arguments.customers = number()?,
            "--rounds" => arguments.rounds = number()?,
            "--seconds" => arguments.seconds = number()?,
            "--million" => arguments.what = What::Million,
            "--slow-disk" => arguments.what = What::SlowDisk,
            path if !path.starts_with('-') => arguments.onfile = PathBuf::from(path),
            _ => return Err(USAGE.into()),
        }
    }
    if !arguments.onfile.is_file() {
        return Err(format!("{} is missing: make build", arguments.onfile.display()).into());
    }
    Ok(arguments)
}

/// Says on standard error what is going on; standard output is for the table.
fn say(text: &str) {
    // A closed terminal is no reason to stop measuring.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Fails once somebody asked to stop.
fn go_on() -> Outcome<()> {
    if STOP.load(Ordering::Relaxed) {
        Err("stopped".into())
    } else {
        Ok(())
    }
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
    STOP.store(true, Ordering::Relaxed);
}

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("bench: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = if std::env::args().nth(1).as_deref() == Some(bare::COMMAND) {
        runtime.block_on(bare::serve())
    } else {
        runtime.spawn(asked_to_stop());
        arguments().and_then(|arguments| match arguments.what {
            What::Everything => measure::run(&runtime, &arguments),
            What::Million => million::run(&runtime, &arguments),
            What::SlowDisk => measure::slow_disk(&runtime, &arguments),
        })
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("bench: {problem}"));
            ExitCode::FAILURE
        }
    }
}
