//! Writes the Kotlin or the Swift around the native library: UniFFI's own command, built in the version that goes with the library.
//!
//! `velum-mobile-bindgen generate --library LIBRARY --language kotlin --out-dir FOLDER`

fn main() {
    uniffi::uniffi_bindgen_main();
}
