//! What holds after every history, whatever was killed or away in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use velum_market_client::api::{JobState, JobStatus, LotPhase, LotStatus};
use velum_market_model::*;
use velum_market_provider::NodeClient;
use velum_market_rules::slash;
use velum_market_worker::State;

use super::client::{DEPOSIT, End, Order, Outcome};
use super::{PROVIDER_MONEY, Site, TOKEN, payee, provider};

/// Kinds of accounts that hold money while something is going on, and nothing afterwards.
const HELD: [&str; 5] = ["escrow", "standby", "collateral", "rescue", "unstaking"];

/// A character in the name of a file whose writer was killed before the file had a blob's name.
const UNFINISHED: char = '#';

impl Site {
    /// Checks that no job is lost and none is paid twice, that money and log are right, and that
    /// nothing is left over.
    pub(super) async fn check(&self, orders: &[Order], outcomes: &[Outcome]) {
        self.kept_up(async {
            let node = self.node().await;
            self.until_all_is_done(&node).await;
            let paid = self.check_jobs(&node, orders, outcomes).await;
            let traded = self.traded(&node).await;
            self.check_leases(&traded, outcomes);
            self.check_money(&node, outcomes, &paid, &traded).await;
            self.check_log(&node, &paid, &traded).await;
            self.audit(&node, paid.keys());
            self.nothing_is_left().await;
        })
        .await;
        for process in self.processes.borrow().values() {
            let log = std::fs::read_to_string(process.log()).unwrap_or_default();
            assert!(!log.contains("panicked at"), "{} has panicked", process.log().display());
        }
    }

