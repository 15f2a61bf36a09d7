// The field's operations, for tests. Each takes a pair of elements of the extension field.

struct Testing {
    operation: u32,
    count: u32,
}

@group(0) @binding(0) var<uniform> testing: Testing;
@group(0) @binding(1) var<storage, read> first: array<Element>;
@group(0) @binding(2) var<storage, read> second: array<Element>;
@group(0) @binding(3) var<storage, read_write> results: array<Element>;

@compute @workgroup_size(64)
fn operate(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = workgroup.x * 64u + thread;
    if number >= testing.count {
        return;
    }
    let a = Extension(first[2u * number], first[2u * number + 1u]);
    let b = Extension(second[2u * number], second[2u * number + 1u]);
    var result = extension(zero());
    switch testing.operation {
        case 0u: { result = add_x(a, b); }
        case 1u: { result = sub_x(a, b); }
        case 2u: { result = mul_x(a, b); }
        case 3u: { result = scale_x(a, b.a); }
        case 4u: { result = inverse_x(a); }
        case 5u: { result = Extension(inverse(a.a), square(a.b)); }
        default: {
            let power = words(b.a).x % 192u;
            result = Extension(mul_power(a.a, power), times_seven(a.b));
        }
    }
    results[2u * number] = result.a;
    results[2u * number + 1u] = result.b;
}
