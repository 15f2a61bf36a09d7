//! Prepares and presents on the CPU or a GPU.
//!
//! Calls are promises, because a worker's thread cannot wait for a GPU that it serves itself.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Uint8Array};
use serde::Serialize;
use serde_json::json;
use velum_credentials::{Code, Error, PrepareOptions, Prepared, ProofKind};
use velum_wallet::Wallet;
use velum_webgpu::{Adapter, Calibration, Choice, GpuError, Policy, State, Timing};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use zeroize::Zeroizing;

use crate::failure;
use crate::holder::{present_options, question};
use crate::input::{size_class, suite};
use crate::watch::watched_async;

/// A prover, which keeps everything that depends only on a size class. It makes one call at a time.
#[wasm_bindgen]
pub struct GpuProver {
    choice: Choice,
    wallet: Rc<Wallet<Choice>>,
}

/// What JavaScript learns about the GPU.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    state: &'static str,
    adapter: Option<String>,
    software: bool,
    /// Why the GPU failed, or why there is none.
    error: Option<String>,
    calibration: Option<Vec<Height>>,
}

/// How long proofs of one height take.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Height {
    log_height: usize,
    cpu_ms: f64,
    gpu_ms: f64,
}

#[wasm_bindgen]
impl GpuProver {
    /// A prover without keys. The policy says whether it has a GPU, which [`open`](Self::open)
    /// opens.
    ///
    /// A calibration is what [`state`](Self::state) returned, and makes the measurement
    /// unnecessary: `logHeight`, `cpuMs` and `gpuMs` of each height, one after the other.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &str, calibration: Option<Vec<f64>>) -> Result<Self, JsError> {
        let policy = Policy::by_name(policy).ok_or_else(|| JsError::new("no such policy"))?;
        let choice = Choice::new(policy, calibration.as_deref().map(read).transpose()?);
        let wallet = Rc::new(Wallet::on(&choice));
        Ok(Self { choice, wallet })
    }

    /// Opens the GPU, compiles its kernels and measures it.
    pub async fn open(&self) {
        self.choice.open().await;
    }

    /// The current state of the GPU, as JSON.
    pub fn state(&self) -> Result<String, JsError> {
        let (state, adapter, error) = match self.choice.state() {
            State::Off => ("off", None, None),
            State::Opening => ("opening", None, None),
            State::Ready(adapter) => ("ready", Some(adapter), None),
            State::Failed(error @ GpuError::NoAdapter(_)) => {
                ("absent", None, Some(error.to_string()))
            }
            State::Failed(error) => ("failed", None, Some(error.to_string())),
        };
        let software = adapter.as_ref().is_some_and(|adapter| adapter.is_software);
        let adapter = adapter.map(|Adapter { name, .. }| name);
        let calibration = self.choice.calibration().map(heights);
        Ok(serde_json::to_string(&Told { state, adapter, software, error, calibration })?)
    }

    /// Makes both keys of a suite and a size class, so that neither preparing nor presenting waits
    /// for them.
    #[wasm_bindgen(js_name = makeKeys)]
    pub async fn make_keys(
        &self,
        suite: String,
        class: String,
        progress: Function,
    ) -> Result<(), JsValue> {
        let (suite, class) = (self::suite(&suite)?, size_class(&class)?);
        let made = watched_async(&progress, async |control| {
            for kind in [ProofKind::Credential, ProofKind::Presentation] {
                self.wallet.make_keys_async(suite, kind, class, &control).await?;
            }
            Ok(())
        });
        made.await.map_err(|error| self.thrown(&error))
    }

    /// Makes the credential proof of one presentation. The proof is secret.
    pub async fn prepare(
        &self,
        document: Vec<u8>,
        request: String,
        suite: String,
        class: Option<String>,
        progress: Function,
    ) -> Result<Uint8Array, JsValue> {
        let (suite, size_class) =
            (self::suite(&suite)?, class.as_deref().map(size_class).transpose()?);
        let prepared = watched_async(&progress, async |control| {
            let question = question(&document, &request)?;
            let options =
                PrepareOptions::default().with_size_class(size_class).with_control(control);
            self.wallet.prepare_async(&question, suite, options).await
        });
        let prepared = prepared.await.map_err(|error| self.thrown(&error))?;
        // `to_bytes` returns a buffer that is wiped. JavaScript receives a copy.
        Ok(Uint8Array::from(prepared.to_bytes().as_slice()))
    }

    /// Makes the presentation. `clock` is in seconds since 1970. Without it, requests of any time
    /// are answered.
    #[allow(clippy::too_many_arguments)] // JavaScript has no other form for these parameters.
    pub async fn present(
        &self,
        prepared: Uint8Array,
        document: Vec<u8>,
        transcript: Vec<u8>,
        request: String,
        clock: Option<f64>,
        disclose_device_namespaces: bool,
        progress: Function,
    ) -> Result<Uint8Array, JsValue> {
        let prepared = Zeroizing::new(prepared.to_vec());
        let presentation = watched_async(&progress, async |control| {
            let options = present_options(clock, disclose_device_namespaces, control)?;
            let question = question(&document, &request)?;
            let prepared = Prepared::from_bytes(&prepared)?;
            self.wallet.present_async(prepared, &question, &transcript, options).await
        });
        let presentation = presentation.await.map_err(|error| self.thrown(&error))?;
        Ok(Uint8Array::from(presentation.to_bytes().as_slice()))
    }
}

impl GpuProver {
    /// The failure of a call, in the form that JavaScript receives. If the GPU was required and
    /// failed, the failure says so.
    fn thrown(&self, error: &Error) -> JsValue {
        let is_of_gpu = matches!(error.code(), Code::Backend | Code::Internal);
        if self.choice.policy() != Policy::Require || !is_of_gpu {
            return failure::thrown(error);
        }
        let message = format!(
            "{}; make a new prover, or ask for \"auto\", which needs no GPU",
            error.message()
        );
        failure::object(&json!({ "code": "gpu_unavailable", "where": "gpu", "message": message }))
    }
}

fn read(calibration: &[f64]) -> Result<Calibration, JsError> {
    let (heights, _) = calibration.as_chunks();
    let duration = |ms: f64| Duration::try_from_secs_f64(ms / 1_000.0);
    let timing = |&[log_height, cpu_ms, gpu_ms]: &[f64; 3]| {
        let (cpu, gpu) = (duration(cpu_ms)?, duration(gpu_ms)?);
        Ok(Timing { log_height: log_height as usize, cpu, gpu })
    };
    Ok(Calibration(
        heights.iter().map(timing).collect::<Result<_, std::time::TryFromFloatSecsError>>()?,
    ))
}

fn heights(calibration: Calibration) -> Vec<Height> {
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    let height = |timing: &Timing| Height {
        log_height: timing.log_height,
        cpu_ms: ms(timing.cpu),
        gpu_ms: ms(timing.gpu),
    };
    calibration.0.iter().map(height).collect()
}
