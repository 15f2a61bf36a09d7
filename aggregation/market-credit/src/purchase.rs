//! The client's side: what it keeps between an order and the answer.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use velum_market_model::{Count, CreditKey, Element, Hash, Issued};
use voprf::{EvaluationElement, Group, Proof, Ristretto255, VoprfClient};

use crate::{CreditError, PublicKey, Token};

/// Tokens on order. This value is secret: whoever has it and the answer has the tokens.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purchase {
    epoch: Count,
    ordered: Vec<Ordered>,
}

/// One of the tokens on order.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordered {
    nonce: Hash,
    /// The blinding scalar, and the blinded element.
    client: VoprfClient<Ristretto255>,
    blinded: Element,
}

impl Purchase {
    /// Blinds `count` new nonces for a key. The caller must check before that the node shows
    /// everyone the same key: the key is in the market's log.
    ///
    /// # Errors
    /// Returns [`CreditError::Element`], which does not happen by chance.
    pub fn new<R: RngCore + CryptoRng>(
        key: &CreditKey,
        count: usize,
        rng: &mut R,
    ) -> Result<Self, CreditError> {
        let ordered = (0..count).map(|_| Ordered::new(rng)).collect::<Result<_, _>>()?;
        Ok(Self { epoch: key.epoch, ordered })
    }

    /// The epoch of the key.
    #[must_use]
    pub const fn epoch(&self) -> Count {
        self.epoch
    }

    /// The blinded elements, which an order of credit contains.
    #[must_use]
    pub fn blinded(&self) -> Vec<Element> {
        self.ordered.iter().map(|ordered| ordered.blinded).collect()
    }

    /// Turns the node's answer into tokens.
    ///
    /// # Errors
    /// Returns [`CreditError`], and no tokens, because they could be told from those of others.
    pub fn finish(self, key: &CreditKey, issued: &Issued) -> Result<Vec<Token>, CreditError> {
        if self.epoch != key.epoch {
            return Err(CreditError::Epoch { purchase: self.epoch.get(), key: key.epoch.get() });
        }
        let (answers, asked) = (issued.evaluated.len(), self.ordered.len());
        if answers != asked || asked == 0 {
            return Err(CreditError::Count { answers, asked });
        }
        let public = public_key(&key.element)?;
        let wrong = CreditError::Element { what: "evaluated" };
        let evaluated: Vec<EvaluationElement<Ristretto255>> = issued
            .evaluated
            .iter()
            .map(|element| EvaluationElement::deserialize(&element.0).map_err(|_| wrong))
            .collect::<Result<_, _>>()?;
        let [challenge, response] = &issued.proof;
        let proof = Proof::deserialize(&[challenge.0, response.0].concat())
            .map_err(|_| CreditError::Proof)?;
        let (nonces, clients): (Vec<_>, Vec<_>) =
            self.ordered.iter().map(|ordered| (ordered.nonce.0, ordered.client.clone())).unzip();
        let secrets = VoprfClient::batch_finalize(&nonces, &clients, &evaluated, &proof, public)
            .map_err(|_| CreditError::Proof)?;
        secrets
            .zip(&nonces)
            .map(|(secret, nonce)| {
                let secret = secret.map_err(|_| CreditError::Proof)?;
                Ok(Token::new(self.epoch, Hash(*nonce), secret.into()))
            })
            .collect()
    }
}

impl Ordered {
    fn new<R: RngCore + CryptoRng>(rng: &mut R) -> Result<Self, CreditError> {
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let blinding = VoprfClient::blind(&nonce, rng)
            .map_err(|_| CreditError::Element { what: "the nonce" })?;
        let blinded = Element(blinding.message.serialize().into());
        Ok(Self { nonce: Hash(nonce), client: blinding.state, blinded })
    }
}

impl fmt::Debug for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purchase")
            .field("epoch", &self.epoch)
            .field("tokens", &self.ordered.len())
            .finish()
    }
}

fn public_key(element: &Element) -> Result<PublicKey, CreditError> {
    Ristretto255::deserialize_elem(&element.0)
        .map_err(|_| CreditError::Element { what: "key.element" })
}
