//! The kinds of fault that were found in the field and by attack, each with the tests that hold it off.
//!
//! A test says whose it is by the beginning of its name: `h5_…` in Rust, `F1: …` in the browser. A kind without a
//! test fails here. `cargo test --test it faults -- --nocapture` prints the table. To add a kind: its row in
//! [`KINDS`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const KINDS: [(&str, &str); 32] = [
    ("H1", "work that the sender chooses, before its limit"),
    ("H2", "script chosen by one tenant on the origin of all"),
    ("H3", "a capability checked when it is made, not when it is used"),
    ("H4", "a secret sent to an address that somebody else chose"),
    ("H5", "trust that is earned once and sold"),
    ("H6", "tokens that outlive their maker and mint longer-lived ones"),
    ("H7", "a Host header read with a parser of addresses"),
    ("H8", "the door can be held shut"),
    ("H9", "a list cut before it is filtered"),
    ("H10", "a noisy neighbour"),
    ("H11", "erased texts stay in the file"),
    ("H12", "a new root key locks people out"),
    ("H13", "whose decision it was"),
    ("F1", "a script that takes the press has a way out"),
    ("F2", "a field that the reader cannot see keeps no text out"),
    ("F3", "any refusal of a form gives the words back"),
    ("F4", "what was acknowledged stays acknowledged"),
    ("F5", "an optional field never refuses the whole"),
    ("F6", "a store that cannot hold what readers write is no store"),
    ("F7", "putting a backup back cannot spoil it"),
    ("F8", "a comment's ink stays in its box"),
    ("F9", "a moderator decides on what is there"),
    ("F13", "files that hold people's data are their owner's"),
    ("S1", "the owner's share counts what its label says"),
    ("S2", "no press refuses readers whom moderators publish unasked"),
    ("S5", "on a phone the answer to a press is in sight"),
    ("S8", "a list does not re-sort under the hand"),
    ("S14", "the menu keeps the site"),
    ("S15", "the first rule can be taken back"),
    ("S26", "forced colours"),
    ("S27", "what is too long says by how much"),
    ("H15", "a key that can be guessed starts nothing"),
];

#[test]
fn every_kind_of_fault_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files_below(&root.join("src"), "rs")
        .into_iter()
        .chain(files_below(&root.join("tests/it"), "rs"))
        .chain(files_below(&root.join("tests/browser"), "test.js"))
    {
        let source = fs::read_to_string(&file).expect("a source file");
        for line in source.lines() {
            if let Some((kind, name)) = named(line.trim_start()) {
                tests.entry(kind).or_default().push(name);
            }
        }
    }
    for (kind, what) in KINDS {
        println!("{kind}  {what}");
        for test in tests.get(kind).into_iter().flatten() {
            println!("      {test}");
        }
    }
    let bare: Vec<&str> = KINDS
        .iter()
        .map(|(kind, _)| *kind)
        .filter(|kind| !tests.contains_key(*kind))
        .collect();
    assert!(bare.is_empty(), "no test is named for {bare:?}");
}

/// The kind of fault that a test is about, and its name, where the line begins a test of that sort.
fn named(line: &str) -> Option<(String, String)> {
    let after = |start: &str| line.find(start).map(|place| &line[place + start.len()..]);
    if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
        let name: String = rest
            .chars()
            .take_while(|char| char.is_ascii_alphanumeric() || *char == '_')
            .collect();
        let (kind, _) = name.split_once('_')?;
        return is_kind(kind).then(|| (kind.to_uppercase(), name.clone()));
    }
    let title = after("test(\"")
        .or_else(|| after("test(`"))
        .or_else(|| after("it(\""))?;
    let (kind, _) = title.split_once(':')?;
    let title = title.split(['"', '`']).next()?;
    is_kind(kind).then(|| (kind.to_owned(), title.to_owned()))
}

fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|(kind, _)| kind.eq_ignore_ascii_case(word))
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" {
            found.extend(files_below(&path, ending));
        } else if name.ends_with(ending) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found
}
