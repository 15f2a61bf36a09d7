//! Random histories in which node, provider and workers are killed wherever they stand.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use velum_market_model::{Count, Latency};
use velum_market_sql::testing::Postgres;

use crate::harness::chance::{Chance, SEED, chance, is_whole, seeds};
use crate::harness::client::{Order, together};
use crate::harness::{Databases, Point, Setup, Site, Watch, Who};
use crate::worker::record_batches;

/// How many histories each database gets: in a sample, and in all.
const SAMPLE: u64 = 10;
const WHOLE: u64 = 100;

/// How many histories run at the same time. Each of them waits most of the time.
const BESIDE: usize = 4;

/// The programs that may be killed.
const VICTIMS: [Who; 3] = [Who::Node(0), Who::Provider(0), Who::Worker { of: 0, number: 0 }];

/// Every batch that three submissions can be folded in.
const BATCHES: [&[usize]; 7] = [&[0, 1, 2], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2]];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    histories(Databases::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    histories(Databases::Postgres(&Postgres::start())).await;
}

/// Without any proof that was made before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_proofs_of_their_own() {
    if !is_whole() {
        return;
    }
    let postgres = Postgres::start();
    for databases in [Databases::Sqlite, Databases::Postgres(&postgres), Databases::Sqlite] {
        history(&History::of(chance()), databases, None).await;
    }
}

async fn histories(databases: Databases<'_>) {
    record_batches(0, &BATCHES);
    let histories = seeds(SAMPLE, WHOLE).into_iter().map(|seed| async move {
        history(&History::of(seed), databases, Some(Duration::from_millis(20))).await;
    });
    stream::iter(histories).buffer_unordered(BESIDE).collect::<()>().await;
}

async fn history(history: &History, databases: Databases<'_>, takes: Option<Duration>) {
    let mut setup = Setup::new(databases, format!("{SEED}={}: {history:?}", history.seed));
    setup.rules.batch.target = Count::constant(history.target);
    setup.takes = takes;
    let site = Site::start(setup).await;
    site.run(&history.orders, history.kills(&site)).await;
}

/// What happens, all of it chosen by one number.
#[derive(Debug)]
struct History {
    seed: u64,
    orders: Vec<Order>,
    target: u64,
    kills: Vec<Kill>,
}

#[derive(Debug)]
struct Kill {
    /// The kill comes when the market has come to this point, and this much later.
    at: Point,
    and: Duration,
    whom: Vec<Who>,
    /// How long the programs are away.
    away: Duration,
}

impl History {
    fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let orders: Vec<_> =
            (0..=chance.below(3) as usize).map(|number| order(number, &mut chance)).collect();
        let target =
            orders.iter().filter(|order| order.latency != Latency::Single).count().max(1) as u64;
        // Consecutive histories pass through all points with all victims.
        let pair = (seed.wrapping_mul(7) % (Point::ALL.len() * VICTIMS.len()) as u64) as usize;
        let mut kills = vec![Kill {
            at: Point::ALL[pair / VICTIMS.len()],
            and: chance.milliseconds(0, 30),
            whom: vec![VICTIMS[pair % VICTIMS.len()]],
            away: chance.milliseconds(0, 500),
        }];
        for _ in 0..chance.below(4) {
            let whom = chance.below(7) + 1;
            kills.push(Kill {
                at: chance.one_of(&Point::ALL),
                and: chance.milliseconds(0, 100),
                whom: (0..VICTIMS.len())
                    .filter(|bit| whom >> bit & 1 == 1)
                    .map(|bit| VICTIMS[bit])
                    .collect(),
                away: chance.milliseconds(0, 500),
            });
        }
        kills.sort_by_key(|kill| kill.at);
        Self { seed, orders, target, kills }
    }

    async fn kills(&self, site: &Site) {
        let mut watch = Watch::new(site);
        for Kill { at, and, whom, away } in &self.kills {
            if !watch.until(*at).await {
                return;
            }
            tokio::time::sleep(*and).await;
            whom.iter().for_each(|who| site.kill(*who));
            tokio::time::sleep(*away).await;
            whom.iter().for_each(|who| site.start_again(*who));
        }
    }
}

fn order(number: usize, chance: &mut Chance) -> Order {
    let company = together(600 + chance.below(900));
    let mut order = Order::new(number, if chance.happens(30) { Latency::Single } else { company });
    order.after = chance.milliseconds(0, 300);
    if chance.happens(15) {
        // The job is too cheap for the provider, and is not for sale for long.
        order.latency = Latency::Single;
        (order.minimum, order.maximum, order.lock_within) =
            (50, 60, chance.milliseconds(1000, 4000));
    }
    order.stop_after = chance.happens(15).then(|| chance.milliseconds(0, 2000));
    order.crash_after = chance.happens(30).then(|| chance.milliseconds(0, 3000));
    order
}
