//! Moving everything from a SQLite file to a PostgreSQL server.
//!
//! Every table is summed up before it is moved, and the target is marked with what all of the source
//! comes to: an interrupted move goes on only with exactly the same data. The values of the instance
//! come last, in the transaction that takes the mark away, when all else was found equal. Until then
//! no server takes the target for a database of its own ([`instance::UNFINISHED_COPY`]).

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use store::Store as _;
use store::table::{Cell, Row, Sum, Summing, Table};
use store_postgres::Target;
use store_sqlite::{OpenError, Source, SqliteStore};

use crate::command::{CommandError, lock, print};
use crate::service::instance;

/// The table that comes last.
const LAST: &str = "instance_values";
/// How many rows are moved at once.
const BATCH: i64 = 500;
/// After how many rows a line says how far it is.
const TOLD_EVERY: u64 = 10_000;

/// Moves everything.
///
/// # Errors
/// [`CommandError`]; the source was not changed, and the target is no database that can be served.
pub async fn migrate(from: &str, to: &str) -> Result<(), CommandError> {
    let path = source_path(from)?;
    if !to.starts_with("postgres://") && !to.starts_with("postgresql://") {
        return Err(CommandError::Plain(
            "--to must be the URL of a database on a PostgreSQL server: postgres://USER:PASSWORD@HOST/NAME".into(),
        ));
    }
    if !path.exists() {
        return Err(OpenError::Missing { path }.into());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let _lock = lock(directory)?;
    // as a start does: refuses what is not ours, and brings the tables up to date
    SqliteStore::open_existing(&path).await?.close().await;
    let mut source = Source::open(&path).await?;
    let tables = source.tables().await?;
    let mut target = Target::open(to).await?;
    if !target.lock().await? {
        return Err(CommandError::Plain(
            "another `onfile migrate` is at work on the target, or its last statement is: wait for it, then run this again".into(),
        ));
    }
    target.check(&tables)?;

    print(&format!("summing up {}", path.display()));
    let mut sums = Vec::new();
    for table in &tables {
        sums.push(sum(&mut source, table).await?);
    }
    claim(&mut target, &tables, &sums).await?;
    let mut last = None;
    let mut moved = Vec::new();
    for (table, expected) in tables.iter().zip(&sums) {
        if table.name == LAST {
            last = Some((table, expected));
        } else {
            copy(&mut source, &mut target, table, expected.rows).await?;
            moved.push((table, expected, target.sum(table).await?));
        }
    }
    compare(&moved)?;
    if let Some((table, expected)) = last {
        let rows = source.rows_after(table, &[], i64::MAX).await?;
        target
            .finish(instance::UNFINISHED_COPY, table, &rows)
            .await?;
        compare(&[(table, expected, target.sum(table).await?)])?;
    }
    target.close().await;
    source.close().await;
    print(&format!(
        "moved {} rows: start `onfile serve` with this --database-url and the same root key, and never again on {}",
        sums.iter().map(|sum| sum.rows).sum::<u64>(),
        path.display()
    ));
    Ok(())
}

/// The file that `--from` names.
fn source_path(from: &str) -> Result<PathBuf, CommandError> {
    let path = from
        .strip_prefix("sqlite://")
        .or_else(|| from.strip_prefix("sqlite:"));
    match path {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        None if !from.contains("://") => Ok(Path::new(from).join("onfile.sqlite")),
        _ => Err(CommandError::Plain(
            "--from must be a data directory or sqlite://PATH".into(),
        )),
    }
}

/// Marks an empty target as a copy of this source, or finds that it is a half-finished one.
async fn claim(target: &mut Target, tables: &[Table], sums: &[Sum]) -> Result<(), CommandError> {
    let mut hash = Sha256::new();
    for (table, sum) in tables.iter().zip(sums) {
        hash.update(table.name.as_bytes());
        hash.update(sum.rows.to_be_bytes());
        hash.update(&sum.sha256);
    }
    let whole = hash.finalize();
    match target.instance_value(instance::UNFINISHED_COPY).await? {
        Some(known) if known == whole.as_slice() => {
            print("the target holds a part of this already: going on");
            Ok(())
        }
        Some(_) => Err(CommandError::Plain(
            "the target is a half-finished copy of another database, or of this one before it changed: make an empty database and move to that".into(),
        )),
        None if target.is_empty(tables).await? => Ok(target
            .add_instance_value(instance::UNFINISHED_COPY, &whole)
            .await?),
        None => Err(CommandError::Plain(
            "the target has data of its own already: make an empty database and move to that".into(),
        )),
    }
}

/// Moves what of a table is not there yet.
async fn copy(
    source: &mut Source,
    target: &mut Target,
    table: &Table,
    rows: u64,
) -> Result<(), CommandError> {
    // each batch is there whole or not, so what is there is the beginning
    let mut key = target.last_key(table).await?;
    let mut moved = u64::try_from(target.count(table).await?).unwrap_or_default();
    loop {
        let batch = source.rows_after(table, &key, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(());
        };
        key = table.key_of(last);
        target.add(table, &batch).await?;
        let before = moved;
        moved += count(&batch);
        if moved / TOLD_EVERY > before / TOLD_EVERY {
            print(&format!("{}: {moved} of {rows} rows", table.name));
        }
    }
}

async fn sum(source: &mut Source, table: &Table) -> Result<Sum, CommandError> {
    let mut summing = Summing::default();
    let mut key: Vec<Cell> = Vec::new();
    loop {
        let batch = source.rows_after(table, &key, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(summing.sum());
        };
        key = table.key_of(last);
        for row in &batch {
            summing.add(row);
        }
    }
}

fn count(rows: &[Row]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

/// Prints what each table comes to on both sides.
fn compare(tables: &[(&Table, &Sum, Sum)]) -> Result<(), CommandError> {
    let mut different = Vec::new();
    for (table, source, target) in tables {
        let name = &table.name;
        if *source == target {
            print(&format!(
                "{name:<18} {:>9} rows  {}  equal",
                source.rows,
                hex::encode(&source.sha256)
            ));
        } else {
            for (side, sum) in [("source", *source), ("target", target)] {
                print(&format!(
                    "{name:<18} {:>9} rows  {}  DIFFERENT, {side}",
                    sum.rows,
                    hex::encode(&sum.sha256)
                ));
            }
            different.push(name.as_str());
        }
    }
    if different.is_empty() {
        return Ok(());
    }
    Err(CommandError::Plain(format!(
        "the target is not equal in {}: somebody else has written to it; make an empty database and move to that",
        different.join(", ")
    )))
}
