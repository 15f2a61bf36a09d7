//! Hand-offs to scripted markets, on a scripted clock, over a network that loses requests and
//! answers.

use std::cell::{Cell, RefCell};

use futures_executor::block_on;
use velum_market_model::{Cancel, Duration, Hash, Job, Signed, Time};

use super::*;
use crate::api::Estimate;
use crate::host::{HttpRequest, HttpResponse, Network, Unreachable};
use crate::testing::{JOB_DEADLINE, job_for};

/// How a market treats a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Counts the job after this number of milliseconds. In the last ten thousand of them, the job
    /// is locked.
    Counts(u64),
    /// Never finds a provider.
    Idle,
    /// Refuses every job.
    Refuses,
    /// Cannot be paid, and takes back no job that it was never paid for.
    Unpaid,
    /// Never answers.
    Away,
    /// Is paid for a receipt that is not valid.
    Lies,
    /// Always says that a provider has the job.
    Stuck,
}

/// The state of a scripted market, as its node has it.
struct Scripted<'a> {
    clock: &'a Cell<u64>,
    manner: Manner,
    /// The network faults of the next calls. `true` loses the request, `false` loses the answer.
    faults: RefCell<Vec<Option<bool>>>,
    /// When the job came.
    came: Cell<Option<u64>>,
    cancelled: Cell<bool>,
}

impl<'a> Scripted<'a> {
    fn new(clock: &'a Cell<u64>, manner: Manner) -> Self {
        Self {
            clock,
            manner,
            faults: RefCell::default(),
            came: Cell::default(),
            cancelled: Cell::default(),
        }
    }

    /// Whether the client has paid, or may have to.
    fn is_paid(&self) -> bool {
        self.state().is_some_and(|state| !state.is_refunded())
    }

    fn state(&self) -> Option<JobState> {
        if self.cancelled.get() {
            return Some(JobState::Cancelled);
        }
        let came = self.came.get()?;
        let now = self.clock.get();
        Some(match self.manner {
            Manner::Counts(after) if now >= came + after => JobState::Settled,
            Manner::Counts(after) if now + 10_000 >= came + after => JobState::Locked,
            Manner::Lies => JobState::Settled,
            Manner::Stuck => JobState::Locked,
            _ if now > JOB_DEADLINE => JobState::Expired,
            _ => JobState::Offered,
        })
    }

    /// Makes a call over the network.
    fn call<T>(&self, effect: impl FnOnce() -> Result<T, MarketError>) -> Result<T, MarketError> {
        let lost = || Err(MarketError::Unreachable("lost".to_owned()));
        if self.manner == Manner::Away {
            return lost();
        }
        match self.faults.borrow_mut().pop().flatten() {
            Some(true) => lost(),
            Some(false) => effect().and_then(|_| lost()),
            None => effect(),
        }
    }

    fn status_now(&self, job: Hash) -> Result<JobStatus, MarketError> {
        let state = self.state().ok_or_else(|| refused(JOB_UNKNOWN))?;
        Ok(JobStatus { job, state, lot: None, paid: None, deliver_by: None, since: Time::ZERO })
    }
}

fn refused(code: &str) -> MarketError {
    MarketError::Refused { code: code.to_owned(), detail: String::new() }
}

impl MarketAdapter for Scripted<'_> {
    async fn quote(&self, _: &Job) -> Result<Estimate, MarketError> {
        Err(refused("nothing"))
    }

    async fn submit(&self, job: &Signed<Job>, _: &[u8]) -> Result<JobStatus, MarketError> {
        self.call(|| {
            match self.manner {
                Manner::Refuses => return Err(refused("quota")),
                Manner::Unpaid => {
                    let (code, detail) = ("credit_short".to_owned(), "too little".to_owned());
                    return Err(MarketError::NotPaid { code, detail });
                }
                _ => {}
            }
            if self.came.get().is_none() {
                self.came.set(Some(self.clock.get()));
            }
            self.status_now(velum_market_model::id(job.message()).unwrap())
        })
    }

    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError> {
        self.call(|| self.status_now(job))
    }

    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError> {
        self.call(|| match self.state() {
            _ if self.manner == Manner::Unpaid => Err(refused("not_enough")),
            // The market remembers a cancellation that arrives before its job.
            None | Some(JobState::Offered | JobState::Waiting) => {
                self.cancelled.set(true);
                self.status_now(cancel.message().job)
            }
            Some(_) => self.status_now(cancel.message().job),
        })
    }

    async fn receipt(&self, _: Hash) -> Result<Vec<u8>, MarketError> {
        self.call(|| {
            Ok(if self.manner == Manner::Lies { b"no receipt" } else { b"a receipt!" }.to_vec())
        })
    }
}

