// Collects the elements that the queries open.

struct Gather {
    count: u32,
    // The first element that is written.
    to: u32,
    // The first index.
    first: u32,
}

@group(0) @binding(0) var<uniform> gather: Gather;
@group(0) @binding(1) var<storage, read> cells: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> opened: array<vec2<u32>>;

@compute @workgroup_size(64)
fn gather_cells(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if number < gather.count {
        opened[gather.to + number] = cells[indices[gather.first + number]];
    }
}
