// Kernels that show what a device can do at most: they copy, or compute in registers.

@group(0) @binding(0) var<storage, read> source: array<Element>;
@group(0) @binding(1) var<storage, read_write> result: array<Element>;

// Each step works on this number of independent values.
const SIDE_BY_SIDE = 4u;

fn number(workgroup: vec3<u32>, workgroups: vec3<u32>, thread: u32) -> u32 {
    return (workgroup.y * workgroups.x + workgroup.x) * 256u + thread;
}

@compute @workgroup_size(256)
fn copy(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    result[at] = source[at];
}

@compute @workgroup_size(256)
fn multiply(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    let factor = source[at];
    var a = element(at, 1u);
    var b = element(at, 2u);
    var c = element(at, 3u);
    var d = element(at, 4u);
    for (var step = 0u; step < STEPS; step++) {
        a = mul(a, factor);
        b = mul(b, factor);
        c = mul(c, factor);
        d = mul(d, factor);
    }
    result[at] = add(add(a, b), add(c, d));
}

@compute @workgroup_size(256)
fn sum(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    let summand = source[at];
    var a = element(at, 1u);
    var b = element(at, 2u);
    var c = element(at, 3u);
    var d = element(at, 4u);
    for (var step = 0u; step < STEPS; step++) {
        // The results depend on the previous step, so they cannot be computed in advance.
        a = add(a, d);
        b = add(b, a);
        c = add(c, summand);
        d = add(d, c);
    }
    result[at] = add(add(a, b), add(c, d));
}

@compute @workgroup_size(256)
fn shift(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    let power = words(source[at]).x % 192u;
    var a = element(at, 1u);
    var b = element(at, 2u);
    var c = element(at, 3u);
    var d = element(at, 4u);
    for (var step = 0u; step < STEPS; step++) {
        a = mul_power(a, power);
        b = mul_power(b, power);
        c = mul_power(c, power);
        d = mul_power(d, power);
    }
    result[at] = add(add(a, b), add(c, d));
}

// Additions, exclusive ors and rotations in equal parts.
@compute @workgroup_size(256)
fn mix(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    let word = words(source[at]).x;
    var a = vec2<u32>(at, 1u);
    var b = vec2<u32>(at, 2u);
    for (var step = 0u; step < STEPS; step++) {
        a = (a + b.yx) ^ vec2<u32>(word, at);
        a = (a >> vec2<u32>(12u)) | (a << vec2<u32>(20u));
        b = (b + a.yx) ^ vec2<u32>(word, at);
        b = (b >> vec2<u32>(7u)) | (b << vec2<u32>(25u));
    }
    result[at] = element(a.x ^ b.y, a.y ^ b.x);
}

// Products of words, to each of which another word is added.
@compute @workgroup_size(256)
fn multiply_words(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let at = number(workgroup, workgroups, thread);
    let word = words(source[at]).x | 1u;
    var a = vec4<u32>(at, 1u, 2u, 3u);
    for (var step = 0u; step < STEPS; step++) {
        a = a * word + a.yzwx;
    }
    result[at] = element(a.x ^ a.y, a.z ^ a.w);
}
