// The codeword on the first coset of the tallest group: the mask of FRI plus, for each point, its
// numerator over x - point.

struct Quotients {
    log_height: u32,
    points: u32,
    // The first cells of the mask's columns in the quotient tree.
    mask: vec2<u32>,
}

// A group's part in a point's numerator.
struct Part {
    // Binary logarithm of the factor by which the group is lower.
    lift: u32,
    // The first value.
    first: u32,
}

struct PointOf {
    // The value that is subtracted from the numerator.
    claimed: vec4<u32>,
    // The denominators' inverses are those of the table at rows moved by `offset`, up to a factor
    // that the weights have.
    offset: u32,
    table: u32,
    // The point's first part and the end of its parts.
    first: u32,
    end: u32,
}

@group(0) @binding(0) var<uniform> quotients: Quotients;
@group(0) @binding(1) var<storage, read> numerators: array<Element>;
@group(0) @binding(2) var<storage, read> denominators: array<Element>;
@group(0) @binding(3) var<storage, read> quotient_cells: array<Element>;
@group(0) @binding(4) var<storage, read> points: array<PointOf>;
@group(0) @binding(5) var<storage, read> parts: array<Part>;
// By rows in natural order. Each coefficient has its own column.
@group(0) @binding(6) var<storage, read_write> values: array<Element>;

fn reverse(number: u32, bits: u32) -> u32 {
    return (reverseBits(number) >> 1u) >> (31u - bits);
}

@compute @workgroup_size(64)
fn sum_quotients(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = workgroup.x * 64u + thread;
    let log_height = quotients.log_height;
    let height = 1u << log_height;
    if row >= height {
        return;
    }
    let natural = reverse(row, log_height);
    var sum = Extension(quotient_cells[quotients.mask.x + row], quotient_cells[quotients.mask.y + row]);
    for (var number = 0u; number < quotients.points; number++) {
        let at = points[number];
        var numerator = sub_x(
            extension(zero()),
            Extension(element(at.claimed.x, at.claimed.y), element(at.claimed.z, at.claimed.w)),
        );
        for (var next = at.first; next < at.end; next++) {
            let part = parts[next];
            let cell = part.first + (row >> part.lift);
            let length = height >> part.lift;
            numerator = add_x(numerator, Extension(numerators[cell], numerators[cell + length]));
        }
        let moved = at.table + ((natural - at.offset) & (height - 1u));
        let denominator = Extension(denominators[moved], denominators[moved + height]);
        sum = add_x(sum, mul_x(numerator, denominator));
    }
    values[natural] = sum.a;
    values[natural + height] = sum.b;
}
