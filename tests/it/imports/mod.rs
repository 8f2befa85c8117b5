//! Which file of the source names which: the graph that `layering.rs` judges.
//!
//! Rust is read as tokens, so that neither comments nor texts nor line breaks matter. An edge is made for each path
//! that is written down, be it in a `use` with any grouping or in the code: from `crate`, `super` or `self`, from a
//! child module, from a module that a `use` brought in, or from one that stands beside what a `*` brought in. It leads
//! to the deepest file on the path. Code for tests only does not count, nor does `mod x;`, nor the `x` of `pub(in x)`.
//! A file that is taken in with `include!` counts as written in the file that takes it in.

mod tests;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use self::tokens::{Token, group_end, tokens, without_tests};

/// Module (`captcha::ask`, `main`; nothing for `lib.rs`) -> the modules that its file names.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// The graph of files, each given with its path below `src` and its text.
pub(crate) fn graph(files: &[(String, String)]) -> Graph {
    let tokens: BTreeMap<&str, Vec<Token>> = files.iter().map(|(path, text)| (path.as_str(), tokens(text))).collect();
    let included: BTreeSet<String> = tokens
        .iter()
        .flat_map(|(path, tokens)| includes(path, tokens))
        .collect();
    let modules: BTreeMap<String, &str> = tokens
        .keys()
        .filter(|path| !included.contains(**path))
        .map(|path| (module_of(path), *path))
        .collect();
    modules
        .iter()
        .map(|(module, path)| {
            let tokens = without_tests(&with_includes(path, &tokens));
            let reader = Reader::new(module, &modules);
            (module.clone(), reader.named(&tokens))
        })
        .collect()
}

/// The circles: modules that name each other, directly or through others, each circle once.
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|from| (from, reach(graph, from))).collect();
    let mut circles = BTreeSet::new();
    for (from, to) in &reached {
        if to.contains(from) {
            let circle = to
                .iter()
                .filter(|other| reached.get(*other).is_some_and(|back| back.contains(from)));
            circles.insert(circle.map(|module| (*module).clone()).collect::<BTreeSet<_>>());
        }
    }
    circles.into_iter().collect()
}

fn reach<'g>(graph: &'g Graph, from: &str) -> BTreeSet<&'g String> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&String> = graph.get(from).into_iter().flatten().collect();
    while let Some(module) = ahead.pop() {
        if reached.insert(module) {
            ahead.extend(graph.get(module).into_iter().flatten());
        }
    }
    reached
}

fn module_of(path: &str) -> String {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" {
        String::new()
    } else {
        path.replace('/', "::")
    }
}

/// The paths of the files that `tokens` of `path` take in.
fn includes(path: &str, tokens: &[Token]) -> Vec<String> {
    tokens
        .windows(4)
        .filter_map(|window| match window {
            [word, bang, open, Token::Text(file)] if word.is("include") && bang.is_sign('!') && open.is_sign('(') => {
                Some(beside(path, file))
            }
            _ => None,
        })
        .collect()
}

fn beside(path: &str, file: &str) -> String {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    folder.join(file).to_string_lossy().into_owned()
}

/// The tokens of `path`, and behind them those of what it takes in.
fn with_includes(path: &str, all: &BTreeMap<&str, Vec<Token>>) -> Vec<Token> {
    let own = all.get(path).cloned().unwrap_or_default();
    let mut inside = Vec::new();
    for file in BTreeSet::from_iter(includes(path, &own)) {
        inside.extend(all.get(file.as_str()).cloned().unwrap_or_default());
    }
    own.into_iter().chain(inside).collect()
}

/// Reads the tokens of one file.
struct Reader<'m> {
    modules: &'m BTreeMap<String, &'m str>,
    /// The file's own module.
    own: &'m str,
}

/// What `use` brought in.
#[derive(Default)]
struct Brought {
    /// Name -> the whole path that it stands for.
    names: BTreeMap<String, Vec<String>>,
    /// The paths that ended in `*`.
    globs: Vec<Vec<String>>,
}

impl<'m> Reader<'m> {
    fn new(own: &'m str, modules: &'m BTreeMap<String, &'m str>) -> Self {
        Self { modules, own }
    }

    /// The modules that the tokens name, but the file's own.
    fn named(&self, tokens: &[Token]) -> BTreeSet<String> {
        let (paths, uses) = self.paths(tokens);
        let brought = self.brought(&uses);
        let mut named = BTreeSet::new();
        for path in uses
            .iter()
            .map(|(path, _, here)| (path, here))
            .chain(paths.iter().map(|(path, here)| (path, here)))
        {
            let (path, here) = path;
            for whole in self.whole(path, here, &brought) {
                named.extend(self.deepest(&whole));
            }
        }
        named.remove(self.own);
        named.remove("");
        named
    }

