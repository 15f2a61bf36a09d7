//! `velum-wasm-bindgen MODULE.wasm FOLDER NAME`: writes `NAME.js`, `NAME.d.ts` and `NAME_bg.wasm` into the folder.
//!
//! What the command `wasm-bindgen --target web` does, by the library that it is made of: so its version stands in the
//! workspace's lock file beside the one of the crate that it must match, and no web server of its tests is built.

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
        // The package says where its modules are, bundlers need find no second reference to them.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("no JavaScript could be written for {module}"))
}
