//! The clock of a serving Onfile jumps an hour and a year, forth and back.

use std::path::{Path, PathBuf};

use reqwest::{Client, Response};
use serde_json::json;
use tempfile::TempDir;

use crate::api::Api;
use crate::chance::{Chance, how_many};
use crate::installation::{Installation, Running, Under};
use crate::kill::Audits;
use crate::load::{Load, Stop};

const HOUR: i64 = 3_600;
const YEAR: i64 = 365 * 24 * HOUR;
const ADMIN: (&str, &str) = ("owner@shop.example", "correct horse battery staple");
/// More than the tries until something happens that does.
const TRIES: usize = 200;

/// `libfaketime` between a process and its clock.
struct Clock {
    library: PathBuf,
    offset: PathBuf,
}

impl Clock {
    /// Where it is installed.
    fn new(directory: &Path) -> Option<Self> {
        let clock = Self {
            library: std::fs::read_dir("/usr/lib")
                .unwrap()
                .map(|place| place.unwrap().path())
                .map(|place| place.join("faketime/libfaketimeMT.so.1"))
                .find(|library| library.exists())?,
            offset: directory.join("clock"),
        };
        clock.jump_to(0);
        Some(clock)
    }

    fn under(&self) -> Under {
        let text = |path: &Path| path.display().to_string();
        let on = || "1".to_owned();
        Under::variables(vec![
            ("LD_PRELOAD", text(&self.library)),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.offset)),
            ("FAKETIME_NO_CACHE", on()),
            // what runs at the usual pace still does
            ("FAKETIME_DONT_FAKE_MONOTONIC", on()),
            ("NO_FAKE_STAT", on()),
        ])
    }

    /// So many seconds from the right time.
    fn jump_to(&self, seconds: i64) {
        let new = self.offset.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}")).unwrap();
        std::fs::rename(new, &self.offset).unwrap();
    }
}

async fn sign_in(server: &Running, password: &str) -> Response {
    let url = server.admin_url();
    let request = Client::new().post(format!("{url}/admin/v1/session"));
    let body = json!({ "email": ADMIN.0, "password": password });
    request
        .header("origin", url)
        .header("sec-fetch-site", "same-origin")
        .json(&body)
        .send()
        .await
        .unwrap()
}

/// Signs in until the answer is this.
async fn sign_in_until(server: &Running, password: &str, status: u16) -> Response {
    for _ in 0..TRIES {
        let answer = sign_in(server, password).await;
        if answer.status() == status {
            return answer;
        }
    }
    panic!("signing in was not answered with {status} in {TRIES} tries");
}

/// Whether time goes on: what is made now ends later than what was made before.
async fn goes_on(api: &Api) -> bool {
    let first = api.checkout_session().await["expires_at"].clone();
    for _ in 0..TRIES {
        if api.checkout_session().await["expires_at"] != first {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_jumps_of_the_clock() {
    let jumps = how_many("ONFILE_CLOCK_JUMPS", 6);
    let directory = TempDir::new().unwrap();
    let Some(clock) = Clock::new(directory.path()) else {
        println!(
            "jumps of the clock: skipped, libfaketime is missing: run `scripts/setup.sh faults`"
        );
        return;
    };
    let mut chance = Chance::announced("jumps of the clock");
    let installation = Installation::new(directory.path().join("data"));
    installation.admin(ADMIN.0, ADMIN.1);
    let server = installation.serve(&clock.under()).unwrap();
    let api = Api::sign_in(&server, &installation).await;
    let mut audits = Audits::new(&installation, &directory);
    let (model, _) = audits.next(&api).await;

    let token = api.token();
    let session = api.checkout_session().await;
    let secret = session["session_secret"].as_str().unwrap();
    let path = format!(
        "/api/v1/checkout-sessions/{}",
        session["session_id"].as_str().unwrap()
    );
    let (merchant, _) = api.get_as(&token, &path).await;
    let (shopper, _) = api.get_in_session(secret).await;
    assert_eq!((merchant, shopper), (200, 200));

    let mut load = Load::start(&[&api], &audits.ledger, &model, &mut chance, Stop::WhenTold);
    for jump in 0..jumps {
        let offset = match jump {
            0 => HOUR,
            1 => YEAR,
            _ => [-YEAR, -HOUR, 0, HOUR, YEAR][chance.below(5)],
        };
        clock.jump_to(offset);
        let before = load.counts().happened;
        load.until(|counts| counts.happened >= before + 100).await;
        let (merchant, _) = api.get_as(&token, &path).await;
        let (shopper, _) = api.get_in_session(secret).await;
        assert_eq!((merchant, shopper), (401, 401), "came alive again");
        if jump == 1 {
            sign_in_until(&server, "wrong", 429).await;
        }
    }
    clock.jump_to(0);
    let refused = sign_in_until(&server, "wrong", 429).await;
    let says_when = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        says_when.parse::<i64>().unwrap() <= HOUR,
        "{says_when} seconds"
    );
    let fresh = Api::sign_in(&server, &installation).await;
    assert!(goes_on(&fresh).await, "the clock stands still");
    let counts = load.stop().await;
    assert_eq!(
        (counts.refused, counts.failed, counts.broken, counts.hung),
        (0, 0, 0, 0),
        "{counts:?}"
    );
    audits.last(&fresh).await;
    let complaints = server.end();
    assert!(!complaints.contains("panicked"), "{complaints}");

    // with the right time nothing of the wrong one stands in the way
    let server = installation.serve(&clock.under()).unwrap();
    let api = Api::sign_in(&server, &installation).await;
    let (model, _) = audits.next(&api).await;
    let load = Load::start(
        &[&api],
        &audits.ledger,
        &model,
        &mut chance,
        Stop::After(200),
    );
    load.stopped().await;
    let found = audits.last(&api).await;
    sign_in_until(&server, ADMIN.1, 200).await;
    println!("jumps of the clock: {jumps} jumps, {found}");
}
