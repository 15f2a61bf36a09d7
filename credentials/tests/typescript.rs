//! Names that the npm package copies in its types and its README. No compiler compares the copies
//! with the names here.

use std::collections::BTreeSet;

use velum_core::class::CLASSES;
use velum_credentials::{Code, Stage};

const ERRORS: &str = include_str!("../../bindings-wasm/ts/errors.ts");
const TYPES: &str = include_str!("../../bindings-wasm/ts/types.ts");
const MARKET_API: &str = include_str!("../../docs/market-api.yaml");
const README: &str = include_str!("../../bindings-wasm/README.md");

type Names = BTreeSet<&'static str>;

/// The members of a union of string literals.
fn union(source: &'static str, name: &str) -> Names {
    let (_, after) = source.split_once(&format!("type {name} =")).expect(name);
    let (members, _) = after.split_once(";\n").expect(name);
    // Comments are on separate lines.
    let lines = members.lines().filter(|line| !line.trim_start().starts_with("/**"));
    lines.flat_map(|line| line.split('"').skip(1).step_by(2)).collect()
}

/// The codes in the first column of the README's table.
fn documented() -> Names {
    let (_, section) = README.split_once("\n## Errors\n").unwrap();
    let rows = section.lines().take_while(|line| !line.starts_with("## "));
    let cells = rows.filter_map(|row| row.strip_prefix("| `")?.split_once(" |"));
    cells.flat_map(|(cell, _)| cell.trim_end().trim_end_matches('`').split("`, `")).collect()
}

/// Checks that a copy has every name and no other.
fn assert_copied(names: &Names, copy: &Names, place: &str, otherwise: &str) {
    let missing: Vec<_> = names.difference(copy).collect();
    assert!(missing.is_empty(), "add to {place}: {missing:?}");
    let unknown: Vec<_> = copy.difference(names).collect();
    assert!(unknown.is_empty(), "remove from {place}{otherwise}: {unknown:?}");
}

#[test]
fn typescript_has_every_code() {
    let codes: Names = Code::ALL.iter().map(|code| code.as_str()).collect();
    let place = "CredentialsCode in bindings-wasm/ts/errors.ts";
    let otherwise = ", or move to PackageCode what only the package has";
    assert_copied(&codes, &union(ERRORS, "CredentialsCode"), place, otherwise);

    let package = union(ERRORS, "PackageCode");
    let both: Vec<_> = codes.intersection(&package).collect();
    assert!(both.is_empty(), "remove from PackageCode in bindings-wasm/ts/errors.ts: {both:?}");

    let all = codes.union(&package).copied().collect();
    assert_copied(&all, &documented(), "the table under \"Errors\" in bindings-wasm/README.md", "");
}

/// The codes of nodes, as their API lists them.
fn codes_of_nodes() -> Names {
    let (_, section) = MARKET_API.split_once("\n    Code:\n").unwrap();
    let (_, list) = section.split_once("      enum:\n").unwrap();
    list.lines().map_while(|line| line.strip_prefix("        - ")).collect()
}

#[test]
fn typescript_has_every_code_of_markets() {
    let others: Names =
        union(ERRORS, "CredentialsCode").union(&union(ERRORS, "PackageCode")).copied().collect();
    let of_nodes: Names = codes_of_nodes().difference(&others).copied().collect();
    assert!(of_nodes.len() > 20, "{of_nodes:?}");
    assert_copied(
        &of_nodes,
        &union(ERRORS, "NodeCode"),
        "NodeCode in bindings-wasm/ts/errors.ts",
        "",
    );

    let client = union(ERRORS, "MarketCode");
    let all: Names = others.union(&of_nodes).copied().collect();
    let both: Vec<_> = all.intersection(&client).collect();
    assert!(both.is_empty(), "remove from MarketCode in bindings-wasm/ts/errors.ts: {both:?}");
    let (_, section) = README.split_once("\n### Errors of markets\n").unwrap();
    let unsaid: Vec<_> =
        client.iter().filter(|code| !section.contains(&format!("`{code}`"))).collect();
    assert!(
        unsaid.is_empty(),
        "add to \"Errors of markets\" in bindings-wasm/README.md: {unsaid:?}"
    );
}

#[test]
fn typescript_has_every_size_class() {
    let classes = CLASSES.iter().map(|class| class.name).collect();
    assert_copied(
        &classes,
        &union(TYPES, "SizeClass"),
        "SizeClass in bindings-wasm/ts/types.ts",
        "",
    );
}

#[test]
fn typescript_has_every_stage() {
    let stages =
        std::iter::successors(Some(Stage::Keys), |&stage| after(stage)).map(Stage::name).collect();
    assert_copied(&stages, &union(TYPES, "Stage"), "Stage in bindings-wasm/ts/types.ts", "");
}

/// The stage that is declared after this one. A new stage does not compile until it has a place
/// here.
fn after(stage: Stage) -> Option<Stage> {
    match stage {
        Stage::Keys => Some(Stage::Witness),
        Stage::Witness => Some(Stage::Extension),
        Stage::Extension => Some(Stage::Hashing),
        Stage::Hashing => Some(Stage::Grinding),
        Stage::Grinding => Some(Stage::Lookups),
        Stage::Lookups => Some(Stage::Quotient),
        Stage::Quotient => Some(Stage::Openings),
        Stage::Openings => Some(Stage::Folding),
        Stage::Folding => Some(Stage::Queries),
        Stage::Queries => Some(Stage::Check),
        Stage::Check => Some(Stage::Fallback),
        Stage::Fallback => None,
    }
}
