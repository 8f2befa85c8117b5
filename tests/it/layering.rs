//! The direction of the modules, read from the source: nothing points left.
//!
//! ```text
//! main -> cli -> server -> { http, jobs } -> web, actions -> app -> { live, limits, captcha, rooms } -> store, outbound -> domain
//! ```
//!
//! `config` and `clock` are usable by all but the domain, `error`, `keys` and `permissions` by all. Inside a folder files form no circles either. What names what is read by `imports`. A module that is not in [`LAYERS`] fails the test: give it its place there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::imports::{self, Graph};

/// Each module with the ones it may name beside itself.
const LAYERS: [(&str, &[&str]); 19] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "server",
            "http",
            "web",
            "jobs",
            "actions",
            "app",
            "store",
            "limits",
            "live",
            "captcha",
            "outbound",
            "domain",
            "config",
            "clock",
            "fake_provider",
        ],
    ),
    (
        "server",
        &[
            "http", "web", "jobs", "actions", "app", "store", "limits", "live", "captcha", "outbound", "domain",
            "config", "clock",
        ],
    ),
    (
        "http",
        &[
            "web", "actions", "app", "store", "limits", "live", "captcha", "outbound", "domain", "config", "clock",
        ],
    ),
    (
        "jobs",
        &[
            "web", "actions", "app", "store", "limits", "live", "captcha", "outbound", "domain", "config", "clock",
        ],
    ),
    ("web", &["domain", "clock", "config"]),
    (
        "actions",
        &[
            "app", "store", "limits", "live", "captcha", "outbound", "rooms", "domain", "config", "clock",
        ],
    ),
    (
        "app",
        &[
            "store", "limits", "live", "captcha", "outbound", "rooms", "domain", "config", "clock",
        ],
    ),
    ("store", &["domain", "config", "clock"]),
    ("limits", &["domain", "config", "clock"]),
    ("live", &["store", "domain"]),
    ("captcha", &["outbound", "domain", "config", "clock"]),
    ("outbound", &["config"]),
    ("rooms", &[]),
    ("domain", &[]),
    // Beside the service: it pretends to be somebody else's.
    ("fake_provider", &["domain", "clock"]),
    // Read by everybody, so they stand on the lowest layer, with what their types are made of.
    ("config", &["domain", "limits"]),
    ("clock", &["domain"]),
    ("keys", &["clock"]),
];

/// Usable by every module. `error` names the answers of all layers, so it may look at any of them.
const FOR_ALL: [&str; 3] = ["error", "keys", "permissions"];

/// Crates that only some modules may know.
const CRATES: [(&str, &[&str]); 6] = [
    ("sqlx", &["store"]),
    ("axum", &["http", "server", "fake_provider"]),
    ("axum_extra", &["http"]),
    ("tower_http", &["http"]),
    ("reqwest", &["outbound"]),
    ("lettre", &["outbound"]),
];

/// A line of code with where it stands.
struct Line {
    module: String,
    place: String,
    code: String,
}

