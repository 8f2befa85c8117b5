//! Texts that make readers of texts work: each fills as many characters or bytes as it may.

/// Signs that stand for letters: the dearest passphrase to estimate.
pub(crate) const SIGNS: &str = "4@8({[<369!1|0$57+%2";

/// What bodies are made of, again and again: marks of Markdown and HTML, addresses, entities, what Unicode
/// takes apart and puts in another order.
pub(crate) const MARKS: [&str; 56] = [
    "a",
    "&",
    "&#",
    "&amp;",
    "«",
    "\u{a0}",
    "<",
    ">",
    "<b>",
    "<b></b>",
    "<b>x",
    "</b>",
    "<br>",
    "<li>",
    "<ul><li>",
    "<pre>",
    "<code>",
    "<blockquote>",
    "<!--",
    "<?",
    "*",
    "**a",
    "*a **a ",
    "***a** ",
    "_a__b",
    "`",
    "`a",
    "``a ",
    "[",
    "![",
    "[[]",
    "[a](",
    "[a](<",
    "[a][",
    "[a]: ",
    "[](http://a.bc)",
    "http://a.bc ",
    "http://ä.ä ",
    "http://1.1 ",
    "<http://a.bc>",
    "<a href=http://a.bc/&amp;>x</a>",
    "www.",
    "hhttp://",
    "> ",
    ">",
    "- ",
    "1. ",
    "-\n",
    "> > - ",
    "    a\n",
    "```\n",
    "\\<",
    "\u{2E0E}",
    "\u{FDFA}",
    "e\u{300}\u{316}",
    "\u{11935}\u{11930}",
];

/// What single lines are made of: names, titles, keys, addresses.
pub(crate) const LINES: [&str; 10] = [
    "a",
    " ",
    " a",
    "\u{300}\u{316}",
    "e\u{300}",
    "\u{FDFA}",
    "\u{200D}",
    "\u{1F1E6}",
    "\u{1112}\u{1161}\u{11AB}",
    "a@",
];

/// The pattern again and again, of so many characters.
pub(crate) fn of_chars(pattern: &str, chars: usize) -> String {
    pattern.chars().cycle().take(chars).collect()
}

/// The same, of at most so many bytes.
pub(crate) fn of_bytes(pattern: &str, bytes: usize) -> String {
    pattern.repeat(bytes / pattern.len())
}

/// How a text is called in the table: its first signs.
pub(crate) fn named(pattern: &str) -> String {
    let shown: String = pattern.chars().take(12).flat_map(char::escape_default).collect();
    format!("`{}`", shown.replace('|', "\\|").replace('`', "'"))
}
