//! How many connections each place has, and whether anything is asked on a connection.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::Place;

/// Connections, by the place that they come from.
#[derive(Clone)]
pub(super) struct Places {
    taken: Arc<Mutex<BTreeMap<Place, usize>>>,
    most: usize,
}

/// The slot of one connection. It becomes free again when this is dropped.
pub(super) struct Taken {
    places: Places,
    of: Place,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Takes a slot. Returns `None` if as many connections come from there as may.
    pub(super) fn take(&self, peer: IpAddr) -> Option<Taken> {
        let of = Place::from(peer);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(of).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Taken { places: self.clone(), of })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

/// The requests on one connection.
#[derive(Clone, Default)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The number of requests that are being answered.
    running: usize,
    /// When the last answer ended.
    ended: Option<Instant>,
}

/// A request that is being answered, until this is dropped.
pub(super) struct Asked(Activity);

impl Activity {
    pub(super) fn begin(&self) -> Asked {
        self.state().running += 1;
        Asked(self.clone())
    }

    /// Since when no request is being answered. `None` while one is, or if there never was one.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        let state = self.state();
        if state.running == 0 { state.ended } else { None }
    }

    /// Whether there ever was a request.
    pub(super) fn was_asked(&self) -> bool {
        let state = self.state();
        state.running > 0 || state.ended.is_some()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.ended = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_has_so_many_connections() {
        let places = Places::new(2);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = places.take(ip("2001:db8::1")).unwrap();
        let _second = places.take(ip("2001:db8::2")).unwrap();
        assert!(places.take(ip("2001:db8::3")).is_none(), "the same network");
        assert!(
            places.take(ip("2001:db8:0:1::1")).is_some(),
            "another network, whose place is free again at once"
        );
        assert!(places.take(ip("192.0.2.1")).is_some());
        drop(first);
        assert!(places.take(ip("2001:db8::3")).is_some());
        assert_eq!(places.taken.lock().unwrap().len(), 1, "who has none is forgotten");
    }
}
