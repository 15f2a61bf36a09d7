//! Blind credit: money that a market has issued and cannot link to the owner that it issued it to.
//!
//! ```text
//!  client (its account)          node                         the same client (a new key)
//!     | CreditOrder: blinded       |
//!     |--------------------------->| evaluated, proof
//!     |<---------------------------|
//!     | tokens, kept for a while   |   Redemption: nonce, authenticator
//!     |                            |<---------------------------|
//!     |                            |   balance of the new key
//!     |                            |--------------------------->|
//! ```
//!
//! A token is a random nonce, together with the output for this nonce of the verifiable oblivious
//! pseudorandom function of RFC 9497 under the node's key, with ristretto255 and SHA-512. The node
//! evaluates the function on blinded nonces, which tell it nothing. It also proves, for all nonces
//! of an order at once, that it used the key that it published. So a node that redeems a token
//! knows that it issued the token, and does not know to whom.
//!
//! It remains visible which tokens are redeemed together, and when. A client that buys credit just
//! before it uses it, or in an amount that nobody else uses, links purchase and use. So does a
//! network address. Clients should therefore buy ahead, and more than one job costs.
//!
//! This crate knows no accounts and no network. `velum-market-rules` decides which money moves.

#![warn(missing_docs, unreachable_pub)]

mod issuer;
mod purchase;
mod token;

use thiserror::Error;
use voprf::{CipherSuite, Group, Ristretto255};

pub use issuer::Issuer;
pub use purchase::Purchase;
pub use token::Token;

type PublicKey = <<Ristretto255 as CipherSuite>::Group as Group>::Elem;

