// The columns of the quotient tree, by their coefficients: blinded chunks of the masked quotient,
// then both masks.

struct Split {
    log_height: u32,
    // Number of chunks, and number of coefficients of a chunk before it is blinded.
    chunks: u32,
    length: u32,
    // Number of coefficients that blind a chunk.
    blinding: u32,
    groups: u32,
    unused_0: u32,
    unused_1: u32,
    unused_2: u32,
    // For each group: its lift, its first coefficient, their number, and the distance of their
    // second parts.
    parts: array<vec4<u32>, 8>,
}

@group(0) @binding(0) var<uniform> split: Split;
@group(0) @binding(1) var<storage, read> parts: array<Element>;
// The quotient's mask, the mask of FRI, and the blinding of the chunks, entry by entry.
@group(0) @binding(2) var<storage, read> blinding: array<Element>;
// Powers of the field's generator.
@group(0) @binding(3) var<storage, read> powers: array<Element>;
@group(0) @binding(4) var<storage, read_write> columns: array<Element>;

fn blind(at: u32) -> Extension {
    return Extension(blinding[2u * at], blinding[2u * at + 1u]);
}

@compute @workgroup_size(64)
fn split_quotient(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let height = 1u << split.log_height;
    let power = workgroup.x * 64u + thread;
    let column = workgroup.y;
    if power >= height {
        return;
    }
    var value = extension(zero());
    if column >= split.chunks {
        value = blind((column - split.chunks) * height + power);
    } else {
        let first_blinding = 2u * height;
        if power < split.length {
            let index = column * split.length + power;
            for (var group = 0u; group < split.groups; group++) {
                let part = split.parts[group];
                if (index & ((1u << part.x) - 1u)) == 0u && (index >> part.x) < part.z {
                    let at = part.y + (index >> part.x);
                    value = add_x(value, Extension(parts[at], parts[at + part.w]));
                }
            }
            if index < height {
                value = add_x(value, scale_x(blind(index), powers[index]));
            }
        } else if column + 1u < split.chunks && power - split.length < split.blinding {
            value = blind(first_blinding + column * split.blinding + power - split.length);
        }
        if column > 0u && power < split.blinding {
            value = sub_x(value, blind(first_blinding + (column - 1u) * split.blinding + power));
        }
    }
    let at = 2u * column * height + power;
    columns[at] = value.a;
    columns[at + height] = value.b;
}
