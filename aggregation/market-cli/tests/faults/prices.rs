//! A provider that is started again with another price while it has bid in a sealed auction.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use velum_market_model::{Amount, Duration as Span, Order as Sale};
use velum_market_provider::NodeClient;

use crate::harness::client::Order;
use crate::harness::{Databases, Setup, Site, Who};
use crate::worker::record_batches;

/// The price of one presentation before and after.
const PRICES: [u64; 2] = [100, 200];

/// The provider opens its bid with the price that it was made with, so it loses no collateral, and
/// is paid for the lot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bid_is_opened_with_the_price_that_it_was_made_with() {
    record_batches(0, &[&[0, 1, 2]]);
    let mut setup = Setup::new(Databases::Sqlite, "a price that changes between bid and opening");
    setup.rules.sealed.commit = Span::constant(8_000);
    setup.rules.sealed.reveal = Span::constant(8_000);
    let price = Rc::new(Cell::new(PRICES[0]));
    let now = price.clone();
    setup.with = Box::new(move |who, command| {
        if matches!(who, Who::Provider(_)) {
            command.args(["--price", &now.get().to_string()]);
        }
    });
    let site = Site::start(setup).await;
    let mut orders = Order::company(3);
    orders.iter_mut().for_each(|order| order.sale = Sale::Sealed);
    let change = async {
        until_somebody_has_bid(&site).await;
        site.kill(Who::Provider(0));
        price.set(PRICES[1]);
        site.start_again(Who::Provider(0));
    };
    site.run(&orders, change).await;

    let node = NodeClient::new(site.nodes()[0].parse().unwrap()).unwrap();
    let log = node.log(0).await.unwrap();
    let lot = log.iter().find(|entry| entry.kind == velum_market_model::LogKind::Lot).unwrap();
    let paid = node.lot(lot.subject).await.unwrap().price;
    assert!(paid >= Amount::constant(3 * PRICES[0]), "{paid:?}");
}

async fn until_somebody_has_bid(site: &Site) {
    let node = NodeClient::new(site.nodes()[0].parse().unwrap()).unwrap();
    loop {
        let lots = node.lots("sealed").await.unwrap_or_default();
        let mut bids = lots.iter().filter_map(|lot| lot.bids.as_ref());
        if bids.any(|bids| bids.count.get() > 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
