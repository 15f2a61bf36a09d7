// Poseidon2 (eprint 2023/323) on twelve lanes, as in velum-stark.

const WIDTH = 12u;
const RATE = 8u;
const DIGEST = 4u;
const EXTERNAL_ROUNDS = 4u;
const INTERNAL_ROUNDS = 22u;

// The constants are those of the rounds in their order, then the diagonal of the internal layer.
const DIAGONAL = 2u * EXTERNAL_ROUNDS * WIDTH + INTERNAL_ROUNDS;

// Applies the matrix (2 3 1 1; 1 2 3 1; 1 1 2 3; 3 1 1 2) to each four lanes, then adds the sum of
// all fours to each.
fn external_layer(s: ptr<function, array<Element, 12>>) {
    for (var i = 0u; i < WIDTH; i += 4u) {
        let sum = add(add((*s)[i], (*s)[i + 1u]), add((*s)[i + 2u], (*s)[i + 3u]));
        let first = (*s)[i];
        for (var j = i; j < i + 4u; j++) {
            let lane = (*s)[j];
            var next = first;
            if j < i + 3u {
                next = (*s)[j + 1u];
            }
            // Twice a lane and three times the next. The sum has each of them once.
            (*s)[j] = add(add(sum, lane), add(next, next));
        }
    }
    for (var i = 0u; i < 4u; i++) {
        let sum = add(add((*s)[i], (*s)[i + 4u]), (*s)[i + 8u]);
        for (var j = i; j < WIDTH; j += 4u) {
            (*s)[j] = add((*s)[j], sum);
        }
    }
}

// Multiplies each lane by its element of the diagonal and adds the sum of all lanes.
fn internal_layer(s: ptr<function, array<Element, 12>>) {
    var sum = (*s)[0];
    for (var i = 1u; i < WIDTH; i++) {
        sum = add(sum, (*s)[i]);
    }
    for (var i = 0u; i < WIDTH; i++) {
        (*s)[i] = add(mul((*s)[i], constants[DIAGONAL + i]), sum);
    }
}

// Applies an external layer, then the rounds: four external ones, the internal ones, four external
// ones.
fn permute(s: ptr<function, array<Element, 12>>) {
    var next = 0u;
    for (var round = 0u; round <= 2u * EXTERNAL_ROUNDS + INTERNAL_ROUNDS; round++) {
        let is_internal = round > EXTERNAL_ROUNDS && round <= EXTERNAL_ROUNDS + INTERNAL_ROUNDS;
        var lanes = select(WIDTH, 1u, is_internal);
        if round == 0u {
            lanes = 0u;
        }
        for (var i = 0u; i < WIDTH; i++) {
            if i < lanes {
                (*s)[i] = seventh_power(add((*s)[i], constants[next + i]));
            }
        }
        next += lanes;
        if is_internal {
            internal_layer(s);
        } else {
            external_layer(s);
        }
    }
}
