//! What holds after every history, whatever was killed or away in it.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use velum_market_client::api::{JobState, JobStatus};
use velum_market_model::*;
use velum_market_provider::NodeClient;
use velum_market_worker::State;

use super::client::{DEPOSIT, End, Order, Outcome};
use super::{PROVIDER, PROVIDER_MONEY, Site, TOKEN};

/// Kinds of accounts that hold money while something goes on, and nothing afterwards.
const HELD: [&str; 6] = ["escrow", "standby", "collateral", "rescue", "unstaking", "burned"];

/// What stands in the name of a file whose writer was killed before it had a blob's name.
const UNFINISHED: char = '#';

impl Site {
    /// Checks that no job is lost and none paid twice, that money and log are right, and that nothing is left over.
    pub(super) async fn check(&self, orders: &[Order], outcomes: &[Outcome]) {
        self.kept_up(async {
            let node = self.node().await;
            self.until_all_is_done(&node).await;
            let paid = self.check_jobs(&node, orders, outcomes).await;
            self.check_money(&node, outcomes, &paid).await;
            self.check_log(&node, &paid).await;
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

    /// Until no lot is left that somebody has to do something about.
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

    /// Each job has ended as its client was told. What it has paid, of those that the market has.
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
                // It was taken back before it came, or came too late.
                assert_ne!(outcome.end, End::Receipt, "{order:?}");
                continue;
            }
            let status: JobStatus = serde_json::from_value(answer).unwrap();
            let expected: &[JobState] = match outcome.end {
                End::Receipt => &[JobState::Settled],
                End::Stopped => &[JobState::Cancelled, JobState::Expired],
                End::NotCounted => &[JobState::Cancelled, JobState::Expired],
            };
            assert!(expected.contains(&status.state), "{order:?} ended with {outcome:?} and is {status:?}");
            // What is for sale for long enough, and not taken back, is counted.
            let is_wanted = order.stop_after.is_none() && order.lock_within > Duration::from_secs(60);
            assert!(!is_wanted || outcome.end == End::Receipt, "{order:?} has no receipt: {outcome:?}");
            assert_eq!(status.paid.is_some(), status.state == JobState::Settled);
            paid.insert(outcome.job, (status.state, status.paid.unwrap_or(Amount::ZERO)));
        }
        paid
    }

    /// Every client has what it has not paid, and the provider what is paid but for fees. Nothing is held any more.
    async fn check_money(
        &self,
        node: &Node,
        outcomes: &[Outcome],
        paid: &BTreeMap<Hash, (JobState, Amount)>,
    ) {
        let balance = node.get("v1/balance").await;
        assert_eq!(balance["balanced"], true, "{balance}");
        let overview = node.get("v1/overview").await;
        let money = |kind: &str| overview["money"][kind].as_i64().unwrap_or(0);
        for kind in HELD {
            assert_eq!(money(kind), 0, "{kind}: {overview}");
        }
        let mut sum = 0;
        for Outcome { job, owner, .. } in outcomes {
            let paid = paid.get(job).map_or(0, |(_, paid)| paid.get());
            assert_eq!(self.holds(node, owner).await, DEPOSIT - paid, "the client of {job}");
            sum += paid;
        }
        let provider = SecretKey::from_bytes(Algorithm::Ed25519, &PROVIDER).unwrap();
        let fees = u64::try_from(money("fees")).unwrap();
        assert_eq!(self.holds(node, &provider).await + fees, PROVIDER_MONEY + sum, "the provider");
    }

    /// What an owner has free and staked.
    async fn holds(&self, node: &Node, owner: &SecretKey) -> u64 {
        let info = node.client.market().await.unwrap();
        let query = Query { market: info.id, subject: Subject::Account, at: info.now, asker: owner.public() };
        let account = node.client.account(&Signed::sign(query, owner).unwrap()).await.unwrap();
        assert!(account.lots.is_empty(), "it holds {:?}", account.lots);
        account.balance.get() + account.stake.get()
    }

    /// Every lot is matched and settled once, and no lease was broken.
    async fn check_log(&self, node: &Node, jobs: &BTreeMap<Hash, (JobState, Amount)>) {
        let log = node.client.log(0).await.unwrap();
        let subjects = |kind: LogKind| {
            let mut subjects: Vec<_> =
                log.iter().filter(|entry| entry.kind == kind).map(|entry| entry.subject).collect();
            let count = subjects.len();
            subjects.sort();
            subjects.dedup();
            assert_eq!(subjects.len(), count, "{kind:?} twice of one: {log:?}");
            subjects
        };
        assert_eq!(subjects(LogKind::Settlement), subjects(LogKind::Lot));
        assert!(subjects(LogKind::Failed).is_empty(), "a lease was broken");
        let matched = subjects(LogKind::Match);
        let mut settled = 0;
        for lot in subjects(LogKind::Lot) {
            let jobs_of_lot = node.client.lot(lot).await.unwrap().jobs;
            let states: Vec<_> = jobs_of_lot.iter().map(|job| jobs[job].0).collect();
            let state = if matched.contains(&lot) { JobState::Settled } else { JobState::Expired };
            assert!(states.iter().all(|of_job| *of_job == state), "lot {lot} has {states:?}");
            settled += states.iter().filter(|state| **state == JobState::Settled).count();
        }
        assert_eq!(settled, jobs.values().filter(|(state, _)| *state == JobState::Settled).count());
        assert_eq!(subjects(LogKind::Job), jobs.keys().copied().collect::<Vec<_>>());
    }

    /// Nobody who has seen the log and the acceptances finds anything.
    fn audit<'a>(&self, node: &Node, jobs: impl Iterator<Item = &'a Hash>) {
        let seen = self.folder.path().join("seen.json");
        let mut audit = Command::new(env!("CARGO_BIN_EXE_velum-market"));
        audit.args(["market", "audit", "--json", "--market", &node.url, "--seen"]).arg(&seen);
        for job in jobs {
            audit.args(["--job", &job.to_string()]);
        }
        // A second time with what was seen the first time.
        for _ in 0..2 {
            let audited = audit.output().unwrap();
            let text = String::from_utf8_lossy(&audited.stdout);
            assert!(audited.status.success(), "{text}{}", String::from_utf8_lossy(&audited.stderr));
        }
    }

    /// The provider has no lot, no task, and no blob any more.
    async fn nothing_is_left(&self) {
        let workshop = self.workshop().await;
        loop {
            let tasks = workshop.tasks().await.unwrap();
            assert!(tasks.iter().all(|tasks| tasks.state != State::Dead), "{:?}", workshop.dead().await);
            if workshop.lots().await.unwrap().is_empty()
                && tasks.is_empty()
                && self.provider_files().is_empty()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What is in the provider's store, where that is a folder.
    fn provider_files(&self) -> Vec<String> {
        let Some(folder) = self.blobs[1].strip_prefix("file://") else { return Vec::new() };
        let mut folders = vec![std::path::PathBuf::from(folder)];
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
}

/// A node that is asked by its operator.
struct Node {
    url: String,
    client: NodeClient,
}

impl Node {
    async fn get(&self, path: &str) -> Value {
        let request =
            reqwest::Client::new().get(format!("{}{path}", self.url)).bearer_auth(hex::encode(TOKEN));
        let answer = request.send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}
