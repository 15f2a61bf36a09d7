// Goldilocks, p = 2^64 - 2^32 + 1, for adapters with 64-bit integers. An element is its canonical
// number.

alias Element = u64;

const EPSILON = 0xfffffffflu;
const ORDER = 0xffffffff00000001lu;

fn element(low: u32, high: u32) -> Element {
    return (u64(high) << 32u) | u64(low);
}

fn words(a: Element) -> vec2<u32> {
    return vec2<u32>(u32(a & EPSILON), u32(a >> 32u));
}

fn canonical(a: u64) -> Element {
    return select(a, a - ORDER, a >= ORDER);
}

fn add(a: Element, b: Element) -> Element {
    let sum = a + b;
    return select(sum, sum - ORDER, sum < a || sum >= ORDER);
}

fn sub(a: Element, b: Element) -> Element {
    return select(a - b, a - b + ORDER, a < b);
}

// low + 2^64 w2 - minus modulo p, where 2^64 is 2^32 - 1. w2 is below 2^32, and minus below p.
fn reduce(low: u64, w2: u64, minus: u64) -> Element {
    let x = low - minus - select(0lu, EPSILON, low < minus);
    let product = (w2 << 32u) - w2;
    let sum = x + product;
    return canonical(select(sum, sum + EPSILON, sum < x));
}

fn mul(a: Element, b: Element) -> Element {
    let al = a & EPSILON;
    let ah = a >> 32u;
    let bl = b & EPSILON;
    let bh = b >> 32u;
    let low = al * bl;
    let first = ah * bl + (low >> 32u);
    let second = al * bh + (first & EPSILON);
    let high = ah * bh + (first >> 32u) + (second >> 32u);
    return reduce((second << 32u) | (low & EPSILON), high & EPSILON, high >> 32u);
}

// a times 2^power, for a power below 192. 2 has order 192, so 2^96 = -1.
fn mul_power(a: Element, power: u32) -> Element {
    let negative = power >= 96u;
    let left = power - select(0u, 96u, negative);
    let bits = left & 31u;
    let low = a << bits;
    // Shifts by 64 are undefined.
    let high = (a >> 1u) >> (63u - bits);
    let words = left >> 5u;
    let none = words == 0u;
    let one = words == 1u;
    let start = select(select(0lu, low << 32u, one), low, none);
    let w2 = select(select(low & EPSILON, low >> 32u, one), high, none);
    let minus = select(select((low >> 32u) | (high << 32u), high, one), 0lu, none);
    let product = reduce(start, w2, minus);
    return select(product, sub(0lu, product), negative);
}
