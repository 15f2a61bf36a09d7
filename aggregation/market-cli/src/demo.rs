//! `velum market demo`: a whole market on this machine, with demo money and real documents.
//!
//! The node and the provider are processes of this program, with the state that `velum market init`
//! creates. Three presentations are submitted as any client would submit them, and their receipts
//! are checked offline.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use url::Url;
use velum_cli::failure::Failure;
use velum_cli::files;
use velum_cli::report::Report;
use velum_credentials::aggregate::Submission;
use velum_credentials::{Clock, PrepareOptions, PresentOptions, Presentation, Suite};
use velum_market_client::Node;
use velum_market_model::{Amount, MoneyAction, MoneyOrder, SecretKey, Signed};
use velum_market_provider::NodeClient;
use velum_testdata::{Case, FOLDED};
use velum_wallet::{Challenge, Question, Wallet};

use crate::host::Http;
use crate::submit::{HandedOff, Payer, Terms, submission};
use crate::{keys, purse};

/// The amount that the client and the provider begin with.
const MONEY: u64 = 100_000_000;

/// How many tokens the wallet buys: enough for several jobs.
const TOKENS: usize = 30;

#[derive(clap::Args)]
pub struct Arguments {
    /// End when all receipts are there, with status 0 if they hold and the ledger balances. Without
    /// this option the market runs on until it is stopped
    #[arg(long)]
    check: bool,
    /// Write into this folder each job's receipt, transcript and request, the payee, and the purse
    /// that pays for the third job
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// The address on which the node listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8460")]
    listen: String,
}

pub async fn run(arguments: Arguments, stop: CancellationToken) -> Result<Report, Failure> {
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::file(Path::new("a temporary folder"), "make", &error))?;
    let mut market = Running::start(folder.path(), &arguments.listen).await?;
    let keep = match &arguments.keep {
        Some(keep) => {
            std::fs::create_dir_all(keep).map_err(|error| Failure::file(keep, "make", &error))?;
            keep.clone()
        }
        None => folder.path().to_owned(),
    };
    let outcome = hand_in(&market, &keep, stop.clone()).await;
    if !arguments.check && outcome.is_ok() {
        let token = files::read(&folder.path().join("operator.token"), 128)?;
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        tracing::info!(page = %market.url, token, "the market runs until it is stopped");
        stop.cancelled().await;
    }
    market.stop().await;
    outcome
}

/// Submits everything, and checks what comes back.
async fn hand_in(
    market: &Running,
    keep: &Path,
    stop: CancellationToken,
) -> Result<Report, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::market("market", error.to_string());
    let secret =
        SecretKey::from_bytes(velum_market_model::Algorithm::Ed25519, &market.client_secret);
    let key = secret.map_err(|error| failed(&error))?;
    let node = NodeClient::new(market.url.clone()).map_err(|error| failed(&error))?;
    let market_id = node.market().await.map_err(|error| failed(&error))?.key.owner();
    let order = MoneyOrder {
        market: market_id,
        action: MoneyAction::Deposit,
        amount: Amount::constant(MONEY),
        idempotency_key: "the client's first deposit"
            .to_owned()
            .try_into()
            .map_err(|_| Failure::bug())?,
        owner: key.public(),
    };
    let order = Signed::sign(order, &key).map_err(|error| failed(&error))?;
    node.money(&order).await.map_err(|error| failed(&error))?;

    let purse = keep.join("wallet.purse");
    let http = Http::new()?;
    let bought = purse::at(&purse, market_id)
        .buy(&Node::new(&http, market.url.as_str()), &key, TOKENS)
        .await;
    bought.map_err(|error| purse::failure(&purse, &error))?;
    let (verifier, wallet) = (Payer::Account(key), Payer::Purse(purse));
    let mut submissions = Vec::new();
    for case in FOLDED {
        submissions.push(present(case, keep, submissions.len() + 1)?);
    }
    files::write(&keep.join("payee.hex"), hex::encode(market.payee).as_bytes())?;
    // All three jobs wait for each other and are folded into one aggregate.
    let terms = Terms { max_wait: Some(10), min_batch: 3, ..Terms::default() };
    let outs: Vec<_> =
        (1..=submissions.len()).map(|number| keep.join(format!("{number}.receipt"))).collect();
    // Two are submitted by their verifier, and one by the wallet itself.
    let payers = [&verifier, &verifier, &wallet];
    let handed = outs.iter().zip(&submissions).zip(payers).map(|((out, submission), payer)| {
        let handed =
            HandedOff { market: &market.url, terms: &terms, out, payee: Some(market.payee) };
        let stop = stop.clone();
        async move { handed.run(submission, payer, stop).await }
    });
    let receipts = futures_util::future::join_all(handed).await;
    let verified = receipts.iter().filter(|receipt| receipt.is_ok()).count();
    for failure in receipts.iter().filter_map(|receipt| receipt.as_ref().err()) {
        tracing::error!(failure = failure.message(), "a job has no receipt");
    }
    let balanced = market.is_balanced().await?;
    let jobs = submissions.len();
    let json = json!({ "receipts_verified": verified, "jobs": jobs, "ledger_balanced": balanced });
    let text = json.to_string();
    Ok(if verified == jobs && balanced {
        Report::done(json, text)
    } else {
        Report::refused(json, text)
    })
}

