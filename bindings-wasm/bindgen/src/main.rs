//! `velum-wasm-bindgen MODULE.wasm FOLDER NAME` writes `NAME.js`, `NAME.d.ts` and `NAME_bg.wasm`
//! into the folder.
//!
//! It does what the command `wasm-bindgen --target web` does, with the library that the command is
//! made of. The version of that library is therefore in the workspace's lock file, beside the
//! version of the crate that it must match. The web server of wasm-bindgen's tests is not built.

use std::env;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [module, folder, name] = arguments.as_slice() else {
        bail!("usage: velum-wasm-bindgen MODULE.wasm FOLDER NAME");
    };
    Bindgen::new()
        .input_path(module)
        .out_name(name)
        .web(true)?
        .typescript(true)
        // The package says where its modules are, so bundlers need no second reference to them.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("cannot write the JavaScript for {module}"))
}
