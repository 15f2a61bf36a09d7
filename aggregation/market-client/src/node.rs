//! The adapter of `velum market serve`.

use std::fmt::Display;

use base64ct::{Base64, Encoding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use velum_market_model::{
    Cancel, CreditOrder, Hash, Issued, Job, Message, MoneyOrder, Query, Redemption, Signed,
};

use crate::adapter::{MarketAdapter, MarketError};
use crate::api::{AccountStatus, Estimate, JobStatus, MarketInfo, Problem, Submit};
use crate::host::{HttpRequest, HttpResponse, Method, Network};

/// The most bytes of an answer, except for receipts.
const ANSWER_BYTES: usize = 64 << 10;

/// The most bytes of a receipt.
const RECEIPT_BYTES: usize = 2 << 20;

/// The seconds until a busy node is asked again if it does not state them.
const BUSY_SECONDS: u32 = 5;

/// A node.
pub struct Node<'a, N> {
    network: &'a N,
    /// The URL, without a slash at its end.
    url: String,
}

impl<'a, N: Network> Node<'a, N> {
    /// The node at a URL, such as `https://market.example`.
    pub fn new(network: &'a N, url: &str) -> Self {
        Self { network, url: url.trim_end_matches('/').to_owned() }
    }

    /// The market's key and clock.
    ///
    /// # Errors
    /// Returns [`MarketError`], as all methods here do.
    pub async fn market(&self) -> Result<MarketInfo, MarketError> {
        self.get("/v1/market").await
    }

    /// The account of the asker.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn account(&self, query: &Signed<Query>) -> Result<AccountStatus, MarketError> {
        self.post_signed("/v1/accounts", query).await
    }

    /// Moves money.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn money(&self, order: &Signed<MoneyOrder>) -> Result<AccountStatus, MarketError> {
        self.post_signed("/v1/money", order).await
    }

    /// The signed key under which blind credit is issued now, as its JSON.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn credit_key(&self) -> Result<String, MarketError> {
        let answer = self.send(Method::Get, "/v1/credit", None, ANSWER_BYTES).await?;
        String::from_utf8(answer).map_err(|error| MarketError::Malformed(error.to_string()))
    }

    /// Buys blind credit.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn issue_credit(&self, order: &Signed<CreditOrder>) -> Result<Issued, MarketError> {
        self.post_signed("/v1/credit/orders", order).await
    }

    /// Turns blind credit into the balance of a new key.
    ///
    /// # Errors
    /// Returns [`MarketError`].
    pub async fn redeem_credit(
        &self,
        redemption: &Signed<Redemption>,
    ) -> Result<AccountStatus, MarketError> {
        self.post_signed("/v1/credit/redemptions", redemption).await
    }

    /// The network that sends the requests.
    #[must_use]
    pub const fn network(&self) -> &'a N {
        self.network
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, MarketError> {
        let answer = self.send(Method::Get, path, None, ANSWER_BYTES).await?;
        read(&answer)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>) -> Result<T, MarketError> {
        let answer = self.send(Method::Post, path, Some(body), ANSWER_BYTES).await?;
        read(&answer)
    }

    async fn post_signed<T: DeserializeOwned, M: Message>(
        &self,
        path: &str,
        message: &Signed<M>,
    ) -> Result<T, MarketError> {
        let body = message.json().map_err(|error| MarketError::Malformed(error.to_string()))?;
        self.post(path, body.into_bytes()).await
    }

    /// Sends a request, and returns the body of an answer that is not an error.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        most_bytes: usize,
    ) -> Result<Vec<u8>, MarketError> {
        let request = HttpRequest { method, url: format!("{}{path}", self.url), body, most_bytes };
        let answer = self.network.send(request).await;
        let HttpResponse { status, retry_after, body } =
            answer.map_err(|error| MarketError::Unreachable(error.to_string()))?;
        match status {
            200..=299 => Ok(body),
            408 | 429 | 503 => {
                Err(MarketError::Busy { seconds: retry_after.unwrap_or(BUSY_SECONDS) })
            }
            400..=499 => Err(refused(status, &body)),
            _ => Err(MarketError::Unreachable(format!("the answer has status {status}"))),
        }
    }
}

