// Number-theoretic transforms of columns: coefficients in natural order to values in bit-reversed
// order, on a coset.
//
// The layers are those of the recursion from f mod (X^2m - r^2) to f mod (X^m - r) and f mod (X^m +
// r). Six of them make a group, whose twiddles are powers of two. Between groups, elements are
// multiplied once. A group has two steps of three layers each, for which a thread holds eight
// elements. Blocks of up to 2^11 elements are transformed in the workgroup's memory. For longer
// columns, `outer` computes the layers before, from memory to memory.

struct Place {
    offset: u32,
    coset: u32,
    column: u32,
    row: u32,
}

struct Transform {
    source: Place,
    to: Place,
    // Binary logarithm of the length of a column.
    log_size: u32,
    // Binary logarithm of the length of the remaining blocks, or, in `outer`, of the blocks that
    // are split.
    log_block: u32,
    // `outer`: the number of layers that are computed at once.
    log_radix: u32,
    columns: u32,
    cosets: u32,
    // Binary logarithm of the length of `roots`.
    log_roots: u32,
    // `FROM_FACTORS`, `TO_FACTORS`, `TO_COEFFICIENTS`.
    flags: u32,
    // The number of elements before the factors of the first coset.
    factors: u32,
}

// Elements are multiplied by the factors of their coset and place as they are read.
const FROM_FACTORS = 1u;
// The same as they are written.
const TO_FACTORS = 2u;
// Writes the coefficients of a polynomial whose values were read in natural order, each multiplied
// by their number.
const TO_COEFFICIENTS = 4u;

@group(0) @binding(0) var<uniform> transform: Transform;
@group(0) @binding(1) var<storage, read> source: array<Element>;
@group(0) @binding(2) var<storage, read_write> result: array<Element>;
// Powers of the generator of order 2^log_roots.
@group(0) @binding(3) var<storage, read> roots: array<Element>;
@group(0) @binding(4) var<storage, read> factors: array<Element>;

const THREADS = 256u;
// The largest number of cells that a thread holds.
const HELD = 8u;
const LOG_BLOCK = 11u;

// The generator of order 64 is 2 to this power.
const LOG_ROOT = 39u;
const ORDER_OF_TWO = 192u;

var<workgroup> cells: array<Element, 2048>;

fn place(at: Place, coset: u32, column: u32, row: u32) -> u32 {
    return at.offset + coset * at.coset + column * at.column + row * at.row;
}

// The last `bits` bits of a number in reverse order.
fn reverse(number: u32, bits: u32) -> u32 {
    return (reverseBits(number) >> 1u) >> (31u - bits);
}

// The root of order 2^log_order to a power below its order.
fn root(log_order: u32, power: u32) -> Element {
    return roots[power << (transform.log_roots - log_order)];
}

// One step of a group on all blocks of 2^log_block cells: `log_radix` layers after the `before`
// layers that the group has had.
fn layers(thread: u32, log_block: u32, log_radix: u32, before: u32) {
    let log_length = log_block - log_radix;
    let log_group = before + log_radix;
    for (var each = 0u; each < (HELD >> log_radix); each++) {
        let number = thread + each * THREADS;
        let index = number & ((1u << log_length) - 1u);
        let block = number >> log_length;
        let first = (block << log_block) + index;
        let of_group = reverse(block & ((1u << before) - 1u), before);
        var x: array<Element, 8>;
        for (var i = 0u; i < HELD; i++) {
            if i < (1u << log_radix) {
                let power = (LOG_ROOT << (6u - log_group)) * of_group * i;
                x[i] = mul_power(cells[first + (i << log_length)], power % ORDER_OF_TWO);
            }
        }
        transform_small(&x, log_radix);
        for (var i = 0u; i < HELD; i++) {
            if i < (1u << log_radix) {
                var cell = x[i];
                // The last step of a group scales the blocks that it leaves.
                let power = (reverse(i, log_radix) * (1u << before) + of_group) * index;
                if before != 0u && power != 0u {
                    cell = mul(cell, root(log_block + before, power));
                }
                cells[first + (i << log_length)] = cell;
            }
        }
    }
    workgroupBarrier();
}

