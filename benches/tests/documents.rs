//! Tests of the real documents in `testdata/documents`: the findings about them, and what people
//! read.

use std::path::Path;

use velum_bench::documents::{Counts, Finding, Folder};

const RUN: &str = "run `./x documents --update`, and look at what it changes";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_file_is_judged_as_recorded() {
    let folder = Folder::of(root());
    let (sources, recorded) = (folder.sources().unwrap(), folder.recorded().unwrap());
    let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
    assert_eq!(
        names,
        folder.names().unwrap(),
        "sources.json tells of each file, in the order of names"
    );
    assert!(names.len() >= 60, "{}", names.len());
    let findings: Vec<Finding> =
        sources.iter().map(|source| folder.judge(source, &recorded).unwrap()).collect();
    for finding in &findings {
        assert!(recorded.contains(finding), "{finding:?} is other than recorded: {RUN}");
    }
    assert_eq!(recorded.len(), findings.len(), "more is recorded than there are files: {RUN}");
    for (source, finding) in sources.iter().zip(&findings) {
        let is_intact = source.intact == Some(true);
        assert!(is_intact || !finding.is_provable(), "{}: nobody else takes it", source.name);
    }
    let counts = Counts::new(&sources, &findings);
    assert!(
        counts.suffice(),
        "{} of {} intact files can be proven",
        counts.provable,
        counts.intact
    );
    let page = folder.page().unwrap();
    assert!(counts.put_into(&page).unwrap() == page, "docs/documents.md has other counts: {RUN}");
}

#[test]
fn the_readme_names_every_repository_and_licence() {
    let readme = std::fs::read_to_string(root().join("testdata/README.md")).unwrap();
    for source in Folder::of(root()).sources().unwrap() {
        let row = format!("| {} | {} |", source.licence, source.repository);
        assert!(readme.contains(&row), "{row}");
    }
}