/// The code of `src/`: without comments and without the tests at a file's end.
fn lines() -> Vec<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    for file in rust_files(&root) {
        let relative = file.strip_prefix(&root).expect("under src").to_owned();
        let first = relative.components().next().expect("a name").as_os_str();
        let module = Path::new(first)
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let is_test = relative.file_stem().is_some_and(|stem| stem == "tests");
        if module == "lib" || is_test {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("#[cfg(test)]") {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            if !code.trim().is_empty() {
                lines.push(Line {
                    module: module.clone(),
                    place: format!("src/{}:{}", relative.display(), number + 1),
                    code: code.to_owned(),
                });
            }
        }
    }
    assert!(lines.len() > 3000, "src/ was not read");
    lines
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Whether `code` names `path` as a path's beginning: `sqlx::`, not `my_sqlx::`.
fn names(code: &str, path: &str) -> bool {
    code.match_indices(&format!("{path}::")).any(|(place, _)| {
        let before = code[..place].chars().next_back();
        !before.is_some_and(|sign| sign.is_alphanumeric() || sign == '_')
            && (!code[..place].ends_with("::") || code[..place].trim_start().starts_with("::"))
    })
}

/// The files of `src/` with the files that each names.
fn graph() -> Graph {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<(String, String)> = rust_files(&root)
        .into_iter()
        .filter(|file| file.file_stem().is_none_or(|stem| stem != "tests"))
        .map(|file| {
            let relative = file.strip_prefix(&root).expect("under src");
            let text = fs::read_to_string(&file).expect("a source file");
            (relative.to_string_lossy().replace('\\', "/"), text)
        })
        .collect();
    imports::graph(&files)
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

#[test]
fn modules_point_in_one_direction() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (from, named) in graph().iter().filter(|(from, _)| !from.is_empty()) {
        let own = room(from);
        for to in named {
            count += 1;
            let target = room(to);
            if own == "error" || FOR_ALL.contains(&target) || target == own {
                continue;
            }
            let layer = LAYERS.iter().find(|(name, _)| *name == own);
            let Some((_, allowed)) = layer else {
                panic!("{from}: the module {own} has no place in LAYERS");
            };
            if !allowed.contains(&target) {
                wrong.push(format!("{from} names {to}"));
            }
        }
    }
    assert!(count > 500, "the names were not found: {count}");
    assert!(wrong.is_empty(), "nothing may point left:\n{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let circles = imports::circles(&graph());
    assert!(circles.is_empty(), "files that import each other: {circles:#?}");
}

/// What readers, the newsroom and operators have in common stands beside them: none reaches into another's rooms. Only
/// the description of the API, a page, stands in the newsroom's frame.
#[test]
fn audiences_do_not_reach_into_each_other() {
    let audiences = ["http::readers", "http::newsroom", "http::operators"];
    let audience = |module: &str| audiences.iter().position(|audience| module.starts_with(audience));
    let mut wrong = Vec::new();
    let mut count = 0;
    for (from, named) in graph() {
        let Some(own) = audience(&from) else { continue };
        for to in named {
            count += 1;
            let is_frame = (from.as_str(), to.as_str()) == ("http::operators::docs", "http::newsroom::insider");
            if audience(&to).is_some_and(|other| other != own) && !is_frame {
                wrong.push(format!("{from} names {to}"));
            }
        }
    }
    assert!(count > 200, "the names were not found: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A handler reads, calls an action and presents: of the service it may know its settings, its clock and its sites, and
/// asks for the rest by an action.
#[test]
fn no_handler_reaches_past_an_action() {
    let known = ["config", "clock", "site", "has_demo", "is_own_origin", "proxies"];
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for line in lines().iter().filter(|line| line.module == "http") {
        let file = line.place.split(':').next().unwrap_or_default().to_owned();
        files.entry(file).or_default().push_str(line.code.trim());
    }
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, code) in &files {
        for after in code.split("app.").skip(1) {
            let word: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            count += 1;
            if !known.contains(&word.as_str()) {
                wrong.push(format!("{file}: app.{word}"));
            }
        }
    }
    assert!(count > 30, "the handlers were not read: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_behind_their_layer() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines() {
        for (library, allowed) in CRATES {
            if names(&line.code, library) {
                seen.insert(library);
                if !allowed.contains(&line.module.as_str()) {
                    wrong.push(format!("{}: only {allowed:?} may know {library}", line.place));
                }
            }
        }
    }
    assert_eq!(seen.len(), CRATES.len(), "every library of the table is used: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is sent is a type, by which the document is made.
#[test]
fn no_json_is_written_by_hand() {
    let by_hand: Vec<String> = lines()
        .into_iter()
        .filter(|line| line.code.contains("json!"))
        .map(|line| line.place)
        .collect();
    assert!(by_hand.is_empty(), "json! outside tests: {by_hand:?}");
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for line in lines().iter().filter(|line| line.module == "domain") {
        let code = &line.code;
        let forbidden = [
            "async ",
            ".await",
            "SystemTime",
            "Instant",
            "Timestamp::now",
            "std::fs",
            "std::net::Tcp",
            "std::env",
        ];
        if forbidden.iter().any(|word| code.contains(word))
            || ["tokio", "rand", "tracing"].iter().any(|library| names(code, library))
        {
            wrong.push(format!("{}: {}", line.place, code.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Errors get their words in one place, which asks for the language: nobody hands it on with an error.
#[test]
fn an_error_is_told_in_one_place() {
    let mut wrong = Vec::new();
    let mut told = 0;
    for line in lines() {
        let is_handed_on = ["or_say_in", "PageError", "Problem::new("]
            .iter()
            .any(|word| line.code.contains(word));
        let is_told = line.code.contains("error::json(");
        told += usize::from(is_told);
        if is_handed_on || is_told && !line.place.starts_with("src/http/answer.rs") {
            wrong.push(format!("{}: {}", line.place, line.code.trim()));
        }
    }
    assert!(told > 0, "src/http/answer.rs was not read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whose a route is, is the router it stands in: no layer reads it from a path.
#[test]
fn layers_know_no_path() {
    let lines = lines();
    let layers: Vec<_> = lines
        .iter()
        .filter(|line| line.place.starts_with("src/http/layers.rs"))
        .collect();
    assert!(layers.len() > 100, "src/http/layers.rs was not read");
    let wrong: Vec<_> = layers
        .iter()
        .filter(|line| line.code.contains("\"/"))
        .map(|line| &line.place)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A file of tests that no module names is not compiled, and all of its tests pass.
#[test]
fn every_file_of_tests_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).expect("main.rs");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("tests/it").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else {
            continue;
        };
        count += 1;
        assert!(
            main.lines().any(|line| line == format!("mod {module};")),
            "{name}: no module"
        );
    }
    assert!(count > 50, "the files were not found: {count}");
}
