//! Generates the Kotlin or Swift code around the native library. This is UniFFI's own command,
//! built in the version that matches the library.
//!
//! `velum-mobile-bindgen generate --library LIBRARY --language kotlin --out-dir FOLDER`

fn main() {
    uniffi::uniffi_bindgen_main();
}
