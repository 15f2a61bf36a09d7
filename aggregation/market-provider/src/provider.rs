//! A provider at work. It has the lots that it holds folded, delivers them, and takes further lots
//! when it has room.
//!
//! It keeps nothing in memory that the node, its workshop and its store of blobs do not have, so it
//! continues after a crash where it was. The price of a sealed bid is in its store of blobs, and the
//! nonce follows from its key and the lot.

use std::time::Duration as Wait;

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use velum_credentials::aggregate::Submission;
use velum_market_blobs::{BlobError, Blobs};
use velum_market_client::api::{AccountStatus, LotPhase, LotStatus};
use velum_market_model::{
    Amount, Bid, Count, Delivery, Hash, Lock, Message, ModelError, ProofReference, Query, Reveal,
    SecretKey, Signed, SizeClass, Subject, Time, sealed_price,
};
use velum_market_worker::{LotWork, Presentation, WorkError, Workshop};

use crate::bids::BidPrices;
use crate::node::{NodeClient, NodeError};
use crate::policy::Policy;

/// The time between two looks at the market.
const LOOK: Wait = Wait::from_millis(500);

/// Why a provider could not continue with something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The node failed or refused.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The workshop failed.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The store of blobs failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A message could not be signed.
    #[error(transparent)]
    Message(#[from] ModelError),
    /// The node gave an input that is not a submission. The provider will lose its lease for that,
    /// and the node's log shows why.
    #[error("the input of job {job} is not a submission: {why}")]
    Input {
        /// The job.
        job: Hash,
        /// What is wrong with the input.
        why: String,
    },
}

type Result<T> = std::result::Result<T, ProviderError>;

/// A provider of one market.
pub struct Provider {
    node: NodeClient,
    /// The market, as messages name it.
    market: Hash,
    key: SecretKey,
    /// The source of secrets that follow from the key.
    secret: [u8; 32],
    policy: Policy,
    workshop: Workshop,
    bids: BidPrices,
    blobs: Blobs,
}

impl Provider {
    /// Creates a provider of the market that the node belongs to, with the Ed25519 key of these
    /// secret bytes.
    ///
    /// # Errors
    /// Returns [`ProviderError::Node`] if the node does not answer.
    pub async fn new(
        node: NodeClient,
        secret: [u8; 32],
        policy: Policy,
        workshop: Workshop,
        blobs: Blobs,
    ) -> Result<Self> {
        let market = node.market().await?.key.owner();
        let key = SecretKey::from_bytes(velum_market_model::Algorithm::Ed25519, &secret)?;
        let bids = BidPrices::new(blobs.clone());
        Ok(Self { node, market, key, secret, policy, workshop, bids, blobs })
    }

    /// The id of the provider, as accounts and payees name it.
    #[must_use]
    pub fn owner(&self) -> Hash {
        self.key.public().owner()
    }

