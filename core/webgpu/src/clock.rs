//! Time, which WebAssembly has from JavaScript alone.

use std::time::Duration;

/// A clock that was started.
pub(crate) struct Clock {
    #[cfg(not(target_arch = "wasm32"))]
    start: std::time::Instant,
    #[cfg(target_arch = "wasm32")]
    start: f64,
}

#[cfg(not(target_arch = "wasm32"))]
impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(target_arch = "wasm32")]
impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: js_sys::Date::now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_secs_f64(((js_sys::Date::now() - self.start) / 1_000.0).max(0.0))
    }
}
