// The batch of all columns on the first coset of the tallest group.

struct Numerators {
    log_height: u32,
    // Distances of adjacent columns of the main, the lookup and the quotient tree.
    of_main: u32,
    of_lookup: u32,
    of_quotient: u32,
    // The first point.
    first: u32,
    // The first value that is written. Each point has a column for each coefficient.
    to: u32,
}

@group(0) @binding(0) var<uniform> numerators: Numerators;
@group(0) @binding(1) var<storage, read> main_cells: array<Element>;
@group(0) @binding(2) var<storage, read> lookup_cells: array<Element>;
@group(0) @binding(3) var<storage, read> quotient_cells: array<Element>;
// For each point, its first term and the end of its terms.
@group(0) @binding(4) var<storage, read> ranges: array<vec2<u32>>;
// For each term, its tree and its base column.
@group(0) @binding(5) var<storage, read> terms: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> weights: array<Element>;
@group(0) @binding(7) var<storage, read_write> values: array<Element>;

// The sum of the columns that are opened at a point, each multiplied by its weight.
@compute @workgroup_size(64)
fn sum_terms(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = workgroup.x * 64u + thread;
    let height = 1u << numerators.log_height;
    if row >= height {
        return;
    }
    let range = ranges[numerators.first + workgroup.y];
    var sum = extension(zero());
    for (var next = range.x; next < range.y; next++) {
        let term = terms[next];
        let weight = Extension(weights[2u * next], weights[2u * next + 1u]);
        var cell: Element;
        switch term.x {
            case 0u: { cell = main_cells[term.y * numerators.of_main + row]; }
            case 1u: { cell = lookup_cells[term.y * numerators.of_lookup + row]; }
            default: { cell = quotient_cells[term.y * numerators.of_quotient + row]; }
        }
        sum = add_x(sum, scale_x(weight, cell));
    }
    let at = numerators.to + 2u * workgroup.y * height + row;
    values[at] = sum.a;
    values[at + height] = sum.b;
}
