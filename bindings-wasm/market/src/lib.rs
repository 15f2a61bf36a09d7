//! Hands presentations to markets, for the entry `@velum/prover/market`: a thin layer over
//! `velum-market-client`.
//!
//! This crate opens no socket, reads no clock, verifies nothing and stores nothing. A [`Platform`],
//! which is JavaScript, does that. Submissions come from the module of the verifiers, which knows
//! requests and presentations. A secret key is read for one call and then wiped.

use js_sys::{Object, Reflect, Uint8Array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use velum_core::proof::pinned_keys;
use velum_core::suite::Suite;
use velum_market_client::{
    Backoff, Given, HandOff, HandOffError, Host, HttpRequest, HttpResponse, Market, MarketAdapter,
    MarketError, Method, Network, Node, Plan, Progress, Saved, SignedJob, Unreachable, sign_cancel,
};
use velum_market_model::{
    Algorithm, Count, Duration, Hash, IdempotencyKey, Job, Latency, ModelError, MoneyAction,
    MoneyOrder, Offer, Profile, ProofReference, ProofSystem, Query, SecretKey, Signed, SizeClass,
    Subject, Time,
};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

#[wasm_bindgen]
extern "C" {
    /// What JavaScript does for a client: see `ts/market-platform.ts`.
    pub type Platform;

    #[wasm_bindgen(method, catch)]
    async fn send(
        this: &Platform,
        method: &str,
        url: &str,
        body: Option<Uint8Array>,
        most_bytes: f64,
    ) -> Result<Answer, JsValue>;

    #[wasm_bindgen(method)]
    fn now(this: &Platform) -> f64;

    #[wasm_bindgen(method, catch)]
    async fn sleep(this: &Platform, milliseconds: f64) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn chance(this: &Platform) -> u32;

    #[wasm_bindgen(method, catch)]
    async fn save(this: &Platform, saved: String) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn check(this: &Platform, receipt: Uint8Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method)]
    fn tell(this: &Platform, progress: String);

    #[wasm_bindgen(method, js_name = isStopped)]
    fn is_stopped(this: &Platform) -> bool;

    /// An answer to a request.
    type Answer;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> u16;

    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Answer) -> Option<u32>;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Answer) -> Uint8Array;
}

/// The terms of a job, without the members that follow from the submission and the key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    market: Hash,
    size_class: SizeClass,
    statement: Hash,
    offer: Offer,
    profile: Profile,
    latency: Latency,
    idempotency_key: IdempotencyKey,
}

/// A job, and the message that takes it back. Neither is secret.
#[derive(Serialize)]
struct ToKeep {
    id: Hash,
    job: Box<RawValue>,
    cancel: Box<RawValue>,
}

/// The plan of a hand-off, as it is saved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plans {
    markets: Vec<PlannedMarket>,
    /// Milliseconds between two questions about a job.
    poll: Duration,
    /// Milliseconds after a job's last deadline during which a market is still asked.
    patience: Duration,
    #[serde(default)]
    saved: Option<Saved>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedMarket {
    url: String,
    job: Box<RawValue>,
    cancel: Box<RawValue>,
    preferred_until: Time,
}

/// A movement of money, without its owner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Movement {
    market: Hash,
    action: MoneyAction,
    amount: velum_market_model::Amount,
    idempotency_key: IdempotencyKey,
}

/// The name that accounts and payees use for the holder of an Ed25519 key of 32 secret bytes.
#[wasm_bindgen(js_name = ownerOf)]
pub fn owner_of(secret: &Uint8Array) -> Result<String, JsValue> {
    Ok(key(secret)?.public().owner().to_string())
}

/// Signs a job about a submission, and the message that takes the job back. Returns
/// `{ "id", "job", "cancel" }` as JSON.
#[wasm_bindgen(js_name = signJob)]
pub fn sign_job(secret: &Uint8Array, terms: &str, submission: &[u8]) -> Result<String, JsValue> {
    let key = key(secret)?;
    let suite = Suite::Aggregatable;
    let proof_system = ProofSystem::of_suite(suite.name(), suite.version(), &pinned_keys(suite));
    let Terms { market, size_class, statement, offer, profile, latency, idempotency_key } =
        read("offer", terms)?;
    let length =
        Count::new(submission.len() as u64).map_err(|error| malformed("presentation", error))?;
    let job = Job {
        market,
        proof: ProofReference { sha256: Hash::of(&[submission]), length },
        proof_system: proof_system.map_err(|error| malformed("offer", error))?,
        size_class,
        statement,
        offer,
        profile,
        latency,
        standing_order: None,
        idempotency_key,
        submitter: key.public(),
    };
    let signed = SignedJob::sign(job, &key).map_err(|error| unfit(&error))?;
    let (job, cancel) = signed.json().map_err(|error| unfit(&error))?;
    json(&ToKeep { id: signed.id(), job, cancel })
}

