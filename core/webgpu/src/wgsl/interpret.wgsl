// Constraints and fractions of a group, one row for each thread: one kernel that follows a list of
// instructions.

struct Columns {
    // The index of a cell is `first + column * of_column + row * of_row`.
    first: u32,
    of_column: u32,
    of_row: u32,
    unused: u32,
}

struct Interpreter {
    main: Columns,
    lookup: Columns,
    fixed: Columns,
    public_: Columns,
    // Number of rows that are computed, starting with the first.
    count: u32,
    log_height: u32,
    instructions: u32,
    // 1 if rows are in bit-reversed order.
    reversed: u32,
    // The index of a written value is `first_value + row * value_step`. The second coefficient is
    // `second` further on.
    first_value: u32,
    value_step: u32,
    second: u32,
    // Distance of the values of adjacent slots.
    of_slot: u32,
    // Binary logarithm of the number of points among which the natural index of a row is one.
    log_points: u32,
}

// An operation and the register that it writes, then its operands.
@group(0) @binding(0) var<uniform> interpreter: Interpreter;
@group(0) @binding(1) var<storage, read> instructions: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> constants: array<Element>;
@group(0) @binding(3) var<storage, read> main_cells: array<Element>;
@group(0) @binding(4) var<storage, read> lookup_cells: array<Element>;
@group(0) @binding(5) var<storage, read> fixed_cells: array<Element>;
@group(0) @binding(6) var<storage, read> public_cells: array<Element>;
@group(0) @binding(7) var<storage, read_write> values: array<Element>;

// The kind of an operand is in its upper bits. An operand that is a cell has a column and a row
// offset, to which `OFFSET_ZERO` is added.
const KIND = 29u;
const REGISTER = 0u;
const CONSTANT = 1u;
const MAIN = 2u;
const LOOKUP = 3u;
const FIXED = 4u;
const PUBLIC = 5u;
const OFFSET_BITS = 10u;
const OFFSET_ZERO = 512u;

// Operations on elements, and on elements of the extension field.
const OPERATION = 0xffu;
const ADD = 0u;
const SUB = 1u;
const MUL = 2u;
const ADD_X = 3u;
const SUB_X = 4u;
const MUL_X = 5u;
// Adds the product to the sum.
const WEIGH = 6u;
// Writes a value to a slot.
const WRITE = 7u;
// Writes the sum times a value to a slot.
const WRITE_SUM = 8u;
// Flags: an operand is of the extension field.
const FIRST_X = 0x100u;
const SECOND_X = 0x200u;

var<private> registers: array<Element, REGISTERS>;

fn reverse(number: u32, bits: u32) -> u32 {
    return (reverseBits(number) >> 1u) >> (31u - bits);
}

fn cell_index(at: Columns, operand: u32, natural: u32, second: u32) -> u32 {
    let log_height = interpreter.log_height;
    let offset = operand & ((1u << OFFSET_BITS) - 1u);
    let column = ((operand & ((1u << KIND) - 1u)) >> OFFSET_BITS) + second;
    var row = (natural + offset - OFFSET_ZERO) & ((1u << log_height) - 1u);
    if interpreter.reversed == 1u {
        row = reverse(row, log_height);
    }
    return at.first + column * at.of_column + row * at.of_row;
}

// A value of the base field, or a coefficient of a value of the extension field.
fn load(operand: u32, natural: u32, second: u32) -> Element {
    switch operand >> KIND {
        case REGISTER: { return registers[operand + second]; }
        case CONSTANT: { return constants[(operand & ((1u << KIND) - 1u)) + second]; }
        case MAIN: { return main_cells[cell_index(interpreter.main, operand, natural, second)]; }
        case LOOKUP: { return lookup_cells[cell_index(interpreter.lookup, operand, natural, second)]; }
        case FIXED: { return fixed_cells[cell_index(interpreter.fixed, operand, natural, second)]; }
        default: { return public_cells[cell_index(interpreter.public_, operand, natural, second)]; }
    }
}

fn write_x(slot: u32, natural: u32, value: Extension) {
    let index = natural >> (interpreter.log_height - interpreter.log_points);
    let at = interpreter.first_value + slot * interpreter.of_slot + index * interpreter.value_step;
    values[at] = value.a;
    values[at + interpreter.second] = value.b;
}

@compute @workgroup_size(64)
fn interpret(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = (workgroup.y * workgroups.x + workgroup.x) * 64u + thread;
    if row >= interpreter.count {
        return;
    }
    var natural = row;
    if interpreter.reversed == 1u {
        natural = reverse(row, interpreter.log_height);
    }
    var sum = extension(zero());
    for (var next = 0u; next < interpreter.instructions; next++) {
        let instruction = instructions[next];
        let operation = instruction.x & OPERATION;
        let to = instruction.y;
        var a = extension(load(instruction.z, natural, 0u));
        if (instruction.x & FIRST_X) != 0u {
            a.b = load(instruction.z, natural, 1u);
        }
        var b = extension(load(instruction.w, natural, 0u));
        if operation == WRITE_SUM {
            b = a;
            a = sum;
        }
        if (instruction.x & SECOND_X) != 0u {
            b.b = load(instruction.w, natural, 1u);
        }
        var result = a;
        switch operation {
            case ADD: { result.a = add(a.a, b.a); }
            case SUB: { result.a = sub(a.a, b.a); }
            case MUL: { result.a = mul(a.a, b.a); }
            case ADD_X: { result = add_x(a, b); }
            case SUB_X: { result = sub_x(a, b); }
            case WRITE: { }
            default: { result = mul_x(a, b); }
        }
        if operation >= WEIGH {
            if operation == WEIGH {
                sum = add_x(sum, result);
            } else {
                write_x(to, natural, result);
            }
        } else {
            registers[to] = result.a;
            if operation >= ADD_X {
                registers[to + 1u] = result.b;
            }
        }
    }
}
