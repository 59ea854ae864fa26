//! The house rules that a compiler doesn't check.

use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Lines a file may have before it has to be split, its unit tests not counted.
const LONGEST_FILE: usize = 400;
/// Lines a file of tests may have: its stories are short, and read one at a time.
const LONGEST_TESTS: usize = 600;
/// Lines a function's `main.rs` may have.
const LONGEST_MAIN: usize = 20;

/// Why nothing but [`READS_ALL`] scans.
const NEVER_READ_WHOLE: &str = "the table is never scanned";

/// Text that isn't left in code, with why. Written in two halves so that this file doesn't find itself.
fn banned() -> Vec<(String, &'static str)> {
    let join = |parts: [&str; 2]| parts.concat();
    vec![
        (join(["to", "do!("]), "finish it"),
        (join(["unimplemen", "ted!("]), "finish it"),
        (join(["db", "g!("]), "debugging is over"),
        (join(["TO", "DO"]), "finish it, or write down why not"),
        (join(["FIX", "ME"]), "finish it, or write down why not"),
        (join(["#[ign", "ore"]), "a test that doesn't run is none"),
        (join([".sc", "an()"]), NEVER_READ_WHOLE),
        (join(["Sca", "nInput"]), NEVER_READ_WHOLE),
    ]
}

/// What `domain` may depend on: nothing that waits, talks or knows a cloud.
const DOMAIN_MAY_USE: [&str; 9] =
    ["regex-lite", "serde", "serde_json", "sha2", "thiserror", "time", "toml", "url", "utoipa"];

/// Where an operator's command reads the table whole: figures are counted anew from every record there is, and every
/// registration's journal is checked.
const READS_ALL: [&str; 2] = ["common/src/store/figures_rebuild.rs", "common/src/store/audit.rs"];

/// Checks everything and names all that is wrong.
pub fn run(root: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for file in rust_files(root)? {
        check_file(root, &file, &mut wrong)?;
    }
    check_arrows(root, &mut wrong)?;
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{} against the house rules:\n{}", wrong.len(), wrong.join("\n"))
}

fn check_file(root: &Path, file: &Path, wrong: &mut Vec<String>) -> Result<()> {
    let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("reading {name}"))?;
    if !text.starts_with("//!") && !name.contains("/tests/common/") {
        wrong.push(format!("{name}: begins without `//!` that says what it's for"));
    }
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    let longest = if name.contains("tests/") { LONGEST_TESTS } else { LONGEST_FILE };
    if lines > longest {
        wrong.push(format!("{name}: {lines} lines; split it by what a reader looks for"));
    }
    if name.starts_with("functions/") && name.ends_with("main.rs") && text.lines().count() > LONGEST_MAIN {
        wrong.push(format!("{name}: over {LONGEST_MAIN} lines; work belongs in lib.rs"));
    }
    for (text_banned, why) in banned() {
        if READS_ALL.contains(&name.as_str()) && why == NEVER_READ_WHOLE {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.contains(&text_banned) {
                wrong.push(format!("{name}:{}: has `{text_banned}`: {why}", number + 1));
            }
        }
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(mark) = half_width_mark(line) {
            wrong.push(format!("{name}:{}: Chinese text has a half-width `{mark}`", number + 1));
        }
    }
    Ok(())
}

/// A comma, semicolon, question or exclamation mark of ASCII between two Chinese characters.
fn half_width_mark(line: &str) -> Option<char> {
    let han = |character: char| ('\u{4e00}'..='\u{9fff}').contains(&character);
    let characters: Vec<char> = line.chars().collect();
    characters
        .windows(3)
        .find(|window| han(window[0]) && han(window[2]) && ",;!?".contains(window[1]))
        .map(|window| window[1])
}

/// functions → common → domain, and no function knows another.
fn check_arrows(root: &Path, wrong: &mut Vec<String>) -> Result<()> {
    let functions = folders(&root.join("functions"))?;
    let names: Vec<String> =
        functions.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    for (path, name) in functions.iter().zip(&names) {
        for dependency in dependencies(&path.join("Cargo.toml"))? {
            if names.contains(&dependency) {
                wrong.push(format!("functions/{name} depends on the function {dependency}"));
            }
        }
    }
    for dependency in dependencies(&root.join("common/Cargo.toml"))? {
        if names.contains(&dependency) {
            wrong.push(format!("common depends on the function {dependency}"));
        }
    }
    for dependency in dependencies(&root.join("common/domain/Cargo.toml"))? {
        if !DOMAIN_MAY_USE.contains(&dependency.as_str()) {
            wrong.push(format!("domain depends on {dependency}, which isn't on the list of what it may use"));
        }
    }
    Ok(())
}

fn dependencies(manifest: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let table: toml::Table = toml::from_str(&text)?;
    let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
    Ok(dependencies.map(|table| table.keys().cloned().collect()).unwrap_or_default())
}

fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut open: Vec<PathBuf> =
        ["common", "functions", "infra", "tests"].map(|name| root.join(name)).to_vec();
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        run(&crate::root().unwrap()).unwrap();
    }

    #[test]
    fn a_half_width_comma_is_seen_between_chinese_characters_only() {
        // Put together here, so that this file has none itself.
        assert_eq!(half_width_mark(&["请登录", ",", "再试"].concat()), Some(','));
        assert_eq!(half_width_mark("请登录，再试"), None);
        assert_eq!(half_width_mark("let a = (b, c);"), None);
    }
}
