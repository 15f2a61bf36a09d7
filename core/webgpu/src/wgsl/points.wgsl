// The weights or denominators of a group's rows for a point outside their coset.

struct Points {
    // The point, and the shift of the rows' coset.
    point: vec4<u32>,
    shift: vec2<u32>,
    log_height: u32,
    // Binary logarithm of the length of `roots`.
    log_roots: u32,
    // The first value that is written.
    to: u32,
    // 0: x / (point - x), the weight of a row up to a factor; 1: 1 / (x - point).
    kind: u32,
}

@group(0) @binding(0) var<uniform> points: Points;
@group(0) @binding(1) var<storage, read> roots: array<Element>;
// By rows in natural order. Each coefficient has its own column.
@group(0) @binding(2) var<storage, read_write> values: array<Element>;

@compute @workgroup_size(64)
fn at_point(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = workgroup.x * 64u + thread;
    let height = 1u << points.log_height;
    if row >= height {
        return;
    }
    let root = roots[row << (points.log_roots - points.log_height)];
    let x = mul(element(points.shift.x, points.shift.y), root);
    let point = Extension(element(points.point.x, points.point.y), element(points.point.z, points.point.w));
    var value = inverse_x(sub_x(extension(x), point));
    if points.kind == 0u {
        value = scale_x(value, sub(zero(), x));
    }
    values[points.to + row] = value.a;
    values[points.to + height + row] = value.b;
}
