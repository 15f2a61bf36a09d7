//! What is due: a step that cannot be carried out, or that waits for a price, holds up nothing
//! else.

use velum_market_client::api::{JobState, LotPhase};
use velum_market_model::*;
use velum_market_sql::Kind;

use crate::book::{bought, quote};
use crate::world::{MINUTE, World, submission};

stories!(
    a_lot_that_cannot_be_read_holds_up_no_other,
    a_batch_that_cannot_be_read_holds_up_no_other,
    an_order_that_cannot_be_read_holds_up_no_other,
    lots_of_the_book_hold_up_no_lease,
);

async fn a_lot_that_cannot_be_read_holds_up_no_other(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let client = world.client(1).await;
    let (broken, whole) =
        (world.lot(&client, 0, Order::Dutch).await, world.lot(&client, 1, Order::Dutch).await);
    // This lot is the first that is due, and has no jobs any more.
    world
        .sql(format!("update lot set body = '{{}}', due_at = 1 where id = '{}'", broken.lot))
        .await;
    world.pass(120 * MINUTE).await;
    assert!(world.market.do_due().await.unwrap());
    assert_eq!(world.market.lot(whole.lot).await.unwrap().phase, LotPhase::Expired);
    assert!(!world.market.do_due().await.unwrap(), "it is not tried again at once");
    world.pass(2 * MINUTE).await;
    assert!(world.market.do_due().await.unwrap(), "but after a while");
    world.check().await;
}

async fn a_batch_that_cannot_be_read_holds_up_no_other(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let client = world.client(1).await;
    let mut jobs = Vec::new();
    for (number, order) in [Order::Dutch, Order::Limit].into_iter().enumerate() {
        let made = submission(number);
        let mut job = world.job(&client, &made).await;
        job.offer.order = order;
        job.latency = Latency::Aggregated {
            max_wait: Duration::constant(MINUTE),
            min_batch: Count::constant(2),
        };
        jobs.push(world.submit(&client, job, &made).await);
    }
    world.sql("update batch set key = '{}', closes_at = 1 where number = 1".to_owned()).await;
    world.pass(2 * MINUTE).await;
    assert!(world.market.do_due().await.unwrap());
    let mut states = Vec::new();
    for job in &jobs {
        states.push(world.market.status(*job).await.unwrap().state);
    }
    assert_eq!(states, [JobState::Waiting, JobState::Offered]);
    assert!(!world.market.do_due().await.unwrap());
    world.check().await;
}

async fn an_order_that_cannot_be_read_holds_up_no_other(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let client = world.client(1).await;
    let mut orders = Vec::new();
    for byte in [2, 3] {
        let ask = quote(&world, &world.provider(byte).await, 300, 2).await.unwrap().unwrap();
        orders.push(bought(&world, &client, &ask).await);
    }
    world
        .sql(format!("update standing set body = '{{}}', until = 1 where id = '{}'", orders[0]))
        .await;
    world.pass(60 * MINUTE).await;
    assert!(world.market.do_due().await.unwrap());
    assert!(world.market.standing(orders[1]).await.unwrap().ended);
    assert!(!world.market.do_due().await.unwrap());
    world.check().await;
}

async fn lots_of_the_book_hold_up_no_lease(database: Kind) {
    /// More than are looked at together.
    const MANY: usize = 100;
    let world = World::new(database, |_| ()).await;
    let (client, provider) = (world.client(1).await, world.provider(2).await);
    let waiting = world.lot(&client, 0, Order::Limit).await;
    let id = waiting.lot.to_string();
    // Copies of one lot that waits for a price. Nobody takes them here, so it does not matter that
    // they share a job.
    let columns = world.text(format!("select body from lot where id = '{id}'")).await;
    for number in 0..MANY {
        let copy = format!("{number:0>64}");
        let body = columns.replace(&id, &copy);
        world
            .sql(format!(
                "insert into lot (id, phase, auction, profile, count, opened, due_at, match_at, body)
                 select '{copy}', phase, auction, profile, count, opened, due_at, match_at, '{body}' from lot where id = '{id}'"
            ))
            .await;
    }
    let locked = world.lock(&provider, &world.lot(&client, 1, Order::Dutch).await).await.unwrap();
    world.pass_until(locked.lease_ends.unwrap().after(Duration::constant(1))).await;
    assert!(world.market.do_due().await.unwrap());
    assert_eq!(
        world.market.lot(locked.lot).await.unwrap().phase,
        LotPhase::Open,
        "the lease has ended"
    );
    assert_eq!(world.balance(&provider).await, 8_000_000 - locked.collateral.get());
}