struct Scene<'a> {
    clock: &'a Cell<u64>,
    saved: Cell<Option<Saved>>,
    /// The number of saves after which saving fails, as if the process were killed.
    lives: Cell<u32>,
    stopped_at: u64,
}

impl Network for Scene<'_> {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, Unreachable> {
        Err(Unreachable::new("nothing is sent here"))
    }

    fn now(&self) -> Time {
        Time::new(self.clock.get()).unwrap()
    }
}

impl Host for Scene<'_> {
    async fn sleep(&self, duration: Duration) {
        self.clock.set(self.clock.get() + duration.get().max(1));
    }

    fn chance(&self) -> u32 {
        500_000
    }

    async fn save(&self, saved: &Saved) -> Result<(), String> {
        if self.lives.get() == 0 {
            return Err("killed".to_owned());
        }
        self.lives.set(self.lives.get() - 1);
        self.saved.set(Some(*saved));
        Ok(())
    }

    async fn check(&self, receipt: &[u8]) -> Result<(), String> {
        if receipt == b"a receipt!" { Ok(()) } else { Err("it is none".to_owned()) }
    }

    fn tell(&self, _: &Progress) {}

    fn is_stopped(&self) -> bool {
        self.clock.get() >= self.stopped_at
    }
}

/// The time from which the next market is preferred, if there is one.
const PREFERRED: u64 = 60_000;

fn plan<'a>(markets: &'a [Scripted<'a>]) -> Plan<&'a Scripted<'a>> {
    let market = |(place, adapter)| Market {
        adapter,
        job: job_for(place),
        preferred_until: Time::new(PREFERRED * (place as u64 + 1)).unwrap(),
    };
    Plan {
        markets: markets.iter().enumerate().map(market).collect(),
        backoff: Backoff::default(),
        poll: Duration::constant(1_000),
        patience: Duration::constant(60_000),
    }
}

/// Hands off to markets of these manners.
fn hand_off(manners: &[Manner], stopped_at: u64) -> (Result<Given, HandOffError>, Vec<bool>) {
    let clock = Cell::new(0);
    let markets: Vec<_> = manners.iter().map(|manner| Scripted::new(&clock, *manner)).collect();
    let scene =
        Scene { clock: &clock, saved: Cell::default(), lives: Cell::new(u32::MAX), stopped_at };
    let plan = plan(&markets);
    let given = block_on(HandOff::new(&scene, &plan, b"proof", None).unwrap().run());
    (given, markets.iter().map(Scripted::is_paid).collect())
}

const NEVER: u64 = u64::MAX;

#[test]
fn the_first_market_that_counts_it_is_paid() {
    let counts = Manner::Counts(30_000);
    let given = |market| Ok(Given { market, receipt: b"a receipt!".to_vec() });
    assert_eq!(hand_off(&[counts, counts], NEVER), (given(0), vec![true, false]));
    assert_eq!(hand_off(&[Manner::Refuses, counts], NEVER), (given(1), vec![false, true]));
    assert_eq!(hand_off(&[Manner::Idle, counts], NEVER), (given(1), vec![false, true]));
    // The job is locked by the time the next market is preferred, so the hand-off waits for it.
    assert_eq!(
        hand_off(&[Manner::Counts(PREFERRED + 5_000), counts], NEVER),
        (given(0), vec![true, false])
    );
    assert_eq!(
        hand_off(&[Manner::Counts(PREFERRED + 15_000), counts], NEVER),
        (given(1), vec![false, true])
    );
}

#[test]
fn nobody_is_paid_where_nobody_counts_it() {
    let (given, paid) = hand_off(&[Manner::Idle, Manner::Refuses], NEVER);
    let Err(HandOffError::NoMarket(reasons)) = given else { panic!("{given:?}") };
    assert_eq!(reasons.iter().map(|(market, _)| *market).collect::<Vec<_>>(), [0, 1]);
    assert!(reasons[1].1.contains("quota"));
    assert_eq!(paid, [false, false]);
}

