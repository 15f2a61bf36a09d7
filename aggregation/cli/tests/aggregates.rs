//! Tests the commands as scripts use them. Presentations of real documents are folded, receipts are
//! taken and checked, and wrong input is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;
use velum_credentials::aggregate::{Batch, Receipt};
use velum_credentials::{Clock, DeviceResponse, PrepareOptions, PresentOptions, Prover, Suite};
use velum_testdata::{AGE_VERIFICATION, Case, MUSTERMANN, PERMUTED_KEYS};
use velum_wallet::Challenge;

const PAYEE: &str = "abababababababababababababababababababababababababababababababab";
const OTHER_PAYEE: &str = "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd";

/// A folder with presentations of two documents, their batch, and a receipt of each presentation.
struct World {
    folder: TempDir,
    aggregated: Value,
}

/// Folding takes half a minute, so it is done only once.
static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for case in [&MUSTERMANN, &PERMUTED_KEYS, &AGE_VERIFICATION] {
            std::fs::write(path(&format!("{}.transcript", case.name)), case.session_transcript)
                .unwrap();
            std::fs::write(path(&format!("{}.request", case.name)), case.request).unwrap();
        }
        for case in [&MUSTERMANN, &PERMUTED_KEYS] {
            std::fs::write(path(&format!("{}.presentation", case.name)), present(case)).unwrap();
        }
        let mut world = Self { folder, aggregated: Value::Null };
        let output = world.aggregate(&[&MUSTERMANN, &PERMUTED_KEYS], &["--payee", PAYEE]);
        world.aggregated = json(&output, 0);
        for case in [&MUSTERMANN, &PERMUTED_KEYS] {
            json(&world.receipt(case, case), 0);
        }
        world
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `--transcript` and `--request` of a case.
    fn session(&self, case: &Case) -> [PathBuf; 4] {
        let [transcript, request] =
            ["transcript", "request"].map(|kind| self.path(format!("{}.{kind}", case.name)));
        ["--transcript".into(), transcript, "--request".into(), request]
    }

    fn aggregate(&self, cases: &[&Case], more: &[&str]) -> Output {
        let mut command = velum("aggregate");
        for case in cases {
            command.arg("--presentation").arg(self.path(format!("{}.presentation", case.name)));
            command.args(self.session(case));
        }
        command.arg("--out").arg(self.path("batch")).args(more).output().unwrap()
    }

    /// The receipt of a case's presentation, taken as if it answered the request of the case
    /// `asked`.
    fn receipt(&self, case: &Case, asked: &Case) -> Output {
        let mut command = velum("receipt");
        command.arg("--batch").arg(self.path("batch"));
        command.arg("--presentation").arg(self.path(format!("{}.presentation", case.name)));
        command.args(self.session(asked));
        command.arg("--out").arg(self.path(format!("{}.receipt", case.name))).output().unwrap()
    }

    fn verify(&self, receipt: &Path, asked: &Case, more: &[&str]) -> Output {
        let mut command = velum("verify-receipt");
        command.arg("--receipt").arg(receipt).args(self.session(asked));
        command.args(more).output().unwrap()
    }

    /// Verifies a changed receipt.
    fn verify_changed(&self, change: impl FnOnce(&mut Receipt)) -> Value {
        let bytes = std::fs::read(self.path(format!("{}.receipt", MUSTERMANN.name))).unwrap();
        let mut receipt = Receipt::from_bytes(&bytes).unwrap();
        change(&mut receipt);
        let changed = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        std::fs::write(changed.path(), receipt.to_bytes()).unwrap();
        json(&self.verify(changed.path(), &MUSTERMANN, &["--profile", "standard"]), 1)
    }
}

fn velum(command: &str) -> Command {
    let mut velum = Command::new(env!("CARGO_BIN_EXE_velum-aggregation"));
    velum.args([command, "--json"]);
    velum
}

