//! Values that are kept for a while, and loaded once however many ask for one meanwhile.
//!
//! Else all who come in the moment in which one has become old would ask the database for the same, and
//! open the same keys. Whoever comes first loads; the others wait for that. When it comes to nothing,
//! because there is no such value, or loading failed or was given up, each of those loads by itself: none
//! waits for more than one other.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::Shared;
use shared::Timestamp;
use tokio::sync::oneshot;

/// Values by their keys.
pub struct Known<K, V> {
    kept_for: Duration,
    entries: RwLock<HashMap<K, Entry<V>>>,
}

type Coming<V> = Shared<oneshot::Receiver<V>>;

enum Entry<V> {
    Kept { since: Timestamp, value: V },
    Coming(Coming<V>),
}

/// Where a value comes from.
enum Source<V> {
    Memory(V),
    Another(Coming<V>),
    Here(oneshot::Sender<V>),
}

impl<K: Clone + Eq + Hash, V: Clone> Known<K, V> {
    /// None yet, and none older than so.
    #[must_use]
    pub fn new(kept_for: Duration) -> Self {
        Self {
            kept_for,
            entries: RwLock::default(),
        }
    }

    /// The value under a key, which is loaded when there is none, or it is too old.
    ///
    /// # Errors
    /// Those of loading.
    pub async fn get<E>(
        &self,
        key: &K,
        now: Timestamp,
        load: impl Future<Output = Result<Option<V>, E>>,
    ) -> Result<Option<V>, E> {
        let waiting = match self.look(key, now) {
            Source::Memory(value) => return Ok(Some(value)),
            Source::Another(coming) => match coming.await {
                Ok(value) => return Ok(Some(value)),
                Err(_) => None,
            },
            Source::Here(waiting) => Some(waiting),
        };
        let loaded = load.await?;
        if let Some(value) = loaded.clone() {
            let kept = Entry::Kept {
                since: now,
                value: value.clone(),
            };
            self.entries
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(key.clone(), kept);
            if let Some(waiting) = waiting {
                // nobody has to be waiting
                let _ = waiting.send(value);
            }
        }
        Ok(loaded)
    }

    fn look(&self, key: &K, now: Timestamp) -> Source<V> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = self.source(entries.get(key), now) {
            return source;
        }
        drop(entries);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        // somebody may have come in between
        if let Some(source) = self.source(entries.get(key), now) {
            return source;
        }
        let (waiting, coming) = oneshot::channel();
        entries.insert(key.clone(), Entry::Coming(coming.shared()));
        Source::Here(waiting)
    }

    fn source(&self, entry: Option<&Entry<V>>, now: Timestamp) -> Option<Source<V>> {
        match entry? {
            Entry::Kept { since, value } if since.plus(self.kept_for) > now => {
                Some(Source::Memory(value.clone()))
            }
            // once somebody has seen that nothing comes of it, the next to ask loads for others again
            Entry::Coming(coming) if coming.peek().is_none() => {
                Some(Source::Another(coming.clone()))
            }
            Entry::Kept { .. } | Entry::Coming(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::future::{pending, ready};

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    const FOR: Duration = Duration::from_secs(5);
    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn none_yet() -> Known<&'static str, u32> {
        Known::new(FOR)
    }

    #[tokio::test]
    async fn it_is_loaded_once_for_all_who_ask_until_it_is_too_old() {
        let (known, loads) = (none_yet(), Cell::new(0));
        let get = async |now| {
            let load = async {
                yield_now().await;
                loads.set(loads.get() + 1);
                Ok::<_, Infallible>(Some(loads.get()))
            };
            known.get(&"m", now, load).await
        };
        let all = join_all((0..100).map(|_| get(NOW))).await;
        assert_eq!(all, [Ok(Some(1)); 100]);
        let last_moment = NOW.plus(FOR).minus(Duration::from_micros(1));
        assert_eq!(get(last_moment).await, Ok(Some(1)));
        assert_eq!(get(NOW.plus(FOR)).await, Ok(Some(2)));
    }

    #[tokio::test]
    async fn when_loading_fails_the_others_load_at_once_each() {
        let (known, loads) = (none_yet(), Cell::new(0));
        let get = async || {
            let load = async {
                loads.set(loads.get() + 1);
                let nth = loads.get();
                yield_now().await;
                if nth == 1 { Err("down") } else { Ok(Some(nth)) }
            };
            known.get(&"m", NOW, load).await
        };
        let all = join_all((0..3).map(|_| get())).await;
        assert_eq!(all, [Err("down"), Ok(Some(2)), Ok(Some(3))]);
        assert_eq!(get().await, Ok(Some(3)), "and what they loaded is kept");
    }

    #[tokio::test]
    async fn whoever_gives_loading_up_keeps_nobody_from_it() {
        let known = none_yet();
        let given_up = known.get(&"m", NOW, pending::<Result<_, Infallible>>());
        assert_eq!(given_up.now_or_never(), None);
        for value in [1, 2] {
            let load = ready(Ok::<_, Infallible>(Some(value)));
            assert_eq!(known.get(&"m", NOW, load).await, Ok(Some(1)));
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_asked_for_again() {
        let known = none_yet();
        for there in [None, Some(1)] {
            let load = ready(Ok::<_, Infallible>(there));
            assert_eq!(known.get(&"m", NOW, load).await, Ok(there));
        }
    }
}
