// Repeated code, in loops: for software adapters, some of which take minutes to compile code that
// is written out.

fn mul_2(x: array<Element, 2>, y: array<Element, 2>) -> array<Element, 2> {
    var product = x;
    var factor = y;
    for (var i = 0u; i < 2u; i++) {
        product[i] = mul(product[i], factor[i]);
    }
    return product;
}

fn mul_3(x: array<Element, 3>, y: array<Element, 3>) -> array<Element, 3> {
    var product = x;
    var factor = y;
    for (var i = 0u; i < 3u; i++) {
        product[i] = mul(product[i], factor[i]);
    }
    return product;
}

// ((a^2 a)^2) a
fn seventh_power(a: Element) -> Element {
    var power = a;
    for (var i = 0u; i < 4u; i++) {
        var factor = power;
        if (i & 1u) == 1u {
            factor = a;
        }
        power = mul(power, factor);
    }
    return power;
}

// Transforms 2^log_radix coefficients, at most 8, to values at the roots of unity of this order, in
// bit-reversed order. The generator of order 64 is 2^39.
fn transform_small(x: ptr<function, array<Element, 8>>, log_radix: u32) {
    for (var layer = log_radix; layer > 0u; layer--) {
        let distance = 1u << (layer - 1u);
        let done = log_radix - layer;
        for (var i = 0u; i < (1u << (log_radix - 1u)); i++) {
            let block = i >> (layer - 1u);
            let first = (block << layer) + (i & (distance - 1u));
            let reversed = (reverseBits(block) >> 1u) >> (31u - done);
            let a = (*x)[first];
            let b = mul_power((*x)[first + distance], ((39u << (5u - done)) * reversed) % 192u);
            (*x)[first] = add(a, b);
            (*x)[first + distance] = sub(a, b);
        }
    }
}
