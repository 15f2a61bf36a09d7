//! Blind credit: bought by one key, redeemed by another.

use rand_core::OsRng;
use velum_market::{Code, MarketError};
use velum_market_credit::{Purchase, Token};
use velum_market_model::*;
use velum_market_rules::credit;
use velum_market_sql::Kind;

use crate::world::{World, amount, key, submission};

stories!(
    a_wallet_pays_for_one_job_with_credit,
    a_token_is_spent_once_and_by_its_holder,
    nothing_is_issued_that_is_not_paid,
    tokens_that_were_not_issued_are_tried_so_often,
    everyone_sees_one_key_and_the_log_has_it,
    credit_that_is_not_redeemed_in_time_is_burned,
);

const VALUE: u64 = 100;

async fn buy(world: &World, owner: &SecretKey, count: usize) -> Vec<Token> {
    let credit_key = world.market.credit_key().await.unwrap();
    let purchase = Purchase::new(credit_key.message(), count, &mut OsRng).unwrap();
    let order = order(world, owner, &purchase, "credit, bought once");
    let issued = world.market.issue_credit(&order).await.unwrap();
    // The answer was lost, and the order is sent again.
    let again = world.market.issue_credit(&order).await.unwrap();
    assert_eq!(again.evaluated, issued.evaluated);
    purchase.finish(credit_key.message(), &again).unwrap()
}

fn order(world: &World, owner: &SecretKey, purchase: &Purchase, key: &str) -> Signed<CreditOrder> {
    let order = CreditOrder {
        market: world.market.id(),
        epoch: purchase.epoch(),
        blinded: purchase.blinded(),
        idempotency_key: key.to_owned().try_into().unwrap(),
        owner: owner.public(),
    };
    Signed::sign(order, owner).unwrap()
}

fn redemption(world: &World, tokens: &[Token], owner: &SecretKey) -> Signed<Redemption> {
    let market = world.market.id();
    let redemption = Redemption {
        market,
        epoch: tokens[0].epoch,
        tokens: tokens.iter().map(|token| token.spend(market, owner.public().owner())).collect(),
        owner: owner.public(),
    };
    Signed::sign(redemption, owner).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, MarketError>) -> Code {
    result.unwrap_err().code()
}

async fn a_wallet_pays_for_one_job_with_credit(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let holder = world.client(1).await;
    let tokens = buy(&world, &holder, 12).await;
    let fresh = key(0x41);
    let redeemed = redemption(&world, &tokens[..10], &fresh);
    let account = world.market.redeem_credit(&redeemed).await.unwrap();
    assert_eq!(account.balance, amount(10 * VALUE));
    let again = world.market.redeem_credit(&redeemed).await.unwrap();
    assert_eq!(again.balance, account.balance, "the same redemption again changes nothing");

    let job = world.job(&fresh, &submission(0)).await;
    let lock_by = job.offer.lock_by;
    let id = world.submit(&fresh, job.clone(), &submission(0)).await;
    assert_eq!(world.submit(&fresh, job, &submission(0)).await, id, "the same job again is one");
    let second = world.job(&fresh, &submission(1)).await;
    let refused = world
        .market
        .submit(&Signed::sign(second, &fresh).unwrap(), submission(1).bytes.clone().into())
        .await;
    assert_eq!(code(refused), Code::OneTimeKey);
    assert_eq!(
        code(world.market.redeem_credit(&redemption(&world, &tokens[10..], &fresh)).await),
        Code::OneTimeKey
    );
    let cancel = Cancel { job: id, lock_by, submitter: fresh.public() };
    // A job that waits for nobody is in a lot at once, and stays there.
    assert_eq!(
        code(world.market.cancel(&Signed::sign(cancel, &fresh).unwrap()).await),
        Code::TooLateToCancel
    );
    world.check().await;
}

async fn a_token_is_spent_once_and_by_its_holder(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let holder = world.client(1).await;
    let tokens = buy(&world, &holder, 3).await;
    let (first, second) = (key(0x41), key(0x42));
    let spent = redemption(&world, &tokens[..2], &first);

    // Whoever sees it on its way signs it for another key.
    let stolen = Redemption { owner: second.public(), ..spent.message().clone() };
    let stolen = Signed::sign(stolen, &second).unwrap();
    assert_eq!(code(world.market.redeem_credit(&stolen).await), Code::CreditInvalid);

    // Two at once, one of which is first.
    let other = redemption(&world, &tokens[1..], &second);
    let (one, two) =
        tokio::join!(world.market.redeem_credit(&spent), world.market.redeem_credit(&other));
    let (refused, redeemed) = if one.is_ok() { (two, one) } else { (one, two) };
    assert_eq!(code(refused), Code::CreditSpent);
    assert_eq!(redeemed.unwrap().balance, amount(2 * VALUE));
    world.check().await;
}

