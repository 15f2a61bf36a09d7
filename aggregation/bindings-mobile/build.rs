//! Makes the linker align the segments of Android libraries to pages of 16 KiB, which devices with
//! Android 15 may have.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |part: &str, name: &str| {
        var(format!("CARGO_CFG_TARGET_{part}")).is_ok_and(|found| found == name)
    };
    // Also on Linux, where `./x aarch64` links the library and checks the alignment. The flag is
    // not in `RUSTFLAGS` or in a Cargo configuration, because one of those hides the other.
    if is("OS", "android") || is("OS", "linux") && is("ARCH", "aarch64") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
    }
}
