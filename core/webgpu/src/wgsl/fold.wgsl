// FRI: f(X) = a(X^2) + X b(X^2) becomes a + challenge b.

struct Fold {
    challenge: vec4<u32>,
    // The inverse of the shift of the domain.
    shift_inverse: vec2<u32>,
    // Binary logarithm of the length of the codeword that is folded.
    log_size: u32,
    // Binary logarithm of the length of `roots`.
    log_roots: u32,
}

@group(0) @binding(0) var<uniform> fold: Fold;
@group(0) @binding(1) var<storage, read> roots: array<Element>;
// In bit-reversed order. The two coefficients of an entry are adjacent.
@group(0) @binding(2) var<storage, read> codeword: array<Element>;
@group(0) @binding(3) var<storage, read_write> folded: array<Element>;

fn reverse(number: u32, bits: u32) -> u32 {
    return (reverseBits(number) >> 1u) >> (31u - bits);
}

fn half(a: Element) -> Element {
    // 2^191 is the inverse of 2.
    return mul_power(a, 191u);
}

@compute @workgroup_size(64)
fn fold_pairs(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let pair = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if pair >= (1u << (fold.log_size - 1u)) {
        return;
    }
    let a = Extension(codeword[4u * pair], codeword[4u * pair + 1u]);
    let b = Extension(codeword[4u * pair + 2u], codeword[4u * pair + 3u]);
    let power = (0u - reverse(2u * pair, fold.log_size)) & ((1u << fold.log_size) - 1u);
    let root = roots[power << (fold.log_roots - fold.log_size)];
    let inverse = mul(root, element(fold.shift_inverse.x, fold.shift_inverse.y));
    let challenge = Extension(
        element(fold.challenge.x, fold.challenge.y),
        element(fold.challenge.z, fold.challenge.w),
    );
    let odd = scale_x(sub_x(a, b), inverse);
    let twice = add_x(add_x(a, b), mul_x(challenge, odd));
    folded[2u * pair] = half(twice.a);
    folded[2u * pair + 1u] = half(twice.b);
}