    /// Works until told to stop. What fails is logged and tried again.
    pub async fn run(&self, stop: CancellationToken) {
        // Results of lots that the provider dropped before it was killed may be left.
        self.workshop.sweep().await;
        while !stop.is_cancelled() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the market could not be read; trying again");
            }
            tokio::select! {
                () = stop.cancelled() => (),
                () = tokio::time::sleep(LOOK) => (),
            }
        }
    }

    /// Continues with the lots that it holds, and takes lots if it has room.
    ///
    /// # Errors
    /// Returns [`ProviderError`], for example if the node does not say what the provider holds.
    /// What goes wrong with one held lot is logged and holds up no other lot.
    pub async fn look(&self) -> Result<()> {
        let now = self.node.market().await?.now;
        let account = self.account(now).await?;
        for lot in &account.lots {
            if let Err(error) = self.go_on(*lot, now).await {
                tracing::warn!(%lot, %error, "the work for a lot could not continue; trying again");
            }
        }
        self.forget(&account).await?;
        let room = self.policy.lots.get().saturating_sub(account.lots.len() as u64);
        self.open_bids(now).await?;
        if room > 0 {
            self.take(room, account.balance, now).await?;
        }
        Ok(())
    }

    /// What the provider has and holds.
    ///
    /// # Errors
    /// Returns [`ProviderError::Node`].
    pub async fn account(&self, now: Time) -> Result<AccountStatus> {
        Ok(self.node.account(&self.query(Subject::Account, now)?).await?)
    }

    /// Fetches the inputs of a lot that it holds, has the lot folded, and delivers the aggregate
    /// once it is there.
    async fn go_on(&self, lot: Hash, now: Time) -> Result<()> {
        match self.workshop.result(lot).await {
            Ok(Some(aggregate)) => self.deliver(lot, &aggregate.proof).await,
            Ok(None) => Ok(()),
            Err(WorkError::NoLot(_)) => self.begin(lot, now).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn begin(&self, lot: Hash, now: Time) -> Result<()> {
        let status = self.node.lot(lot).await?;
        let mut presentations = Vec::with_capacity(status.jobs.len());
        for job in &status.jobs {
            let input = self.node.input(&self.query(Subject::Input { job: *job }, now)?).await?;
            let wrong = |error: velum_credentials::Error| ProviderError::Input {
                job: *job,
                why: error.message().to_owned(),
            };
            let submission = Submission::from_bytes(&input).map_err(wrong)?;
            let statement = submission.claim().and_then(|claim| claim.hash()).map_err(wrong)?;
            let class = submission.presentation.size_class().name;
            let class = SizeClass::by_name(class).ok_or_else(|| ProviderError::Input {
                job: *job,
                why: format!("no leaf accepts documents of class {class}"),
            })?;
            let submission = self.workshop.fetch(lot, input).await?;
            presentations.push(Presentation { statement: Hash(statement), class, submission });
        }
        let deliver_by = status.lease_ends.unwrap_or(status.deliver_by);
        let work = LotWork {
            id: lot,
            profile: status.profile,
            payee: self.owner(),
            presentations,
            deliver_by,
        };
        self.workshop.take(&work).await?;
        tracing::info!(%lot, presentations = work.presentations.len(), "folding");
        Ok(())
    }

    async fn deliver(&self, lot: Hash, aggregate: &[u8]) -> Result<()> {
        let status = self.node.lot(lot).await?;
        let length = Count::new(aggregate.len() as u64).unwrap_or(Count::MOST);
        let aggregate_reference = ProofReference { sha256: Hash::of(&[aggregate]), length };
        let delivery = Delivery {
            lot,
            epoch: status.epoch,
            aggregate: aggregate_reference,
            provider: self.key.public(),
        };
        let settled = self.node.deliver(&self.sign(delivery)?, aggregate).await?;
        if settled.phase == LotPhase::Settled {
            // The work for the lot is dropped when the node says that the lot is no longer held.
            tracing::info!(%lot, price = settled.price.get(), "delivered");
        }
        Ok(())
    }

    /// Drops the work for lots that the provider no longer holds.
    async fn forget(&self, account: &AccountStatus) -> Result<()> {
        for work in self.workshop.lots().await? {
            if !account.lots.contains(&work.id) {
                tracing::info!(lot = %work.id, "the lot is no longer held");
                self.drop(&work).await?;
            }
        }
        for lot in self.workshop.untaken().await? {
            if !account.lots.contains(&lot) {
                tracing::info!(%lot, "the lot was lost before its work began");
                self.workshop.drop_lot(lot).await?;
            }
        }
        Ok(())
    }

    /// Drops the work for a lot, with its inputs. No other lot has these inputs, because a market
    /// counts a presentation once.
    async fn drop(&self, work: &LotWork) -> Result<()> {
        // The lot is dropped last, because it says what is to be removed. A provider that is killed
        // in between repeats the removal.
        for presentation in &work.presentations {
            self.blobs.remove(presentation.submission).await?;
        }
        Ok(self.workshop.drop_lot(work.id).await?)
    }

    /// Takes the lots that are worth it: locks them in Dutch auctions, and bids in sealed auctions.
    async fn take(&self, mut room: u64, mut balance: Amount, now: Time) -> Result<()> {
        for lot in self.node.lots("dutch").await? {
            if room == 0 {
                return Ok(());
            }
            if !self.policy.takes(&lot, now) || lot.collateral > balance {
                continue;
            }
            let at_least = self.policy.price_of(&lot);
            let lock =
                Lock { lot: lot.lot, epoch: lot.epoch, at_least, provider: self.key.public() };
            if self.tried(&lot, self.node.lock(&self.sign(lock)?).await)? {
                room -= 1;
                balance = balance.saturating_sub(lot.collateral);
            }
        }
        for lot in self.node.lots("sealed").await? {
            let takes_bids =
                lot.bids.as_ref().is_some_and(|bids| bids.root.is_none() && now < bids.commits_end);
            if room == 0 || !takes_bids || !self.policy.can_deliver(&lot) {
                continue;
            }
            let made_before = self.bids.get(&lot).await?;
            let price = made_before.unwrap_or_else(|| self.policy.price_of(&lot));
            if price > lot.maximum || lot.collateral > balance {
                continue;
            }
            if made_before.is_none() {
                self.bids.put(&lot, price).await?;
            }
            let commitment =
                sealed_price(&lot.lot, lot.epoch, &self.owner(), price, &self.nonce(&lot));
            let bid =
                Bid { lot: lot.lot, epoch: lot.epoch, commitment, provider: self.key.public() };
            if self.tried(&lot, self.node.bid(&self.sign(bid)?).await)? {
                room -= 1;
                balance = balance.saturating_sub(lot.collateral);
            } else if made_before.is_none() {
                // A bid that was made before may be there although the same bid is refused now.
                self.bids.remove(&lot).await?;
            }
        }
        Ok(())
    }

    /// Opens the provider's bids if it is time to.
    async fn open_bids(&self, now: Time) -> Result<()> {
        for lot in self.node.lots("sealed").await? {
            let is_time =
                lot.bids.as_ref().is_some_and(|bids| bids.root.is_some() && now < bids.reveals_end);
            if !is_time {
                continue;
            }
            let Some(price) = self.bids.get(&lot).await? else { continue };
            let reveal = Reveal {
                lot: lot.lot,
                epoch: lot.epoch,
                price,
                nonce: self.nonce(&lot),
                provider: self.key.public(),
            };
            if self.tried(&lot, self.node.reveal(&self.sign(reveal)?).await)? {
                self.bids.remove(&lot).await?;
            }
        }
        Ok(())
    }

    /// Whether something was done. A refusal by the market is logged and is not an error: others
    /// were faster, or the provider may not do it.
    fn tried(
        &self,
        lot: &LotStatus,
        done: std::result::Result<LotStatus, NodeError>,
    ) -> Result<bool> {
        match done {
            Ok(_) => Ok(true),
            Err(NodeError::Refused(problem)) if problem.status < 500 => {
                tracing::debug!(lot = %lot.lot, code = problem.code, detail = problem.detail, "refused");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// 32 bytes that nobody else can guess, for the bid in one auction.
    fn nonce(&self, lot: &LotStatus) -> Hash {
        Hash::of(&[
            b"velum market provider nonce\0",
            &self.secret,
            &lot.lot.0,
            &lot.epoch.get().to_be_bytes(),
        ])
    }

    fn query(&self, subject: Subject, at: Time) -> Result<Signed<Query>> {
        self.sign(Query { market: self.market, subject, at, asker: self.key.public() })
    }

    fn sign<M: Message>(&self, message: M) -> Result<Signed<M>> {
        Ok(Signed::sign(message, &self.key)?)
    }
}
