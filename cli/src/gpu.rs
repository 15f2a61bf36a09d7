//! `--gpu`: how the commands that prove use a GPU, and how they report it.

use serde_json::{Value, json};
use velum_credentials::Error;
use velum_stark::control::Device;
use velum_wallet::Wallet;
use velum_wallet::measure::Profile;

use crate::failure::Failure;

/// The device that makes proofs.
#[cfg(feature = "gpu")]
pub type Backend = velum_webgpu::Choice;
/// The device that makes proofs.
#[cfg(not(feature = "gpu"))]
pub type Backend = velum_credentials::Cpu;

/// The values of `--gpu`.
pub const POLICIES: [&str; 3] = ["auto", "off", "require"];

#[derive(clap::Args)]
pub struct Arguments {
    /// Whether a GPU makes the proofs: `auto` uses a GPU if it is faster, once it is ready; `off`
    /// uses the CPU; `require` waits for a GPU, and fails if there is none
    #[arg(long, value_name = "G", default_value = "auto", value_parser = POLICIES)]
    gpu: String,
}

/// The devices of one command.
pub struct Devices {
    backend: Backend,
    is_required: bool,
}

impl Arguments {
    /// Opens the GPU while the command does the work that precedes the first proof. If a GPU is
    /// required, waits for it.
    ///
    /// # Errors
    /// `gpu_unavailable` if a GPU is required and there is none.
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
            "this build cannot use a GPU: it was built without the feature `gpu`",
        ));
    }
    Ok(Backend::default())
}

fn unavailable(why: &str) -> Failure {
    Failure::gpu_unavailable(format!(
        "{why}; use --gpu off, or --gpu auto, which uses a GPU only if it can"
    ))
}

#[cfg(feature = "gpu")]
impl Drop for Devices {
    fn drop(&mut self) {
        self.backend.stop();
    }
}

impl Devices {
    /// Does the same as [`Arguments::start`], for a given policy.
    pub fn start(policy: &str) -> Result<Self, Failure> {
        let is_required = policy == "require";
        Ok(Self { backend: start(policy, is_required)?, is_required })
    }

    /// The device that makes proofs.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// A wallet that proves on these devices.
    pub fn wallet(&self) -> Wallet<Backend> {
        Wallet::on(&self.backend)
    }

    /// The failure of a proof. If a GPU is required, its failure has the code `gpu_unavailable`.
    pub fn failure(&self, error: Error) -> Failure {
        use velum_credentials::Code;
        if self.is_required && matches!(error.code(), Code::Backend | Code::Internal) {
            return unavailable(error.message());
        }
        error.into()
    }

    /// Adds the device that made the last proof to a JSON object. If that was a GPU, also adds it
    /// to the text.
    pub fn describe(&self, last: &Profile, json: &mut Value, text: &mut String) {
        json["backend"] = last.device().name().into();
        let adapter = (last.device() == Device::Gpu).then(|| self.adapter()).flatten();
        if let Some(adapter) = &adapter {
            text.push_str(&format!("\nProven on {adapter}"));
        }
        json["adapter"] = json!(adapter);
    }

    /// The name of the GPU.
    #[cfg(feature = "gpu")]
    fn adapter(&self) -> Option<String> {
        match self.backend.state() {
            velum_webgpu::State::Ready(adapter) => Some(adapter.name),
            _ => None,
        }
    }

    /// The name of the GPU.
    #[cfg(not(feature = "gpu"))]
    fn adapter(&self) -> Option<String> {
        None
    }
}

/// The part of `velum params` on GPUs: which adapters there are, and which of them can be used for
/// proofs.
#[cfg(feature = "gpu")]
pub fn params() -> (Value, String) {
    let adapters = velum_credentials::block_on(velum_webgpu::adapters());
    let (mut objects, mut text) = (Vec::new(), String::new());
    for adapter in &adapters {
        let kind = if adapter.is_software {
            "in software, used only with --gpu require"
        } else {
            "used if it is faster"
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
        text.push_str("GPU: none found; the CPU makes the proofs\n");
    }
    (json!({ "built": true, "adapters": objects }), text)
}

/// The part of `velum params` on GPUs.
#[cfg(not(feature = "gpu"))]
pub fn params() -> (Value, String) {
    let text = "GPU: not supported by this build; the CPU makes the proofs\n".to_owned();
    (json!({ "built": false, "adapters": [] }), text)
}
