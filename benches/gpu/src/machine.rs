//! Prints what the measurement runs on.

use velum_wallet::measure::Simd;
use velum_webgpu::Adapter;

use crate::table;

/// Prints the adapter, the processor and the build.
pub fn print(adapter: &Adapter, only_32_bit: bool) {
    let width =
        if adapter.has_64_bit && !only_32_bit { "integers of 64 bits" } else { "pairs of 32 bits" };
    let rows = [
        ("adapter", adapter.name.clone()),
        ("driver", adapter.driver.clone()),
        ("interface", adapter.interface.clone()),
        ("computes on", if adapter.is_software { "the CPU" } else { "a GPU" }.to_owned()),
        ("elements are", width.to_owned()),
        ("CPU", format!("{}, {} cores", processor(), rayon::current_num_threads())),
        (
            "build",
            format!(
                "{}, for {}",
                option_env!("VELUM_FLAGS").unwrap_or("no flags given"),
                Simd::BUILT.name()
            ),
        ),
    ];
    table::print("Machine", &["", ""], &rows.map(|(name, value)| vec![name.to_owned(), value]));
}

/// The model of the processor, if the system reports it.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}
