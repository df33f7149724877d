//! The commands of README and book are run as they stand.
//!
//! Blocks fenced with `sh` run in the order of their page, in a folder that holds a copy of the book's files; `sh skip` marks what
//! cannot be run there. Blocks of Rust and Python are run by the doctests of the crates and by the tests of the Python package.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The blocks of a page fenced with this, each with the number of its first line.
fn blocks(page: &str, fence: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        if info == fence {
            found.push((number + 2, block.join("\n")));
        }
    }
    found
}

/// A folder with copies of the book's files in `at`.
fn folder(at: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join(at);
    std::fs::create_dir_all(&files).unwrap();
    for entry in std::fs::read_dir(root().join("book/files")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), files.join(entry.file_name())).unwrap();
    }
    folder
}

/// Runs the blocks of a page.
fn run(page: &Path, folder: &Path) {
    let text = std::fs::read_to_string(page).unwrap();
    let folder_of_program = Path::new(env!("CARGO_BIN_EXE_unspool")).parent().unwrap();
    let path = format!("{}:{}", folder_of_program.display(), std::env::var("PATH").unwrap());
    for (line, block) in blocks(&text, "sh") {
        let block = block.replace("cargo run --release -p unspool-cli -- ", "unspool ");
        let done = Command::new("bash")
            .args(["-eu", "-c", &block])
            .current_dir(folder)
            .env("PATH", &path)
            .env("XDG_CONFIG_HOME", folder)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{}:{line}: {}\n{block}\n{told}", page.display(), done.status);
    }
}

#[test]
fn the_readme() {
    run(&root().join("README.md"), folder("book/files").path());
}

#[test]
fn the_readmes_of_crates() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let page = entry.unwrap().path().join("README.md");
        if page.is_file() {
            run(&page, folder(".").path());
        }
    }
}

#[test]
fn the_book() {
    let pages = root().join("book/src");
    let summary = std::fs::read_to_string(pages.join("SUMMARY.md")).unwrap();
    for entry in std::fs::read_dir(&pages).unwrap() {
        let page = entry.unwrap().path();
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name} is not in the summary");
        run(&page, folder(".").path());
    }
}

/// Links of the book and of the README lead somewhere.
#[test]
fn links() {
    let mut pages = vec![root().join("README.md"), root().join("ARCHITECTURE.md"), root().join("CONTRIBUTING.md")];
    pages.extend(std::fs::read_dir(root().join("book/src")).unwrap().map(|entry| entry.unwrap().path()));
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for (_, rest) in text.match_indices("](").map(|(at, _)| text[at..].split_at(2)) {
            let target = rest.split([')', '#']).next().unwrap();
            let is_local = !target.is_empty() && !target.contains("://") && !target.contains([' ', '`', '\n']);
            let there = page.parent().unwrap().join(target);
            assert!(!is_local || there.exists(), "{}: {target} is not there", page.display());
        }
    }
}
