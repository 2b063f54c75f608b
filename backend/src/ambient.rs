//! Time and randomness: the only place that asks the machine for them. Everything else is handed a
//! [`Clock`] and a [`Random`], so that tests advance time and know every code.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use shared::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// An array of random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut buffer = [0; N];
    random.fill(&mut buffer);
    buffer
}

/// The machine's clock, which never goes back within one process: audit entries stay in order even
/// when somebody sets the time. After a step back it goes on from where it was, at the usual pace, so
/// that what waits for an hour to pass waits for an hour.
pub struct SystemClock {
    start: Instant,
    /// What it was at the start, as seen from the latest step forward.
    began: AtomicI64,
}

impl Default for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn default() -> Self {
        Self {
            start: Instant::now(),
            began: AtomicI64::new(0),
        }
    }
}

impl SystemClock {
    /// What it says when the machine says `wall`, so long after the start.
    fn at(&self, wall: Duration, since_start: Duration) -> Timestamp {
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let elapsed = micros(since_start);
        let began = micros(wall).saturating_sub(elapsed);
        let before = self.began.fetch_max(began, Ordering::Relaxed);
        Timestamp::from_micros(began.max(before).saturating_add(elapsed))
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        // in this order a pause between the two is no step forward
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.at(wall, self.start.elapsed())
    }
}

/// The machine's CSPRNG.
pub struct SystemRandom;

impl Random for SystemRandom {
    /// A machine without randomness cannot run this service, and going on with predictable keys
    /// would be worse than stopping.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that draws random bytes"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            tracing::error!("the operating system gives no random bytes");
            std::process::abort();
        }
    }
}

/// A clock that stands still until a test moves it.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Stands at an instant.
    #[must_use]
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_micros())))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0
            .store(self.now().plus(by).as_micros(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that look random and are the same in every run of a test.
#[derive(Default)]
pub struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_le_bytes());
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::SystemClock;

    #[test]
    fn a_clock_that_is_set_back_goes_on_at_the_usual_pace() {
        const YEAR: u64 = 365 * 86_400;
        let clock = SystemClock::default();
        let says = |wall, since_start| {
            let said = clock.at(Duration::from_secs(wall), Duration::from_secs(since_start));
            said.as_seconds()
        };
        assert_eq!(says(1_000, 0), 1_000);
        assert_eq!(says(1_005, 5), 1_005);
        let later = i64::try_from(YEAR).unwrap() + 1_010;
        assert_eq!(says(YEAR + 1_010, 10), later, "a step forward is believed");
        assert_eq!(says(1_020, 20), later + 10, "a step back is not");
        assert_eq!(says(0, 30), later + 20);
    }
}