/// Why there is no credit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreditError {
    /// Bytes that are not an element of ristretto255, or that are the identity element, which hides
    /// nothing.
    #[error("{what} is not a usable element of ristretto255; blind a nonce as RFC 9497 says")]
    Element {
        /// What the bytes were meant to be.
        what: &'static str,
    },
    /// The node has not evaluated what it was sent under the key that it published.
    #[error(
        "the node's proof that it issued the tokens under its published key does not verify; do not use the tokens, because the node could recognise them"
    )]
    Proof,
    /// The number of answers is not the number of blinded elements, or nothing was asked for.
    #[error("there are {answers} answers to {asked} blinded elements")]
    Count {
        /// The number of answers.
        answers: usize,
        /// The number of blinded elements.
        asked: usize,
    },
    /// A purchase under the key of another epoch.
    #[error("the purchase is of epoch {purchase}, and the key is of epoch {key}")]
    Epoch {
        /// The epoch of the purchase.
        purchase: u64,
        /// The epoch of the key.
        key: u64,
    },
    /// A token that this key has not issued, or that is spent for another owner.
    #[error("token {place} was not issued by this market, or is not for this owner")]
    Token {
        /// The place of the token in the list.
        place: usize,
    },
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;
    use velum_market_model::{Count, CreditKey, Element, Hash, Issued};

    use super::*;

    const MARKET: Hash = Hash([1; 32]);
    const OWNER: Hash = Hash([2; 32]);
    const OTHER: Hash = Hash([3; 32]);

    fn issuer(epoch: u64) -> Issuer {
        Issuer::new(&[7; 32], Count::constant(epoch)).unwrap()
    }

    fn key(issuer: &Issuer, epoch: u64) -> CreditKey {
        use velum_market_model::{Algorithm, Amount, SecretKey, Time};
        CreditKey {
            epoch: Count::constant(epoch),
            element: issuer.public(),
            value: Amount::constant(100),
            issued_until: Time::constant(1),
            redeemed_until: Time::constant(2),
            node: SecretKey::from_bytes(Algorithm::Ed25519, &[9; 32]).unwrap().public(),
        }
    }

    fn tokens(count: usize) -> (Issuer, Vec<Token>) {
        let issuer = issuer(5);
        let key = key(&issuer, 5);
        let purchase = Purchase::new(&key, count, &mut OsRng).unwrap();
        let issued = issuer.issue(&purchase.blinded(), &mut OsRng).unwrap();
        let tokens = purchase.finish(&key, &issued).unwrap();
        (issuer, tokens)
    }

    #[test]
    fn tokens_are_redeemed_by_whom_they_are_spent_for() {
        let (issuer, tokens) = tokens(3);
        let spent: Vec<_> = tokens.iter().map(|token| token.spend(MARKET, OWNER)).collect();
        assert_eq!(issuer.check(&spent, MARKET, OWNER), Ok(()));
        assert_eq!(issuer.check(&spent, MARKET, OTHER), Err(CreditError::Token { place: 0 }));
        assert_eq!(issuer.check(&spent, OTHER, OWNER), Err(CreditError::Token { place: 0 }));
        let mut other = spent.clone();
        other[1].nonce = Hash([4; 32]);
        assert_eq!(issuer.check(&other, MARKET, OWNER), Err(CreditError::Token { place: 1 }));
        let of_another_epoch = Issuer::new(&[7; 32], Count::constant(6)).unwrap();
        assert_eq!(
            of_another_epoch.check(&spent, MARKET, OWNER),
            Err(CreditError::Token { place: 0 })
        );
    }

    #[test]
    fn nothing_that_the_node_saw_is_in_a_token() {
        let issuer = issuer(5);
        let key = key(&issuer, 5);
        let purchase = Purchase::new(&key, 2, &mut OsRng).unwrap();
        let blinded = purchase.blinded();
        let issued = issuer.issue(&blinded, &mut OsRng).unwrap();
        let text = serde_json::to_string(&purchase.clone().finish(&key, &issued).unwrap()).unwrap();
        for seen in blinded.iter().chain(&issued.evaluated) {
            assert!(!text.contains(&hex::encode(seen.0)));
        }
        // The same purchase, after it was kept in a file, gives the same tokens.
        let kept: Purchase =
            serde_json::from_str(&serde_json::to_string(&purchase).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&kept.finish(&key, &issued).unwrap()).unwrap(), text);
        assert!(!format!("{purchase:?}").contains("blind:"), "{purchase:?}");
    }

    #[test]
    fn a_node_that_uses_a_key_for_one_client_alone_is_found_out() {
        let (honest, marking) = (issuer(5), Issuer::new(&[8; 32], Count::constant(5)).unwrap());
        let key = key(&honest, 5);
        let purchase = Purchase::new(&key, 2, &mut OsRng).unwrap();
        let issued = marking.issue(&purchase.blinded(), &mut OsRng).unwrap();
        assert_eq!(purchase.clone().finish(&key, &issued).unwrap_err(), CreditError::Proof);

        // One element of the order is evaluated under the other key, and sent with the honest key's
        // proof.
        let honest_issued = honest.issue(&purchase.blinded(), &mut OsRng).unwrap();
        let mixed = Issued {
            evaluated: vec![honest_issued.evaluated[0], issued.evaluated[1]],
            proof: honest_issued.proof,
        };
        assert_eq!(purchase.clone().finish(&key, &mixed).unwrap_err(), CreditError::Proof);
        // The answers are in another order.
        let swapped = Issued {
            evaluated: honest_issued.evaluated.iter().rev().copied().collect(),
            ..honest_issued.clone()
        };
        assert_eq!(purchase.clone().finish(&key, &swapped).unwrap_err(), CreditError::Proof);
        let fewer =
            Issued { evaluated: honest_issued.evaluated[..1].to_vec(), ..honest_issued.clone() };
        assert_eq!(
            purchase.clone().finish(&key, &fewer).unwrap_err(),
            CreditError::Count { answers: 1, asked: 2 }
        );
        assert_eq!(purchase.finish(&key, &honest_issued).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_element_is_refused() {
        let issuer = issuer(5);
        let wrong = CreditError::Element { what: "blinded" };
        // The identity, whose evaluation is the same under every key; a value above the order of
        // the field; and an odd encoding, which is therefore negative.
        for bytes in [[0; 32], [0xff; 32], {
            let mut one = [0; 32];
            one[0] = 1;
            one
        }] {
            assert_eq!(issuer.issue(&[Element(bytes)], &mut OsRng).unwrap_err(), wrong);
        }
        assert_eq!(
            issuer.issue(&[], &mut OsRng).unwrap_err(),
            CreditError::Count { answers: 0, asked: 0 }
        );
        let key = CreditKey { element: Element([0; 32]), ..key(&issuer, 5) };
        let purchase = Purchase::new(&key, 1, &mut OsRng).unwrap();
        let issued = issuer.issue(&purchase.blinded(), &mut OsRng).unwrap();
        assert_eq!(
            purchase.finish(&key, &issued).unwrap_err(),
            CreditError::Element { what: "key.element" }
        );
    }

    #[test]
    fn the_key_of_a_purchase_is_the_key_of_its_answer() {
        let issuer = issuer(5);
        let purchase = Purchase::new(&key(&issuer, 5), 1, &mut OsRng).unwrap();
        let issued = issuer.issue(&purchase.blinded(), &mut OsRng).unwrap();
        assert_eq!(
            purchase.finish(&key(&issuer, 6), &issued).unwrap_err(),
            CreditError::Epoch { purchase: 5, key: 6 }
        );
    }

    /// RFC 9497, A.1.2: ristretto255-SHA512 in VOPRF mode.
    #[test]
    fn keys_and_values_are_those_of_the_rfc() {
        let server =
            voprf::VoprfServer::<Ristretto255>::new_from_seed(&[0xa3; 32], b"test key").unwrap();
        let public = Ristretto255::serialize_elem(server.get_public_key());
        assert_eq!(
            hex::encode(public),
            "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"
        );
        assert_eq!(
            hex::encode(server.evaluate(&[0]).unwrap()),
            "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7da4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"
        );
    }
}
