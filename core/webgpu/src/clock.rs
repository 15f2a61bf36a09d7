//! Time, which WebAssembly gets only from JavaScript.

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
        Self { start: now() }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_secs_f64(((now() - self.start) / 1_000.0).max(0.0))
    }
}

/// Milliseconds by the monotonic clock, or by the system clock if there is no monotonic clock.
#[cfg(target_arch = "wasm32")]
fn now() -> f64 {
    use wasm_bindgen::{JsCast, JsValue};

    let performance = crate::ahead::member(JsValue::from(js_sys::global()), "performance");
    let now = performance.and_then(|performance| {
        let now = crate::ahead::member(&performance, "now")?.dyn_into::<js_sys::Function>().ok()?;
        now.call0(&performance).ok()?.as_f64()
    });
    now.unwrap_or_else(js_sys::Date::now)
}
