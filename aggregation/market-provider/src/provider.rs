//! A provider at work: what it holds is folded and delivered, and what it has room for is taken.
//!
//! It keeps nothing that the node and its workshop do not have, so it goes on after a crash where it was. The price and nonce of a sealed bid follow from its key and the lot.

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

use crate::node::{NodeClient, NodeError};
use crate::policy::Policy;

/// How often the node is asked.
const LOOK: Wait = Wait::from_millis(500);

/// Why a provider could not go on with something.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// Its workshop.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// Its blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// What it would have signed.
    #[error(transparent)]
    Message(#[from] ModelError),
    /// The node gave an input that is none. Its lease will be lost for that, and the node's log shows why.
    #[error("the input of job {job} is no submission: {why}")]
    Input {
        /// The job.
        job: Hash,
        /// What is wrong with it.
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
    /// Where secrets that follow from the key come from.
    secret: [u8; 32],
    policy: Policy,
    workshop: Workshop,
    blobs: Blobs,
}

impl Provider {
    /// A provider of the market that a node is of, with the Ed25519 key of these secret bytes.
    ///
    /// # Errors
    /// [`ProviderError::Node`], where the node does not answer.
    pub async fn new(
        node: NodeClient,
        secret: [u8; 32],
        policy: Policy,
        workshop: Workshop,
        blobs: Blobs,
    ) -> Result<Self> {
        let market = node.market().await?.key.owner();
        let key = SecretKey::from_bytes(velum_market_model::Algorithm::Ed25519, &secret)?;
        Ok(Self { node, market, key, secret, policy, workshop, blobs })
    }

    /// Who it is, as accounts and payees name it.
    #[must_use]
    pub fn owner(&self) -> Hash {
        self.key.public().owner()
    }

    /// Works until told to stop. What fails is logged, and tried again.
    pub async fn run(&self, stop: CancellationToken) {
        // What it dropped when it was killed.
        self.workshop.sweep().await;
        while !stop.is_cancelled() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the market could not be looked at; it is tried again");
            }
            tokio::select! {
                () = stop.cancelled() => (),
                () = tokio::time::sleep(LOOK) => (),
            }
        }
    }

    /// Goes on with what it holds, and takes what it has room for.
    ///
    /// # Errors
    /// [`ProviderError`], where the node does not say what it holds. What goes wrong with one lot is logged, and holds up no other.
    pub async fn look(&self) -> Result<()> {
        let now = self.node.market().await?.now;
        let account = self.account(now).await?;
        for lot in &account.lots {
            if let Err(error) = self.go_on(*lot, now).await {
                tracing::warn!(%lot, %error, "a lot could not be gone on with; it is tried again");
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

    /// What it has and holds.
    ///
    /// # Errors
    /// [`ProviderError::Node`].
    pub async fn account(&self, now: Time) -> Result<AccountStatus> {
        Ok(self.node.account(&self.query(Subject::Account, now)?).await?)
    }

    /// Fetches the inputs of a lot that it holds, has it folded, and delivers it when it is.
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
                why: format!("no leaf takes documents of the class {class}"),
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
            // Its work is dropped when the node says that it is held no more.
            tracing::info!(%lot, price = settled.price.get(), "delivered");
        }
        Ok(())
    }

    /// Drops the work for lots that it does not hold any more.
    async fn forget(&self, account: &AccountStatus) -> Result<()> {
        for work in self.workshop.lots().await? {
            if !account.lots.contains(&work.id) {
                tracing::info!(lot = %work.id, "not held any more");
                self.drop(&work).await?;
            }
        }
        for lot in self.workshop.untaken().await? {
            if !account.lots.contains(&lot) {
                tracing::info!(%lot, "lost before it was taken");
                self.workshop.drop_lot(lot).await?;
            }
        }
        Ok(())
    }

    /// Drops the work for a lot, with its inputs. No other lot has them: a market counts a presentation once.
    async fn drop(&self, work: &LotWork) -> Result<()> {
        // The lot last, which tells what is to be removed: whoever is killed meanwhile does it again.
        for presentation in &work.presentations {
            self.blobs.remove(presentation.submission).await?;
        }
        Ok(self.workshop.drop_lot(work.id).await?)
    }

    /// Takes what is worth it: locks in Dutch auctions, bids in sealed ones.
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
            let price = self.policy.price_of(&lot);
            let is_worth_it = price <= lot.maximum && self.policy.can_deliver(&lot);
            if room == 0 || !takes_bids || !is_worth_it || lot.collateral > balance {
                continue;
            }
            let commitment =
                sealed_price(&lot.lot, lot.epoch, &self.owner(), price, &self.nonce(&lot));
            let bid =
                Bid { lot: lot.lot, epoch: lot.epoch, commitment, provider: self.key.public() };
            if self.tried(&lot, self.node.bid(&self.sign(bid)?).await)? {
                room -= 1;
                balance = balance.saturating_sub(lot.collateral);
            }
        }
        Ok(())
    }

    /// Opens its bids, where it is time to. Whether it bid is seen by trying: the node knows.
    async fn open_bids(&self, now: Time) -> Result<()> {
        for lot in self.node.lots("sealed").await? {
            let is_time =
                lot.bids.as_ref().is_some_and(|bids| bids.root.is_some() && now < bids.reveals_end);
            if !is_time {
                continue;
            }
            let (price, nonce) = (self.policy.price_of(&lot), self.nonce(&lot));
            let reveal = Reveal {
                lot: lot.lot,
                epoch: lot.epoch,
                price,
                nonce,
                provider: self.key.public(),
            };
            self.tried(&lot, self.node.reveal(&self.sign(reveal)?).await)?;
        }
        Ok(())
    }

    /// Whether something was done; that the market refuses is said, and no error: others were faster, or it may not.
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

    /// 32 bytes that nobody else can guess, for the bid of one auction.
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