async fn tokens_that_were_not_issued_are_tried_so_often(database: Kind) {
    let world = World::with(database, |_| (), |options| options.failures_per_hour = 2).await;
    let holder = world.client(1).await;
    let tokens = buy(&world, &holder, 1).await;
    let fresh = key(0x41);
    let genuine = redemption(&world, &tokens, &fresh);
    for tried in 0..3_u8 {
        let mut made_up = genuine.message().clone();
        made_up.tokens[0].nonce = Hash([tried; 32]);
        let refused = world.market.redeem_credit(&Signed::sign(made_up, &fresh).unwrap()).await;
        assert_eq!(code(refused), if tried < 2 { Code::CreditInvalid } else { Code::Quota });
    }
    // Another key is another client, and the token is not lost.
    let other = redemption(&world, &tokens, &key(0x42));
    assert_eq!(world.market.redeem_credit(&other).await.unwrap().balance, amount(VALUE));
}

async fn nothing_is_issued_that_is_not_paid(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let holder = world.client(1).await;
    let poor = key(0x43);
    let credit_key = world.market.credit_key().await.unwrap();
    let purchase = Purchase::new(credit_key.message(), 2, &mut OsRng).unwrap();
    let unpaid = order(&world, &poor, &purchase, "credit for nothing");
    assert_eq!(code(world.market.issue_credit(&unpaid).await), Code::NotEnough);
    // Another order under the same idempotency key.
    let _ = buy(&world, &holder, 1).await;
    let other = order(&world, &holder, &purchase, "credit, bought once");
    assert_eq!(code(world.market.issue_credit(&other).await), Code::IdempotencyKeyUsed);
    // Elements that are not valid cost nothing.
    let mut wrong = order(&world, &holder, &purchase, "credit, malformed").message().clone();
    wrong.blinded[1] = Element([0; 32]);
    let wrong = Signed::sign(wrong, &holder).unwrap();
    assert_eq!(code(world.market.issue_credit(&wrong).await), Code::CreditInvalid);
    // An epoch that has not begun.
    let mut early = order(&world, &holder, &purchase, "credit, too early").message().clone();
    early.epoch = Count::constant(early.epoch.get() + 1);
    let early = Signed::sign(early, &holder).unwrap();
    assert_eq!(code(world.market.issue_credit(&early).await), Code::CreditEpoch);
    world.check().await;
}

async fn everyone_sees_one_key_and_the_log_has_it(database: Kind) {
    let mut world = World::new(database, |_| ()).await;
    let (one, two) = tokio::join!(world.market.credit_key(), world.market.credit_key());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one, two);
    world.open_again().await;
    assert_eq!(world.market.credit_key().await.unwrap(), one);
    let log = world.market.log(0).await.unwrap();
    let entries: Vec<_> = log.iter().filter(|entry| entry.kind == LogKind::Credit).collect();
    assert_eq!(entries.len(), 1);
    let epoch = one.message().epoch;
    assert_eq!(
        (entries[0].subject, entries[0].digest),
        (CreditKey::subject(epoch), id(one.message()).unwrap())
    );
}

async fn credit_that_is_not_redeemed_in_time_is_burned(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let holder = world.client(1).await;
    let tokens = buy(&world, &holder, 3).await;
    let epoch = tokens[0].epoch;
    let (issued_until, redeemed_until) = credit::ends_of(epoch);
    let moment = Duration::constant(1);
    world.pass_until(issued_until.after(moment)).await;
    assert!(world.market.credit_key().await.unwrap().message().epoch > epoch);
    let in_time = world.market.redeem_credit(&redemption(&world, &tokens[..1], &key(0x41))).await;
    assert_eq!(in_time.unwrap().balance, amount(VALUE));
    world.pass_until(redeemed_until.after(moment)).await;
    let late = world.market.redeem_credit(&redemption(&world, &tokens[1..], &key(0x42))).await;
    assert_eq!(code(late), Code::CreditEpoch);

    let stop = tokio_util::sync::CancellationToken::new();
    let runs = tokio::spawn({
        let (market, stop) = (world.market.clone(), stop.clone());
        async move { market.run(stop).await }
    });
    while world.market.totals().await.unwrap().money.get("burned").copied().unwrap_or(0) == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.cancel();
    runs.await.unwrap();
    assert_eq!(world.market.totals().await.unwrap().money["burned"], 2 * VALUE as i64);
    world.check().await;
}
