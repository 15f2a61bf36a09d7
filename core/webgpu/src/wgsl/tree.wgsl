// Rows to leaves, pairs to nodes. The hash function is `hash_row` and `hash_node`.

struct Tree {
    // BLAKE3: the keys of rows, of their pieces and of nodes, and the masks that cut the last two
    // words of a digest.
    row_key: array<vec4<u32>, 2>,
    pieces_key: array<vec4<u32>, 2>,
    node_key: array<vec4<u32>, 2>,
    cut: vec2<u32>,
    // Number of rows, or of nodes on the level that is hashed.
    count: u32,
    // Number of elements in a row.
    width: u32,
    // The index of an element is `first + row * of_row + column * of_column`.
    first: u32,
    of_row: u32,
    of_column: u32,
    // 1 if rows are salted.
    salted: u32,
    // The first salt of these rows.
    first_salt: u32,
    // The first digest that is written, the first child that is read, and the digest of the first
    // row with which nodes are joined.
    to: u32,
    children: u32,
    rows: u32,
    // `hash_top`: the number of levels.
    levels: u32,
}

@group(0) @binding(0) var<uniform> tree: Tree;
@group(0) @binding(1) var<storage, read> cells: array<Element>;
@group(0) @binding(2) var<storage, read> salts: array<vec4<u32>>;
// Two vectors for each digest.
@group(0) @binding(3) var<storage, read_write> digests: array<vec4<u32>>;
// Poseidon2: its constants.
@group(0) @binding(4) var<storage, read> constants: array<Element>;

fn cell(row: u32, column: u32) -> Element {
    return cells[tree.first + row * tree.of_row + column * tree.of_column];
}

fn write_digest(at: u32, digest: array<u32, 8>) {
    digests[2u * at] = vec4<u32>(digest[0], digest[1], digest[2], digest[3]);
    digests[2u * at + 1u] = vec4<u32>(digest[4], digest[5], digest[6], digest[7]);
}

fn hash_pair(left: u32, right: u32) -> array<u32, 8> {
    let a = digests[2u * left];
    let b = digests[2u * left + 1u];
    let c = digests[2u * right];
    let d = digests[2u * right + 1u];
    return hash_node(array<u32, 16>(
        a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w, c.x, c.y, c.z, c.w, d.x, d.y, d.z, d.w,
    ));
}

@compute @workgroup_size(64)
fn hash_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if row < tree.count {
        write_digest(tree.to + row, hash_row(row));
    }
}

// Hashes one level from the level below it.
@compute @workgroup_size(64)
fn hash_nodes(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if index < tree.count {
        let child = tree.children + 2u * index;
        write_digest(tree.to + index, hash_pair(child, child + 1u));
    }
}

// Joins nodes with the digests of a lower matrix's rows, in place.
@compute @workgroup_size(64)
fn join_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if index < tree.count {
        write_digest(tree.to + index, hash_pair(tree.to + index, tree.rows + index));
    }
}

// Hashes the last levels, each stored after the level below it, in one workgroup.
@compute @workgroup_size(256)
fn hash_top(@builtin(local_invocation_index) thread: u32) {
    var children = tree.children;
    var to = tree.to;
    var count = tree.count;
    for (var level = 0u; level < tree.levels; level++) {
        for (var index = thread; index < count; index += 256u) {
            let child = children + 2u * index;
            write_digest(to + index, hash_pair(child, child + 1u));
        }
        storageBarrier();
        children = to;
        to += count;
        count = count >> 1u;
    }
}