    /// A node that answers.
    async fn node(&self) -> Node {
        for url in self.nodes.iter().cycle() {
            let client = NodeClient::new(url.parse().unwrap()).unwrap();
            if client.market().await.is_ok() {
                return Node { url: url.clone(), client };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        unreachable!("nodes are asked for ever")
    }

    /// Waits until no lot is left that somebody has to do something about.
    async fn until_all_is_done(&self, node: &Node) {
        loop {
            let overview = node.get("v1/overview").await;
            let is_over = |phases: &Value, over: &[&str]| {
                phases.as_object().unwrap().keys().all(|phase| over.contains(&phase.as_str()))
            };
            if is_over(&overview["lots"], &["settled", "expired"])
                && is_over(&overview["jobs"], &["settled", "expired", "cancelled"])
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Checks that each job has ended as its client was told. Returns what each job has paid, for
    /// the jobs that the market has.
    async fn check_jobs(
        &self,
        node: &Node,
        orders: &[Order],
        outcomes: &[Outcome],
    ) -> BTreeMap<Hash, (JobState, Amount)> {
        let mut paid = BTreeMap::new();
        for (order, outcome) in orders.iter().zip(outcomes) {
            let answer = node.get(&format!("v1/jobs/{}", outcome.job)).await;
            if answer["code"] == "job_unknown" {
                // The job was taken back before it came, or it came too late.
                assert_ne!(outcome.end, End::Receipt, "{order:?}");
                continue;
            }
            let status: JobStatus = serde_json::from_value(answer).unwrap();
            let expected: &[JobState] = match outcome.end {
                End::Receipt => &[JobState::Settled],
                End::Stopped => &[JobState::Cancelled, JobState::Expired],
                End::NotCounted => &[JobState::Cancelled, JobState::Expired],
            };
            assert!(
                expected.contains(&status.state),
                "{order:?} ended with {outcome:?} and is {status:?}"
            );
            // A job that is for sale for long enough, and that is not taken back, is counted.
            let is_wanted =
                order.stop_after.is_none() && order.lock_within > Duration::from_secs(60);
            assert!(
                !is_wanted || outcome.end == End::Receipt,
                "{order:?} has no receipt: {outcome:?}"
            );
            assert_eq!(status.paid.is_some(), status.state == JobState::Settled);
            paid.insert(outcome.job, (status.state, status.paid.unwrap_or(Amount::ZERO)));
        }
        paid
    }

    /// All lots of the log, with the leases that were signed for them.
    async fn traded(&self, node: &Node) -> Vec<Traded> {
        let mut traded = Vec::new();
        for entry in
            node.client.log(0).await.unwrap().iter().filter(|entry| entry.kind == LogKind::Lot)
        {
            let status = node.client.lot(entry.subject).await.unwrap();
            let leases = status
                .said
                .iter()
                .filter_map(|said| Signed::<Lease>::read(said.get().as_bytes()).ok());
            let leases = leases.map(|lease| lease.message().clone()).collect();
            traded.push(Traded { status, leases });
        }
        traded
    }

    /// Checks that the holder of a lot's last lease delivers the lot, as the receipts prove, and
    /// that every holder before it has lost its lease.
    fn check_leases(&self, traded: &[Traded], outcomes: &[Outcome]) {
        for lot in traded {
            let Traded { status, leases } = lot;
            let epochs: Vec<_> = leases.iter().map(|lease| lease.epoch.get()).collect();
            assert_eq!(epochs, (1..=leases.len() as u64).collect::<Vec<_>>(), "{status:?}");
            assert!(self.leases_break || lot.broken().is_empty(), "a lease was broken: {status:?}");
            let mut holders: Vec<_> = leases.iter().map(|lease| lease.provider).collect();
            holders.sort();
            holders.dedup();
            assert_eq!(holders.len(), leases.len(), "who failed a lot has it again: {status:?}");
            let deliverer = lot.deliverer().map(|lease| lease.provider);
            assert_eq!(deliverer.is_some(), status.phase == LotPhase::Settled, "{status:?}");
            for outcome in outcomes.iter().filter(|outcome| status.jobs.contains(&outcome.job)) {
                assert_eq!(outcome.payee, deliverer, "{outcome:?} of {status:?}");
            }
        }
    }

    /// Checks that every client has what it has not paid, and that every provider has what it was
    /// paid, less the fees and what it lost with leases. Nothing is held any more.
    async fn check_money(
        &self,
        node: &Node,
        outcomes: &[Outcome],
        paid: &BTreeMap<Hash, (JobState, Amount)>,
        traded: &[Traded],
    ) {
        let balance = node.get("v1/balance").await;
        assert_eq!(balance["balanced"], true, "{balance}");
        let overview = node.get("v1/overview").await;
        let money = |kind: &str| overview["money"][kind].as_i64().unwrap_or(0);
        for kind in HELD {
            assert_eq!(money(kind), 0, "{kind}: {overview}");
        }
        for Outcome { job, owner, .. } in outcomes {
            let paid = paid.get(job).map_or(0, |(_, paid)| paid.get());
            assert_eq!(self.holds(node, owner).await, DEPOSIT - paid, "the client of {job}");
        }
        let (mut fees, mut burned) = (0, 0);
        let mut expected: BTreeMap<_, _> =
            (0..self.states.len()).map(|number| (payee(number), PROVIDER_MONEY)).collect();
        for lot in traded {
            let mut rescue = 0;
            for lease in lot.broken() {
                let slash = slash::divide(lease.collateral, lot.status.maximum, &self.rules);
                *expected.get_mut(&lease.provider).unwrap() -=
                    slash.rescuer.get() + slash.burned.get();
                burned += slash.burned.get();
                rescue += slash.rescuer.get();
            }
            let Some(lease) = lot.deliverer() else {
                burned += rescue;
                continue;
            };
            let sum: u64 = lot.status.jobs.iter().map(|job| paid[job].1.get()).sum();
            let fee = self.rules.fee.of(lease.price).get();
            assert_eq!(sum, lease.price.get(), "{lot:?}");
            *expected.get_mut(&lease.provider).unwrap() += sum - fee + rescue;
            fees += fee;
        }
        assert_eq!((money("fees"), money("burned")), (fees as i64, burned as i64), "{overview}");
        for number in 0..self.states.len() {
            let holds = self.holds(node, &provider(number)).await;
            assert_eq!(holds, expected[&payee(number)], "provider {number}: {traded:?}");
        }
    }

    /// What an owner has, free and staked.
    async fn holds(&self, node: &Node, owner: &SecretKey) -> u64 {
        let info = node.client.market().await.unwrap();
        let query = Query {
            market: info.id,
            subject: Subject::Account,
            at: info.now,
            asker: owner.public(),
        };
        let account = node.client.account(&Signed::sign(query, owner).unwrap()).await.unwrap();
        assert!(account.lots.is_empty(), "it holds {:?}", account.lots);
        account.balance.get() + account.stake.get()
    }

    /// Checks that the log has every job and lot once and settles every lot once, and that it has
    /// each lease of a lot and each lease that was lost.
    async fn check_log(
        &self,
        node: &Node,
        jobs: &BTreeMap<Hash, (JobState, Amount)>,
        traded: &[Traded],
    ) {
        let log = node.client.log(0).await.unwrap();
        let subjects = |kind: LogKind| {
            let mut subjects: Vec<_> =
                log.iter().filter(|entry| entry.kind == kind).map(|entry| entry.subject).collect();
            subjects.sort();
            subjects
        };
        let each = |times: fn(&Traded) -> usize| {
            let of = |lot: &Traded| std::iter::repeat_n(lot.status.lot, times(lot));
            let mut subjects: Vec<_> = traded.iter().flat_map(of).collect();
            subjects.sort();
            subjects
        };
        assert_eq!(subjects(LogKind::Lot), each(|_| 1));
        assert_eq!(subjects(LogKind::Settlement), each(|_| 1));
        assert_eq!(subjects(LogKind::Match), each(|lot| lot.leases.len()));
        assert_eq!(subjects(LogKind::Failed), each(|lot| lot.broken().len()));
        assert_eq!(subjects(LogKind::Job), jobs.keys().copied().collect::<Vec<_>>());
        let mut settled = 0;
        for lot in traded {
            let states: Vec<_> = lot.status.jobs.iter().map(|job| jobs[job].0).collect();
            let state =
                if lot.deliverer().is_some() { JobState::Settled } else { JobState::Expired };
            assert!(states.iter().all(|of_job| *of_job == state), "{lot:?} has {states:?}");
            settled += states.iter().filter(|state| **state == JobState::Settled).count();
        }
        assert_eq!(settled, jobs.values().filter(|(state, _)| *state == JobState::Settled).count());
    }

    /// Checks that an auditor who has seen the log and the acceptances finds nothing wrong.
    fn audit<'a>(&self, node: &Node, jobs: impl Iterator<Item = &'a Hash>) {
        let seen = self.folder.path().join("seen.json");
        let mut audit = Command::new(env!("CARGO_BIN_EXE_velum-market"));
        audit.args(["market", "audit", "--json", "--market", &node.url, "--seen"]).arg(&seen);
        for job in jobs {
            audit.args(["--job", &job.to_string()]);
        }
        // The second audit also has what the first audit has seen.
        for _ in 0..2 {
            let audited = audit.output().unwrap();
            let text = String::from_utf8_lossy(&audited.stdout);
            assert!(audited.status.success(), "{text}{}", String::from_utf8_lossy(&audited.stderr));
        }
    }

    /// Waits until no provider has a lot, a task or a blob any more.
    async fn nothing_is_left(&self) {
        for provider in 0..self.states.len() {
            self.nothing_is_left_of(provider).await;
        }
    }

    async fn nothing_is_left_of(&self, provider: usize) {
        let workshop = self.workshop(provider).await;
        loop {
            let tasks = workshop.tasks().await.unwrap();
            assert!(
                tasks.iter().all(|tasks| tasks.state != State::Dead),
                "{:?}",
                workshop.dead().await
            );
            if workshop.lots().await.unwrap().is_empty()
                && tasks.is_empty()
                && files(self.stores()[1 + provider]).is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The files in a store's folder.
fn files(store: &Path) -> Vec<String> {
    let mut folders = vec![store.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if !name.contains(UNFINISHED) {
                files.push(name);
            }
        }
    }
    files
}

/// A lot that is over, and the leases on it in their order.
#[derive(Debug)]
struct Traded {
    status: LotStatus,
    leases: Vec<Lease>,
}

impl Traded {
    /// The lease that it was delivered under.
    fn deliverer(&self) -> Option<&Lease> {
        self.leases.last().filter(|lease| self.status.provider == Some(lease.provider))
    }

    /// The leases that ended without a delivery.
    fn broken(&self) -> &[Lease] {
        let delivered = usize::from(self.deliverer().is_some());
        &self.leases[..self.leases.len() - delivered]
    }
}

/// A node, called with the operator's token.
struct Node {
    url: String,
    client: NodeClient,
}

impl Node {
    async fn get(&self, path: &str) -> Value {
        let request = reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(hex::encode(TOKEN));
        let answer = request.send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}
