// The columns of the lookup argument, from the fractions of each row.

struct Lookup {
    height: u32,
    active_rows: u32,
    batches: u32,
    // Number of base columns.
    width: u32,
}

@group(0) @binding(0) var<uniform> lookup: Lookup;
// Numerator and denominator of each batch. Each coefficient has its own column.
@group(0) @binding(1) var<storage, read_write> fractions: array<Element>;
// The cells of the blinding rows, row by row.
@group(0) @binding(2) var<storage, read> blinding: array<Element>;
@group(0) @binding(3) var<storage, read_write> cells: array<Element>;
@group(0) @binding(4) var<storage, read_write> terminal: array<Element>;

fn fraction(column: u32, row: u32) -> Extension {
    let at = 2u * column * lookup.height + row;
    return Extension(fractions[at], fractions[at + lookup.height]);
}

fn write_cell(column: u32, row: u32, value: Extension) {
    let at = 2u * column * lookup.height + row;
    cells[at] = value.a;
    cells[at + lookup.height] = value.b;
}

// Computes the batches of a row with one inversion for all of its denominators. The host provides
// the blinding rows.
@compute @workgroup_size(64)
fn divide(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = workgroup.x * 64u + thread;
    if row >= lookup.height {
        return;
    }
    if row >= lookup.active_rows {
        for (var column = 0u; column < lookup.width; column++) {
            cells[column * lookup.height + row] = blinding[(row - lookup.active_rows) * lookup.width + column];
        }
        return;
    }
    // Until a batch is divided, its cell has the product of the denominators of the batches before
    // it. Each step computes one product: one for each batch first, then three for each batch,
    // starting with the last.
    var product = Extension(one(), zero());
    var quotient = product;
    for (var next = 0u; next < 4u * lookup.batches; next++) {
        let is_forward = next < lookup.batches;
        let back = next - lookup.batches;
        let batch = select(lookup.batches - 1u - back / 3u, next, is_forward);
        if is_forward {
            write_cell(1u + batch, row, product);
        } else if back == 0u {
            product = inverse_x(product);
        }
        var first = product;
        var second = fraction(2u * batch + 1u, row);
        if !is_forward && back % 3u == 0u {
            let at = 2u * (1u + batch) * lookup.height + row;
            second = Extension(cells[at], cells[at + lookup.height]);
        } else if !is_forward && back % 3u == 1u {
            first = quotient;
            second = fraction(2u * batch, row);
        }
        let result = mul_x(first, second);
        if is_forward || back % 3u == 2u {
            product = result;
        } else {
            quotient = result;
        }
        if !is_forward && back % 3u == 1u {
            write_cell(1u + batch, row, quotient);
        }
    }
}

const SUMS = 256u;
var<workgroup> sums: array<Extension, 256>;

// Computes the accumulator: for each active row, the sum of the batches of all rows before it. Runs
// in one workgroup.
@compute @workgroup_size(256)
fn accumulate(@builtin(local_invocation_index) thread: u32) {
    let rows = (lookup.height + SUMS - 1u) / SUMS;
    let first = thread * rows;
    let end = min(first + rows, lookup.active_rows);
    var sum = extension(zero());
    for (var row = first; row < end; row++) {
        write_cell(0u, row, sum);
        for (var batch = 0u; batch < lookup.batches; batch++) {
            let at = 2u * (1u + batch) * lookup.height + row;
            sum = add_x(sum, Extension(cells[at], cells[at + lookup.height]));
        }
    }
    sums[thread] = sum;
    workgroupBarrier();
    if thread == 0u {
        var all = extension(zero());
        for (var other = 0u; other < SUMS; other++) {
            let next = sums[other];
            sums[other] = all;
            all = add_x(all, next);
        }
        terminal[0] = all.a;
        terminal[1] = all.b;
    }
    workgroupBarrier();
    let before = sums[thread];
    for (var row = first; row < end; row++) {
        let sum = Extension(cells[row], cells[row + lookup.height]);
        write_cell(0u, row, add_x(sum, before));
    }
}
