// Goldilocks, p = 2^64 - 2^32 + 1, on pairs of 32-bit integers, because browsers have no 64-bit
// integers. An element is its canonical number, low word first.

alias Element = vec2<u32>;

const MAX = 0xffffffffu;

fn element(low: u32, high: u32) -> Element {
    return vec2<u32>(low, high);
}

fn words(a: Element) -> vec2<u32> {
    return a;
}

// Subtracts p from a number below 2^64 unless the number is less than p. The words of p are 1 and
// 2^32 - 1.
fn canonical(low: u32, high: u32) -> Element {
    let reduce = high == MAX && low != 0u;
    return select(vec2<u32>(low, high), vec2<u32>(low - 1u, 0u), reduce);
}

fn add(a: Element, b: Element) -> Element {
    let low = a.x + b.x;
    let carry = u32(low < a.x);
    let partial = a.y + b.y;
    let high = partial + carry;
    let overflow = partial < a.y || high < partial;
    // Subtracting p is adding 2^32 - 1, modulo 2^64.
    let reduced = vec2<u32>(low - 1u, high + u32(low != 0u));
    return select(vec2<u32>(low, high), reduced, overflow || (high == MAX && low != 0u));
}

fn sub(a: Element, b: Element) -> Element {
    let low = a.x - b.x;
    let borrow = u32(a.x < b.x);
    let high = a.y - b.y - borrow;
    let underflow = a.y < b.y || (a.y == b.y && borrow == 1u);
    // Adding p is subtracting 2^32 - 1, modulo 2^64.
    let raised = vec2<u32>(low + 1u, high - u32(low != MAX));
    return select(vec2<u32>(low, high), raised, underflow);
}

// The product of two words, by halves.
fn wide(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let low = al * bl;
    let first = ah * bl + (low >> 16u);
    let second = al * bh + (first & 0xffffu);
    return vec2<u32>((second << 16u) | (low & 0xffffu), ah * bh + (first >> 16u) + (second >> 16u));
}

// low + 2^64 w2 - (w3, w4) modulo p, where 2^64 is 2^32 - 1. (w3, w4) is below p. The code has no
// branches, because some drivers take seconds to compile them.
fn reduce(low: vec2<u32>, w2: u32, w3: u32, w4: u32) -> Element {
    let less = low.x - w3;
    let borrow = u32(low.x < w3);
    let underflow = low.y < w4 || (low.y == w4 && borrow == 1u);
    let x = less + u32(underflow);
    let y = low.y - w4 - borrow - u32(underflow && less != MAX);
    // w2 (2^32 - 1)
    let product = vec2<u32>(0u - w2, w2 - u32(w2 != 0u));
    let sum = x + product.x;
    let carry = u32(sum < x);
    let partial = y + product.y;
    let high = partial + carry;
    // Adds 2^64 once more.
    let overflow = partial < y || high < partial;
    return canonical(sum - u32(overflow), high + u32(overflow && sum != 0u));
}

fn mul(a: Element, b: Element) -> Element {
    let ll = wide(a.x, b.x);
    let lh = wide(a.x, b.y);
    let hl = wide(a.y, b.x);
    let hh = wide(a.y, b.y);
    let first = ll.y + lh.x;
    let w1 = first + hl.x;
    let carry1 = u32(first < ll.y) + u32(w1 < first);
    let second = lh.y + hl.y;
    let third = second + hh.x;
    let w2 = third + carry1;
    let carry2 = u32(second < lh.y) + u32(third < second) + u32(w2 < third);
    return reduce(vec2<u32>(ll.x, w1), w2, hh.y + carry2, 0u);
}

// a times 2^power, for a power below 192. 2 has order 192, so 2^96 = -1.
fn mul_power(a: Element, power: u32) -> Element {
    let negative = power >= 96u;
    let left = power - select(0u, 96u, negative);
    let bits = left & 31u;
    // Shifts by 32 are undefined. A shift by 32 - bits is therefore made in two steps, by 1 and by
    // 31 - bits.
    let y0 = a.x << bits;
    let y1 = (a.y << bits) | ((a.x >> 1u) >> (31u - bits));
    let y2 = (a.y >> 1u) >> (31u - bits);
    let words = left >> 5u;
    let none = words == 0u;
    let one = words == 1u;
    let low = vec2<u32>(select(0u, y0, none), select(select(0u, y0, one), y1, none));
    let w2 = select(select(y0, y1, one), y2, none);
    let w3 = select(select(y1, y2, one), 0u, none);
    let w4 = select(y2, 0u, none || one);
    let product = reduce(low, w2, w3, w4);
    return select(product, sub(vec2<u32>(0u, 0u), product), negative);
}
