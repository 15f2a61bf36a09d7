// Columns at a point outside their domain: the sum of their cells on the first coset, each
// multiplied by its row's weight.

struct Evaluate {
    log_height: u32,
    of_column: u32,
    // The first opening, the first value that is written, and the first weight.
    first: u32,
    to: u32,
    weights: u32,
}

@group(0) @binding(0) var<uniform> evaluate: Evaluate;
// Rows in bit-reversed order.
@group(0) @binding(1) var<storage, read> cells: array<Element>;
@group(0) @binding(2) var<storage, read> weights: array<Element>;
// A base column, and the row offset at which it is opened.
@group(0) @binding(3) var<storage, read> openings: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> values: array<Element>;

const THREADS = 64u;
var<workgroup> sums: array<Extension, 64>;

fn reverse(number: u32, bits: u32) -> u32 {
    return (reverseBits(number) >> 1u) >> (31u - bits);
}

// One workgroup for each opening.
@compute @workgroup_size(64)
fn evaluate_columns(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let opening = openings[evaluate.first + workgroup.x];
    let height = 1u << evaluate.log_height;
    var sum = extension(zero());
    for (var row = thread; row < height; row += THREADS) {
        let natural = (reverse(row, evaluate.log_height) - opening.y) & (height - 1u);
        let at = evaluate.weights + natural;
        let weight = Extension(weights[at], weights[at + height]);
        sum = add_x(sum, scale_x(weight, cells[opening.x * evaluate.of_column + row]));
    }
    sums[thread] = sum;
    workgroupBarrier();
    for (var half = THREADS / 2u; half > 0u; half = half >> 1u) {
        if thread < half {
            sums[thread] = add_x(sums[thread], sums[thread + half]);
        }
        workgroupBarrier();
    }
    if thread == 0u {
        let at = 2u * (evaluate.to + workgroup.x);
        values[at] = sums[0].a;
        values[at + 1u] = sums[0].b;
    }
}