// A workgroup takes 2^11 cells: whole blocks, of one or several columns.
@compute @workgroup_size(256)
fn inner(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let log_size = transform.log_size;
    let log_block = transform.log_block;
    let log_blocks = log_size - log_block;
    let log_taken = LOG_BLOCK - log_block;
    let all = (transform.cosets * transform.columns) << log_blocks;
    let first = (workgroup.y * workgroups.x + workgroup.x) << log_taken;
    for (var each = 0u; each < HELD; each++) {
        let at = thread + each * THREADS;
        let number = first + (at >> log_block);
        var cell = zero();
        if number < all {
            let column = number >> log_blocks;
            let coset = column / transform.columns;
            let block = number & ((1u << log_blocks) - 1u);
            let row = (block << log_block) + (at & ((1u << log_block) - 1u));
            cell = source[place(transform.source, coset, column % transform.columns, row)];
            if (transform.flags & FROM_FACTORS) != 0u {
                cell = mul(cell, factors[transform.factors + (coset << log_size) + row]);
            }
        }
        cells[at] = cell;
    }
    workgroupBarrier();
    var left = log_block;
    var before = 0u;
    while left > 0u {
        let some = min(left, 3u);
        layers(thread, left, some, before);
        left -= some;
        // A group is done after its second step.
        before = select(0u, some, before == 0u);
    }
    for (var each = 0u; each < HELD; each++) {
        let at = thread + each * THREADS;
        let number = first + (at >> log_block);
        if number < all {
            let column = number >> log_blocks;
            let coset = column / transform.columns;
            let block = number & ((1u << log_blocks) - 1u);
            var row = (block << log_block) + (at & ((1u << log_block) - 1u));
            if (transform.flags & TO_COEFFICIENTS) != 0u {
                row = (0u - reverse(row, log_size)) & ((1u << log_size) - 1u);
            }
            var cell = cells[at];
            if (transform.flags & TO_FACTORS) != 0u {
                cell = mul(cell, factors[transform.factors + (coset << log_size) + row]);
            }
            result[place(transform.to, coset, column % transform.columns, row)] = cell;
        }
    }
}

// The first layers of blocks that do not fit into a workgroup's memory. They are a separate group.
// A thread takes as many cells as belong together.
@compute @workgroup_size(256)
fn outer(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let log_size = transform.log_size;
    let log_radix = transform.log_radix;
    let log_length = transform.log_block - log_radix;
    let log_threads = log_size - log_radix;
    let number = (workgroup.y * workgroups.x + workgroup.x) * THREADS + thread;
    let column = number >> log_threads;
    let coset = column / transform.columns;
    if coset >= transform.cosets {
        return;
    }
    let of_column = number & ((1u << log_threads) - 1u);
    let index = of_column & ((1u << log_length) - 1u);
    let first = ((of_column >> log_length) << transform.log_block) + index;
    var x: array<Element, 8>;
    for (var i = 0u; i < HELD; i++) {
        if i < (1u << log_radix) {
            let row = first + (i << log_length);
            x[i] = source[place(transform.source, coset, column % transform.columns, row)];
            if (transform.flags & FROM_FACTORS) != 0u {
                x[i] = mul(x[i], factors[transform.factors + (coset << log_size) + row]);
            }
        }
    }
    transform_small(&x, log_radix);
    for (var i = 0u; i < HELD; i++) {
        if i < (1u << log_radix) {
            let row = first + (i << log_length);
            let power = reverse(i, log_radix) * index;
            result[place(transform.to, coset, column % transform.columns, row)] =
                mul(x[i], root(transform.log_block, power));
        }
    }
}
