// Grinding: nonces whose permutation with the transcript ends in zeros.

struct Grind {
    // The state, two lanes in each vector.
    state: array<vec4<u32>, 6>,
    // The first nonce. All nonces that are tried have its upper word.
    first: vec2<u32>,
    bits: u32,
    // Number of nonces that a thread tries.
    each: u32,
    // The lane of the nonce.
    lane: u32,
}

@group(0) @binding(0) var<uniform> grind: Grind;
// The distance from the first nonce that was tried to the first that was found.
@group(0) @binding(1) var<storage, read_write> found: atomic<u32>;
@group(0) @binding(2) var<storage, read> constants: array<Element>;

@compute @workgroup_size(64)
fn try_nonces(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let start = (workgroup.x * 64u + thread) * grind.each;
    for (var next = 0u; next < grind.each; next++) {
        var state: array<Element, 12>;
        for (var i = 0u; i < 6u; i++) {
            let pair = grind.state[i];
            state[2u * i] = element(pair.x, pair.y);
            state[2u * i + 1u] = element(pair.z, pair.w);
        }
        state[grind.lane] = element(grind.first.x + start + next, grind.first.y);
        permute(&state);
        // At most 32 zeros are required.
        if countTrailingZeros(words(state[RATE - 1u]).x) >= grind.bits {
            atomicMin(&found, start + next);
        }
    }
}
