//! Follows calls, and stops them.

use std::cell::RefCell;

use js_sys::Function;
use velum_credentials::{CancelToken, Control, Error, Progress};
use wasm_bindgen::JsValue;

thread_local! {
    /// The function that follows this thread's work. It cannot move to another thread.
    static FOLLOWER: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Runs `work` and calls `progress(stage, fraction, device)` as each stage begins. Stops the work
/// if `progress` returns false.
#[cfg(feature = "prove")]
pub(crate) fn watched<T>(
    progress: &Function,
    work: impl FnOnce(Control<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let token = CancelToken::new();
    let report = |progress| tell(progress, &token);
    FOLLOWER.set(Some(progress.clone()));
    let outcome = work(Control::none().cancelled_by(&token).reporting_to(&report));
    FOLLOWER.set(None);
    outcome
}

/// Like `watched`, for asynchronous work. No other work may begin before it ends.
#[cfg(feature = "gpu")]
pub(crate) async fn watched_async<T>(
    progress: &Function,
    work: impl AsyncFnOnce(Control<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let token = CancelToken::new();
    let report = |progress| tell(progress, &token);
    FOLLOWER.set(Some(progress.clone()));
    let outcome = work(Control::none().cancelled_by(&token).reporting_to(&report)).await;
    FOLLOWER.set(None);
    outcome
}

fn tell(Progress { stage, device, fraction }: Progress, token: &CancelToken) {
    let follower = FOLLOWER.with_borrow(Clone::clone);
    let told = |follower: Function| {
        let [stage, device] = [stage.name(), device.name()].map(JsValue::from);
        follower.call3(&JsValue::NULL, &stage, &fraction.into(), &device)
    };
    if matches!(follower.map(told), Some(Ok(value)) if value == JsValue::FALSE) {
        token.cancel();
    }
}
