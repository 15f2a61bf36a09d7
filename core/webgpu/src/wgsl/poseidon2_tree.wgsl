// The two functions of a tree over Poseidon2.

// A salt takes the place of this number of elements, of 32 bits each.
const SALT = 4u;

fn message_element(row: u32, at: u32) -> Element {
    if tree.salted == 1u {
        if at < SALT {
            return element(salts[tree.first_salt + row][at], 0u);
        }
        return cell(row, at - SALT);
    }
    return cell(row, at);
}

fn squeeze(s: ptr<function, array<Element, 12>>) -> array<u32, 8> {
    let a = words((*s)[0]);
    let b = words((*s)[1]);
    let c = words((*s)[2]);
    let d = words((*s)[3]);
    return array<u32, 8>(a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y);
}

fn hash_row(row: u32) -> array<u32, 8> {
    let length = tree.width + tree.salted * SALT;
    var state: array<Element, 12>;
    state[RATE] = element(length + 1u, 0u);
    for (var first = 0u; first < length; first += RATE) {
        for (var lane = 0u; lane < min(RATE, length - first); lane++) {
            state[lane] = message_element(row, first + lane);
        }
        permute(&state);
    }
    return squeeze(&state);
}

fn hash_node(children: array<u32, 16>) -> array<u32, 8> {
    var pairs = children;
    var state: array<Element, 12>;
    for (var lane = 0u; lane < RATE; lane++) {
        state[lane] = element(pairs[2u * lane], pairs[2u * lane + 1u]);
    }
    permute(&state);
    return squeeze(&state);
}
