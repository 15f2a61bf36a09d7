//! Has the linker align the segments of Android's libraries to pages of 16 KiB, which devices of Android 15 may have.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |part: &str, name: &str| {
        var(format!("CARGO_CFG_TARGET_{part}")).is_ok_and(|found| found == name)
    };
    // On Linux as well, where `./x aarch64` links it and looks. Not in `RUSTFLAGS` or a configuration, of which one hides the other.
    if is("OS", "android") || is("OS", "linux") && is("ARCH", "aarch64") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
    }
}
