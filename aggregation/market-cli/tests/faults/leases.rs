//! Leases that are lost. The holder of a lot is away for longer than it may be, another provider
//! rescues the lot, and what the first provider delivers afterwards is late.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use velum_market_client::api::{LotPhase, LotStatus};
use velum_market_model::{
    Count, Delivery, Duration as Span, Hash, Latency, LogKind, ProofReference, Signed,
};
use velum_market_provider::{NodeClient, NodeError};
use velum_market_sql::testing::Postgres;
use velum_market_testing::{aggregate, made};

use crate::harness::chance::{Chance, SEED, seeds};
use crate::harness::client::Order;
use crate::harness::relay::{Relay, Wire};
use crate::harness::{Databases, Point, Setup, Site, Watch, Who, payee, provider};
use crate::worker::record_batches;

/// How many histories there are: in a sample, and in all.
const SAMPLE: u64 = 4;
const WHOLE: u64 = 40;

/// How many histories run at the same time. Each of them waits most of the time.
const BESIDE: usize = 4;

/// How many providers there are. They may rescue each other's lots.
const PROVIDERS: usize = 2;

/// What lots are made of. Each has one presentation, which is folded alone.
const LOTS: [&[usize]; 2] = [&[0], &[1]];

/// The length of a lease. A provider that is away for a moment does not lose it.
const LEASE: u64 = 5000;

/// Longer than all nodes may be silent without it being an outage.
const OUTAGE: Duration = Duration::from_secs(17);

/// The ways in which the holder of a lot can be away.
const ABSENCES: [Absence; 5] =
    [Absence::Provider, Absence::Workers, Absence::All, Absence::Cut, Absence::Held];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// The provider is killed.
    Provider,
    /// Its workers are killed.
    Workers,
    /// Both are killed.
    All,
    /// Its wire is cut.
    Cut,
    /// What it sends arrives late.
    Held,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_provider_rescues_a_lot() {
    (0..PROVIDERS).for_each(|provider| record_batches(provider, &LOTS));
    let postgres = Postgres::start();
    let histories = seeds(SAMPLE, WHOLE).into_iter().map(|seed| {
        let databases =
            if seed % 2 == 0 { Databases::Sqlite } else { Databases::Postgres(&postgres) };
        async move { history(&History::of(seed), databases).await }
    });
    stream::iter(histories).buffer_unordered(BESIDE).collect::<()>().await;
}

/// A provider delivers afterwards whatever it holds during the outage, and loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_loses_a_lease_for_an_outage_of_the_node() {
    (0..PROVIDERS).for_each(|provider| record_batches(provider, &LOTS));
    let mut setup = setup(Databases::Sqlite, "the node is away for longer than a lease");
    setup.leases_break = false;
    let site = Site::start(setup).await;
    let outage = async {
        Watch::new(&site).until(Point::Locked).await;
        site.kill(Who::Node(0));
        tokio::time::sleep(OUTAGE).await;
        site.start_again(Who::Node(0));
    };
    site.run(&orders(LOTS.len()), outage).await;
}

fn setup<'a>(databases: Databases<'a>, about: impl Into<String>) -> Setup<'a> {
    let mut setup = Setup::new(databases, about);
    (setup.providers, setup.leases_break) = (PROVIDERS, true);
    setup.rules.lease.base = Span::constant(LEASE);
    setup.rules.lease.each = Span::constant(0);
    setup
}

fn orders(lots: usize) -> Vec<Order> {
    (0..lots).map(|number| Order::new(number, Latency::Single)).collect()
}

async fn history(history: &History, databases: Databases<'_>) {
    let mut setup = setup(databases, format!("{SEED}={}: {history:?}", history.seed));
    let mut wires = Vec::new();
    for _ in 0..PROVIDERS {
        wires.push(Relay::start(setup.addresses.clone()).await);
    }
    setup.markets = wires.iter().map(Relay::url).collect();
    let site = Site::start(setup).await;
    site.run(&history.orders, history.happens(&site, &wires)).await;
}

/// What happens, all of it chosen by one number.
#[derive(Debug)]
struct History {
    seed: u64,
    orders: Vec<Order>,
    /// The first lot's holder goes away when the market has come to this point, and this much
    /// later.
    at: Point,
    and: Duration,
    absence: Absence,
    away: Duration,
    /// How long the node is away while the lot is rescued. `None` if it is not away.
    node_away: Option<Duration>,
}

