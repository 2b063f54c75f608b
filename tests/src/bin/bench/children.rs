//! The processes under measurement, and what the kernel says of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use backend::database::Database;

use crate::{Outcome, bare};

/// Linux reports CPU time to programs in hundredths of a second, on every machine.
const TICK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends when this is dropped.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// CPU time so far, user and system.
    pub fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may hold spaces: count from behind it. See proc(5).
        let after = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest)
            .ok_or("an odd /proc/PID/stat")?;
        let ticks: u32 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u32>().ok())
            .sum();
        Ok(TICK * ticks)
    }

    /// Resident memory in bytes: now (`VmRSS`) or at its peak (`VmHWM`).
    pub fn memory(&self, name: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .ok_or("an odd /proc/PID/status")?;
        let kib: u32 = line
            .trim_start_matches(':')
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()?;
        Ok(f64::from(kib) * 1_024.0)
    }

    /// Asks it to end, and waits until it did.
    pub fn end(&mut self) -> Outcome<()> {
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status()?;
        let begun = Instant::now();
        while asked.success() && begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("onfile ended with {status}").into())
                };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("onfile does not end when it is asked to".into())
    }
}

/// Starts the bare server, which answers like the given customer.
pub fn bare_axum(customer_json: &str) -> Outcome<Running> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(bare::COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (input, output) = (child.stdin.as_mut(), child.stdout.take());
    writeln!(input.ok_or("no standard input")?, "{customer_json}")?;
    let mut line = String::new();
    BufReader::new(output.ok_or("no standard output")?).read_line(&mut line)?;
    Ok(Running {
        address: line.trim().parse()?,
        child,
    })
}

/// Where and how Onfile is started.
pub struct Onfile {
    /// The release binary.
    pub binary: PathBuf,
    /// Its data, and the root key.
    pub data: PathBuf,
    /// The URL of a database on a server, where the data is there.
    pub database_url: Option<String>,
}

impl Onfile {
    /// With its data in a file.
    pub fn with_file(binary: &Path, data: PathBuf) -> Self {
        Self {
            binary: binary.to_owned(),
            data,
            database_url: None,
        }
    }

    /// Where its customers are.
    pub fn database(&self) -> Database {
        match &self.database_url {
            Some(url) => Database::Postgres(url.clone()),
            None => Database::Sqlite(self.data.join("onfile.sqlite")),
        }
    }

    /// Starts it as it is run for real.
    pub fn serve(&self) -> Outcome<Running> {
        let (public, admin) = (free_address()?, free_address()?);
        let child = Command::new(&self.binary)
            .arg("serve")
            .args([Path::new("--data-dir"), &self.data])
            .args([
                "--public-addr",
                &public.to_string(),
                "--admin-addr",
                &admin.to_string(),
            ])
            .args(
                self.database_url
                    .iter()
                    .flat_map(|url| ["--database-url", url]),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Running {
            child,
            address: public,
        })
    }
}

fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
