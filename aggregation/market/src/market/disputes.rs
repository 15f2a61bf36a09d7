//! Disputes. They are recorded, and decided if the node itself can see the facts.

use velum_market_model::{Dispute, Grievance, Hash, LogKind, Signed, id};
use velum_market_rules::{Event, Fault, Lot, Refusal};

use super::lots::found;
use super::{Market, Result, Told};
use crate::MarketError;
use crate::state::{Change, excuses, jobs};

impl Market {
    /// Records a dispute, and returns how it was decided. If a provider says that its inputs are
    /// withheld, and this is true, its lease is longer by the time until it can have them.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn dispute(&self, signed: &Signed<Dispute>) -> Result<&'static str> {
        let Dispute { lot: lot_id, grievance, complainant, .. } = signed.message();
        let (lot_id, owner) = (*lot_id, complainant.owner());
        let disputed = found(self.read().await?.connection(), lot_id).await?;
        let is_client = disputed.jobs.iter().any(|entry| entry.owner == owner);
        let is_holder = disputed.leased().is_some_and(|lease| lease.provider == owner);
        let outcome = match grievance {
            Grievance::InputsWithheld if !is_holder => {
                return Err(Refusal::NotYours { what: "the lease" }.into());
            }
            Grievance::InputsWithheld if self.has_inputs(&disputed).await? => {
                "the inputs are available"
            }
            Grievance::InputsWithheld => {
                "the inputs are not available; the lease is extended until they are"
            }
            Grievance::DeliveryIgnored
                if !is_holder && disputed.failed.iter().all(|failed| *failed != owner) =>
            {
                return Err(Refusal::NotYours { what: "the lease" }.into());
            }
            Grievance::ReceiptInvalid | Grievance::ReceiptMissing if !is_client => {
                return Err(Refusal::NotYours { what: "the job" }.into());
            }
            _ => "recorded; the operator will look at it",
        };
        let dispute_id = id(signed.message())?;
        let mut change = self.change().await?;
        if crate::state::log::dispute(&mut change, (dispute_id, lot_id), &signed.json()?, outcome)
            .await?
        {
            self.take_dispute(&mut change, owner).await?;
            change.log(LogKind::Dispute, lot_id, dispute_id).await?;
            if *grievance == Grievance::InputsWithheld && outcome.starts_with("the inputs are not")
            {
                excuses::withheld(&mut change, lot_id).await?;
                // The excuse changes when the lot is next due.
                let lot = found(change.connection(), lot_id).await?;
                self.save(&mut change, &lot).await?;
            }
            change.commit().await?;
        }
        Ok(outcome)
    }

    /// Whether every submission of a lot can be read, and is what it should be.
    async fn has_inputs(&self, lot: &Lot) -> Result<bool> {
        let rows = jobs::of_lot(self.read().await?.connection(), lot.id).await?;
        for row in rows {
            // Whatever keeps the node from reading an input also keeps the provider from it.
            if let Err(error) = self.0.blobs.get(row.submission).await {
                tracing::warn!(lot = %lot.id, %error, "an input cannot be read");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ends the excuse of lots whose inputs are available again, and ends leases that nobody can
    /// keep because inputs are missing.
    pub(super) async fn look_for_inputs(&self) -> Result<()> {
        let withheld = excuses::lots_withheld(self.read().await?.connection()).await?;
        for lot_id in withheld {
            if let Err(error) = self.look_for_inputs_of(lot_id).await {
                tracing::error!(lot = %lot_id, %error, "the inputs of a lot could not be checked; trying again");
            }
        }
        Ok(())
    }

    async fn look_for_inputs_of(&self, lot_id: Hash) -> Result<()> {
        let lot = found(self.read().await?.connection(), lot_id).await?;
        let is_over = lot.is_over() || lot.leased().is_none();
        let has_inputs = self.has_inputs(&lot).await?;
        let mut change = self.change().await?;
        if is_over || has_inputs {
            excuses::restored(&mut change, lot_id).await?;
        } else {
            self.give_up(&mut change, lot_id).await?;
        }
        change.commit().await?;
        self.tell(Told::Lot(lot_id));
        Ok(())
    }

    /// Releases a provider from a lease whose inputs have been away for longer than the lease was
    /// to last.
    async fn give_up(&self, change: &mut Change, lot_id: Hash) -> Result<()> {
        let now = change.now();
        let lot = found(change.connection(), lot_id).await?;
        let Some(lease) = lot.leased() else { return Ok(()) };
        if now > lease.deliver_by.after(lot.lease) {
            let event = Event::Fail { epoch: lease.epoch, fault: Fault::Withheld };
            match self.step(change, &lot, &event).await {
                Ok(_) => excuses::restored(change, lot_id).await?,
                Err(MarketError::Refused(_)) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
