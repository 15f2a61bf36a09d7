// What follows from the field's operations, and its quadratic extension: a + b X with X^2 = 7.

struct Extension {
    a: Element,
    b: Element,
}

fn zero() -> Element {
    return element(0u, 0u);
}

fn one() -> Element {
    return element(1u, 0u);
}

fn square(a: Element) -> Element {
    return mul(a, a);
}

// 1 / a, and 0 for 0. Computes a^(p - 2). All bits of p - 2 = 2^64 - 2^32 - 1 are ones except bit
// 32.
fn inverse(a: Element) -> Element {
    var power = a;
    for (var bit = 63u; bit > 0u; bit--) {
        power = square(power);
        if bit != 33u {
            power = mul(power, a);
        }
    }
    return power;
}

fn times_seven(a: Element) -> Element {
    return sub(mul_power(a, 3u), a);
}

fn extension(a: Element) -> Extension {
    return Extension(a, zero());
}

fn add_x(a: Extension, b: Extension) -> Extension {
    return Extension(add(a.a, b.a), add(a.b, b.b));
}

fn sub_x(a: Extension, b: Extension) -> Extension {
    return Extension(sub(a.a, b.a), sub(a.b, b.b));
}

fn mul_x(a: Extension, b: Extension) -> Extension {
    let products = mul_3(
        array<Element, 3>(a.a, a.b, add(a.a, a.b)),
        array<Element, 3>(b.a, b.b, add(b.a, b.b)),
    );
    return Extension(
        add(products[0], times_seven(products[1])),
        sub(sub(products[2], products[0]), products[1]),
    );
}

fn scale_x(a: Extension, b: Element) -> Extension {
    let products = mul_2(array<Element, 2>(a.a, a.b), array<Element, 2>(b, b));
    return Extension(products[0], products[1]);
}

// 1 / a, and 0 for 0: the conjugate over the norm.
fn inverse_x(a: Extension) -> Extension {
    let coefficients = array<Element, 2>(a.a, a.b);
    let squares = mul_2(coefficients, coefficients);
    let norm = sub(squares[0], times_seven(squares[1]));
    return scale_x(Extension(a.a, sub(zero(), a.b)), inverse(norm));
}
