//! Real proofs of recorded presentations.

use velum_aggregate_verifier::{
    Profile as AggregateProfile, RootKey, digest_from_bytes, verify_root,
};
use velum_aggregator::{Tree, wide};
use velum_credentials::aggregate::Submission;
use velum_credentials::{Presentation as Answer, Request, SessionTranscript};
use velum_testdata::{GOLDEN, MUSTERMANN};

use super::*;
use crate::Prover;
use crate::store::DeadTask;

/// A lease that outlasts the making of circuits on a machine that others use too.
const SLOW: Pace = Pace { lease: Duration::from_secs(60), ..FAST };

#[test]
fn classes_are_called_as_documents_and_messages_call_them() {
    for (class, of_documents) in SizeClass::ALL.into_iter().zip(velum_core::class::CLASSES) {
        assert_eq!(class.name(), of_documents.name);
        assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        assert_eq!(SizeClass::by_name(class.name()), Some(class));
    }
    assert_eq!(SizeClass::by_name("huge"), None);
}

/// The recorded submission of a class, and its presentation.
fn recorded(class: SizeClass) -> (Bytes, Presentation) {
    let name = serde_json::to_value(class).unwrap();
    let golden = GOLDEN
        .iter()
        .find(|golden| golden.suite == "aggregatable" && golden.class == name)
        .unwrap();
    let submission = Submission {
        transcript: SessionTranscript::parse(MUSTERMANN.session_transcript).unwrap(),
        request: Request::from_json(MUSTERMANN.request.as_bytes()).unwrap(),
        presentation: Answer::from_bytes(golden.presentation).unwrap(),
    };
    let statement = Hash(submission.claim().unwrap().hash().unwrap());
    let bytes = Bytes::from(submission.to_bytes());
    let submission = Hash::of(&[&bytes]);
    (bytes, Presentation { statement, class, submission })
}

/// A workshop that makes proofs, with its blobs and the folder that it is in.
async fn open() -> (TempDir, Blobs, Workshop) {
    let folder = tempfile::tempdir().unwrap();
    let url =
        |scheme: &str, name: &str| format!("{scheme}://{}", folder.path().join(name).display());
    let blobs = Blobs::open(&url("file", "store")).unwrap();
    let database = url("sqlite", "workshop.db");
    let workshop =
        Workshop::open_with(&database, blobs.clone(), Arc::new(Prover::new()), SLOW).await.unwrap();
    (folder, blobs, workshop)
}

/// Waits until the lot is folded, or a task is dead.
async fn ends(workshop: &Workshop, lot: &LotWork) -> Result<Aggregate, DeadTask> {
    let drain = CancellationToken::new();
    let (worker, draining) = (workshop.clone(), drain.clone());
    let worker = tokio::spawn(async move { worker.work("worker", draining).await });
    let end = loop {
        if let Some(aggregate) = workshop.result(lot.id).await.unwrap() {
            break Ok(aggregate);
        }
        if let Some(dead) = workshop.dead().await.unwrap().pop() {
            break Err(dead);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    drain.cancel();
    worker.await.unwrap().unwrap();
    end
}

/// Folds the recorded presentations of some classes.
async fn fold(classes: &[SizeClass]) {
    let (_folder, blobs, workshop) = open().await;
    let (submissions, presentations): (Vec<_>, Vec<_>) =
        classes.iter().map(|class| recorded(*class)).unzip();
    for submission in submissions {
        blobs.put(submission).await.unwrap();
    }
    let lot = lot(1, presentations);
    workshop.take(&lot).await.unwrap();
    let aggregate = ends(&workshop, &lot).await.unwrap();
    let profile = AggregateProfile::Standard;
    let root =
        verify_root(profile, &RootKey::pinned(profile), &aggregate.proof, &lot.payee.0).unwrap();
    let statements: Vec<_> = aggregate
        .statements
        .iter()
        .map(|statement| digest_from_bytes(&statement.0).unwrap())
        .collect();
    let tree = Tree::over(statements.len(), wide(profile)).unwrap();
    assert_eq!((root.digest, root.count), tree.digest(&statements));
    assert_eq!(root.count, classes.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presentation_is_folded() {
    fold(&[SizeClass::Standard]).await;
}

/// Leaves of two shapes, and a merge.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long"]
async fn two_presentations_are_folded() {
    fold(&[SizeClass::Large, SizeClass::Standard]).await;
}

/// No circuit is made for a presentation that does not verify, or is not what the lot says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presentation_that_is_not_what_the_lot_says_is_refused() {
    let (_folder, blobs, workshop) = open().await;
    let (submission, honest) = recorded(SizeClass::Standard);
    let mut changed = submission.to_vec();
    // This byte is part of a proof.
    let at = changed.len() - 1_000;
    changed[at] ^= 1;
    blobs.put(submission).await.unwrap();
    let changed = blobs.put(changed.into()).await.unwrap();
    let text = blobs.put(Bytes::from_static(b"text")).await.unwrap();
    let lots = [
        Presentation { submission: changed, ..honest },
        Presentation { submission: text, ..honest },
        Presentation { class: SizeClass::Large, ..honest },
        Presentation { statement: presentations(1)[0].statement, ..honest },
    ];
    for (id, presentation) in (1..).zip(lots) {
        let lot = lot(id, vec![presentation]);
        workshop.take(&lot).await.unwrap();
        let dead = ends(&workshop, &lot).await.unwrap_err();
        assert_eq!((dead.task.kind(), dead.attempts), (Kind::Leaf, 1), "{}", dead.error);
        workshop.drop_lot(lot.id).await.unwrap();
    }
}
