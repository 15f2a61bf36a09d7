// BLAKE3 (section 2.2 of its specification) under the contexts of velum-stark, one message for each
// thread.

const CHUNK_START = 1u;
const CHUNK_END = 2u;
const ROOT = 8u;
const DERIVE_KEY_MATERIAL = 64u;
const BLOCK_BYTES = 64u;

fn rotate(word: u32, bits: u32) -> u32 {
    return (word >> bits) | (word << (32u - bits));
}

fn mix(v: ptr<function, array<u32, 16>>, a: u32, b: u32, c: u32, d: u32, x: u32, y: u32) {
    (*v)[a] = (*v)[a] + (*v)[b] + x;
    (*v)[d] = rotate((*v)[d] ^ (*v)[a], 16u);
    (*v)[c] = (*v)[c] + (*v)[d];
    (*v)[b] = rotate((*v)[b] ^ (*v)[c], 12u);
    (*v)[a] = (*v)[a] + (*v)[b] + y;
    (*v)[d] = rotate((*v)[d] ^ (*v)[a], 8u);
    (*v)[c] = (*v)[c] + (*v)[d];
    (*v)[b] = rotate((*v)[b] ^ (*v)[c], 7u);
}

// The chaining value after a block of a message's first chunk, whose counter is 0.
fn compress(h: array<u32, 8>, block: array<u32, 16>, flags: u32) -> array<u32, 8> {
    var m = block;
    var v = array<u32, 16>(
        h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7],
        0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0u, 0u, BLOCK_BYTES, flags,
    );
    for (var round = 0u; round < 7u; round++) {
        mix(&v, 0u, 4u, 8u, 12u, m[0], m[1]);
        mix(&v, 1u, 5u, 9u, 13u, m[2], m[3]);
        mix(&v, 2u, 6u, 10u, 14u, m[4], m[5]);
        mix(&v, 3u, 7u, 11u, 15u, m[6], m[7]);
        mix(&v, 0u, 5u, 10u, 15u, m[8], m[9]);
        mix(&v, 1u, 6u, 11u, 12u, m[10], m[11]);
        mix(&v, 2u, 7u, 8u, 13u, m[12], m[13]);
        mix(&v, 3u, 4u, 9u, 14u, m[14], m[15]);
        m = array<u32, 16>(
            m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13],
            m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8],
        );
    }
    return array<u32, 8>(
        v[0] ^ v[8], v[1] ^ v[9], v[2] ^ v[10], v[3] ^ v[11],
        v[4] ^ v[12], v[5] ^ v[13], v[6] ^ v[14], v[7] ^ v[15],
    );
}

fn key_words(key: array<vec4<u32>, 2>) -> array<u32, 8> {
    return array<u32, 8>(
        key[0].x, key[0].y, key[0].z, key[0].w, key[1].x, key[1].y, key[1].z, key[1].w,
    );
}