impl<N: Network> MarketAdapter for Node<'_, N> {
    async fn quote(&self, job: &Job) -> Result<Estimate, MarketError> {
        self.post("/v1/estimates", json(job)?).await
    }

    async fn submit(&self, job: &Signed<Job>, submission: &[u8]) -> Result<JobStatus, MarketError> {
        let malformed = |error: &dyn Display| MarketError::Malformed(error.to_string());
        let id = velum_market_model::id(job.message()).map_err(|error| malformed(&error))?;
        let job = job.json().map_err(|error| malformed(&error))?;
        let job = RawValue::from_string(job).map_err(|error| malformed(&error))?;
        let body = Submit { job, submission: Base64::encode_string(submission) };
        about(id, self.post("/v1/jobs", json(&body)?).await?)
    }

    async fn status(&self, job: Hash) -> Result<JobStatus, MarketError> {
        about(job, self.get(&format!("/v1/jobs/{job}")).await?)
    }

    async fn cancel(&self, cancel: &Signed<Cancel>) -> Result<JobStatus, MarketError> {
        let job = cancel.message().job;
        about(job, self.post_signed(&format!("/v1/jobs/{job}/cancel"), cancel).await?)
    }

    async fn receipt(&self, job: Hash) -> Result<Vec<u8>, MarketError> {
        self.send(Method::Get, &format!("/v1/jobs/{job}/receipt"), None, RECEIPT_BYTES).await
    }
}