fn present(case: &Case) -> Vec<u8> {
    let prover = Prover::with_suite(Suite::Aggregatable);
    let response = DeviceResponse::parse(case.device_response).unwrap();
    let challenge = Challenge::parse(case.session_transcript, case.request.as_bytes()).unwrap();
    let document = response.document(challenge.request().doc_type()).unwrap();
    let prepared =
        prover.prepare(document, challenge.request(), PrepareOptions::default()).unwrap();
    let options = PresentOptions::at(Clock::Any);
    prover
        .present(prepared, document, challenge.transcript(), challenge.request(), options)
        .unwrap()
        .to_bytes()
}

/// The JSON object that a command wrote before it ended with this status.
fn json(output: &Output, status: i32) -> Value {
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{stdout}\n{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn error(output: &Output, status: i32) -> (String, String) {
    let error = json(output, status)["error"].clone();
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[test]
fn presentations_are_folded_and_receipts_hold() {
    let aggregated = &WORLD.aggregated;
    assert_eq!((&aggregated["count"], &aggregated["payee"]), (&2.into(), &PAYEE.into()));
    assert!(aggregated["root_bytes"].as_u64().unwrap() <= 125_000);
    for member in ["leaf_ms", "wrap_ms", "merge_ms", "root_ms", "peak_rss_bytes"] {
        assert!(aggregated[member].as_f64().unwrap() > 0.0, "{member}");
    }
    assert!(!WORLD.path("batch.parts").exists());
    for case in [&MUSTERMANN, &PERMUTED_KEYS] {
        let receipt = WORLD.path(format!("{}.receipt", case.name));
        let verified =
            json(&WORLD.verify(&receipt, case, &["--profile", "standard", "--payee", PAYEE]), 0);
        assert_eq!(verified["verified"], true);
        assert_eq!((&verified["count"], &verified["payee"]), (&2.into(), &PAYEE.into()));
        assert_eq!(
            (&verified["profile"], &verified["proven_bits"]),
            (&"standard".into(), &58.into())
        );
        assert!(verified["learnt"].as_array().unwrap().len() > 4);
    }
}

#[test]
fn receipts_hold_for_their_own_session_request_profile_and_payee_alone() {
    let receipt = WORLD.path(format!("{}.receipt", MUSTERMANN.name));
    let refused = |asked, more: &[&str]| {
        let refused = json(&WORLD.verify(&receipt, asked, more), 1);
        assert_eq!(refused["verified"], false);
        refused["reason"]["code"].as_str().unwrap().to_owned()
    };
    let standard = &["--profile", "standard"];
    json(&WORLD.verify(&receipt, &MUSTERMANN, standard), 0);
    assert_eq!(refused(&MUSTERMANN, &["--profile", "proven-100"]), "receipt_invalid");
    assert_eq!(
        refused(&MUSTERMANN, &["--profile", "standard", "--payee", OTHER_PAYEE]),
        "receipt_invalid"
    );
    let both = &["--profile", "proven-100", "--profile", "standard"];
    json(&WORLD.verify(&receipt, &MUSTERMANN, both), 0);

    // Its own request in another session.
    let session = WORLD.session(&PERMUTED_KEYS);
    let request = WORLD.session(&MUSTERMANN)[3].clone();
    let mut other = velum("verify-receipt");
    other
        .arg("--receipt")
        .arg(&receipt)
        .arg("--transcript")
        .arg(&session[1])
        .arg("--request")
        .arg(request);
    let refused = json(&other.args(standard).output().unwrap(), 1);
    assert_eq!(refused["reason"]["code"], "receipt_invalid");

    // A profile is only allowed if it is named.
    assert_eq!(error(&WORLD.verify(&receipt, &MUSTERMANN, &[]), 2).0, "usage");
}

#[test]
fn changed_receipts_are_refused() {
    type Change = fn(&mut Receipt);
    let changes: [(&str, Change); 8] = [
        ("payee", |receipt| receipt.payee[0] ^= 1),
        ("count", |receipt| receipt.path[0].count += 1),
        ("position", |receipt| receipt.path[0].position ^= 1),
        ("places", |receipt| receipt.path[0].places += 1),
        ("sibling", |receipt| receipt.path[0].siblings[0][0] ^= 1),
        ("no path", |receipt| receipt.path.clear()),
        ("proof", |receipt| receipt.proof[5000] ^= 1),
        ("shorter proof", |receipt| receipt.proof.truncate(5000)),
    ];
    for (what, change) in changes {
        let refused = WORLD.verify_changed(change);
        assert_eq!(refused["reason"]["code"], "receipt_invalid", "{what}");
    }
    // The receipt of one presentation, with the claim of another.
    let other = std::fs::read(WORLD.path(format!("{}.receipt", PERMUTED_KEYS.name))).unwrap();
    let other = Receipt::from_bytes(&other).unwrap().presentation;
    let refused = WORLD.verify_changed(|receipt| receipt.presentation = other);
    assert_eq!(refused["verified"], false);
}

#[test]
fn receipts_are_given_to_what_is_in_the_batch_alone() {
    // The same document and session, with another salt.
    let other = WORLD.path("other.presentation");
    std::fs::write(&other, present(&MUSTERMANN)).unwrap();
    let mut command = velum("receipt");
    command.arg("--batch").arg(WORLD.path("batch")).arg("--presentation").arg(&other);
    command.args(WORLD.session(&MUSTERMANN)).arg("--out").arg(WORLD.path("none"));
    assert_eq!(error(&command.output().unwrap(), 1).0, "receipt_invalid");
    assert!(!WORLD.path("none").exists());

    // A batch whose leaves are not those that its proof counts.
    let mut batch = Batch::from_bytes(&std::fs::read(WORLD.path("batch")).unwrap()).unwrap();
    batch.leaves.reverse();
    std::fs::write(WORLD.path("reversed"), batch.to_bytes()).unwrap();
    let mut command = velum("receipt");
    command.arg("--batch").arg(WORLD.path("reversed"));
    command.arg("--presentation").arg(WORLD.path(format!("{}.presentation", MUSTERMANN.name)));
    command.args(WORLD.session(&MUSTERMANN)).arg("--out").arg(WORLD.path("none"));
    assert_eq!(error(&command.output().unwrap(), 1).0, "receipt_invalid");
    assert!(!WORLD.path("none").exists());
}

/// Wrong input is found before anything is proven.
#[test]
fn bad_presentations_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let golden =
        |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/golden").join(name);
    let aggregate = |presentation: &Path, times: usize, more: &[&str]| {
        let mut command = velum("aggregate");
        for _ in 0..times {
            command.arg("--presentation").arg(presentation).args(WORLD.session(&MUSTERMANN));
        }
        command.arg("--out").arg(folder.path().join("batch")).args(more).output().unwrap()
    };
    let direct = golden("direct-standard.cbor");
    assert_eq!(error(&aggregate(&direct, 1, &[]), 2).0, "wrong_version");
    assert_eq!(error(&aggregate(&direct, 1, &["--skip-bad"]), 2).0, "usage");
    let mine = WORLD.path(format!("{}.presentation", MUSTERMANN.name));
    let (code, message) = error(&aggregate(&mine, 2, &[]), 2);
    assert_eq!(code, "usage");
    assert!(message.contains("the same presentation"), "{message}");
    let mut bytes = std::fs::read(&mine).unwrap();
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    let forged = folder.path().join("forged");
    std::fs::write(&forged, bytes).unwrap();
    assert_eq!(error(&aggregate(&forged, 1, &[]), 1).0, "proof_invalid");
    assert!(!folder.path().join("batch").exists() && !folder.path().join("batch.parts").exists());

    let mut one_request_less = velum("aggregate");
    one_request_less.arg("--presentation").arg(&mine).args(WORLD.session(&MUSTERMANN));
    one_request_less.arg("--presentation").arg(&mine).arg("--out").arg(folder.path().join("batch"));
    assert_eq!(error(&one_request_less.output().unwrap(), 2).0, "usage");
}

#[test]
fn what_is_proven_is_told_layer_by_layer() {
    let params = json(&velum("params").output().unwrap(), 0);
    assert_eq!(params["client"].as_array().unwrap().len(), 3);
    for profile in params["profiles"].as_array().unwrap() {
        let layers = profile["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 4);
        let proven = if profile["profile"] == "standard" { 58 } else { 100 };
        assert!(layers.iter().all(|layer| layer["proven_bits"] == proven));
    }
    assert!(params["note"].as_str().unwrap().contains("heuristic"));
}
