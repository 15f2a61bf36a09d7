//! Executors: threads that do the work of callers that must not block.
//!
//! A caller's thread may have a stack of 512 kB, and UniFFI polls futures on the caller's threads.
//! Work therefore goes into a queue. One thread takes the jobs out of the queue, one at a time, and
//! hands each job to a pool of threads. Each job has all threads of the pool.
//!
//! Two jobs never share the stack of a thread. They would in a pool that is given several jobs at
//! once: a thread could start a second job on top of the first. If the second job then waited for
//! keys that the first job makes, it would wait forever.

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

/// The size of each thread's stack in bytes.
pub(crate) const STACK_BYTES: usize = 4 << 20;

/// A queue of jobs, and the threads that run them. The threads start with the first job. They end
/// when the executor has been dropped and its jobs are done.
pub(crate) struct Executor {
    queue: Arc<Queue>,
    /// The number of threads that prove. `None` if jobs run on one thread only.
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

/// The pool that a proving job works in, `None` for other jobs, or the reason why there is no pool.
type Threads<'a> = Result<Option<&'a ThreadPool>, Error>;

struct Job {
    watch: Watch,
    work: Box<dyn FnOnce(Threads<'_>) + Send>,
}

impl Executor {
    /// An executor for jobs that prove, on this number of threads.
    pub(crate) fn of_threads(threads: usize) -> Self {
        Self { queue: Arc::default(), threads: Some(threads.max(1)) }
    }

    /// An executor for jobs that read and write files, or that wait for other jobs.
    pub(crate) fn of_one_thread() -> Self {
        Self { queue: Arc::default(), threads: None }
    }

    /// The number of threads that each job has.
    pub(crate) fn threads(&self) -> usize {
        self.threads.unwrap_or(1)
    }

    /// Does the work and returns its result. Dropping the future stops the work.
    ///
    /// # Errors
    /// The error of the work; `cancelled`; `internal` for a panic, and if the system cannot start
    /// threads.
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
                // A panic inside the pool is caught here.
                let worked = catch_unwind(AssertUnwindSafe(|| match pool {
                    Some(pool) => pool.install(work),
                    None => work(),
                }));
                worked.unwrap_or_else(|_| Err(panicked().into()))
            });
            // Sending fails if the caller no longer waits.
            let _ = answer.send(outcome);
        };
        // Created before the job is queued, so that the job is stopped whenever this future is
        // dropped.
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

    /// The next job. `None` if no more jobs will come.
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

    /// Drops the queued jobs that were cancelled.
    fn drop_cancelled(&self) {
        let cancelled: VecDeque<_> = {
            let mut state = locked(&self.state);
            let jobs = std::mem::take(&mut state.jobs).into_iter();
            let (kept, cancelled) = jobs.partition(|job| job.watch.check().is_ok());
            state.jobs = kept;
            cancelled
        };
        // Not under the lock: dropping a job wakes the caller that waits for it, and the caller may
        // enter this function again.
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
        format!("the system did not start the threads: {error}; try again with fewer"),
    )
}

pub(crate) fn panicked() -> Error {
    let message = "the library panicked, or a listener threw an exception; if no listener did, please report this bug";
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
