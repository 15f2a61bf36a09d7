//! Threads that work for callers who cannot wait.
//!
//! A caller's thread may have a stack of 512 kB, and UniFFI polls futures on threads of the caller's. So work goes into a queue: one thread takes
//! it out, a job at a time, and hands it to a pool of threads, of which each job has all. Jobs never share a thread's stack, as they would in
//! a pool that is given several: a job that waits for the keys that another makes below it would wait forever.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use futures_channel::oneshot;
use rayon::{ThreadPool, ThreadPoolBuilder};
use velum_credentials::{Code, Error};

use crate::watch::{CancelOnDrop, Watch, cancelled, locked};

/// Bytes of the stack of each thread.
pub(crate) const STACK_BYTES: usize = 4 << 20;

/// A queue of work, and the threads that do it. The threads start with the first job, and end when the executor is dropped and its jobs
/// are done.
pub(crate) struct Executor {
    queue: Arc<Queue>,
    /// Threads that prove; none where jobs are for one thread alone.
    threads: Option<usize>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    is_started: bool,
    is_closed: bool,
}

/// The pool that a job works in, if it is one that proves, or why there is none.
type Threads<'a> = Result<Option<&'a ThreadPool>, Error>;

struct Job {
    watch: Watch,
    work: Box<dyn FnOnce(Threads<'_>) + Send>,
}

impl Executor {
    /// For jobs that prove, on so many threads.
    pub(crate) fn of_threads(threads: usize) -> Self {
        Self { queue: Arc::default(), threads: Some(threads.max(1)) }
    }

    /// For jobs that read and write files, or wait for other jobs.
    pub(crate) fn of_one_thread() -> Self {
        Self { queue: Arc::default(), threads: None }
    }

    /// Threads that each job has.
    pub(crate) fn threads(&self) -> usize {
        self.threads.unwrap_or(1)
    }

    /// Works, and gives what came of it. Dropping the future stops the work.
    ///
    /// # Errors
    /// What the work fails with; `cancelled`; `internal` for a panic, and for a system that starts no threads.
    pub(crate) async fn run<T, E>(
        &self,
        watch: Watch,
        work: impl FnOnce(&Watch) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        watch.check()?;
        let (answer, mut answered) = oneshot::channel();
        let of_work = watch.clone();
        let in_pool = move |pool: Threads<'_>| {
            let outcome = pool.map_err(E::from).and_then(|pool| {
                let work = || of_work.check().map_err(E::from).and_then(|()| work(&of_work));
                // A panic in the pool comes back here.
                let worked = catch_unwind(AssertUnwindSafe(|| match pool {
                    Some(pool) => pool.install(work),
                    None => work(),
                }));
                worked.unwrap_or_else(|_| Err(panicked().into()))
            });
            // Nobody may wait any longer.
            let _ = answer.send(outcome);
        };
        // Before the job is there, so that it is stopped whenever this future is dropped.
        let stop = CancelOnDrop::new(&watch);
        self.push(Job { watch: watch.clone(), work: Box::new(in_pool) })?;
        let outcome = watch
            .wait(|context, is_cancelled| {
                if is_cancelled {
                    self.queue.drop_cancelled();
                }
                Pin::new(&mut answered)
                    .poll(context)
                    .map(|answer| answer.unwrap_or_else(|_| Err(cancelled().into())))
            })
            .await;
        stop.done();
        outcome
    }

    fn push(&self, job: Job) -> Result<(), Error> {
        let mut state = locked(&self.queue.state);
        if !state.is_started {
            let (queue, threads) = (Arc::clone(&self.queue), self.threads);
            let thread = thread::Builder::new().name("velum".to_owned()).stack_size(STACK_BYTES);
            thread.spawn(move || queue.work_off(threads)).map_err(|error| no_threads(&error))?;
            state.is_started = true;
        }
        state.jobs.push_back(job);
        self.queue.changed.notify_one();
        Ok(())
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        locked(&self.queue.state).is_closed = true;
        self.queue.changed.notify_one();
    }
}

