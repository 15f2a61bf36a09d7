//! Measures whole proofs of one document on the GPU and on the CPU.

use velum_bench::{Case, Device, SUITE, median, minimum};
use velum_core::class::SizeClass;
use velum_core::proof::ProofKind;
use velum_credentials::{Control, Error, Prover};
use velum_stark::{Checked, Cpu};
use velum_wallet::measure::{Profile, timed};
use velum_webgpu::{Gpu, Traffic, WebGpu};

use crate::Failure;
use crate::stages;
use crate::table::{self, number};

/// The profiles of both proofs.
pub type Both = [Profile; 2];

/// Prints whole proofs of a document, then the traffic with the device and the stages of the
/// proofs.
pub fn print(gpu: &Gpu, runs: usize, class: SizeClass) -> Result<(), Failure> {
    let case = Case::new(1, class)?;
    let on_gpu = Prover::on(Checked(WebGpu::new(gpu.clone())), SUITE);
    let (keys, keys_ms) = timed(|| {
        on_gpu.make_keys(ProofKind::Credential, class, &Control::none())?;
        on_gpu.make_keys(ProofKind::Presentation, class, &Control::none())
    });
    keys?;
    let first = both(&case, &on_gpu)?;
    let before = gpu.traffic();
    both(&case, &on_gpu)?;
    let traffic = gpu.traffic() - before;
    let profiles = repeated(runs, || both(&case, &on_gpu))?;
    let mut rows = vec![row("the GPU", &profiles, None)];
    let mut of_one_thread = Vec::new();
    for threads in threads() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let on_cpu = Prover::on(Cpu::default(), SUITE);
        // The first run makes the keys.
        let proven = pool.install(|| {
            both(&case, &on_cpu).and_then(|_| repeated(runs, || both(&case, &on_cpu)))
        })?;
        let name =
            if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
        rows.push(row(&name, &proven, Some(&profiles)));
        if threads == 1 {
            of_one_thread = proven;
        }
    }
    let columns = [
        "on",
        "prepare: least ms",
        "median",
        "present: least ms",
        "median",
        "both: least ms",
        "median",
        "time on the GPU / time here: prepare",
        "present",
        "both",
    ];
    let title = format!(
        "Whole proofs of a document of class {}, suite {}, each verified",
        class.name,
        SUITE.name()
    );
    table::print(&title, &columns, &rows);
    println!(
        "The first two proofs on the GPU took {} and {} ms. Before that, the keys took {} ms.\n",
        number(first[0].total_ms),
        number(first[1].total_ms),
        number(keys_ms),
    );
    print_traffic(&traffic);

    gpu.wait_at_stages(true);
    let waiting = repeated(runs, || both(&case, &on_gpu));
    gpu.wait_at_stages(false);
    stages::print(class, &waiting?, &of_one_thread);
    Ok(())
}

/// Numbers of threads: one, two, and all.
fn threads() -> Vec<usize> {
    let mut threads = vec![1, 2, rayon::current_num_threads()];
    threads.sort_unstable();
    threads.dedup();
    threads
}

fn both<B: Device>(case: &Case, prover: &Prover<B>) -> Result<Both, Error>
where
    B::Key: Sync,
    B::Error: Send,
{
    let (prepared, prepare) = Profile::of(|_| {}, |control| case.prepare(prover, control));
    let (presentation, present) =
        Profile::of(|_| {}, |control| case.present(prover, prepared?, control));
    presentation?;
    Ok([prepare, present])
}

fn repeated(
    runs: usize,
    mut both: impl FnMut() -> Result<Both, Error>,
) -> Result<Vec<Both>, Error> {
    (0..runs).map(|_| both()).collect()
}

/// The milliseconds of the credential proof, of the presentation proof, and of both.
fn milliseconds(profiles: &[Both]) -> [Vec<f64>; 3] {
    let each = |of: fn(&Both) -> f64| profiles.iter().map(of).collect();
    [
        each(|both| both[0].total_ms),
        each(|both| both[1].total_ms),
        each(|both| both[0].total_ms + both[1].total_ms),
    ]
}

fn row(name: &str, profiles: &[Both], gpu: Option<&[Both]>) -> Vec<String> {
    let times = milliseconds(profiles);
    let mut row = vec![name.to_owned()];
    row.extend(times.iter().flat_map(|times| [minimum(times), median(times)].map(number)));
    let ratios = gpu.map(|gpu| {
        milliseconds(gpu)
            .into_iter()
            .zip(&times)
            .map(|(gpu, cpu)| number(median(&gpu) / median(cpu)))
    });
    row.extend(ratios.map_or_else(|| vec![String::new(); 3], Iterator::collect));
    row
}

fn print_traffic(traffic: &Traffic) {
    let rows = [
        ("writes", traffic.uploads),
        ("bytes written", traffic.uploaded_bytes),
        ("read back", traffic.readbacks),
        ("bytes read back", traffic.readback_bytes),
        ("runs of kernels", traffic.dispatches),
        ("submissions", traffic.submissions),
        ("buffers made", traffic.buffers),
    ];
    let rows = rows.map(|(name, count)| vec![name.to_owned(), count.to_string()]);
    table::print("Requests of both proofs to the device", &["", ""], &rows);
}
