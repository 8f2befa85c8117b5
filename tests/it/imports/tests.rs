//! What the graph says of small made-up crates.

use super::{Graph, circles, graph, module_of};

/// What `from` names in a crate of these files.
fn named(files: &[(&str, &str)], from: &str) -> Vec<String> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    graph(&files).remove(from).expect("a module").into_iter().collect()
}

const EMPTY: [(&str, &str); 7] = [
    ("lib.rs", "pub mod a; pub mod b;"),
    ("b.rs", ""),
    ("a/mod.rs", ""),
    ("a/one.rs", ""),
    ("a/two/mod.rs", ""),
    ("a/two/deep.rs", ""),
    ("c.rs", ""),
];

/// What `text` names when it is the file `path` beside the empty ones.
fn names(path: &str, text: &str) -> Vec<String> {
    let mut files: Vec<_> = EMPTY.into_iter().filter(|(other, _)| *other != path).collect();
    files.push((path, text));
    named(&files, &module_of(path))
}

#[test]
fn each_way_to_name_a_module_is_read() {
    for (path, text, expected) in [
        ("b.rs", "use crate::a::one::Thing;", &["a::one"][..]),
        ("b.rs", "use crate::a::Thing;", &["a"]),
        (
            "b.rs",
            "use crate::{a::{self, one::{Thing, Other}}, c};",
            &["a", "a::one", "c"],
        ),
        (
            "b.rs",
            "use crate::{\n    a::{\n        two::deep::{\n            X,\n        },\n    },\n};",
            &["a::two::deep"],
        ),
        ("b.rs", "pub(crate) use crate::a::two::*;", &["a::two"]),
        ("b.rs", "use {crate::a::one, crate::c};", &["a::one", "c"]),
        ("b.rs", "use std::fmt; fn f() { crate::a::one::go() }", &["a::one"]),
        (
            "b.rs",
            "fn f() -> crate :: a\n:: one::T { panic!(\"{}\", crate::c::X) }",
            &["a::one", "c"],
        ),
        ("b.rs", "macro_rules! m { () => { $crate::c::go() } }", &["c"]),
        ("a/one.rs", "use super::Thing;", &["a"]),
        (
            "a/one.rs",
            "use super::two::{Thing, deep::X};",
            &["a::two", "a::two::deep"],
        ),
        ("a/two/deep.rs", "use super::super::one::X;", &["a::one"]),
        ("a/two/deep.rs", "fn f() { super::super::super::c::go() }", &["c"]),
        (
            "a/mod.rs",
            "mod one; pub mod two; pub use self::one::Thing;",
            &["a::one"],
        ),
        ("a/mod.rs", "mod one; pub use one::Thing;", &["a::one"]),
        (
            "a/mod.rs",
            "mod one; fn f() { one::go(two::deep::X) }",
            &["a::one", "a::two::deep"],
        ),
        // Through a module that was brought in, also under another name or by a star.
        (
            "b.rs",
            "use crate::a; fn f() { a::two::deep::go() }",
            &["a", "a::two::deep"],
        ),
        (
            "b.rs",
            "use crate::a::two as second; fn f() { second::deep::go() }",
            &["a::two", "a::two::deep"],
        ),
        (
            "b.rs",
            "use crate::a::{two as second}; use second::deep::X;",
            &["a::two", "a::two::deep"],
        ),
        ("b.rs", "use crate::a::*; fn f() { one::go() }", &["a", "a::one"]),
        (
            "a/one.rs",
            "use super::*; fn f() { two::deep::go() }",
            &["a", "a::two::deep"],
        ),
        // From an inline module, whose `super` is this file.
        (
            "a/one.rs",
            "mod inside { use super::super::two::X; use super::Own; } use super::Y;",
            &["a", "a::two"],
        ),
    ] {
        assert_eq!(names(path, text), expected, "{path}: {text}");
    }
}

#[test]
fn what_only_looks_like_a_name_is_none() {
    for text in [
        "// use crate::a::one;\n/* crate::c::x /* */ crate::c::x */ fn f() {}",
        "const T: &str = \"crate::a::one::go()\"; const R: &str = r#\"\"crate::c::x\"\"#;",
        "const Q: char = '\"'; const E: char = '\\''; fn f<'a>(_: &'a str) {}",
        "pub(in crate::a) struct S { pub(in crate::c) x: u8 } pub(super) fn f() {}",
        "#[cfg(test)] use crate::a::{one, two}; #[cfg(test)] mod tests { use crate::c; }",
        "#[cfg(test)]\n#[derive(Debug)] pub(crate) struct S { x: crate::c::X } ",
        "#[cfg(test)] fn f<A, B>(_: A, _: B) where A: Into<B> { crate::c::go() }",
        "#[cfg(test)] const X: crate::c::X = crate::c::X { y: 1 };",
        "struct S { #[cfg(test)] x: crate::c::X, y: u8 }",
        "use std::a::one; fn f() { other::a::one::go(); x.c::<u8>() }",
        "fn f() -> impl Iterator<Item = u8> + use<'_> { a }",
        "mod one; pub mod c;",
        "use serde::c; fn f() { c::go() }",
    ] {
        assert_eq!(names("b.rs", text), Vec::<String>::new(), "{text}");
    }
    // What follows is read again.
    for text in [
        "#[cfg(test)] mod tests { fn f() {} } use crate::c::X;",
        "#[cfg(test)] use crate::a::{one}; use crate::c::X;",
        "#[cfg(not(test))] use crate::c::X;",
        "#[cfg(test)] mod tests; use crate::c::X;",
        "#[test] fn f() {} fn g(_: crate::c::X) {}",
        "const A: char = 'a'; fn f<'a>(x: &'a crate::c::X) {}",
        "const A: u8 = b'\"'; fn f(_: crate::c::X) {}",
        "fn r#type(r#in: crate::c::X) {}",
    ] {
        assert_eq!(names("b.rs", text), ["c"], "{text}");
    }
}

#[test]
fn an_included_file_counts_as_written_where_it_is_included() {
    let files = [
        ("a/mod.rs", ""),
        (
            "a/one.rs",
            "mod first { include!(\"sql.rs\"); } mod second { include!(\"sql.rs\"); }",
        ),
        ("a/sql.rs", "use crate::b::X;"),
        ("b.rs", ""),
    ];
    assert_eq!(named(&files, "a::one"), ["b"]);
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert!(!graph(&files).contains_key("a::sql"));
}

#[test]
fn circles_are_found_whole_and_once() {
    let graph: Graph = [
        ("a", &["b"][..]),
        ("b", &["c", "d"]),
        ("c", &["a"]),
        ("d", &["e"]),
        ("e", &["f"]),
        ("f", &["e"]),
        ("g", &["a", "d"]),
    ]
    .into_iter()
    .map(|(from, to)| (from.to_owned(), to.iter().map(|to| (*to).to_owned()).collect()))
    .collect();
    let circles: Vec<Vec<String>> = circles(&graph)
        .into_iter()
        .map(|circle| circle.into_iter().collect())
        .collect();
    assert_eq!(circles, [vec!["a", "b", "c"], vec!["e", "f"]]);
}