/// Presents a document, and writes the session transcript and the request into the folder.
fn present(
    (case, predicate): (&Case, &str),
    keep: &Path,
    number: usize,
) -> Result<Submission, Failure> {
    tracing::info!(document = case.name, "presenting");
    let request = case.request_with(predicate);
    files::write(&keep.join(format!("{number}.request")), request.as_bytes())?;
    files::write(&keep.join(format!("{number}.transcript")), case.session_transcript)?;
    let wallet = Wallet::new();
    let question = Question::parse(case.device_response, request.as_bytes())?;
    let prepared = wallet.prepare(&question, Suite::Aggregatable, PrepareOptions::default())?;
    // The documents are of the past.
    let options = PresentOptions::at(Clock::Any);
    let presentation = wallet.present(prepared, &question, case.session_transcript, options)?;
    let challenge = Challenge::parse(case.session_transcript, request.as_bytes())?;
    submission(&challenge, Presentation::from_bytes(&presentation.to_bytes())?)
}

/// A running node and provider.
struct Running {
    url: Url,
    token: String,
    /// The payee of the aggregates, which is the provider.
    payee: [u8; 32],
    /// The secret key of the client.
    client_secret: [u8; 32],
    processes: Vec<Child>,
}

impl Running {
    async fn start(folder: &Path, listen: &str) -> Result<Self, Failure> {
        let own = std::env::current_exe()
            .map_err(|error| Failure::file(Path::new("this program"), "find", &error))?;
        let init = crate::init::Arguments::new(folder, listen);
        crate::init::run(&init)?;
        let url = Url::parse(&format!("http://{listen}/"))
            .map_err(|error| Failure::usage(format!("--listen: {error}")))?;
        let provider = keys::key(&folder.join("provider.key"))?;
        let mut client_secret = [0; 32];
        hex::decode_to_slice(keys::random()?, &mut client_secret).map_err(|_| Failure::bug())?;
        let token = hex::encode(keys::secret(&folder.join("operator.token"))?);
        let payee = provider.public().owner().0;
        let mut running = Self { url, token, payee, client_secret, processes: Vec::new() };
        let config = folder.join("market.toml");
        running.spawn(
            &own,
            folder,
            "node.log",
            &["serve", "--config", &config.display().to_string()],
        )?;
        running.wait_for_node(folder).await?;
        let (key, state) = (folder.join("provider.key"), folder.join("provider"));
        let money = MONEY.to_string();
        let (key, state) = (key.display().to_string(), state.display().to_string());
        let url = running.url.to_string();
        let arguments = [
            "provide",
            "--market",
            &url,
            "--key",
            &key,
            "--state",
            &state,
            "--work",
            "--demo-money",
            &money,
        ];
        running.spawn(&own, folder, "provider.log", &arguments)?;
        Ok(running)
    }

    fn spawn(
        &mut self,
        own: &Path,
        folder: &Path,
        log: &str,
        arguments: &[&str],
    ) -> Result<(), Failure> {
        let log = folder.join(log);
        let file = File::create(&log).map_err(|error| Failure::file(&log, "make", &error))?;
        let mut command = Command::new(own);
        command
            .arg("market")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true);
        let child = command.spawn().map_err(|error| Failure::file(own, "start", &error))?;
        self.processes.push(child);
        Ok(())
    }

    async fn wait_for_node(&mut self, folder: &Path) -> Result<(), Failure> {
        let node =
            NodeClient::new(self.url.clone()).map_err(|error| Failure::usage(error.to_string()))?;
        for _ in 0..100 {
            if node.market().await.is_ok() {
                return Ok(());
            }
            let has_ended =
                self.processes.iter_mut().any(|process| !matches!(process.try_wait(), Ok(None)));
            if has_ended {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(folder.join("node.log")).unwrap_or_default();
        Err(Failure::market("node", format!("the node did not start: {}", log.trim())))
    }

    async fn is_balanced(&self) -> Result<bool, Failure> {
        #[derive(Deserialize)]
        struct Balance {
            balanced: bool,
        }
        let failed = |error: &dyn std::fmt::Display| {
            Failure::market("market", format!("the ledger could not be checked: {error}"))
        };
        let url = self.url.join("v1/balance").map_err(|error| failed(&error))?;
        let answer = reqwest::Client::new().get(url).bearer_auth(&self.token).send().await;
        let body = answer
            .map_err(|error| failed(&error))?
            .bytes()
            .await
            .map_err(|error| failed(&error))?;
        let balance: Balance = serde_json::from_slice(&body).map_err(|error| failed(&error))?;
        Ok(balance.balanced)
    }

    /// Stops the provider first and then the node. A process that does not end in good order in
    /// time is killed.
    async fn stop(&mut self) {
        for mut process in self.processes.drain(..).rev() {
            ask_to_stop(&process);
            if tokio::time::timeout(Duration::from_secs(20), process.wait()).await.is_err() {
                let _ = process.kill().await;
            }
        }
    }
}

#[cfg(unix)]
fn ask_to_stop(process: &Child) {
    if let Some(pid) = process.id() {
        let _ = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status();
    }
}

#[cfg(not(unix))]
fn ask_to_stop(_: &Child) {}