/// Describes the market at a URL, as `GET /v1/market` does.
#[wasm_bindgen(js_name = marketInfo)]
pub async fn market_info(platform: Platform, url: String) -> Result<String, JsValue> {
    let host = Page(&platform);
    json(&Node::new(&host, &url).market().await.map_err(|error| thrown(&error))?)
}

/// Estimates the price and the duration of a job like this signed one.
#[wasm_bindgen]
pub async fn quote(platform: Platform, url: String, job: String) -> Result<String, JsValue> {
    let job = Signed::<Job>::read(job.as_bytes()).map_err(|error| unfit(&error))?;
    let host = Page(&platform);
    json(&Node::new(&host, &url).quote(job.message()).await.map_err(|error| thrown(&error))?)
}

/// Says where a job stands.
#[wasm_bindgen(js_name = jobStatus)]
pub async fn job_status(platform: Platform, url: String, job: String) -> Result<String, JsValue> {
    let job = hash("job", job)?;
    let host = Page(&platform);
    json(&Node::new(&host, &url).status(job).await.map_err(|error| thrown(&error))?)
}

/// Takes a job back. Whoever handed it in may do so until its batch closes.
#[wasm_bindgen(js_name = cancelJob)]
pub async fn cancel_job(
    platform: Platform,
    url: String,
    secret: Uint8Array,
    job: String,
) -> Result<String, JsValue> {
    let cancel = {
        let key = key(&secret)?;
        sign_cancel(hash("job", job)?, time(platform.now()), &key).map_err(|error| unfit(&error))?
    };
    let host = Page(&platform);
    json(&Node::new(&host, &url).cancel(&cancel).await.map_err(|error| thrown(&error))?)
}

/// The receipt of a settled job. Nothing of it is verified.
#[wasm_bindgen(js_name = fetchReceipt)]
pub async fn fetch_receipt(
    platform: Platform,
    url: String,
    job: String,
) -> Result<Vec<u8>, JsValue> {
    let job = hash("job", job)?;
    let host = Page(&platform);
    Node::new(&host, &url).receipt(job).await.map_err(|error| thrown(&error))
}

/// Moves money, and returns what its owner has afterwards.
#[wasm_bindgen(js_name = moveMoney)]
pub async fn move_money(
    platform: Platform,
    url: String,
    secret: Uint8Array,
    movement: String,
) -> Result<String, JsValue> {
    let order = {
        let key = key(&secret)?;
        let Movement { market, action, amount, idempotency_key } = read("amount", &movement)?;
        let order = MoneyOrder { market, action, amount, idempotency_key, owner: key.public() };
        Signed::sign(order, &key).map_err(|error| unfit(&error))?
    };
    let host = Page(&platform);
    json(&Node::new(&host, &url).money(&order).await.map_err(|error| thrown(&error))?)
}

/// What the holder of a key has. `at` is in milliseconds since 1970. The market answers this query
/// for a minute after that time.
#[wasm_bindgen]
pub async fn account(
    platform: Platform,
    url: String,
    secret: Uint8Array,
    market: String,
    at: f64,
) -> Result<String, JsValue> {
    let query = {
        let key = key(&secret)?;
        let market = hash("market", market)?;
        let query = Query { market, subject: Subject::Account, at: time(at), asker: key.public() };
        Signed::sign(query, &key).map_err(|error| unfit(&error))?
    };
    let host = Page(&platform);
    json(&Node::new(&host, &url).account(&query).await.map_err(|error| thrown(&error))?)
}

/// Hands a submission off, from the beginning or from where it was saved, until there is a receipt
/// that the platform has found good. Returns `{ market, receipt }`, in which `market` is the
/// market's place in the plan.
#[wasm_bindgen(js_name = handOff)]
pub async fn hand_off(
    platform: Platform,
    plan: String,
    submission: Vec<u8>,
) -> Result<Object, JsValue> {
    let Plans { markets, poll, patience, saved } = read("saved", &plan)?;
    let host = Page(&platform);
    let markets = markets.into_iter().map(|market| planned(&host, market, &submission));
    let markets = markets.collect::<Result<Vec<_>, JsValue>>()?;
    let plan = Plan { markets, backoff: Backoff::default(), poll, patience };
    let ended = match HandOff::new(&host, &plan, &submission, saved) {
        Ok(hand_off) => hand_off.run().await,
        Err(error) => Err(error),
    };
    let Given { market, receipt } = ended.map_err(|error| not_given(&error))?;
    Ok(object(&[
        ("market", &JsValue::from(market as f64)),
        ("receipt", &Uint8Array::from(receipt.as_slice()).into()),
    ]))
}

fn planned<'a>(
    host: &'a Page<'a>,
    market: PlannedMarket,
    submission: &[u8],
) -> Result<Market<Node<'a, Page<'a>>>, JsValue> {
    let PlannedMarket { url, job, cancel, preferred_until } = market;
    let job = SignedJob::read(&job, &cancel).map_err(|error| unfit(&error))?;
    if !job.is_about(submission) {
        let message = "it belongs to another presentation, request or transcript; give those that the hand-off was begun with";
        return Err(failure("other_hand_off", "saved", message));
    }
    Ok(Market { adapter: Node::new(host, &url), job, preferred_until })
}