fn json<T: Serialize>(body: &T) -> Result<Vec<u8>, MarketError> {
    serde_json::to_vec(body).map_err(|error| MarketError::Malformed(error.to_string()))
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, MarketError> {
    serde_json::from_slice(answer).map_err(|error| MarketError::Malformed(error.to_string()))
}

/// Checks that an answer is about the job that was asked about.
fn about(job: Hash, status: JobStatus) -> Result<JobStatus, MarketError> {
    if status.job == job {
        return Ok(status);
    }
    Err(MarketError::Malformed(format!("it is about job {}, not about job {job}", status.job)))
}

/// The error of an answer that refuses. An answer that is not a [`Problem`] does not come from the
/// node, but from something between client and node, such as a proxy.
fn refused(status: u16, body: &[u8]) -> MarketError {
    match serde_json::from_slice::<Problem>(body) {
        Ok(Problem { code, detail, .. }) => MarketError::Refused { code, detail },
        Err(_) => MarketError::Unreachable(format!(
            "the answer has status {status} and is not from a node"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use futures_executor::block_on;
    use velum_market_model::{Algorithm, Amount, MoneyAction, SecretKey, Time};

    use super::*;
    use crate::api::JobState;
    use crate::host::Unreachable;
    use crate::testing::job_for;

    /// Gives the same answer to every request, and keeps the last request.
    struct Answers {
        answer: Option<HttpResponse>,
        asked: RefCell<Option<HttpRequest>>,
    }

    impl Answers {
        fn new(status: u16, body: &str) -> Self {
            let answer = HttpResponse { status, retry_after: None, body: body.as_bytes().to_vec() };
            Self { answer: Some(answer), asked: RefCell::default() }
        }
    }

    impl Network for Answers {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
            *self.asked.borrow_mut() = Some(request);
            self.answer.clone().ok_or_else(|| Unreachable::new("no network"))
        }

        fn now(&self) -> Time {
            Time::ZERO
        }
    }

    fn submitted(host: &Answers) -> Result<JobStatus, MarketError> {
        block_on(
            Node::new(host, "https://market.example/").submit(job_for(0).job(), b"a presentation"),
        )
    }

    fn status_of(job: Hash) -> String {
        format!(r#"{{"job": "{job}", "state": "waiting", "since": 7}}"#)
    }

    #[test]
    fn a_job_is_sent_as_it_was_signed() {
        let signed = job_for(0);
        let id = signed.id();
        let host = Answers::new(201, &status_of(id));
        let status = submitted(&host).unwrap();
        assert_eq!(
            (status.job, status.state, status.since),
            (id, JobState::Waiting, Time::constant(7))
        );
        let HttpRequest { method, url, body, .. } = host.asked.take().unwrap();
        assert_eq!((method, url.as_str()), (Method::Post, "https://market.example/v1/jobs"));
        let body: Submit = serde_json::from_slice(&body.unwrap()).unwrap();
        assert_eq!(Signed::<Job>::read(body.job.get().as_bytes()).unwrap(), *signed.job());
        assert_eq!(Base64::decode_vec(&body.submission).unwrap(), b"a presentation");

        block_on(Node::new(&host, "https://market.example").cancel(signed.cancel())).unwrap();
        let HttpRequest { url, body, .. } = host.asked.take().unwrap();
        assert_eq!(url, format!("https://market.example/v1/jobs/{id}/cancel"));
        assert_eq!(Signed::<Cancel>::read(&body.unwrap()).unwrap(), *signed.cancel());
    }

    #[test]
    fn an_answer_about_another_job_is_none() {
        let (signed, other) = (job_for(0), job_for(1).id());
        let host = Answers::new(200, &status_of(other));
        let node = Node::new(&host, "https://market.example");
        assert!(matches!(submitted(&host), Err(MarketError::Malformed(_))));
        assert!(matches!(block_on(node.status(signed.id())), Err(MarketError::Malformed(_))));
        assert!(matches!(block_on(node.cancel(signed.cancel())), Err(MarketError::Malformed(_))));
        assert_eq!(block_on(node.status(other)).unwrap().job, other);
    }

    #[test]
    fn a_receipt_comes_as_its_bytes() {
        let id = job_for(0).id();
        let host = Answers::new(200, "bytes");
        assert_eq!(
            block_on(Node::new(&host, "https://market.example").receipt(id)).unwrap(),
            b"bytes"
        );
        let asked = host.asked.take().unwrap();
        assert_eq!(asked.url, format!("https://market.example/v1/jobs/{id}/receipt"));
        assert_eq!(
            (asked.method, asked.body, asked.most_bytes),
            (Method::Get, None, RECEIPT_BYTES)
        );
    }

    #[test]
    fn money_is_moved_as_it_was_signed() {
        let key = SecretKey::from_bytes(Algorithm::Ed25519, &[7; 32]).unwrap();
        let order = MoneyOrder {
            market: Hash([1; 32]),
            action: MoneyAction::Deposit,
            amount: Amount::constant(5),
            idempotency_key: "the first deposit".to_owned().try_into().unwrap(),
            owner: key.public(),
        };
        let order = Signed::sign(order, &key).unwrap();
        let owner = key.public().owner();
        let host = Answers::new(
            200,
            &format!(r#"{{"owner": "{owner}", "balance": 5, "stake": 0, "lots": []}}"#),
        );
        let account = block_on(Node::new(&host, "https://market.example").money(&order)).unwrap();
        assert_eq!((account.owner, account.balance), (owner, Amount::constant(5)));
        let asked = host.asked.take().unwrap();
        assert_eq!(
            (asked.method, asked.url.as_str()),
            (Method::Post, "https://market.example/v1/money")
        );
        assert_eq!(Signed::<MoneyOrder>::read(&asked.body.unwrap()).unwrap(), order);
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        let problem = r#"{"status": 409, "title": "t", "detail": "d", "code": "quota", "where": "job.offer"}"#;
        let refused = MarketError::Refused { code: "quota".to_owned(), detail: "d".to_owned() };
        assert_eq!(submitted(&Answers::new(409, problem)), Err(refused));
        // A refusal by a proxy is not a decision about the job.
        assert!(submitted(&Answers::new(403, "<html>")).unwrap_err().may_pass());
        assert!(submitted(&Answers::new(502, problem)).unwrap_err().may_pass());
        assert!(matches!(submitted(&Answers::new(200, "{}")), Err(MarketError::Malformed(_))));
        let mut busy = Answers::new(503, "");
        assert_eq!(submitted(&busy), Err(MarketError::Busy { seconds: BUSY_SECONDS }));
        busy.answer.as_mut().unwrap().retry_after = Some(30);
        assert_eq!(submitted(&busy), Err(MarketError::Busy { seconds: 30 }));
        busy.answer = None;
        assert!(matches!(submitted(&busy), Err(MarketError::Unreachable(_))));
    }
}
