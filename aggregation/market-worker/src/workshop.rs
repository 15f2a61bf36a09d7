//! What a provider's daemon asks of the workshop.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use velum_market_blobs::Blobs;
use velum_market_model::{Hash, Profile, Time};

use crate::engine;
use crate::error::WorkError;
use crate::plan::{Plan, Presentation};
use crate::prove::Prove;
use crate::prover::Prover;
use crate::run::Runner;
use crate::store::{Counted, DeadTask, Pace, Store};

/// Presentations that a provider has to fold into one aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotWork {
    /// The market's id of the lot.
    pub id: Hash,
    /// The profile of the aggregate.
    pub profile: Profile,
    /// The payee that the aggregate is counted for.
    pub payee: Hash,
    /// The presentations, in any order. Their submissions are in the store of blobs before the lot
    /// is taken, and stay there until it is dropped.
    pub presentations: Vec<Presentation>,
    /// When the aggregate has to be delivered. The earlier this is, the more urgent the lot is.
    pub deliver_by: Time,
}

/// What a lot was folded into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The statements that it counts, in its order.
    pub statements: Vec<Hash>,
    /// Its proof.
    pub proof: Bytes,
}

/// Lots, tasks and results that any number of workers share. A clone is the same workshop.
#[derive(Clone)]
pub struct Workshop {
    runner: Runner,
}

impl Workshop {
    /// Opens the workshop in a database and a store of blobs.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn open(database_url: &str, blobs: Blobs) -> Result<Self, WorkError> {
        Self::open_with(database_url, blobs, Arc::new(Prover::new()), Pace::USUAL).await
    }

    /// Opens the workshop with another prover than this machine's own, and at a pace of its own.
    /// Whoever takes a result checks it, so a prover is trusted for nothing.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn open_with(
        database_url: &str,
        blobs: Blobs,
        prover: Arc<dyn Prove>,
        pace: Pace,
    ) -> Result<Self, WorkError> {
        let store = Store::open(database_url, pace).await?;
        Ok(Self { runner: Runner { store, blobs, prover } })
    }

    /// Puts a submission into the store of blobs, for a lot that is about to be taken. The
    /// submission is recorded first, so that [`Self::drop_lot`] removes it if the lot is not taken
    /// after all.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`] and [`WorkError::Blobs`].
    pub async fn fetch(&self, lot: Hash, submission: Bytes) -> Result<Hash, WorkError> {
        self.runner.store.fetching(lot, Hash::of(&[&submission])).await?;
        Ok(self.runner.blobs.put(submission).await?)
    }

    /// The lots that submissions were put for, but that were not taken.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn untaken(&self) -> Result<Vec<Hash>, WorkError> {
        Ok(self.runner.store.untaken().await?)
    }

    /// Takes a lot: workers do its tasks from now on. Taking it again changes nothing.
    ///
    /// # Errors
    /// Returns [`WorkError::Plan`], [`WorkError::OtherLot`] and [`WorkError::Database`].
    pub async fn take(&self, lot: &LotWork) -> Result<(), WorkError> {
        let plan = Plan::of(lot.profile, lot.payee, &lot.presentations)?;
        if self.runner.store.add(lot, &plan).await? {
            Ok(())
        } else {
            Err(WorkError::OtherLot(lot.id))
        }
    }

    /// The aggregate of a lot, once it is there. Its proof has been verified. A proof that does not
    /// verify is made again.
    ///
    /// # Errors
    /// Returns [`WorkError::NoLot`], [`WorkError::Database`] and [`WorkError::Blobs`].
    pub async fn result(&self, lot: Hash) -> Result<Option<Aggregate>, WorkError> {
        let store = &self.runner.store;
        let lot = store.lot(lot).await?.ok_or(WorkError::NoLot(lot))?;
        let Plan { tasks, statements } = Plan::of(lot.profile, lot.payee, &lot.presentations)?;
        let Some(root) = tasks.last() else { return Ok(None) };
        if !store.is_done(root.name).await? {
            return Ok(None);
        }
        let Some(proof) = self.runner.result(root).await? else {
            store
                .make_again(root.name, "the aggregate's proof is missing or does not verify")
                .await?;
            return Ok(None);
        };
        Ok(Some(Aggregate { statements, proof }))
    }

    /// All lots that are here.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn lots(&self) -> Result<Vec<LotWork>, WorkError> {
        Ok(self.runner.store.lots().await?)
    }

    /// Drops a lot, if it is here, with all results that no other lot wants.
    ///
    /// The submissions that were put for a lot that was never taken are removed with it. The
    /// submissions of a lot that was taken belong to whoever put them there.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`] and [`WorkError::Blobs`].
    pub async fn drop_lot(&self, lot: Hash) -> Result<(), WorkError> {
        // The lot is dropped last, because it says what is to be removed. A process that is killed
        // in between repeats the removal.
        for submission in self.runner.store.fetched(lot).await? {
            self.runner.blobs.remove(submission).await?;
        }
        self.runner.store.drop_lot(lot).await?;
        self.sweep().await;
        Ok(())
    }

    /// How many tasks of each kind are in each state.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn tasks(&self) -> Result<Vec<Counted>, WorkError> {
        Ok(self.runner.store.counts().await?)
    }

    /// The tasks that have failed for good, the most urgent first. Lots that want them wait until
    /// they are revived.
    ///
    /// # Errors
    /// Returns [`WorkError::Database`].
    pub async fn dead(&self) -> Result<Vec<DeadTask>, WorkError> {
        Ok(self.runner.store.dead().await?)
    }

    /// Gives a dead task all its attempts back.
    ///
    /// # Errors
    /// Returns [`WorkError::NotDead`] and [`WorkError::Database`].
    pub async fn revive(&self, task: Hash) -> Result<(), WorkError> {
        if self.runner.store.revive(task).await? { Ok(()) } else { Err(WorkError::NotDead(task)) }
    }

    /// Does tasks, one at a time, until it is told to drain. Then it ends the task that it is
    /// doing, and returns. A worker that is dropped before that, or killed, loses nothing: another
    /// worker does its task a few seconds later.
    ///
    /// The name of the worker is for logs. Two workers may have the same name.
    ///
    /// # Errors
    /// Returns [`WorkError::Ended`] if the database answers and does not know these tables. A
    /// database that is away is waited for.
    pub async fn work(&self, worker: &str, drain: CancellationToken) -> Result<(), WorkError> {
        self.sweep().await;
        let name = format!("{worker}/{}", Uuid::new_v4());
        engine::work(self.runner.clone(), &name, drain).await
    }

    /// Removes the blobs of results that nobody wants, such as results that were left by a process
    /// that was killed after it had dropped a lot.
    ///
    /// What cannot be removed now is removed by a later sweep: when a lot is dropped, when a worker
    /// begins, and when a worker has done what nobody wants any more.
    pub async fn sweep(&self) {
        self.runner.sweep().await;
    }
}
