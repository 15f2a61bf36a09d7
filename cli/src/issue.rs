//! `velum issue`: mints a test document together with its certificates, keys, session and request.

use std::path::PathBuf;

use serde_json::json;
use velum_credentials::mint::{Spec, mint};
use velum_credentials::{Code, Error};

use crate::failure::Failure;
use crate::files;
use crate::report::Report;

/// Maximum length of a spec. It is this large because specs may contain portraits.
const SPEC_BYTES: usize = 4 << 20;

#[derive(clap::Args)]
pub struct Arguments {
    /// The spec of the document to mint, as JSON
    #[arg(long, value_name = "F")]
    spec: PathBuf,
    /// The folder to write to; created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let json = files::read(&arguments.spec, SPEC_BYTES)?;
    if json.len() > SPEC_BYTES {
        return Err(Error::new(
            Code::TooLarge,
            "spec",
            format!("the spec has more than {SPEC_BYTES} bytes; make it shorter"),
        )
        .into());
    }
    let json = std::str::from_utf8(&json)
        .map_err(|error| Error::new(Code::Malformed, "spec", error.to_string()))?;
    let minted = mint(&Spec::from_json(json)?)?;

    let out = &arguments.out;
    std::fs::create_dir_all(out)
        .map_err(|error| Failure::file(out, "create the folder", &error))?;
    let mut paths = Vec::new();
    for (name, bytes) in minted.files()? {
        let path = out.join(name);
        files::write(&path, &bytes)?;
        paths.push(path.display().to_string());
    }
    let text = format!(
        "Minted, with test keys that anyone can derive from the seed:\n  {}",
        paths.join("\n  ")
    );
    Ok(Report::done(json!({ "files": paths }), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_spec_is_minted() {
        let documentation = include_str!("../../docs/cli.md");
        let (_, from_example) = documentation.split_once("```json\n").unwrap();
        let (example, _) = from_example.split_once("```").unwrap();
        assert!(mint(&Spec::from_json(example).unwrap()).is_ok());
    }
}
