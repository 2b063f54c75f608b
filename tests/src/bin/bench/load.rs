//! Load: wrk, closed loop, kept connections, over many different customers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::{Outcome, STOP};

/// For a load that ends by itself.
const ENOUGH: Duration = Duration::from_secs(2);

/// Asks for any of the customers, as likely for one as for another: a cache that holds half of them
/// answers half of the requests.
const READS: &str = r#"
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end
local requests = {}
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  math.randomseed(seed)
end
function request()
  return requests[math.random(#requests)]
end
"#;

/// Finds any of so many customers by phone. Their phones are counted, because a million requests do not
/// fit into the memory of Lua. No run asks for the same ones as another: those a cache would have.
const FINDS: &str = r#"
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end
local last
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  last = tonumber(args[1]) - 1
  math.randomseed(2 * os.time() + seed)
end
function request()
  return wrk.format("GET", string.format("/api/v1/customer?country_code=91&mobile_number=98%08d", math.random(0, last)))
end
"#;

/// Finds customers by phone, each once, from one of them to another, in an order without any.
const FIRST_FINDS: &str = r#"
local threads = 0
function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end
local customers, last
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  local all, from, to = args[1]:match("(%d+) (%d+) (%d+)")
  customers, last = tonumber(all), tonumber(to)
  place = place + tonumber(from)
end
function request()
  if place >= last then
    wrk.thread:stop()
  end
  place = place + 2
  return wrk.format("GET", string.format("/api/v1/customer?country_code=91&mobile_number=98%08d", place * 7919 % customers))
end
"#;

/// Creates customers, each with a phone of its own.
const CREATES: &str = r#"
local threads = 0
function setup(thread)
  thread:set("offset", threads * 10000000)
  threads = threads + 1
end
local number
function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  wrk.headers["Content-Type"] = "application/json"
  number = tonumber(args[1]) + offset
end
function request()
  number = number + 1
  return wrk.format("POST", "/api/v1/customer", nil, string.format(
    '{"merchant_customer_reference":"new-%d","first_name":"Lakshmi","last_name":"Banerjee","country_code":"91",' ..
    '"mobile_number":"%d","email_id":"shopper.%d@example.com"}', number, number, number))
end
"#;

/// Says in one line what happened.
const DONE: &str = r#"
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    latency:percentile(50), latency:percentile(99)))
end
"#;

/// What one run of wrk saw.
pub struct Seen {
    /// How many answers.
    pub answers: u32,
    /// Answers per second.
    pub rate: f64,
    /// Half of the answers took at most this, in microseconds.
    pub p50: f64,
    /// Nearly all answers took at most this, in microseconds.
    pub p99: f64,
}

/// Phones that no load of creations had yet: each has ten million for each of two threads.
pub struct Phones(u64);

impl Phones {
    /// None was used yet.
    pub const fn all() -> Self {
        Self(8_000_000_000)
    }

    /// Those of one load.
    pub const fn more(&mut self) -> u64 {
        self.0 += 20_000_000;
        self.0
    }
}

/// The scripts, in files.
pub struct Wrk {
    directory: PathBuf,
    token: String,
}

impl Wrk {
    /// Writes the scripts into a directory.
    pub fn new(directory: &Path, token: &str) -> Outcome<Self> {
        if Command::new("wrk")
            .arg("-v")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            return Err("wrk is missing: scripts/setup.sh bench".into());
        }
        std::fs::write(directory.join("reads.lua"), format!("{READS}{DONE}"))?;
        std::fs::write(directory.join("finds.lua"), format!("{FINDS}{DONE}"))?;
        std::fs::write(
            directory.join("first_finds.lua"),
            format!("{FIRST_FINDS}{DONE}"),
        )?;
        std::fs::write(directory.join("creates.lua"), format!("{CREATES}{DONE}"))?;
        Ok(Self {
            directory: directory.to_owned(),
            token: token.to_owned(),
        })
    }

    /// Keeps a list of paths to read.
    pub fn paths(&self, name: &str, paths: impl Iterator<Item = String>) -> Outcome<PathBuf> {
        let mut text = String::new();
        for path in paths {
            writeln!(text, "{path}")?;
        }
        let file = self.directory.join(name);
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// Reads from this list over so many connections.
    pub fn reads(
        &self,
        at: SocketAddr,
        paths: &Path,
        connections: u32,
        time: Duration,
    ) -> Outcome<Seen> {
        self.run("reads.lua", at, &paths.to_string_lossy(), connections, time)
    }

    /// Finds any of the first so many customers by phone.
    pub fn finds(
        &self,
        at: SocketAddr,
        customers: u32,
        connections: u32,
        time: Duration,
    ) -> Outcome<Seen> {
        self.run("finds.lua", at, &customers.to_string(), connections, time)
    }

    /// Finds those in this range, of so many customers, each once; the rate is not to be looked at.
    pub fn first_finds(
        &self,
        at: SocketAddr,
        customers: u32,
        range: &Range<u32>,
        connections: u32,
    ) -> Outcome<Seen> {
        let argument = format!("{customers} {} {}", range.start, range.end);
        self.run("first_finds.lua", at, &argument, connections, ENOUGH)
    }

    /// Creates customers with phones from this number on, see [`Phones`].
    pub fn creates(
        &self,
        at: SocketAddr,
        first: u64,
        connections: u32,
        time: Duration,
    ) -> Outcome<Seen> {
        self.run("creates.lua", at, &first.to_string(), connections, time)
    }

    fn run(
        &self,
        script: &str,
        at: SocketAddr,
        argument: &str,
        connections: u32,
        time: Duration,
    ) -> Outcome<Seen> {
        let mut child = Command::new("wrk")
            .args([
                "--connections",
                &connections.to_string(),
                "--threads",
                &connections.min(2).to_string(),
            ])
            .args([
                "--duration",
                &format!("{}s", time.as_secs()),
                "--timeout",
                "10s",
                "--script",
            ])
            .arg(self.directory.join(script))
            .args([&format!("http://{at}"), "--", argument, &self.token])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        while child.try_wait()?.is_none() {
            if STOP.load(Ordering::Relaxed) {
                child.kill()?;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output()?;
        crate::go_on()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("RESULT "))
            .ok_or_else(|| format!("wrk said: {text}"))?;
        let numbers: Vec<u32> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [answers, micros, errors, p50, p99] = numbers.as_slice() else {
            return Err(format!("wrk said: {text}").into());
        };
        if *errors > 0 {
            return Err(format!(
                "{errors} of {answers} answers were wrong or did not come: {text}"
            )
            .into());
        }
        Ok(Seen {
            answers: *answers,
            rate: f64::from(*answers) * 1e6 / f64::from(*micros),
            p50: f64::from(*p50),
            p99: f64::from(*p99),
        })
    }
}
