//! The domain is pure: no I/O, no waiting, no clock, no chance. Its manifest and its sources say so.

use std::{fs, path::Path};

/// The crates it may name: data, errors, text and digests. None of them talks to anything; `url` only reads what is written.
const ALLOWED: [&str; 9] =
    ["regex-lite", "serde", "serde_json", "sha2", "thiserror", "time", "toml", "url", "utoipa"];

/// What would bring in the outside world.
const FORBIDDEN: [&str; 16] = [
    "SystemTime",
    "Instant::now",
    "now_utc",
    "now_local",
    "UtcDateTime::now",
    "std::fs",
    "std::net",
    "std::env",
    "std::io",
    "std::process",
    "std::thread",
    "async fn",
    ".await",
    "rand::",
    "getrandom",
    "println!",
];

fn manifest() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

#[test]
fn the_manifest_names_no_crate_that_does_io_or_waits() {
    let manifest = manifest();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    let others: Vec<_> = dependencies.keys().filter(|name| !ALLOWED.contains(&name.as_str())).collect();
    assert_eq!(others, Vec::<&String>::new(), "only {ALLOWED:?}");
    assert!(!manifest.contains_key("build-dependencies") && !manifest.contains_key("target"));
    // What describes the API is only there when asked for, and never in a Lambda.
    let features = manifest["features"].as_table().unwrap();
    assert!(!features.contains_key("default"));
    assert_eq!(dependencies["utoipa"]["optional"].as_bool(), Some(true));
}

#[test]
fn no_source_reads_a_clock_draws_a_number_or_touches_the_outside() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let (mut read, mut found) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            read += 1;
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap();
                found.extend(
                    FORBIDDEN
                        .iter()
                        .filter(|word| code.contains(**word))
                        .map(|word| format!("{}:{}: {word}", path.display(), number + 1)),
                );
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert!(read > 20, "{read} files is not all of them");
}
