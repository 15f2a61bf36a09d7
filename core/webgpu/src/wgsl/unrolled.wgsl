// Repeated code, written out: for GPUs, which keep it in registers.

fn mul_2(x: array<Element, 2>, y: array<Element, 2>) -> array<Element, 2> {
    return array<Element, 2>(mul(x[0], y[0]), mul(x[1], y[1]));
}

fn mul_3(x: array<Element, 3>, y: array<Element, 3>) -> array<Element, 3> {
    return array<Element, 3>(mul(x[0], y[0]), mul(x[1], y[1]), mul(x[2], y[2]));
}

fn seventh_power(a: Element) -> Element {
    let squared = mul(a, a);
    return mul(mul(squared, a), mul(squared, squared));
}

fn butterfly(x: ptr<function, array<Element, 8>>, i: u32, j: u32) {
    let a = (*x)[i];
    let b = (*x)[j];
    (*x)[i] = add(a, b);
    (*x)[j] = sub(a, b);
}

// The same if the second was multiplied by minus the intended factor.
fn butterfly_negative(x: ptr<function, array<Element, 8>>, i: u32, j: u32) {
    let a = (*x)[i];
    let b = (*x)[j];
    (*x)[i] = sub(a, b);
    (*x)[j] = add(a, b);
}

// The roots of order 4 and 8 are 2^48 and -2^24.
fn transform_8(x: ptr<function, array<Element, 8>>) {
    butterfly(x, 0u, 4u);
    butterfly(x, 1u, 5u);
    butterfly(x, 2u, 6u);
    butterfly(x, 3u, 7u);

    butterfly(x, 0u, 2u);
    butterfly(x, 1u, 3u);
    (*x)[6] = mul_power((*x)[6], 48u);
    (*x)[7] = mul_power((*x)[7], 48u);
    butterfly(x, 4u, 6u);
    butterfly(x, 5u, 7u);

    butterfly(x, 0u, 1u);
    (*x)[3] = mul_power((*x)[3], 48u);
    butterfly(x, 2u, 3u);
    (*x)[5] = mul_power((*x)[5], 24u);
    butterfly_negative(x, 4u, 5u);
    (*x)[7] = mul_power((*x)[7], 72u);
    butterfly_negative(x, 6u, 7u);
}

fn transform_4(x: ptr<function, array<Element, 8>>) {
    butterfly(x, 0u, 2u);
    butterfly(x, 1u, 3u);
    butterfly(x, 0u, 1u);
    (*x)[3] = mul_power((*x)[3], 48u);
    butterfly(x, 2u, 3u);
}

// Transforms 2^log_radix coefficients, at most 8, to values at the roots of unity of this order, in
// bit-reversed order.
fn transform_small(x: ptr<function, array<Element, 8>>, log_radix: u32) {
    switch log_radix {
        case 3u: { transform_8(x); }
        case 2u: { transform_4(x); }
        default: { butterfly(x, 0u, 1u); }
    }
}
