//! Prints the stages of both proofs.

use velum_bench::minimum;
use velum_core::class::SizeClass;
use velum_stark::control::Stage;

use crate::proofs::Both;
use crate::table::{self, number};

/// Stages whose work a GPU does.
const MOVED: [Stage; 8] = [
    Stage::Extension,
    Stage::Hashing,
    Stage::Grinding,
    Stage::Lookups,
    Stage::Quotient,
    Stage::Openings,
    Stage::Folding,
    Stage::Queries,
];

/// Prints the stages on the GPU beside those on one thread, and the sum of the stages that the GPU
/// does. The GPU was waited for at the end of each stage.
pub fn print(class: SizeClass, on_gpu: &[Both], on_cpu: &[Both]) {
    let columns = ["stage", "GPU, ms", "one thread, ms", "time on the GPU / time on one thread"];
    let mut rows = Vec::new();
    let mut sums = [0.0; 2];
    for stage in MOVED {
        let ms = [on_gpu, on_cpu].map(|profiles| least(profiles, stage));
        sums = [sums[0] + ms[0], sums[1] + ms[1]];
        rows.push(row(stage.name(), ms));
    }
    rows.push(row("sum of these", sums));
    for stage in [Stage::Witness, Stage::Check] {
        rows.push(row(stage.name(), [on_gpu, on_cpu].map(|profiles| least(profiles, stage))));
    }
    let title = format!(
        "Stages of both proofs of class {}: least times, and the mean for grinding",
        class.name
    );
    table::print(&title, &columns, &rows);
}

/// The least time of a stage of both proofs. For grinding, whose work is random, it is the mean.
fn least(profiles: &[Both], stage: Stage) -> f64 {
    let times: Vec<f64> =
        profiles.iter().map(|both| both[0].ms(stage) + both[1].ms(stage)).collect();
    match stage {
        Stage::Grinding => times.iter().sum::<f64>() / times.len() as f64,
        _ => minimum(&times),
    }
}

fn row(name: &str, [gpu, cpu]: [f64; 2]) -> Vec<String> {
    vec![name.to_owned(), number(gpu), number(cpu), number(gpu / cpu)]
}
