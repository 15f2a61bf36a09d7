//! The pool as an app uses it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use velum_credentials::block_on;
use velum_mobile::*;
use velum_testdata::{AGE_VERIFICATION, MUSTERMANN};

const KEY: [u8; 32] = [7; 32];

fn document() -> Vec<u8> {
    MUSTERMANN.device_response.to_vec()
}

fn request() -> Vec<u8> {
    MUSTERMANN.request.as_bytes().to_vec()
}

fn transcript() -> Vec<u8> {
    MUSTERMANN.session_transcript.to_vec()
}

fn any_time() -> Option<PresentOptions> {
    Some(PresentOptions { clock: Some(Clock::Any), ..PresentOptions::default() })
}

fn pool(
    wallet: &Arc<Wallet>,
    folder: &std::path::Path,
    key: &[u8],
) -> Result<Arc<ProofPool>, VelumError> {
    ProofPool::new(wallet.clone(), folder.display().to_string(), key.to_vec(), None)
}

fn count(pool: &ProofPool) -> u32 {
    block_on(pool.count(document(), request())).unwrap()
}

/// Counts the reports in the second half of the work, and cancels at the first of them.
struct Counting(AtomicUsize, Arc<Cancellation>);

impl ProgressListener for Counting {
    fn on_progress(&self, _: Stage, fraction: f64) {
        assert!((0.0..=1.0).contains(&fraction));
        if fraction > 0.5 && self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            self.1.cancel();
        }
    }
}

/// Reports that the first proof has begun.
struct Begun(std::sync::mpsc::Sender<()>);

impl ProgressListener for Begun {
    fn on_progress(&self, _: Stage, _: f64) {
        // The receiver is gone when later proofs begin.
        let _ = self.0.send(());
    }
}

#[test]
fn nobody_waits_for_a_pool_to_be_full() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::new(None);
    let pool = pool(&wallet, folder.path(), &KEY).unwrap();
    let cancellation = Cancellation::new();
    let (begun, has_begun) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let options = FillOptions {
            cancellation: Some(cancellation.clone()),
            progress: Some(Arc::new(Begun(begun))),
            ..FillOptions::default()
        };
        let filling = scope.spawn(|| block_on(pool.fill(document(), request(), 9, Some(options))));
        has_begun.recv().unwrap();
        let answer =
            block_on(pool.present(document(), request(), transcript(), None, any_time())).unwrap();
        assert!(!answer.presentation.is_empty());
        assert!(!filling.is_finished());
        cancellation.cancel();
        assert_eq!(filling.join().unwrap().unwrap_err().code(), ErrorCode::Cancelled);
    });
    assert!(count(&pool) < 9);
}

#[test]
fn a_pool_is_filled_and_each_proof_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::new(None);
    let pool = pool(&wallet, folder.path(), &KEY).unwrap();

    // The call is cancelled during the second of two proofs. The first proof stays.
    let cancellation = Cancellation::new();
    let listener = Arc::new(Counting(AtomicUsize::new(0), cancellation.clone()));
    let options = FillOptions {
        cancellation: Some(cancellation),
        progress: Some(listener),
        ..FillOptions::default()
    };
    let error = block_on(pool.fill(document(), request(), 2, Some(options))).unwrap_err();
    assert_eq!((error.code(), count(&pool)), (ErrorCode::Cancelled, 1));
    assert_eq!(block_on(pool.fill(document(), request(), 1, None)).unwrap(), 0);

    // A request that is not answered takes no proof.
    let present =
        |options| block_on(pool.present(document(), request(), transcript(), None, options));
    assert_eq!(present(None).unwrap_err().code(), ErrorCode::Clock);
    assert_eq!(count(&pool), 1);
    let answers: Vec<_> = thread::scope(|scope| {
        let calls: Vec<_> = (0..2).map(|_| scope.spawn(|| present(any_time()).unwrap())).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.from_pool).count(), 1);
    for answer in answers {
        block_on(verify(answer.presentation, transcript(), request(), None, None)).unwrap();
    }
    assert_eq!(count(&pool), 0);
}

#[test]
fn proofs_stay_sealed_and_go_with_their_document() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::new(None);
    let error = pool(&wallet, folder.path(), &KEY[1..]).err().unwrap();
    assert_eq!((error.code(), error.problem().place.as_str()), (ErrorCode::Malformed, "key"));
    let ours = pool(&wallet, folder.path(), &KEY).unwrap();
    assert_eq!(block_on(ours.fill(document(), request(), 1, None)).unwrap(), 1);

    // Nothing opens under another key, and nothing is lost.
    let other = pool(&wallet, folder.path(), &[8; 32]).unwrap();
    let refused =
        block_on(other.present(document(), request(), transcript(), None, any_time())).unwrap_err();
    assert!(matches!(refused, VelumError::Pool { .. }));
    assert_eq!((refused.code(), count(&ours)), (ErrorCode::OtherKey, 1));

    assert_eq!(block_on(ours.sweep(vec![document()])).unwrap(), []);
    assert_eq!(
        block_on(ours.sweep(vec![b"none".to_vec()])).unwrap_err().code(),
        ErrorCode::Malformed
    );
    assert_eq!(count(&ours), 1);
    let dropped = block_on(ours.sweep(vec![AGE_VERIFICATION.device_response.to_vec()])).unwrap();
    assert_eq!(
        dropped.iter().map(|dropped| dropped.why).collect::<Vec<_>>(),
        [DropReason::Document]
    );
    assert_eq!((count(&ours), block_on(ours.clear()).unwrap()), (0, 0));

    fs::write(folder.path().join("file"), []).unwrap();
    let error = pool(&wallet, &folder.path().join("file"), &KEY).err().unwrap();
    assert_eq!(error.code(), ErrorCode::StoreFailed);
}

#[test]
fn a_full_pool_says_so_before_it_proves() {
    let folder = tempfile::tempdir().unwrap();
    let options = PoolOptions { entries: Some(0), ..PoolOptions::default() };
    let path = folder.path().display().to_string();
    let pool = ProofPool::new(Wallet::new(None), path, KEY.to_vec(), Some(options)).unwrap();
    let error = block_on(pool.fill(document(), request(), 1, None)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PoolFull);
}

/// A sealer of the app's. The test does not need it to seal. Its refusal must come back as a typed
/// error.
struct Refusing;

#[async_trait::async_trait]
impl Sealer for Refusing {
    async fn seal(&self, _: Vec<u8>, _: Vec<u8>) -> Result<Vec<u8>, SealerError> {
        Err(SealerError::Refused { reason: "locked".to_owned() })
    }

    async fn open(&self, _: Vec<u8>, _: Vec<u8>) -> Result<Vec<u8>, SealerError> {
        Err(SealerError::DoesNotOpen)
    }
}

#[test]
fn a_sealer_of_the_apps_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let pool = ProofPool::with_sealer(Wallet::new(None), path, Arc::new(Refusing), None).unwrap();
    let error = block_on(pool.fill(document(), request(), 1, None)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::SealerRefused);
    assert!(error.to_string().contains("locked"));
}
