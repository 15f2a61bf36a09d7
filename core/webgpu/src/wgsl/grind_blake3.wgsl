// Grinding: nonces whose hash with the transcript ends in zeros.

struct Grind {
    key: array<vec4<u32>, 2>,
    // The block. Its words 8 and 9 are the nonce.
    block: array<vec4<u32>, 4>,
    // The first nonce. All nonces that are tried have its upper word.
    first: vec2<u32>,
    bits: u32,
    // Number of nonces that a thread tries.
    each: u32,
}

@group(0) @binding(0) var<uniform> grind: Grind;
// The distance from the first nonce that was tried to the first that was found.
@group(0) @binding(1) var<storage, read_write> found: atomic<u32>;

@compute @workgroup_size(64)
fn try_nonces(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let start = (workgroup.x * 64u + thread) * grind.each;
    for (var next = 0u; next < grind.each; next++) {
        let a = grind.block[0];
        let b = grind.block[1];
        let block = array<u32, 16>(
            a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w, grind.first.x + start + next, grind.first.y,
            0u, 0u, 0u, 0u, 0u, 0u,
        );
        let digest = compress(
            key_words(grind.key), block, DERIVE_KEY_MATERIAL | CHUNK_START | CHUNK_END | ROOT,
        );
        // At most 32 zeros are required.
        if countTrailingZeros(digest[0]) >= grind.bits {
            atomicMin(&found, start + next);
        }
    }
}
