//! How far a market has come, by the node's log and by what the providers' workshops say of their
//! tasks.

use std::time::Duration;

use velum_market_model::LogKind;
use velum_market_provider::NodeClient;
use velum_market_sql::sqlx::{self, AnyConnection, Connection, Row};

use super::Site;
use super::store::connect;

/// The time between two looks.
const LOOK: Duration = Duration::from_millis(4);

/// When all clients have been served for this long, nothing more happens.
const OVER: Duration = Duration::from_millis(1500);

/// The points that a history passes, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// The history has begun.
    Begun,
    /// A job is in the log.
    Submitted,
    /// A batch has closed.
    Closed,
    /// The provider has a lot.
    Locked,
    /// An input is in the provider's store.
    Fetching,
    /// The provider's workshop has the lot.
    Taken,
    LeafBegun,
    LeafDone,
    WrapBegun,
    WrapDone,
    MergeBegun,
    MergeDone,
    RootBegun,
    /// The aggregate is there, and is delivered.
    RootDone,
    /// The lot is paid.
    Settled,
    /// The workshop has dropped the lot.
    Dropped,
}

impl Point {
    pub const ALL: [Self; 16] = [
        Self::Begun,
        Self::Submitted,
        Self::Closed,
        Self::Locked,
        Self::Fetching,
        Self::Taken,
        Self::LeafBegun,
        Self::LeafDone,
        Self::WrapBegun,
        Self::WrapDone,
        Self::MergeBegun,
        Self::MergeDone,
        Self::RootBegun,
        Self::RootDone,
        Self::Settled,
        Self::Dropped,
    ];

    fn of_task(kind: &str, is_done: bool) -> Option<Self> {
        Some(match (kind, is_done) {
            ("leaf", false) => Self::LeafBegun,
            ("leaf", true) => Self::LeafDone,
            ("wrap", false) => Self::WrapBegun,
            ("wrap", true) => Self::WrapDone,
            ("merge", false) => Self::MergeBegun,
            ("merge", true) => Self::MergeDone,
            ("root", false) => Self::RootBegun,
            ("root", true) => Self::RootDone,
            _ => return None,
        })
    }
}

/// Watches one market.
pub struct Watch<'a> {
    site: &'a Site,
    nodes: Vec<NodeClient>,
    /// A connection to a server is kept. A connection to a file is made anew for each look, so that
    /// what a killed process leaves in the files is left for the next process to repair.
    connections: Vec<Option<AnyConnection>>,
    reached: Point,
}

impl<'a> Watch<'a> {
    pub fn new(site: &'a Site) -> Self {
        let nodes =
            site.nodes.iter().map(|node| NodeClient::new(node.parse().unwrap()).unwrap()).collect();
        let connections = site.states.iter().map(|_| None).collect();
        Self { site, nodes, connections, reached: Point::Begun }
    }

    /// Waits until a market has come to a point, or further. Returns false if everything is over
    /// before that.
    pub async fn until(&mut self, point: Point) -> bool {
        while self.reached < point && !self.site.has_ended_for(OVER) {
            self.look().await;
            tokio::time::sleep(LOOK).await;
        }
        self.reached >= point
    }

    /// How far the market has come by now.
    pub async fn now(&mut self) -> Point {
        self.look().await;
        self.reached
    }

    /// If the source of an observation is away, the observation is made later.
    async fn look(&mut self) {
        let mut seen = self.of_log().await.unwrap_or(Point::Begun);
        if seen >= Point::Locked && self.has_inputs() {
            seen = seen.max(Point::Fetching);
        }
        if seen >= Point::Locked {
            seen = seen.max(self.of_workshops(seen).await);
        }
        self.reached = self.reached.max(seen);
    }

    async fn of_log(&self) -> Option<Point> {
        let mut entries = None;
        for node in &self.nodes {
            if let Ok(log) = node.log(0).await {
                entries = Some(log);
                break;
            }
        }
        let of_entry = |kind| match kind {
            LogKind::Job => Point::Submitted,
            LogKind::Lot => Point::Closed,
            LogKind::Match => Point::Locked,
            LogKind::Settlement => Point::Settled,
            _ => Point::Begun,
        };
        entries?.iter().map(|entry| of_entry(entry.kind)).max()
    }

    fn has_inputs(&self) -> bool {
        let has_inputs = |folder: &&std::path::Path| {
            std::fs::read_dir(folder.join("blobs"))
                .is_ok_and(|mut entries| entries.next().is_some())
        };
        self.site.stores()[1..].iter().any(has_inputs)
    }

    /// How far the furthest provider has come.
    async fn of_workshops(&mut self, of_log: Point) -> Point {
        let (mut seen, mut has_lots) = (Point::Begun, false);
        for provider in 0..self.connections.len() {
            match self.of_workshop(provider).await {
                Ok(Some(point)) => (seen, has_lots) = (seen.max(point), true),
                Ok(None) => (),
                // It is not known how far this provider is.
                Err(_) => (self.connections[provider], has_lots) = (None, true),
            }
        }
        if of_log == Point::Settled && !has_lots { Point::Dropped } else { seen }
    }

    /// How far a provider has come with its lots. `None` if it has no lots.
    async fn of_workshop(&mut self, provider: usize) -> Result<Option<Point>, sqlx::Error> {
        let url = &self.site.states[provider].database;
        let mut connection = match self.connections[provider].take() {
            Some(connection) => connection,
            None => connect(url).await?,
        };
        let lots: i64 =
            sqlx::query_scalar("select count(*) from lot").fetch_one(&mut connection).await?;
        let rows =
            sqlx::query("select kind, state from task where state = 'done' or worker is not null")
                .fetch_all(&mut connection)
                .await?;
        let mut seen = Point::Taken;
        for row in rows {
            let (kind, state): (String, String) = (row.try_get("kind")?, row.try_get("state")?);
            seen = seen.max(Point::of_task(&kind, state == "done").unwrap_or(Point::Begun));
        }
        if url.starts_with("sqlite") {
            connection.close().await?;
        } else {
            self.connections[provider] = Some(connection);
        }
        Ok((lots > 0).then_some(seen))
    }
}
