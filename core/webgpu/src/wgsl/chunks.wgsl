// The coefficients of the quotient.

// A group's part of the quotient. Its values on a coset of order 2 N gave the coefficients of a
// remainder modulo X^2N - s^2N. Its values on a small coset determine the factor of the modulus.
struct Small {
    // Binary logarithms of 2 N, of the order of the small coset, and of the length of `roots`.
    log_order: u32,
    log_small: u32,
    log_roots: u32,
    // The first value on the small coset. Each coefficient has its own column.
    values: u32,
    // s^2N.
    modulus: vec2<u32>,
    // 1 / (t^2N - s^2N), where t is the shift of the small coset.
    divisor: vec2<u32>,
    // The part's first coefficient. Its second component is `second` further on.
    part: u32,
    second: u32,
    // The first power of t, starting with power 0, and the first power of its inverse over the
    // small coset's order.
    powers: u32,
    inverse_powers: u32,
}

@group(0) @binding(0) var<uniform> small: Small;
@group(0) @binding(1) var<storage, read> roots: array<Element>;
@group(0) @binding(2) var<storage, read> powers: array<Element>;
@group(0) @binding(3) var<storage, read> small_values: array<Element>;
@group(0) @binding(4) var<storage, read_write> parts: array<Element>;

var<workgroup> folded: array<Extension, 256>;
var<workgroup> high: array<Extension, 256>;

fn small_root(power: u32) -> Element {
    let order = 1u << small.log_small;
    return roots[(power & (order - 1u)) << (small.log_roots - small.log_small)];
}

// Runs in one workgroup. The small coset has at most 256 points.
@compute @workgroup_size(256)
fn divide_small(@builtin(local_invocation_index) thread: u32) {
    let order = 1u << small.log_small;
    if thread < order {
        var sum = extension(zero());
        for (var i = thread; i < (1u << small.log_order); i += order) {
            let at = small.part + i;
            let power = powers[small.powers + i];
            sum = add_x(sum, scale_x(Extension(parts[at], parts[at + small.second]), power));
        }
        folded[thread] = sum;
    }
    workgroupBarrier();
    if thread < order {
        let at = small.values + thread;
        var rest = Extension(small_values[at], small_values[at + order]);
        for (var i = 0u; i < order; i++) {
            rest = sub_x(rest, scale_x(folded[i], small_root(i * thread)));
        }
        high[thread] = scale_x(rest, element(small.divisor.x, small.divisor.y));
    }
    workgroupBarrier();
    if thread < order {
        var sum = extension(zero());
        for (var i = 0u; i < order; i++) {
            sum = add_x(sum, scale_x(high[i], small_root(0u - i * thread)));
        }
        sum = scale_x(sum, powers[small.inverse_powers + thread]);
        let last = small.part + (1u << small.log_order) + thread;
        parts[last] = sum.a;
        parts[last + small.second] = sum.b;
        let first = small.part + thread;
        let modulus = element(small.modulus.x, small.modulus.y);
        parts[first] = sub(parts[first], mul(sum.a, modulus));
        parts[first + small.second] = sub(parts[first + small.second], mul(sum.b, modulus));
    }
}
