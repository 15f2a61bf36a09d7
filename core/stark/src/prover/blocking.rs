//! Waits for a future without a runtime.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use p3_maybe_rayon::prelude::join;

/// Wakes the waiting thread.
///
/// The thread's own park token is not sufficient, because other code that parks on the thread while
/// the future is polled would consume it.
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Runs a future on this thread, which sleeps while the future cannot make progress. No runtime is
/// needed.
///
/// On WebAssembly, only futures that never wait complete, such as those of [`Cpu`](super::Cpu). A
/// thread there cannot wait for a device that it serves itself.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let unpark = Arc::new(Unpark { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(unpark.clone());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        while !unpark.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Runs the future that `make` returns on one of the threads that share the work, and waits for it.
/// No thread then has to be woken up at each step.
///
/// The future must not wait for other work of these threads, because one of them sleeps here.
pub fn block_on_worker<T: Future<Output: Send>>(make: impl FnOnce() -> T + Send) -> T::Output {
    join(|| block_on(make()), || ()).0
}

#[cfg(test)]
mod tests {
    use std::task::Poll;
    use std::time::Duration;

    use super::*;

    #[test]
    fn waits_until_another_thread_wakes_it() {
        let mut asked = 0;
        let value = block_on(std::future::poll_fn(|context| {
            asked += 1;
            if asked == 3 {
                return Poll::Ready(asked);
            }
            let waker = context.waker().clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(5));
                waker.wake();
            });
            Poll::Pending
        }));
        assert_eq!(value, 3);
    }

    #[test]
    fn a_wakeup_is_not_lost_to_whatever_else_parks_meanwhile() {
        let mut asked = false;
        block_on(std::future::poll_fn(|context| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            // Consumes the thread's token.
            thread::park();
            Poll::Pending
        }));
    }
}