#[test]
fn a_market_that_may_have_it_is_not_left() {
    let (given, _) = hand_off(&[Manner::Away, Manner::Counts(1)], NEVER);
    assert!(matches!(given, Err(HandOffError::Unresolved { market: 0, .. })), "{given:?}");
    let (given, _) = hand_off(&[Manner::Stuck, Manner::Counts(1)], NEVER);
    assert!(matches!(given, Err(HandOffError::Unresolved { market: 0, .. })), "{given:?}");
    let (given, paid) = hand_off(&[Manner::Lies, Manner::Counts(1)], NEVER);
    let Err(HandOffError::BadReceipt { market: 0, receipt, .. }) = given else {
        panic!("{given:?}")
    };
    assert_eq!((&receipt[..], &paid[..]), (&b"no receipt"[..], &[true, false][..]));
}

#[test]
fn a_stop_takes_back_what_can_be_taken_back() {
    assert_eq!(hand_off(&[Manner::Idle], 20_000), (Err(HandOffError::Stopped), vec![false]));
    let (given, paid) = hand_off(&[Manner::Counts(25_000)], 20_000);
    assert_eq!((given.is_ok(), paid), (true, vec![true]));
    assert_eq!(
        hand_off(&[Manner::Counts(40_000)], 20_000),
        (Err(HandOffError::Stopped), vec![false])
    );
}

#[test]
fn a_market_that_cannot_be_paid_is_left() {
    let counts = Manner::Counts(1);
    let (given, paid) = hand_off(&[Manner::Unpaid, counts], NEVER);
    assert_eq!((given.unwrap().market, paid), (1, vec![false, true]));
    assert_eq!(
        hand_off(&[Manner::Unpaid, counts], 0),
        (Err(HandOffError::Stopped), vec![false, false])
    );
}

#[test]
fn which_markets_are_over_is_known_of_every_end() {
    let over =
        |manners: &[Manner]| HandOffError::markets_that_are_over(&hand_off(manners, NEVER).0);
    assert_eq!(over(&[Manner::Counts(1)]), usize::MAX);
    assert_eq!(over(&[Manner::Refuses]), usize::MAX);
    assert_eq!(over(&[Manner::Refuses, Manner::Lies, Manner::Idle]), 2);
    assert_eq!(over(&[Manner::Refuses, Manner::Away, Manner::Idle]), 1);
}

#[test]
fn what_was_saved_has_a_market_of_the_plan() {
    let clock = Cell::new(0);
    let markets = [Scripted::new(&clock, Manner::Idle)];
    let plan = plan(&markets);
    let scene =
        Scene { clock: &clock, saved: Cell::default(), lives: Cell::new(9), stopped_at: NEVER };
    let at = |market| {
        HandOff::new(&scene, &plan, b"", Some(Saved { market, step: Step::Waiting })).map(drop)
    };
    assert_eq!(at(1), Ok(()));
    assert_eq!(at(2), Err(HandOffError::OtherPlan { markets: 1 }));
}

/// Whatever the network loses and whenever the process is killed, at most one market is paid, and a
/// receipt is the receipt of that market.
#[test]
fn two_markets_are_never_paid() {
    let mut state = 1u64;
    let mut chance = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut receipts = 0;
    for _ in 0..3_000 {
        let clock = Cell::new(0);
        let manners: Vec<_> = (0..3)
            .map(|_| match chance(5) {
                0 => Manner::Idle,
                1 => Manner::Refuses,
                _ => Manner::Counts(chance(200_000)),
            })
            .collect();
        let markets: Vec<_> = manners.iter().map(|manner| Scripted::new(&clock, *manner)).collect();
        for market in &markets {
            let fault = |fault| match fault {
                0 => Some(true),
                1 => Some(false),
                _ => None,
            };
            *market.faults.borrow_mut() = (0..60).map(|_| fault(chance(4))).collect();
        }
        let plan = plan(&markets);
        let stopped_at = if chance(4) == 0 { chance(200_000) } else { NEVER };
        let scene =
            Scene { clock: &clock, saved: Cell::default(), lives: Cell::default(), stopped_at };
        let end = loop {
            scene.lives.set(1 + chance(6) as u32);
            let ended =
                block_on(HandOff::new(&scene, &plan, b"proof", scene.saved.get()).unwrap().run());
            assert!(markets.iter().filter(|market| market.is_paid()).count() <= 1);
            if !matches!(ended, Err(HandOffError::NotSaved(_))) {
                break ended;
            }
        };
        match end {
            Ok(Given { market, .. }) => {
                receipts += 1;
                assert!(markets[market].is_paid());
            }
            Err(HandOffError::NoMarket(_) | HandOffError::Stopped) => {
                assert!(markets.iter().all(|market| !market.is_paid()));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(receipts > 1_000, "{receipts}");
}
