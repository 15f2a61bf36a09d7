//! Tests of the project's Markdown: every link leads somewhere, and every code block is of a kind
//! that some test checks.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::args;

/// Folders that hold what is built or installed.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "dist", "build", ".build", ".gradle"];

/// Languages of code blocks that this module checks in every file.
const CHECKED_HERE: &[&str] = &["sh", "console", "json", "mermaid"];

/// Languages of code blocks that other tests check, with the files in which they do so.
const CHECKED_ELSEWHERE: &[(&str, &str)] = &[
    // A documentation test of `velum-credentials`.
    ("rust,no_run", "README.md"),
    // A documentation test of `velum-wallet`.
    ("rust", "wallet/README.md"),
    // Compared with an example that is a documentation test of `velum-stark`.
    ("rust,ignore", "core/stark/GUIDE.md"),
    // Compiled, run or compared by the tests of the npm package.
    ("ts", "bindings-wasm/README.md"),
    ("js", "bindings-wasm/README.md"),
    ("jsx", "bindings-wasm/README.md"),
    // Compared with samples that are compiled and run.
    ("kotlin", "bindings-mobile/README.md"),
    ("swift", "bindings-mobile/swift/README.md"),
];

/// Blocks that no test reads: a part of a configuration that `velum market init` writes and
/// explains, and uses of adapters whose libraries are not here.
const NOT_CHECKED: &[(&str, &str)] = &[
    ("toml", "docs/operating.md"),
    ("kotlin", "bindings-mobile/kotlin/multipaz-adapter/README.md"),
    ("swift", "bindings-mobile/swift-eudi/README.md"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Markdown file of the project, by its path from the root.
fn files() -> BTreeMap<PathBuf, String> {
    fn add(folder: &Path, root: &Path, files: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if path.is_dir() && !path.is_symlink() && !NOT_OURS.contains(&name) {
                add(&path, root, files);
            } else if path.extension() == Some(OsStr::new("md")) {
                files.insert(
                    path.strip_prefix(root).unwrap().to_owned(),
                    fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    let (root, mut files) = (root(), BTreeMap::new());
    add(&root, &root, &mut files);
    assert!(files.contains_key(Path::new("docs/README.md")), "{:?}", files.keys());
    files
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The anchors of a file's headings, as the hosting site makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let repeated = (1..).map(|number| format!("{slug}-{number}"));
                let free = std::iter::once(slug.clone())
                    .chain(repeated)
                    .find(|anchor| !anchors.contains(anchor));
                anchors.extend(free);
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' ');
    heading
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// The path that a link in `file` leads to, from the root; none if it leaves the project.
fn target(file: &Path, link: &str) -> Option<PathBuf> {
    let mut path = file.parent()?.to_owned();
    for part in Path::new(link).components() {
        match part {
            std::path::Component::ParentDir => path.pop().then_some(())?,
            std::path::Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    Some(path)
}

#[test]
fn every_link_leads_somewhere() {
    let files = files();
    let mut broken = Vec::new();
    for (file, text) in &files {
        for event in events(text) {
            let (Event::Start(Tag::Link { dest_url, .. })
            | Event::Start(Tag::Image { dest_url, .. })) = event
            else {
                continue;
            };
            if dest_url.contains("://") || dest_url.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
            let target = if path.is_empty() { Some(file.clone()) } else { target(file, path) };
            let is_there = target.as_ref().is_some_and(|target| root().join(target).exists());
            let has_anchor = anchor.is_empty()
                || target
                    .as_ref()
                    .and_then(|target| files.get(target))
                    .is_some_and(|text| anchors(text).contains(anchor));
            if !is_there || !has_anchor {
                broken.push(format!("{}: {dest_url}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

/// Every code block with a language: its file, the language and the text.
fn blocks(files: &BTreeMap<PathBuf, String>) -> Vec<(&Path, String, String)> {
    let mut blocks = Vec::new();
    for (file, text) in files {
        let mut block = None::<(String, String)>;
        for event in events(text) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    block = Some((language.to_string(), String::new()));
                }
                Event::Text(part) => {
                    if let Some((_, text)) = &mut block {
                        text.push_str(&part);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    blocks.extend(
                        block.take().map(|(language, text)| (file.as_path(), language, text)),
                    );
                }
                _ => {}
            }
        }
    }
    blocks
}

#[test]
fn every_code_block_is_checked() {
    let files = files();
    for (file, language, _) in blocks(&files) {
        let here =
            matches!(language.as_str(), "" | "text") || CHECKED_HERE.contains(&language.as_str());
        let pair = (language.as_str(), file.to_str().unwrap());
        let known = here || CHECKED_ELSEWHERE.contains(&pair) || NOT_CHECKED.contains(&pair);
        assert!(known, "{}: no test checks blocks of `{language}` there", file.display());
    }
}

#[test]
fn json_parses() {
    let files = files();
    for (file, language, text) in blocks(&files) {
        if language == "json" {
            let parsed = serde_json::from_str::<serde_json::Value>(&text);
            assert!(parsed.is_ok(), "{}: {parsed:?}", file.display());
        }
    }
}

#[test]
fn diagrams_say_what_they_are() {
    let files = files();
    for (file, language, text) in blocks(&files) {
        if language == "mermaid" {
            let kind = text.split_whitespace().next().unwrap_or_default();
            assert!(["flowchart", "sequenceDiagram"].contains(&kind), "{}: {kind}", file.display());
        }
    }
}

#[test]
fn commands_of_the_project_exist() {
    let files = files();
    let is_task = |task: &str| {
        args::USAGE.lines().any(|line| {
            line.strip_prefix("  ").is_some_and(|line| line.split_whitespace().next() == Some(task))
        })
    };
    for (file, language, text) in blocks(&files) {
        if !["sh", "console"].contains(&language.as_str()) {
            continue;
        }
        for line in text.lines() {
            let words: Vec<_> = line.trim_start_matches("$ ").split_whitespace().collect();
            match words.as_slice() {
                ["./x", task, ..] => assert!(is_task(task), "{}: ./x {task}", file.display()),
                ["cargo", "run", .., "-p", package, "--example", example] => {
                    let source = format!("examples/{example}.rs");
                    let folders = ["core/stark", "credentials", "wallet", "core/webgpu"];
                    let found = folders.iter().any(|folder| {
                        let manifest =
                            fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
                        manifest.contains(&format!("name = \"{package}\""))
                            && root().join(folder).join(&source).exists()
                    });
                    assert!(found, "{}: {line}", file.display());
                }
                _ => {}
            }
        }
    }
}

#[test]
fn anchors_are_those_of_the_hosting_site() {
    let text = "# One `two`, three!\n\n## Same\n\n## Same\n\n## What is what: a_b-c\n";
    let expected = ["one-two-three", "same", "same-1", "what-is-what-a_b-c"];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
}
