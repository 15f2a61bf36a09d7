//! Tests what the kernels' source requires of a device.

use naga::valid::{Capabilities, ValidationFlags, Validator};

use crate::kernels::{Form, sources};

/// Browsers have no 64-bit integers, nor anything else beyond WGSL.
#[test]
fn kernels_are_valid_everywhere() {
    for (has_64_bit, capabilities) in
        [(false, Capabilities::empty()), (true, Capabilities::SHADER_INT64)]
    {
        for is_looped in [false, true] {
            for (name, source) in sources(Form { has_64_bit, is_looped }) {
                let module = naga::front::wgsl::parse_str(&source)
                    .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
                let validated =
                    Validator::new(ValidationFlags::all(), capabilities).validate(&module);
                assert!(validated.is_ok(), "{name}: {:?}", validated.err());
            }
        }
    }
}
