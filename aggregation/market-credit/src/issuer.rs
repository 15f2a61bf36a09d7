//! The node's side: what issues tokens, and knows them again.

use rand_core::{CryptoRng, RngCore};
use velum_market_model::{Count, Element, Hash, Issued, SpentToken};
use voprf::{BlindedElement, Group, Ristretto255, VoprfServer};

use crate::{CreditError, token};

/// The secret key of one epoch.
pub struct Issuer(VoprfServer<Ristretto255>);

impl Issuer {
    /// The key of an epoch: `DeriveKeyPair` of RFC 9497, 3.2.1, from a seed that the node keeps.
    ///
    /// # Errors
    /// [`CreditError::Element`] for a seed that gives no key, of which nobody has seen one.
    pub fn new(seed: &[u8; 32], epoch: Count) -> Result<Self, CreditError> {
        let info = [b"velum market v1 credit ".as_slice(), &epoch.get().to_be_bytes()].concat();
        VoprfServer::new_from_seed(seed, &info)
            .map(Self)
            .map_err(|_| CreditError::Element { what: "seed" })
    }

    /// What is published of it.
    #[must_use]
    pub fn public(&self) -> Element {
        Element(Ristretto255::serialize_elem(self.0.get_public_key()).into())
    }

    /// Evaluates blinded elements, and proves for all of them that this key did.
    ///
    /// # Errors
    /// [`CreditError::Element`] and [`CreditError::Count`].
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

    /// Whether this key issued all of these tokens, and their holders spent them for this owner.
    ///
    /// # Errors
    /// [`CreditError::Token`] for the first that is not so.
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
