//! The module that the entry `@velum/prover/receipt` of the npm package calls beside the module of
//! verifiers. It is a thin layer over `velum-receipt`.
//!
//! The module of verifiers reads what a receipt's presentation claims. This module only checks what
//! the receipt's aggregate shows of that claim. Neither module contains the code of the other. As
//! in `bindings-wasm` of the root workspace, bytes are passed as they are, and an error is thrown
//! as an object with `code`, `where` and `message`.

use js_sys::{Object, Reflect};
use velum_aggregate_verifier::{Profile, RootKey};
use velum_credentials::aggregate::Receipt;
use velum_receipt::{Policy, ReceiptError};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

/// A verifier of receipts.
#[wasm_bindgen]
pub struct ReceiptVerifier {
    keys: Vec<RootKey>,
}

/// What an aggregate that counts a statement says.
#[wasm_bindgen(getter_with_clone)]
pub struct Counted {
    /// The name of the profile of the aggregate's proofs.
    pub profile: String,
    /// The proven bits of soundness of these proofs.
    #[wasm_bindgen(js_name = provenBits)]
    pub proven_bits: u32,
    /// Number of presentations that the aggregate counts. No aggregate has so many that a
    /// JavaScript number cannot hold the count.
    pub count: f64,
    /// The payee that the aggregate is counted for, 32 bytes.
    pub payee: Vec<u8>,
}

#[wasm_bindgen]
impl ReceiptVerifier {
    /// A verifier with the keys of all profiles.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self { keys: Profile::ALL.map(RootKey::pinned).into() }
    }

    /// Verifies that the aggregate of a receipt counts the statement with this hash, that it has
    /// one of these profiles, and, if a payee is given, that it is counted for this payee. The npm
    /// package has checked that a payee has 32 bytes. The hash comes from the module of verifiers.
    pub fn verify(
        &self,
        receipt: &[u8],
        statement: &[u8],
        profiles: Vec<String>,
        payee: Option<Vec<u8>>,
    ) -> Result<Counted, JsValue> {
        let bytes = |_| JsError::new("the statement's hash and the payee must have 32 bytes each");
        let statement = statement.try_into().map_err(bytes)?;
        let payee = payee.as_deref().map(<[u8; 32]>::try_from).transpose().map_err(bytes)?;
        let is_allowed =
            |key: &&RootKey| profiles.iter().any(|name| name == key.profile().short_name());
        let policy = Policy { keys: self.keys.iter().filter(is_allowed).cloned().collect(), payee };
        counted(receipt, statement, &policy).map_err(|error| thrown(&error))
    }
}

impl Default for ReceiptVerifier {
    fn default() -> Self {
        Self::new()
    }
}

fn counted(receipt: &[u8], statement: &[u8; 32], policy: &Policy) -> Result<Counted, ReceiptError> {
    let counted = velum_receipt::counted(&Receipt::from_bytes(receipt)?, statement, policy)?;
    Ok(Counted {
        profile: counted.profile.short_name().to_owned(),
        proven_bits: counted.profile.proven_bits(),
        count: counted.count as f64,
        payee: counted.payee.into(),
    })
}

fn thrown(error: &ReceiptError) -> JsValue {
    let object = Object::new();
    for (name, text) in
        [("code", error.code()), ("message", &error.message()), ("where", error.place())]
    {
        // A newly made object accepts every member.
        let _ = Reflect::set(&object, &name.into(), &text.into());
    }
    object.into()
}
