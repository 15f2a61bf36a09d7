//! Clients. Each submits one job, in this process, over whatever is between it and the nodes.

use std::cell::{Cell, RefCell};
use std::time::{Duration as Wait, Instant, SystemTime, UNIX_EPOCH};

use velum_aggregate_verifier::{Profile as AggregateProfile, RootKey};
use velum_credentials::aggregate::{Receipt, Submission};
use velum_market_client::{
    Backoff, HandOff, HandOffError, Host, HttpRequest, HttpResponse, Market, Method, Network, Node,
    Plan, Progress, Saved, SignedJob, Unreachable,
};
use velum_market_model::*;
use velum_market_provider::NodeClient;
use velum_market_testing::Made;
use velum_receipt::Policy;

/// The amount that every client deposits.
pub const DEPOSIT: u64 = 1_000_000;

/// The URL of the market in a client's plan. Requests go to the nodes in its place.
const MARKET: &str = "http://market";

/// What a client wants.
#[derive(Clone, Debug)]
pub struct Order {
    /// The number of the submission.
    pub number: usize,
    /// The number of the client that submits it.
    pub who: usize,
    pub latency: Latency,
    /// How the price of its lot is found.
    pub sale: velum_market_model::Order,
    /// The least and the most that it pays.
    pub minimum: u64,
    pub maximum: u64,
    /// How long the job is for sale.
    pub lock_within: Wait,
    /// When the job is submitted.
    pub after: Wait,
    /// When the job is taken back, if it may be.
    pub stop_after: Option<Wait>,
    /// When the client is killed and begins again from what it saved, if it is.
    pub crash_after: Option<Wait>,
}

impl Order {
    /// A job with nothing wrong about it.
    pub fn new(number: usize, latency: Latency) -> Self {
        let (after, stop_after, crash_after) = (Wait::ZERO, None, None);
        let lock_within = Wait::from_secs(60 * 60);
        Self {
            number,
            who: number,
            latency,
            sale: velum_market_model::Order::Dutch,
            minimum: 100,
            maximum: 1000,
            lock_within,
            after,
            stop_after,
            crash_after,
        }
    }

    /// Orders for the first submissions, which are folded together.
    pub fn company(count: usize) -> Vec<Self> {
        (0..count).map(|number| Self::new(number, together(60_000))).collect()
    }
}

/// The latency of a job that waits for company, for at most this many milliseconds.
pub fn together(most: u64) -> Latency {
    Latency::Aggregated { max_wait: Duration::constant(most), min_batch: Count::constant(2) }
}

/// How a hand-off ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a receipt that holds.
    Receipt,
    /// The job was taken back.
    Stopped,
    /// The job was not counted in time.
    NotCounted,
}

/// What became of a client.
#[derive(Debug)]
pub struct Outcome {
    pub job: Hash,
    pub owner: SecretKey,
    pub end: End,
    /// The payee that its presentation was counted for, as its receipt proves.
    pub payee: Option<Hash>,
}

/// A client's key.
pub fn key(number: usize) -> SecretKey {
    let mut secret = [0xc1; 32];
    secret[..8].copy_from_slice(&(number as u64).to_be_bytes());
    SecretKey::from_bytes(Algorithm::Ed25519, &secret).unwrap()
}

/// Deposits money, and hands a job off until the job has ended.
pub async fn run(nodes: &[String], order: &Order, made: &Made, payees: &[Hash]) -> Outcome {
    tokio::time::sleep(order.after).await;
    let owner = key(order.who);
    let market = deposit(nodes, &owner).await;
    let job = job(order, made, market, &owner);
    let lock_by = job.offer.lock_by;
    let signed = SignedJob::sign(job, &owner).unwrap();
    let job_id = signed.id();
    let host = Platform {
        http: reqwest::Client::builder().timeout(Wait::from_secs(20)).build().unwrap(),
        nodes: nodes.to_vec(),
        node: Cell::new(order.number % nodes.len()),
        submission: Submission::from_bytes(&made.bytes).unwrap(),
        payees: payees.to_vec(),
        payee: Cell::default(),
        stop_at: order.stop_after.map(|after| Instant::now() + after),
        saved: RefCell::default(),
    };
    let market =
        Market { adapter: Node::new(&host, MARKET), job: signed, preferred_until: lock_by };
    let plan = Plan {
        markets: vec![market],
        backoff: Backoff { first: Duration::constant(50), longest: Duration::constant(400) },
        poll: Duration::constant(100),
        patience: Duration::constant(60 * 60 * 1000),
    };
    if let Some(after) = order.crash_after {
        let begun = HandOff::new(&host, &plan, &made.bytes, None).unwrap();
        if let Ok(ended) = tokio::time::timeout(after, begun.run()).await {
            let end = end(ended.map(drop));
            return Outcome { job: job_id, owner, end, payee: host.payee.get() };
        }
    }
    let saved = *host.saved.borrow();
    let ended = HandOff::new(&host, &plan, &made.bytes, saved).unwrap().run().await;
    Outcome { job: job_id, owner, end: end(ended.map(drop)), payee: host.payee.get() }
}

