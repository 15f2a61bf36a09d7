//! The threads that prove. Each one is a worker that runs one thread of the global pool. All
//! workers share the memory of the first.
//!
//! The page's side starts the workers. Each one then waits in [`join_pool`] for its part. The first
//! worker hands the parts out in [`open_pool`] once all workers run, because a worker that waits
//! for another cannot start any.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

static PARTS: Mutex<VecDeque<ThreadBuilder>> = Mutex::new(VecDeque::new());
static HANDED_OUT: Condvar = Condvar::new();

/// Opens the pool, with `helpers` threads besides this one.
#[wasm_bindgen(js_name = openPool)]
pub fn open_pool(helpers: usize) -> Result<(), JsError> {
    let hand_out = |part| {
        PARTS.lock().unwrap_or_else(PoisonError::into_inner).push_back(part);
        HANDED_OUT.notify_one();
        Ok(())
    };
    let pool = ThreadPoolBuilder::new().num_threads(helpers + 1).use_current_thread();
    Ok(pool.spawn_handler(hand_out).build_global()?)
}

/// Works for the pool until this worker is ended.
#[wasm_bindgen(js_name = joinPool)]
pub fn join_pool() {
    let parts = PARTS.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = HANDED_OUT.wait_while(parts, |parts| parts.is_empty());
    let part = waited.unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(part) = part {
        part.run();
    }
}
