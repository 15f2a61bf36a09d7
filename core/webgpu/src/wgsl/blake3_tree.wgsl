// The two functions of a tree over BLAKE3.

const ELEMENTS_OF_CHUNK = 128u;
// A salt takes the place of this number of elements.
const SALT = 2u;

fn cut(h: array<u32, 8>) -> array<u32, 8> {
    return array<u32, 8>(h[0], h[1], h[2], h[3], h[4], h[5], h[6] & tree.cut.x, h[7] & tree.cut.y);
}

// Two words of a message: an element, or part of the salt, which comes first.
fn message_words(row: u32, at: u32) -> vec2<u32> {
    var column = at;
    if tree.salted == 1u {
        if at < SALT {
            let salt = salts[tree.first_salt + row];
            return select(salt.zw, salt.xy, at == 0u);
        }
        column = at - SALT;
    }
    if column >= tree.width {
        return vec2<u32>(0u, 0u);
    }
    return words(cell(row, column));
}

// The digests of a row's chunks are hashed again, two of them in a block.
fn hash_row(row: u32) -> array<u32, 8> {
    let length = tree.width + tree.salted * SALT;
    let chunks = (length + ELEMENTS_OF_CHUNK - 1u) / ELEMENTS_OF_CHUNK;
    var digest: array<u32, 8>;
    var before: array<u32, 8>;
    var outer = key_words(tree.pieces_key);
    for (var chunk = 0u; chunk < chunks; chunk++) {
        digest = key_words(tree.row_key);
        let elements = min(length - chunk * ELEMENTS_OF_CHUNK, ELEMENTS_OF_CHUNK);
        let blocks = (elements + 7u) / 8u;
        for (var number = 0u; number < blocks; number++) {
            var block: array<u32, 16>;
            for (var i = 0u; i < 8u; i++) {
                let pair = message_words(row, chunk * ELEMENTS_OF_CHUNK + number * 8u + i);
                block[2u * i] = pair.x;
                block[2u * i + 1u] = pair.y;
            }
            let ends = select(0u, CHUNK_START, number == 0u) | select(0u, CHUNK_END | ROOT, number + 1u == blocks);
            digest = compress(digest, block, DERIVE_KEY_MATERIAL | ends);
        }
        let last = chunk + 1u == chunks;
        let odd = (chunk & 1u) == 1u;
        if chunks > 1u && (last || odd) {
            var block: array<u32, 16>;
            for (var i = 0u; i < 8u; i++) {
                block[i] = select(digest[i], before[i], odd);
                block[i + 8u] = select(0u, digest[i], odd);
            }
            let ends = select(0u, CHUNK_START, chunk < 2u) | select(0u, CHUNK_END | ROOT, last);
            outer = compress(outer, block, DERIVE_KEY_MATERIAL | ends);
        }
        before = digest;
    }
    if chunks > 1u {
        return cut(outer);
    }
    return cut(digest);
}

fn hash_node(children: array<u32, 16>) -> array<u32, 8> {
    let flags = DERIVE_KEY_MATERIAL | CHUNK_START | CHUNK_END | ROOT;
    return cut(compress(key_words(tree.node_key), children, flags));
}