fn end(ended: Result<(), HandOffError>) -> End {
    match ended {
        Ok(()) => End::Receipt,
        Err(HandOffError::Stopped) => End::Stopped,
        Err(HandOffError::NoMarket(_)) => End::NotCounted,
        Err(error) => panic!("a hand-off ended with neither receipt nor refund: {error}"),
    }
}

/// Deposits money, however many attempts it takes. Returns the market's id.
async fn deposit(nodes: &[String], owner: &SecretKey) -> Hash {
    for node in nodes.iter().cycle() {
        let node = NodeClient::new(node.parse().unwrap()).unwrap();
        let deposited = async {
            let market = node.market().await?.id;
            let order = MoneyOrder {
                market,
                action: MoneyAction::Deposit,
                amount: Amount::constant(DEPOSIT),
                idempotency_key: "the first deposit".to_owned().try_into().unwrap(),
                owner: owner.public(),
            };
            node.money(&Signed::sign(order, owner).unwrap()).await?;
            Ok::<_, velum_market_provider::NodeError>(market)
        };
        match deposited.await {
            Ok(market) => return market,
            Err(error) => assert!(error.may_pass(), "a deposit: {error}"),
        }
        tokio::time::sleep(Wait::from_millis(100)).await;
    }
    unreachable!("nodes are asked for ever")
}

fn job(order: &Order, made: &Made, market: Hash, owner: &SecretKey) -> Job {
    let now = now();
    let later = |wait: Wait| now.after(Duration::new(wait.as_millis() as u64).unwrap());
    Job {
        market,
        proof: ProofReference {
            sha256: Hash::of(&[&made.bytes]),
            length: Count::constant(made.bytes.len() as u64),
        },
        proof_system: velum_market::proofs::system(),
        size_class: SizeClass::Standard,
        statement: made.statement,
        offer: Offer {
            order: order.sale,
            minimum: Amount::constant(order.minimum),
            maximum: Amount::constant(order.maximum),
            ramp: Ramp { start: now, duration: Duration::constant(1000), price: PriceMove::Rises },
            lock_by: later(order.lock_within),
            deliver_by: later(Wait::from_secs(2 * 60 * 60)),
            collateral: Amount::ZERO,
        },
        profile: Profile::Standard,
        latency: order.latency,
        standing_order: None,
        idempotency_key: made.statement.to_string().try_into().unwrap(),
        submitter: owner.public(),
    }
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::constant(since.as_millis() as u64)
}

/// What a hand-off runs on.
struct Platform {
    http: reqwest::Client,
    /// If one node does not answer, the next one is asked.
    nodes: Vec<String>,
    node: Cell<usize>,
    submission: Submission,
    /// The payees that may have delivered the job, and the one that has.
    payees: Vec<Hash>,
    payee: Cell<Option<Hash>>,
    stop_at: Option<Instant>,
    saved: RefCell<Option<Saved>>,
}

impl Platform {
    async fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, reqwest::Error> {
        let node = self.nodes[self.node.get()].trim_end_matches('/');
        let url = request.url.replacen(MARKET, node, 1);
        let builder = match request.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url).header("content-type", "application/json"),
        };
        let answer = builder.body(request.body.clone().unwrap_or_default()).send().await?;
        let status = answer.status().as_u16();
        Ok(HttpResponse { status, retry_after: None, body: answer.bytes().await?.to_vec() })
    }
}

impl Network for Platform {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let answer = self.answer(&request).await.map_err(Unreachable::new);
        if answer.as_ref().map_or(true, |answer| answer.status >= 500) {
            self.node.set((self.node.get() + 1) % self.nodes.len());
        }
        answer
    }

    fn now(&self) -> Time {
        now()
    }
}

impl Host for Platform {
    async fn sleep(&self, duration: Duration) {
        // Clients of tests do not wait for as long as a busy node asks.
        tokio::time::sleep(Wait::from_millis(duration.get().min(400))).await;
    }

    fn chance(&self) -> u32 {
        500_000
    }

    async fn save(&self, saved: &Saved) -> Result<(), String> {
        *self.saved.borrow_mut() = Some(*saved);
        Ok(())
    }

    async fn check(&self, receipt: &[u8]) -> Result<(), String> {
        let receipt = Receipt::from_bytes(receipt).map_err(|error| error.message().to_owned())?;
        let Submission { transcript, request, .. } = &self.submission;
        let policy =
            Policy { keys: vec![RootKey::pinned(AggregateProfile::Standard)], payee: None };
        let accepted = velum_receipt::verify(&receipt, transcript, request, &policy);
        let payee = Hash(accepted.map_err(|error| error.message())?.counted.payee);
        self.payee.set(Some(payee));
        if self.payees.contains(&payee) { Ok(()) } else { Err(format!("{payee} is no provider")) }
    }

    fn tell(&self, _: &Progress) {}

    fn is_stopped(&self) -> bool {
        self.stop_at.is_some_and(|at| Instant::now() > at)
    }
}
