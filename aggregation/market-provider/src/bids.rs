//! The prices of the provider's sealed bids, from before a bid is made until it is opened.
//!
//! A bid can be opened only with the price that it was made with. A provider that has been started
//! again with another policy would compute another price, could not open its bid, and would lose
//! collateral for it. So the price is written down before the bid is made.

use velum_market_blobs::{BlobError, Blobs};
use velum_market_client::api::LotStatus;
use velum_market_model::{Amount, Hash};

/// The folder of the prices.
const FOLDER: &str = "bids";

/// The prices of bids, in the provider's store of blobs.
pub(crate) struct BidPrices(Blobs);

impl BidPrices {
    pub(crate) fn new(blobs: Blobs) -> Self {
        Self(blobs)
    }

    /// The price of the bid for a lot in its current epoch, if it was written down.
    pub(crate) async fn get(&self, lot: &LotStatus) -> Result<Option<Amount>, BlobError> {
        let written = self.0.get_named(FOLDER, name(lot)).await?;
        Ok(written.and_then(|price| serde_json::from_slice(&price).ok()))
    }

    /// Writes the price of a bid down.
    pub(crate) async fn put(&self, lot: &LotStatus, price: Amount) -> Result<(), BlobError> {
        let price = price.get().to_string();
        self.0.put_named(FOLDER, name(lot), price.into()).await
    }

    /// Removes the price of a bid, if it is there.
    pub(crate) async fn remove(&self, lot: &LotStatus) -> Result<(), BlobError> {
        self.0.remove_named(FOLDER, name(lot)).await
    }
}

fn name(lot: &LotStatus) -> Hash {
    Hash::of(&[b"velum market provider bid\0", &lot.lot.0, &lot.epoch.get().to_be_bytes()])
}
