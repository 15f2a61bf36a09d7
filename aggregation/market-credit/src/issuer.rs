//! The node's side: it issues tokens, and recognises them when they are spent.

use rand_core::{CryptoRng, RngCore};
use velum_market_model::{Count, Element, Hash, Issued, SpentToken};
use voprf::{BlindedElement, Group, Ristretto255, VoprfServer};

use crate::{CreditError, token};

/// The secret key of one epoch.
pub struct Issuer(VoprfServer<Ristretto255>);

impl Issuer {
    /// Derives the key of an epoch from a seed that the node keeps, by `DeriveKeyPair` of RFC 9497,
    /// 3.2.1.
    ///
    /// # Errors
    /// Returns [`CreditError::Element`] for a seed that gives no key. No such seed is known.
    pub fn new(seed: &[u8; 32], epoch: Count) -> Result<Self, CreditError> {
        let info = [b"velum market v1 credit ".as_slice(), &epoch.get().to_be_bytes()].concat();
        VoprfServer::new_from_seed(seed, &info)
            .map(Self)
            .map_err(|_| CreditError::Element { what: "seed" })
    }

    /// The public key, which the node publishes.
    #[must_use]
    pub fn public(&self) -> Element {
        Element(Ristretto255::serialize_elem(self.0.get_public_key()).into())
    }

    /// Evaluates blinded elements, and proves for all of them that this key was used.
    ///
    /// # Errors
    /// Returns [`CreditError::Element`] or [`CreditError::Count`].
    pub fn issue<R: RngCore + CryptoRng>(
        &self,
        blinded: &[Element],
        rng: &mut R,
    ) -> Result<Issued, CreditError> {
        let wrong = CreditError::Element { what: "blinded" };
        let elements: Vec<BlindedElement<Ristretto255>> = blinded
            .iter()
            .map(|element| BlindedElement::deserialize(&element.0).map_err(|_| wrong))
            .collect::<Result<_, _>>()?;
        if elements.is_empty() {
            return Err(CreditError::Count { answers: 0, asked: 0 });
        }
        let issued = self.0.batch_blind_evaluate(rng, &elements).map_err(|_| wrong)?;
        let proof = issued.proof.serialize();
        let (challenge, response) = proof.split_at(32);
        let scalar = |bytes: &[u8]| bytes.try_into().map(Element).map_err(|_| CreditError::Proof);
        Ok(Issued {
            evaluated: issued
                .messages
                .iter()
                .map(|element| Element(element.serialize().into()))
                .collect(),
            proof: [scalar(challenge)?, scalar(response)?],
        })
    }

    /// Checks that this key issued all of these tokens, and that their holders spent them for this
    /// owner.
    ///
    /// # Errors
    /// Returns [`CreditError::Token`] for the first token that fails the check.
    pub fn check(
        &self,
        tokens: &[SpentToken],
        market: Hash,
        owner: Hash,
    ) -> Result<(), CreditError> {
        for (place, SpentToken { nonce, authenticator }) in tokens.iter().enumerate() {
            let secret = self.0.evaluate(&nonce.0).map_err(|_| CreditError::Token { place })?;
            if !token::is_authentic(&secret.into(), market, owner, authenticator) {
                return Err(CreditError::Token { place });
            }
        }
        Ok(())
    }
}
