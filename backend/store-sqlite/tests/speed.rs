//! What the engine reaches on this machine, beside its limit. Run by hand, in release mode:
//! `cargo test --release -p store-sqlite --test speed -- --ignored --nocapture`
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "it measures on the real clock and prints what it finds"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _, SqliteConnection};
use store::conformance::sample::{
    audit, customer, customer_id, merchant_id, message, people, token_id,
};
use store::{CustomerRecord, Inserted, Store};
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::task::JoinSet;

const SPAN: Duration = Duration::from_secs(3);

/// One row, one synced commit, one after the other: the limit without grouping.
async fn one_by_one(directory: &TempDir) -> (u64, f64, f64) {
    let path = directory.path().join("limit.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute("pragma journal_mode = wal; pragma synchronous = full; create table if not exists rows (value text)").await.unwrap();
    let connection = Arc::new(tokio::sync::Mutex::new(connection));
    rate(1, move |_| {
        let connection = connection.clone();
        async move {
            let insert = "insert into rows values ('0123456789012345678901234567890123456789')";
            connection.lock().await.execute(insert).await.unwrap();
        }
    })
    .await
}

async fn create(store: &SqliteStore, number: u32) {
    let merchant = merchant_id(1);
    let mut unit = store.write().await.unwrap();
    let record = CustomerRecord {
        profile: vec![7; 512],
        ..customer(number)
    };
    assert_eq!(
        unit.insert_customer(&merchant, &record).await.unwrap(),
        Inserted::Yes
    );
    let seq = unit
        .audit_head(&merchant)
        .await
        .unwrap()
        .map_or(1, |(last, _)| last + 1);
    unit.append_audit(&audit(1, seq, Some(number)))
        .await
        .unwrap();
    unit.enqueue(&message(1, number, 1)).await.unwrap();
    unit.commit().await.unwrap();
}

/// Processor time this process has used, all threads.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// How often `tasks` tasks get through `work` in the span, each with a number of its own; the
/// 99th percentile in milliseconds; processor time of one in microseconds.
async fn rate<F>(tasks: u32, work: impl Fn(u32) -> F + Clone + Send + 'static) -> (u64, f64, f64)
where
    F: Future<Output = ()> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    let (start, used) = (Instant::now(), processor());
    for task in 0..tasks {
        let (done, work) = (done.clone(), work.clone());
        running.spawn(async move {
            let mut times = Vec::new();
            let mut number = task;
            while start.elapsed() < SPAN {
                let began = Instant::now();
                work(number).await;
                times.push(began.elapsed());
                done.fetch_add(1, Ordering::Relaxed);
                number += tasks;
            }
            times
        });
    }
    let mut times: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    let p99 = times
        .get(times.len() * 99 / 100)
        .map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    let done = done.load(Ordering::Relaxed);
    let each = processor().saturating_sub(used).as_secs_f64() * 1e6
        / f64::from(u32::try_from(done).unwrap());
    (done, p99, each)
}

fn report(what: &str, (count, p99, each): (u64, f64, f64)) {
    let rate = count / SPAN.as_secs();
    println!("{what:<44} {rate:>8}/s   p99 {p99:>8.3} ms   {each:>6.1} us of processor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes a minute and measures, does not test"]
async fn commits_and_reads_per_second() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(
        SqliteStore::open(&directory.path().join("onfile.db"))
            .await
            .unwrap(),
    );
    people(&*store, 10_000).await.unwrap();
    let next = Arc::new(AtomicU32::new(20_000));
    for round in 1..=3 {
        println!("round {round}");
        report("one row, one synced commit", one_by_one(&directory).await);
        for tasks in [1, 16, 64] {
            let (store, next) = (store.clone(), next.clone());
            let creates = rate(tasks, move |_| {
                let (store, number) = (store.clone(), next.fetch_add(1, Ordering::Relaxed));
                async move { create(&store, number).await }
            });
            report(&format!("durable creates, {tasks} tasks"), creates.await);
        }
        for tasks in [1, 64] {
            let by_id = store.clone();
            let gets = rate(tasks, move |number| {
                let store = by_id.clone();
                async move {
                    let customer = customer_id(number % 10_000 + 1);
                    assert!(
                        store
                            .read()
                            .await
                            .unwrap()
                            .customer(&merchant_id(1), &customer)
                            .await
                            .unwrap()
                            .is_some()
                    );
                }
            });
            report(&format!("customer by id, {tasks} tasks"), gets.await);
            let by_phone = store.clone();
            let gets = rate(tasks, move |number| {
                let store = by_phone.clone();
                async move {
                    let phone = customer(number % 10_000 + 1).phone_index.unwrap();
                    assert!(
                        store
                            .read()
                            .await
                            .unwrap()
                            .customer_by_phone(&merchant_id(1), &phone)
                            .await
                            .unwrap()
                            .is_some()
                    );
                }
            });
            report(&format!("customer by phone, {tasks} tasks"), gets.await);
            let uncached = store.clone();
            let gets = rate(tasks, move |number| {
                let store = uncached.clone();
                async move {
                    assert!(
                        store
                            .read()
                            .await
                            .unwrap()
                            .token(&merchant_id(1), &token_id(number))
                            .await
                            .unwrap()
                            .is_none()
                    );
                }
            });
            report(
                &format!("a query that is not kept, {tasks} tasks"),
                gets.await,
            );
        }
    }
    store.close().await;
}
