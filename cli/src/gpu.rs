//! `--gpu`: what the commands that prove do with a GPU, and what they say of it.

use serde_json::{Value, json};
use velum_credentials::Error;
use velum_stark::control::Device;
use velum_wallet::Wallet;
use velum_wallet::measure::Profile;

use crate::failure::Failure;

/// What proofs are made on.
#[cfg(feature = "gpu")]
pub type Backend = velum_webgpu::Choice;
/// What proofs are made on.
#[cfg(not(feature = "gpu"))]
pub type Backend = velum_credentials::Cpu;

/// Whether a GPU proves.
pub const POLICIES: [&str; 3] = ["auto", "off", "require"];

#[derive(clap::Args)]
pub struct Arguments {
    /// Whether a GPU proves: `auto` where it is faster once it is ready, `off`, or `require`, which waits for it and fails without one
    #[arg(long, value_name = "G", default_value = "auto", value_parser = POLICIES)]
    gpu: String,
}

/// The devices of one command.
pub struct Devices {
    backend: Backend,
    is_required: bool,
}

impl Arguments {
    /// Opens the GPU beside the work that comes before the first proof; waits for it where it is required.
    ///
    /// # Errors
    /// `gpu_unavailable` where it is required and there is none.
    pub fn start(&self) -> Result<Devices, Failure> {
        Devices::start(&self.gpu)
    }
}

#[cfg(feature = "gpu")]
fn start(policy: &str, is_required: bool) -> Result<Backend, Failure> {
    use velum_webgpu::{Choice, Policy, State};

    let choice = Choice::start(Policy::by_name(policy).unwrap_or_default(), None);
    if is_required {
        velum_credentials::block_on(choice.open());
        if let State::Failed(error) = choice.state() {
            return Err(unavailable(&error.to_string()));
        }
    }
    Ok(choice)
}

#[cfg(not(feature = "gpu"))]
fn start(_policy: &str, is_required: bool) -> Result<Backend, Failure> {
    if is_required {
        return Err(unavailable(
            "this build has no kernels for GPUs: it was made without the feature `gpu`",
        ));
    }
    Ok(Backend::default())
}

fn unavailable(why: &str) -> Failure {
    Failure::gpu_unavailable(format!(
        "{why}; prove with --gpu off, or --gpu auto, which uses one where it can"
    ))
}

#[cfg(feature = "gpu")]
impl Drop for Devices {
    fn drop(&mut self) {
        self.backend.stop();
    }
}

impl Devices {
    /// As [`Arguments::start`], by a policy.
    pub fn start(policy: &str) -> Result<Self, Failure> {
        let is_required = policy == "require";
        Ok(Self { backend: start(policy, is_required)?, is_required })
    }

    /// What proofs are made on.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// A wallet that proves on them.
    pub fn wallet(&self) -> Wallet<Backend> {
        Wallet::on(&self.backend)
    }

    /// The failure of a proof: one of the GPU that was required has a code of its own.
    pub fn failure(&self, error: Error) -> Failure {
        use velum_credentials::Code;
        if self.is_required && matches!(error.code(), Code::Backend | Code::Internal) {
            return unavailable(error.message());
        }
        error.into()
    }

    /// Adds what made the last of some proofs to an object, and to a text where it was a GPU.
    pub fn describe(&self, last: &Profile, json: &mut Value, text: &mut String) {
        json["backend"] = last.device().name().into();
        let adapter = (last.device() == Device::Gpu).then(|| self.adapter()).flatten();
        if let Some(adapter) = &adapter {
            text.push_str(&format!("\nProven on {adapter}"));
        }
        json["adapter"] = json!(adapter);
    }

    /// The GPU's name.
    #[cfg(feature = "gpu")]
    fn adapter(&self) -> Option<String> {
        match self.backend.state() {
            velum_webgpu::State::Ready(adapter) => Some(adapter.name),
            _ => None,
        }
    }

    /// The GPU's name.
    #[cfg(not(feature = "gpu"))]
    fn adapter(&self) -> Option<String> {
        None
    }
}

/// What `velum params` says: which adapters there are, and which of them proofs may be made on.
#[cfg(feature = "gpu")]
pub fn params() -> (Value, String) {
    let adapters = velum_credentials::block_on(velum_webgpu::adapters());
    let (mut objects, mut text) = (Vec::new(), String::new());
    for adapter in &adapters {
        let kind = if adapter.is_software {
            "in software, by --gpu require alone"
        } else {
            "where it is faster"
        };
        text.push_str(&format!(
            "GPU {} ({}, {}): {kind}\n",
            adapter.name, adapter.interface, adapter.driver
        ));
        objects.push(json!({
            "name": adapter.name,
            "interface": adapter.interface,
            "driver": adapter.driver,
            "software": adapter.is_software,
            "integers_of_64_bits": adapter.has_64_bit,
        }));
    }
    if adapters.is_empty() {
        text.push_str("GPU: none is there, and the processor proves\n");
    }
    (json!({ "built": true, "adapters": objects }), text)
}

/// What `velum params` says.
#[cfg(not(feature = "gpu"))]
pub fn params() -> (Value, String) {
    let text = "GPU: this build has no kernels for it, and the processor proves\n".to_owned();
    (json!({ "built": false, "adapters": [] }), text)
}