impl Queue {
    fn work_off(&self, threads: Option<usize>) {
        let mut pool = None;
        while let Some(job) = self.next() {
            let has_pool = match (&pool, threads) {
                (None, Some(threads)) => open_pool(threads).map(|opened| pool = Some(opened)),
                _ => Ok(()),
            };
            (job.work)(has_pool.map(|()| pool.as_ref()));
        }
    }

    /// The next job; none when there are no more to come.
    fn next(&self) -> Option<Job> {
        let mut state = locked(&self.state);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Drops jobs that wait and need not be done.
    fn drop_cancelled(&self) {
        let cancelled: VecDeque<_> = {
            let mut state = locked(&self.state);
            let jobs = std::mem::take(&mut state.jobs).into_iter();
            let (kept, cancelled) = jobs.partition(|job| job.watch.check().is_ok());
            state.jobs = kept;
            cancelled
        };
        // Not under the lock: who waits for one of them is woken, and may come back here.
        drop(cancelled);
    }
}

fn open_pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("velum {index}"));
    pool.build().map_err(|error| no_threads(&error))
}

fn no_threads(error: &dyn std::error::Error) -> Error {
    Error::new(
        Code::Internal,
        "threads",
        format!("the system starts no threads: {error}; try again with fewer"),
    )
}

pub(crate) fn panicked() -> Error {
    let message = "a panic, or an exception that a listener threw; if no listener did, please report this bug";
    Error::new(Code::Internal, "velum", message)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use velum_credentials::block_on;

    fn watch() -> Watch {
        Watch::new(None, None)
    }

    #[test]
    fn work_is_done_on_threads_of_ours_and_as_many_as_were_asked_for() {
        let executor = Executor::of_threads(3);
        let work = |_: &Watch| {
            Ok::<_, Error>((
                thread::current().name().map(str::to_owned),
                rayon::current_num_threads(),
            ))
        };
        let (name, threads) = block_on(executor.run(watch(), work)).unwrap();
        assert!(name.unwrap().starts_with("velum "));
        assert_eq!(threads, 3);
        let name = block_on(Executor::of_one_thread().run(watch(), work)).unwrap().0;
        assert_eq!(name.unwrap(), "velum");
    }

    #[test]
    fn a_panic_is_an_error_and_later_work_is_done() {
        for executor in [Executor::of_threads(2), Executor::of_one_thread()] {
            let failed =
                block_on(executor.run(watch(), |_| -> Result<(), Error> { panic!("on purpose") }));
            assert_eq!(failed.unwrap_err().code(), Code::Internal);
            assert_eq!(block_on(executor.run(watch(), |_| Ok::<_, Error>(7))).unwrap(), 7);
        }
    }

    #[test]
    fn work_that_waits_in_the_queue_ends_at_once_when_it_is_cancelled() {
        let executor = Executor::of_threads(1);
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        thread::scope(|scope| {
            let long = scope.spawn(|| {
                block_on(executor.run(watch(), move |_| {
                    begun.send(()).unwrap();
                    may_go_on.recv().unwrap();
                    Ok::<_, Error>(())
                }))
            });
            has_begun.recv().unwrap();
            let cancellation = crate::Cancellation::new();
            let waiting = Watch::new(Some(&cancellation), None);
            let waiter = scope.spawn(|| block_on(executor.run(waiting, |_| Ok::<_, Error>(()))));
            cancellation.cancel();
            assert_eq!(waiter.join().unwrap().unwrap_err().code(), Code::Cancelled);
            go_on.send(()).unwrap();
            long.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_dropped_future_stops_its_work() {
        let executor = Executor::of_threads(1);
        let (begun, has_begun) = mpsc::channel();
        let (told, tell) = mpsc::channel();
        let mut future = Box::pin(executor.run(watch(), move |watch| {
            begun.send(()).unwrap();
            while watch.check().is_ok() {
                thread::yield_now();
            }
            told.send(()).unwrap();
            Ok::<_, Error>(())
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        has_begun.recv().unwrap();
        drop(future);
        tell.recv().unwrap();
    }
}