impl History {
    fn of(seed: u64) -> Self {
        const POINTS: [Point; 6] = [
            Point::Locked,
            Point::Fetching,
            Point::Taken,
            Point::LeafBegun,
            Point::WrapDone,
            Point::RootDone,
        ];
        let mut chance = Chance::of(seed);
        let mut orders = orders(1 + chance.below(LOTS.len() as u64) as usize);
        for order in &mut orders {
            order.after = chance.milliseconds(0, 1000);
            order.crash_after = chance.happens(30).then(|| chance.milliseconds(0, 8000));
        }
        Self {
            seed,
            orders,
            at: chance.one_of(&POINTS),
            and: chance.milliseconds(0, 30),
            // Consecutive histories pass through all of them.
            absence: ABSENCES[(seed % ABSENCES.len() as u64) as usize],
            away: chance.milliseconds(LEASE, LEASE + 2500),
            node_away: chance.happens(50).then(|| chance.milliseconds(0, 300)),
        }
    }

    async fn happens(&self, site: &Site, wires: &[Relay]) {
        let mut watch = Watch::new(site);
        if !watch.until(self.at).await {
            return;
        }
        let market = Asked::new(site);
        let (lot, holder) = market.first_held().await;
        tokio::time::sleep(self.and).await;
        self.leave(site, &wires[holder], holder);
        // On a busy machine, the point is seen late, and the holder leaves later than planned.
        let left_at = watch.now().await;
        tokio::time::sleep(self.away).await;
        if let Some(away) = self.node_away {
            site.kill(Who::Node(0));
            tokio::time::sleep(away).await;
            site.start_again(Who::Node(0));
        }
        self.come_back(site, &wires[holder], holder);
        let is_lost = market.deliver_late(lot, holder).await;
        // A holder that left later may have delivered before.
        assert!(is_lost || left_at > Point::LeafBegun, "the lot was not rescued");
    }

    fn leave(&self, site: &Site, wire: &Relay, holder: usize) {
        match self.absence {
            Absence::Cut => wire.set(Wire::Cut),
            Absence::Held => wire.set(Wire::Held),
            _ => self.killed(holder).for_each(|who| site.kill(who)),
        }
    }

    fn come_back(&self, site: &Site, wire: &Relay, holder: usize) {
        wire.set(Wire::Whole);
        self.killed(holder).for_each(|who| site.start_again(who));
    }

    fn killed(&self, holder: usize) -> impl Iterator<Item = Who> {
        let is_killed = |who: &Who| match self.absence {
            Absence::Provider => matches!(who, Who::Provider(_)),
            Absence::Workers => matches!(who, Who::Worker { .. }),
            Absence::All => true,
            Absence::Cut | Absence::Held => false,
        };
        [Who::Provider(holder), Who::Worker { of: holder, number: 0 }].into_iter().filter(is_killed)
    }
}

/// A node that is asked until it answers.
struct Asked(NodeClient);

impl Asked {
    fn new(site: &Site) -> Self {
        Self(NodeClient::new(site.nodes()[0].parse().unwrap()).unwrap())
    }

    /// The lot that was taken first, and the provider that took it.
    async fn first_held(&self) -> (Hash, usize) {
        let log = self.until(async || self.0.log(0).await).await;
        let matched = log.iter().find(|entry| entry.kind == LogKind::Match).expect("one was taken");
        let holder = self.lot(matched.subject).await.provider;
        let holder = (0..PROVIDERS).find(|number| Some(payee(*number)) == holder);
        (matched.subject, holder.expect("nobody has lost it yet"))
    }

    /// Delivers a lot whose lease is lost, before and after another provider has delivered it.
    /// Neither delivery has an effect. Returns false if the lease is not lost.
    async fn deliver_late(&self, lot: Hash, holder: usize) -> bool {
        let aggregates = LOTS.map(|numbers| {
            let made: Vec<_> =
                numbers.iter().map(|number| made(number + 1).remove(*number)).collect();
            tokio::task::block_in_place(|| aggregate(&made, payee(holder)))
        });
        loop {
            let before = self.lot(lot).await;
            if before.provider == Some(payee(holder)) {
                // The holder was not away for as long as it seemed, or its lease runs until the
                // node is back.
                if before.phase == LotPhase::Settled {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            for aggregate in &aggregates {
                let delivery = Delivery {
                    lot,
                    epoch: Count::constant(1),
                    aggregate: ProofReference {
                        sha256: Hash::of(&[aggregate]),
                        length: Count::constant(aggregate.len() as u64),
                    },
                    provider: provider(holder).public(),
                };
                let delivery = Signed::sign(delivery, &provider(holder)).unwrap();
                match self.0.deliver(&delivery, aggregate).await {
                    Err(NodeError::Refused(problem)) => {
                        assert!(problem.status < 500, "{problem:?}")
                    }
                    Err(error) => assert!(error.may_pass(), "{error}"),
                    Ok(status) => panic!("a late delivery was taken: {status:?}"),
                }
            }
            if before.phase == LotPhase::Settled {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn lot(&self, lot: Hash) -> LotStatus {
        self.until(async || self.0.lot(lot).await).await
    }

    async fn until<T>(&self, ask: impl AsyncFn() -> Result<T, NodeError>) -> T {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => assert!(error.may_pass(), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
