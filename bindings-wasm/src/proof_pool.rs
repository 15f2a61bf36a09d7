//! A pool of prepared proofs by the rules of `velum-wallet`, over a keeper that TypeScript
//! provides: IndexedDB and a WebCrypto key.

use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use js_sys::{Array, JsString, Reflect, Uint8Array};
use serde_json::json;
use velum_credentials::{Error, Prepared, Purpose, Timestamp};
use velum_wallet::{
    Bounds, Dropped, PoolError, ProofPool, Sealer, SealerError, Store, StoreError, StoredEntry,
    clock_at, json,
};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use zeroize::Zeroizing;

use crate::failure;

#[wasm_bindgen]
extern "C" {
    /// Stores and seals entries. What it throws has a `kind` and a `message`.
    pub type Keeper;

    /// Every entry, as an array of its name and its length.
    #[wasm_bindgen(method, catch)]
    async fn list(this: &Keeper) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn put(this: &Keeper, name: &str, sealed: Uint8Array) -> Result<JsValue, JsValue>;

    /// The bytes of an entry, or null.
    #[wasm_bindgen(method, catch)]
    async fn read(this: &Keeper, name: &str) -> Result<JsValue, JsValue>;

    /// Whether this caller removed the entry.
    #[wasm_bindgen(method, catch)]
    async fn remove(this: &Keeper, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn seal(
        this: &Keeper,
        plain: Uint8Array,
        associated: Uint8Array,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn open(
        this: &Keeper,
        sealed: Uint8Array,
        associated: Uint8Array,
    ) -> Result<JsValue, JsValue>;
}

struct Kept(Rc<Keeper>);

#[async_trait(?Send)]
impl Store for Kept {
    async fn list(&self) -> Result<Vec<StoredEntry>, StoreError> {
        let entry = |entry: JsValue| {
            let entry: Array = entry.dyn_into().ok()?;
            Some(StoredEntry {
                name: entry.get(0).as_string()?,
                bytes: entry.get(1).as_f64()? as u64,
            })
        };
        let entries: Array = self.0.list().await.map_err(stored)?.unchecked_into();
        Ok(entries.iter().filter_map(entry).collect())
    }

    async fn put(&self, name: &str, sealed: &[u8]) -> Result<(), StoreError> {
        self.0.put(name, Uint8Array::from(sealed)).await.map(drop).map_err(stored)
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.0.read(name).await.map_err(stored)?;
        Ok(read.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        self.0.remove(name).await.map(|removed| removed == JsValue::TRUE).map_err(stored)
    }
}

#[async_trait(?Send)]
impl Sealer for Kept {
    async fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<Vec<u8>, SealerError> {
        let (plain, associated) = (Uint8Array::from(plain), Uint8Array::from(associated));
        let sealed = self.0.seal(plain, associated).await.map_err(|error| unsealed(&error))?;
        Ok(sealed.unchecked_into::<Uint8Array>().to_vec())
    }

    async fn open(
        &self,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealerError> {
        let (sealed, associated) = (Uint8Array::from(sealed), Uint8Array::from(associated));
        let plain = self.0.open(sealed, associated).await.map_err(|error| unsealed(&error))?;
        Ok(Zeroizing::new(plain.unchecked_into::<Uint8Array>().to_vec()))
    }
}

fn text(error: &JsValue, member: &str) -> String {
    let found = Reflect::get(error, &JsString::from(member)).ok();
    found.and_then(|found| found.as_string()).unwrap_or_default()
}

fn stored(error: JsValue) -> StoreError {
    let (place, message) = ("IndexedDB".to_owned(), text(&error, "message"));
    match text(&error, "kind").as_str() {
        "full" => StoreError::Full { place, message },
        _ => StoreError::Failed { place, message },
    }
}

fn unsealed(error: &JsValue) -> SealerError {
    match text(error, "kind").as_str() {
        "does not open" => SealerError::DoesNotOpen,
        _ => SealerError::Refused { message: text(error, "message") },
    }
}

/// A pool. Times are in seconds since 1970.
#[wasm_bindgen]
pub struct Pool(Rc<ProofPool>);

#[wasm_bindgen]
impl Pool {
    /// A pool with these bounds.
    #[wasm_bindgen(constructor)]
    pub fn new(keeper: Keeper, entries: f64, bytes: f64, age_seconds: f64) -> Self {
        let kept = Rc::new(keeper);
        let bounds = Bounds {
            entries: entries as usize,
            bytes: bytes as u64,
            age_seconds: age_seconds as u64,
        };
        let (store, sealer) = (Arc::new(Kept(kept.clone())), Arc::new(Kept(kept)));
        Self(Rc::new(ProofPool::new(store, sealer, bounds)))
    }

    /// Adds a prepared proof. Returns what went wrong, as
    /// `{ "code", "where", "message", "usable" }`. `usable` says whether the proof, which was not
    /// added, may still be used.
    pub async fn put(&self, prepared: Uint8Array, now: f64) -> Result<JsValue, JsValue> {
        let plain = Zeroizing::new(prepared.to_vec());
        let prepared = Prepared::from_bytes(&plain).map_err(|error| failure::thrown(&error))?;
        Ok(match self.0.put(prepared, clock(now)?).await {
            Ok(()) => JsValue::UNDEFINED,
            Err(refused) => {
                let mut error = json::pool_error(&refused.error);
                error["usable"] = json!(refused.prepared.is_some());
                failure::object(&error)
            }
        })
    }

    /// Takes a prepared proof of a purpose. Returns its bytes and the time that it was prepared
    /// for, or null and null, and then what was dropped on the way, as JSON.
    pub async fn take(&self, purpose: String, now: f64) -> Result<Array, JsValue> {
        let purpose = purpose_of(&purpose)?;
        let taken = self.0.take(&purpose, clock(now)?).await.map_err(|error| thrown(&error))?;
        let dropped = dropped(&taken.dropped).into();
        Ok(match taken.prepared {
            None => Array::of3(&JsValue::NULL, &JsValue::NULL, &dropped),
            Some(prepared) => {
                // `to_bytes` returns a buffer that is wiped. JavaScript receives a copy.
                let bytes = Uint8Array::from(prepared.to_bytes().as_slice());
                Array::of3(&bytes, &prepared.prepared_for().to_string().into(), &dropped)
            }
        })
    }

    /// The number of proofs of a purpose.
    pub async fn count(&self, purpose: String, now: f64) -> Result<u32, JsValue> {
        let purpose = purpose_of(&purpose)?;
        let count = self.0.count(&purpose, clock(now)?).await.map_err(|error| thrown(&error))?;
        Ok(count as u32)
    }

    /// Drops proofs that are too old, and checks that there is room for one more.
    #[wasm_bindgen(js_name = makeRoom)]
    pub async fn make_room(&self, now: f64) -> Result<(), JsValue> {
        self.0.make_room(clock(now)?).await.map_err(|error| thrown(&error))
    }

    /// Drops proofs that are of no use: those of documents other than the ones with these hashes,
    /// those in a format that this build does not read, those that are too old, and those beyond
    /// the bounds. Returns what it dropped, as JSON.
    pub async fn sweep(&self, held: Vec<String>, now: f64) -> Result<String, JsValue> {
        let hash = |text: &String| -> Option<[u8; 32]> { hex::decode(text).ok()?.try_into().ok() };
        let held: Option<Vec<_>> = held.iter().map(hash).collect();
        let held = held.ok_or_else(|| {
            let message =
                "not a document's hash: give 64 hexadecimal digits, such as a purpose's `document`";
            failure::thrown(&Error::new(velum_credentials::Code::Malformed, "held", message))
        })?;
        let swept = self.0.sweep(&held, clock(now)?).await.map_err(|error| thrown(&error))?;
        Ok(dropped(&swept))
    }

    /// Removes every entry and returns how many there were.
    pub async fn clear(&self) -> Result<u32, JsValue> {
        Ok(self.0.clear().await.map_err(|error| thrown(&error))? as u32)
    }
}

fn thrown(error: &PoolError) -> JsValue {
    failure::object(&json::pool_error(error))
}

fn clock(now: f64) -> Result<Timestamp, JsValue> {
    // The conversion saturates: what lies outside the calendar stays outside.
    failure::or_throw(clock_at(now as i64))
}

fn purpose_of(json: &str) -> Result<Purpose, JsValue> {
    failure::or_throw(Purpose::from_json(json.as_bytes()))
}

fn dropped(dropped: &[Dropped]) -> String {
    let each = |Dropped { name, why }: &Dropped| json!({ "name": name, "why": why.to_string() });
    dropped.iter().map(each).collect::<serde_json::Value>().to_string()
}