/// The platform, as the client sees it.
struct Page<'a>(&'a Platform);

impl Network for Page<'_> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let HttpRequest { method, url, body, most_bytes } = request;
        let method = match method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let body = body.map(|body| Uint8Array::from(body.as_slice()));
        let answer = self.0.send(method, &url, body, most_bytes as f64).await;
        let answer = answer.map_err(|reason| Unreachable::new(words(&reason)))?;
        let (status, retry_after) = (answer.status(), answer.retry_after());
        Ok(HttpResponse { status, retry_after, body: answer.body().to_vec() })
    }

    fn now(&self) -> Time {
        time(self.0.now())
    }
}

impl Host for Page<'_> {
    async fn sleep(&self, duration: Duration) {
        // A wait that fails counts as no wait: the next step follows at once.
        let _ = self.0.sleep(duration.get() as f64).await;
    }

    fn chance(&self) -> u32 {
        self.0.chance() % 1_000_000
    }

    async fn save(&self, saved: &Saved) -> Result<(), String> {
        let saved = serde_json::to_string(saved).map_err(|error| error.to_string())?;
        self.0.save(saved).await.map(drop).map_err(|reason| words(&reason))
    }

    async fn check(&self, receipt: &[u8]) -> Result<(), String> {
        self.0.check(Uint8Array::from(receipt)).await.map(drop).map_err(|reason| words(&reason))
    }

    fn tell(&self, progress: &Progress) {
        let Progress { saved, status, trouble } = progress;
        let trouble = trouble.as_ref().map(
            |trouble| serde_json::json!({ "code": trouble.code(), "message": trouble.detail() }),
        );
        let progress = serde_json::json!({ "saved": saved, "status": status, "trouble": trouble });
        self.0.tell(progress.to_string());
    }

    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }
}

/// The Ed25519 key of 32 secret bytes.
fn key(secret: &Uint8Array) -> Result<SecretKey, JsValue> {
    let mut bytes = Zeroizing::new([0; 32]);
    if secret.length() != 32 {
        return Err(failure("malformed", "key", "a secret key has 32 bytes"));
    }
    secret.copy_to(&mut *bytes);
    SecretKey::from_bytes(Algorithm::Ed25519, &bytes).map_err(|error| unfit(&error))
}

fn hash(place: &str, text: String) -> Result<Hash, JsValue> {
    Hash::try_from(text).map_err(|error| malformed(place, error))
}

/// Milliseconds since 1970 as a time, or the last time that there is.
fn time(milliseconds: f64) -> Time {
    // The conversion saturates: what lies outside the calendar stays outside.
    Time::new(milliseconds as u64).unwrap_or(Time::MOST)
}

fn read<T: DeserializeOwned>(place: &str, text: &str) -> Result<T, JsValue> {
    serde_json::from_str(text).map_err(|error| malformed(place, error))
}

fn json<T: Serialize>(value: &T) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(|error| failure("internal", "json", &error.to_string()))
}

/// What JavaScript threw, in words.
fn words(reason: &JsValue) -> String {
    let message =
        Reflect::get(reason, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| reason.as_string()).unwrap_or_else(|| "no reason was given".to_owned())
}

fn thrown(error: &MarketError) -> JsValue {
    let thrown = described(error.code(), "market", &error.detail());
    if let MarketError::Busy { seconds } = error {
        set(&thrown, "retryAfter", &JsValue::from(*seconds));
    }
    thrown.into()
}

/// The reason why there is no receipt, with the market's place, and with the receipt that does not
/// hold, if there is one.
fn not_given(error: &HandOffError) -> JsValue {
    let thrown = described(error.code(), "hand-off", &error.to_string());
    if let Some(market) = error.market() {
        set(&thrown, "market", &JsValue::from(market as f64));
    }
    if let Some(receipt) = error.receipt() {
        set(&thrown, "receipt", &Uint8Array::from(receipt).into());
    }
    thrown.into()
}

fn unfit(error: &ModelError) -> JsValue {
    malformed("offer", error)
}

fn malformed(place: &str, error: impl std::fmt::Display) -> JsValue {
    failure("malformed", place, &error.to_string())
}

fn failure(code: &str, place: &str, message: &str) -> JsValue {
    described(code, place, message).into()
}

fn described(code: &str, place: &str, message: &str) -> Object {
    object(&[("code", &code.into()), ("where", &place.into()), ("message", &message.into())])
}

fn object(members: &[(&str, &JsValue)]) -> Object {
    let object = Object::new();
    members.iter().for_each(|(name, value)| set(&object, name, value));
    object
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // A new object accepts every member.
    let _ = Reflect::set(object, &name.into(), value);
}