    /// The paths in the code, each with the module it stands in; and those of `use`, each with its new name.
    #[expect(clippy::type_complexity, reason = "two lists of the same reading")]
    fn paths(&self, tokens: &[Token]) -> (Vec<(Vec<String>, Vec<String>)>, Vec<(Vec<String>, String, Vec<String>)>) {
        let (mut paths, mut uses) = (Vec::new(), Vec::new());
        let mut here = split(self.own);
        // Inline modules, each with the depth of its braces.
        let mut inline = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while at < tokens.len() {
            let next = tokens.get(at + 1);
            match &tokens[at] {
                Token::Word(word) if word == "pub" && next.is_some_and(|next| next.is_sign('(')) => {
                    let inside = tokens.get(at + 2);
                    let is_visibility =
                        inside.is_some_and(|token| ["in", "crate", "super", "self"].iter().any(|word| token.is(word)));
                    at = if is_visibility {
                        group_end(tokens, at + 1)
                    } else {
                        at + 1
                    };
                    continue;
                }
                Token::Word(word) if word == "use" && !next.is_some_and(|next| next.is_sign('<')) => {
                    at += 1;
                    tree(tokens, &mut at, &[], &here, &mut uses);
                    continue;
                }
                Token::Word(word) if word == "mod" => {
                    if let (Some(Token::Word(name)), Some(open)) = (next, tokens.get(at + 2))
                        && open.is_sign('{')
                    {
                        here.push(name.clone());
                        inline.push(depth);
                        depth += 1;
                        at += 3;
                        continue;
                    }
                }
                Token::Word(first) => {
                    let is_start = at == 0 || !(tokens[at - 1] == Token::Path || tokens[at - 1].is_sign('.'));
                    let mut path = vec![first.clone()];
                    while let (Some(Token::Path), Some(Token::Word(word))) = (tokens.get(at + 1), tokens.get(at + 2)) {
                        path.push(word.clone());
                        at += 2;
                    }
                    if is_start && path.len() > 1 {
                        paths.push((path, here.clone()));
                    }
                }
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => {
                    depth = depth.saturating_sub(1);
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        here.pop();
                    }
                }
                _ => {}
            }
            at += 1;
        }
        (paths, uses)
    }

    fn brought(&self, uses: &[(Vec<String>, String, Vec<String>)]) -> Brought {
        let mut brought = Brought::default();
        // Twice, since one `use` may begin with what another one brought in.
        for _ in 0..2 {
            for (path, name, here) in uses {
                for whole in self.whole(path, here, &brought) {
                    if name == "*" {
                        if !brought.globs.contains(&whole) {
                            brought.globs.push(whole);
                        }
                    } else {
                        brought.names.insert(name.clone(), whole);
                    }
                }
            }
        }
        brought
    }

    /// What a path may stand for, from the root of the crate; empty where it leads out of it.
    fn whole(&self, path: &[String], here: &[String], brought: &Brought) -> Vec<Vec<String>> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        let join = |base: &[String], rest: &[String]| [base, rest].concat();
        match first.as_str() {
            "crate" => return vec![rest.to_vec()],
            "palabre" if self.own == "main" => return vec![rest.to_vec()],
            "self" => return vec![join(here, rest)],
            "super" => {
                let up = path.iter().take_while(|word| *word == "super").count();
                let base = &here[..here.len().saturating_sub(up)];
                return vec![join(base, &path[up..])];
            }
            _ => {}
        }
        if let Some(base) = brought.names.get(first) {
            return vec![join(base, rest)];
        }
        let child = join(here, std::slice::from_ref(first));
        if self.modules.contains_key(&child.join("::")) {
            return vec![join(here, path)];
        }
        brought
            .globs
            .iter()
            .map(|base| join(base, path))
            .filter(|whole| {
                let beside = &whole[..=whole.len() - path.len()];
                self.modules.contains_key(&beside.join("::"))
            })
            .collect()
    }

    /// The deepest file on the path.
    fn deepest(&self, whole: &[String]) -> Option<String> {
        (0..=whole.len())
            .rev()
            .map(|length| whole[..length].join("::"))
            .find(|module| self.modules.contains_key(module))
    }
}

fn split(module: &str) -> Vec<String> {
    module
        .split("::")
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Reads one tree of a `use`, up to the comma, brace or semicolon behind it: each path with its new name.
fn tree(
    tokens: &[Token],
    at: &mut usize,
    before: &[String],
    here: &[String],
    uses: &mut Vec<(Vec<String>, String, Vec<String>)>,
) {
    let mut path = before.to_vec();
    let mut name = None;
    while let Some(token) = tokens.get(*at) {
        match token {
            Token::Word(word) if word == "as" => {
                if let Some(Token::Word(alias)) = tokens.get(*at + 1) {
                    name = Some(alias.clone());
                }
                *at += 2;
                continue;
            }
            // `{self}` is the path before it.
            Token::Word(word) if word == "self" && !path.is_empty() => {}
            Token::Word(word) => path.push(word.clone()),
            Token::Sign('*') => name = Some("*".to_owned()),
            Token::Sign('{') => {
                *at += 1;
                while tokens.get(*at).is_some_and(|token| !token.is_sign('}')) {
                    tree(tokens, at, &path, here, uses);
                    if tokens.get(*at).is_some_and(|token| token.is_sign(',')) {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            Token::Path => {}
            _ => break,
        }
        *at += 1;
    }
    if let Some(last) = path.last() {
        let name = name.unwrap_or_else(|| last.clone());
        uses.push((path, name, here.to_vec()));
    }
}
