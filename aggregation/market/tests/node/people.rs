//! What clients send.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use base64ct::{Base64, Encoding};
use serde_json::json;
use velum_market_model::*;
use velum_market_testing::{Made, made};

use crate::running::{Answer, Node};

/// The submissions that every test shares.
static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| made(3));

static ORDERS: AtomicU64 = AtomicU64::new(0);

pub fn submission(number: usize) -> Made {
    MADE[number].clone()
}

pub fn minutes(count: u64) -> Duration {
    Duration::constant(count * 60_000)
}

/// An order of money that nobody has sent yet.
pub fn order(node: &Node, owner: &SecretKey, action: MoneyAction, units: u64) -> String {
    let order = MoneyOrder {
        market: node.market.id(),
        action,
        amount: Amount::new(units).unwrap(),
        idempotency_key: format!("{:016}", ORDERS.fetch_add(1, Ordering::Relaxed))
            .try_into()
            .unwrap(),
        owner: owner.public(),
    };
    Signed::sign(order, owner).unwrap().json().unwrap()
}

pub async fn deposit(node: &Node, owner: &SecretKey, units: u64) -> Answer {
    node.post("/v1/money", order(node, owner, MoneyAction::Deposit, units)).await
}

/// A job about a submission, which waits for nobody and is sold in a Dutch auction.
pub async fn job(node: &Node, client: &SecretKey, made: &Made) -> Job {
    let now = node.market.now().await.unwrap();
    Job {
        market: node.market.id(),
        proof: ProofReference {
            sha256: Hash::of(&[&made.bytes]),
            length: Count::new(made.bytes.len() as u64).unwrap(),
        },
        proof_system: velum_market::proofs::system(),
        size_class: SizeClass::Standard,
        statement: made.statement,
        offer: Offer {
            order: Order::Dutch,
            minimum: Amount::constant(100),
            maximum: Amount::constant(1000),
            ramp: Ramp { start: now, duration: Duration::constant(1000), price: PriceMove::Rises },
            lock_by: now.after(minutes(60)),
            deliver_by: now.after(minutes(120)),
            collateral: Amount::ZERO,
        },
        profile: Profile::Standard,
        latency: Latency::Single,
        standing_order: None,
        idempotency_key: format!("{:016}", ORDERS.fetch_add(1, Ordering::Relaxed))
            .try_into()
            .unwrap(),
        submitter: client.public(),
    }
}

pub async fn submit(node: &Node, client: &SecretKey, job: &Job, made: &Made) -> Answer {
    let job = Signed::sign(job.clone(), client).unwrap().json().unwrap();
    let job: serde_json::Value = serde_json::from_str(&job).unwrap();
    let body = json!({ "job": job, "submission": Base64::encode_string(&made.bytes) });
    node.post("/v1/jobs", body.to_string()).await
}

pub async fn cancel(node: &Node, client: &SecretKey, job: Hash, lock_by: Time) -> Answer {
    let cancel = Cancel { job, lock_by, submitter: client.public() };
    let cancel = Signed::sign(cancel, client).unwrap().json().unwrap();
    node.post(&format!("/v1/jobs/{job}/cancel"), cancel).await
}
