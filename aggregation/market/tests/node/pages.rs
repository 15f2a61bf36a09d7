//! Lists that are longer than one answer.

use velum_market::Options;
use velum_market_model::*;
use velum_market_provider::NodeClient;
use velum_market_sql::{Database, Schema, sqlx};

use crate::people::{deposit, job, submission, submit};
use crate::running::{Node, key};

/// The number of lots before the one that is looked for.
const FLOOD: u64 = 250;

/// Adds older copies of the open lot, as a flood of cheap jobs leaves them.
async fn flood(node: &Node, lot: &str) {
    const NONE: Schema = Schema { lock: 1, sqlite: &[], postgres: &[] };
    let database = Database::open(&node.database(), &NONE, 1).await.unwrap();
    let mut write = database.write().await.unwrap();
    for number in 0..FLOOD {
        let copy = "insert into lot (id, phase, auction, profile, count, opened, body)
                    select $1, phase, auction, profile, count, opened - 1000 + $2 / 10, replace(body, id, $1)
                    from lot where id = $3";
        let id = Hash::of(&[&number.to_be_bytes()]).to_string();
        let copied = sqlx::query(copy).bind(id).bind(number as i64).bind(lot.to_owned());
        assert_eq!(copied.execute(write.connection()).await.unwrap().rows_affected(), 1);
    }
    write.commit().await.unwrap();
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_old_lots_hides_none() {
    let options = Options { demo_money: Some(Amount::constant(1 << 40)), ..Options::default() };
    let node = Node::start(options).await;
    let client = key(1);
    assert_eq!(deposit(&node, &client, 1 << 30).await.status, 200);
    let made = submission(0);
    let taken = submit(&node, &client, &job(&node, &client, &made).await, &made).await.json();
    let lot = taken["lot"].as_str().unwrap();
    flood(&node, lot).await;

    let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), Vec::new());
    loop {
        let page = node.get(&format!("/v1/lots?auction=dutch{after}")).await.json();
        let page: Vec<_> = page
            .as_array()
            .unwrap()
            .iter()
            .map(|lot| lot["lot"].as_str().unwrap().to_owned())
            .collect();
        pages.push(page.len());
        let Some(last) = page.last() else { break };
        after = format!("&after={last}");
        seen.extend(page);
    }
    assert_eq!(pages, [100, 100, 51, 0]);
    assert_eq!(seen.last().map(String::as_str), Some(lot), "the newest comes last");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len() as u64, FLOOD + 1, "each is listed once");

    let provider = NodeClient::new(format!("http://{}/", node.address).parse().unwrap()).unwrap();
    let lots = provider.lots("dutch").await.unwrap();
    assert_eq!(
        (lots.len() as u64, lots.last().unwrap().lot.to_string()),
        (FLOOD + 1, lot.to_owned())
    );
    assert!(provider.lots("sealed").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_follows_a_lot_of_its_auction() {
    let node = Node::start(Options::default()).await;
    let unknown = node.get(&format!("/v1/lots?auction=dutch&after={}", Hash::default())).await;
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "unknown"));
    let malformed = node.get("/v1/lots?auction=dutch&after=1").await;
    assert_eq!((malformed.status, malformed.problem().as_str()), (400, "malformed"));
}
