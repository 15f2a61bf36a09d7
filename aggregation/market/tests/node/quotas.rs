//! How much a client may ask for that pays nothing, however many keys it uses.

use velum_market::Options;
use velum_market_model::*;
use velum_market_testing::Made;

use crate::people::{cancel, deposit, job, minutes, order, submission, submit};
use crate::running::{Answer, Node, key};

fn money(units: u64) -> Options {
    Options { demo_money: Some(Amount::constant(units)), ..Options::default() }
}

/// Checks that an answer says to come again later.
fn is_over(answer: &Answer) {
    assert_eq!((answer.status, answer.problem().as_str()), (429, "quota"), "{answer:?}");
    assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_and_one_address_are_given_so_much_demo_money() {
    let node = Node::start(money(100)).await;
    let first = order(&node, &key(1), MoneyAction::Deposit, 60);
    assert_eq!(node.post("/v1/money", &first).await.status, 200);
    is_over(&deposit(&node, &key(1), 41).await);
    assert_eq!(deposit(&node, &key(1), 40).await.json()["balance"], 100);
    assert_eq!(
        node.post("/v1/money", &first).await.json()["balance"],
        100,
        "the same order again is one"
    );
    // Money that was given counts, even if it has gone out again.
    let back = order(&node, &key(1), MoneyAction::Withdraw, 100);
    assert_eq!(node.post("/v1/money", back).await.json()["balance"], 0);
    is_over(&deposit(&node, &key(1), 1).await);

    for other in 2..=10 {
        assert_eq!(deposit(&node, &key(other), 100).await.status, 200);
    }
    is_over(&deposit(&node, &key(11), 1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_are_given_so_much_demo_money() {
    let options = Options { demo_money_per_day: Amount::constant(150), ..money(100) };
    let node = Node::start_as(options, |api| api.behind(1), (64, None)).await;
    // Each key asks from another address, according to the proxy.
    let from = async |number: u8, units: u64| {
        let (order, address) = (
            order(&node, &key(number), MoneyAction::Deposit, units),
            format!("203.0.113.1, 198.51.100.{number}"),
        );
        let headers = [("x-forwarded-for", address.as_str())];
        node.ask("POST", "/v1/money", &headers, order.as_bytes()).await
    };
    assert_eq!(from(1, 100).await.status, 200);
    assert_eq!(from(2, 50).await.status, 200);
    is_over(&from(3, 1).await);
}

/// A submission with one changed byte in its last proof.
fn broken() -> Made {
    let mut made = submission(0);
    let place = made.bytes.len() - 100;
    made.bytes[place] ^= 1;
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proofs_that_do_not_verify_count() {
    let node = Node::start(Options { failures_per_hour: 2, ..money(1 << 40) }).await;
    let made = broken();
    for number in 1..=10 {
        let client = key(number);
        assert_eq!(deposit(&node, &client, 1 << 20).await.status, 200);
        for _ in 0..2 {
            let refused = submit(&node, &client, &job(&node, &client, &made).await, &made).await;
            assert_eq!(refused.status, 422, "{refused:?}");
        }
        is_over(&submit(&node, &client, &job(&node, &client, &made).await, &made).await);
    }
    // This makes twenty failures of one address. Another key has to wait, although its proof is
    // right.
    let (client, made) = (key(11), submission(1));
    assert_eq!(deposit(&node, &client, 1 << 20).await.status, 200);
    is_over(&submit(&node, &client, &job(&node, &client, &made).await, &made).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_verified_for_who_cannot_pay() {
    let (client, made) = (key(1), broken());
    let node = Node::start(money(1 << 40)).await;
    let poor = submit(&node, &client, &job(&node, &client, &made).await, &made).await;
    // The node does not notice that the proof is wrong, which would be 422.
    assert_eq!((poor.status, poor.problem().as_str()), (409, "not_enough"));
    let mut on_credit = job(&node, &client, &made).await;
    on_credit.standing_order = Some(Hash::of(&[b"none"]));
    let unknown = submit(&node, &client, &on_credit, &made).await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "unknown"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellations_ahead_of_jobs_are_kept_of_who_could_pay() {
    let node = Node::start(money(1 << 40)).await;
    let (client, made) = (key(1), submission(0));
    let now = node.market.now().await.unwrap();
    let lock_by = now.after(minutes(60));
    let none = |number: u8| Hash::of(&[&[number]]);
    let poor = cancel(&node, &client, none(1), lock_by).await;
    assert_eq!((poor.status, poor.problem().as_str()), (409, "not_enough"));

    // The floor is 50.
    assert_eq!(deposit(&node, &client, 149).await.status, 200);
    for number in [1, 2, 1, 2] {
        assert_eq!(
            cancel(&node, &client, none(number), lock_by).await.json()["state"],
            "cancelled"
        );
    }
    let third = cancel(&node, &client, none(3), lock_by).await;
    assert_eq!((third.status, third.problem().as_str()), (409, "not_enough"));

    // The cancellation of a job that nobody would accept any more takes no room. The cancellation
    // of a job that would not be accepted yet is not kept.
    assert_eq!(
        cancel(&node, &client, none(3), now.before(minutes(1))).await.json()["state"],
        "cancelled"
    );
    let far = cancel(&node, &client, none(1), now.after(minutes(25 * 60))).await;
    assert_eq!((far.status, far.problem().as_str()), (409, "refused"));

    // The cancellation keeps its job out.
    assert_eq!(deposit(&node, &client, 10_000).await.status, 200);
    let job = job(&node, &client, &made).await;
    let ahead = cancel(&node, &client, id(&job).unwrap(), job.offer.lock_by).await;
    assert_eq!(ahead.json()["state"], "cancelled");
    assert_eq!(submit(&node, &client, &job, &made).await.json()["state"], "cancelled");
}
