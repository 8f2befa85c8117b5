//! Rust as tokens: words, texts, `::` and signs, without comments, and without what is for tests only.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    /// `::`
    Path,
    Sign(char),
}

impl Token {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    fn opens(&self) -> bool {
        matches!(self, Self::Sign('(' | '[' | '{'))
    }

    fn closes(&self) -> bool {
        matches!(self, Self::Sign(')' | ']' | '}'))
    }
}

pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some((inside, length)) = literal(rest) {
            tokens.push(Token::Text(inside.to_owned()));
            length
        } else if first == '\'' {
            character(rest)
        } else if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|sign: char| !(sign.is_alphanumeric() || sign == '_'));
            let length = end.unwrap_or(rest.len());
            // `r#type` is the word `type`.
            if rest[..length] == *"r" && rest[length..].starts_with('#') {
                length + 1
            } else {
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
        } else if rest.starts_with("::") {
            tokens.push(Token::Path);
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the comment at the start; comments may stand in comments.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at.min(rest.len())
}

/// The inside of the text at the start and the length of the whole: `"…"`, `b"…"`, `r#"…"#`.
fn literal(rest: &str) -> Option<(&str, usize)> {
    let unprefixed = rest.trim_start_matches(['b', 'c']);
    if rest.len() - unprefixed.len() > 1 {
        return None;
    }
    let raw = unprefixed.strip_prefix('r');
    let after = raw.unwrap_or(unprefixed);
    let fence = after.len() - after.trim_start_matches('#').len();
    if (fence > 0 && raw.is_none()) || !after[fence..].starts_with('"') {
        return None;
    }
    let start = rest.len() - after.len() + fence + 1;
    let inside = &rest[start..];
    let length = if raw.is_some() {
        inside.find(&format!("\"{}", "#".repeat(fence)))?
    } else {
        let mut is_escaped = false;
        inside.find(|sign| {
            let ends = sign == '"' && !is_escaped;
            is_escaped = sign == '\\' && !is_escaped;
            ends
        })?
    };
    Some((&inside[..length], start + length + 1 + fence))
}

/// The length of the character or the lifetime at the start.
fn character(rest: &str) -> usize {
    let mut signs = rest.char_indices().skip(1);
    match (signs.next(), signs.next()) {
        (Some((_, '\\')), Some((escaped, sign))) => {
            let from = escaped + sign.len_utf8();
            rest[from..].find('\'').map_or(rest.len(), |end| from + end + 1)
        }
        (Some(_), Some((end, '\''))) => end + 1,
        _ => 1,
    }
}

/// Leaves out what is marked `#[cfg(test)]`.
pub(super) fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let Some(end) = attribute_end(tokens, at) else {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        };
        let has = |word: &str| tokens[at..end].iter().any(|token| token.is(word));
        if has("cfg") && has("test") && !has("not") {
            at = item_end(tokens, end);
        } else {
            kept.extend_from_slice(&tokens[at..end]);
            at = end;
        }
    }
    kept
}

/// The end of the attribute that begins at `at`, if one does.
fn attribute_end(tokens: &[Token], at: usize) -> Option<usize> {
    let is_attribute = tokens[at].is_sign('#') && tokens.get(at + 1).is_some_and(|token| token.is_sign('['));
    is_attribute.then(|| group_end(tokens, at + 1))
}

/// The place behind the bracket that closes the one at `at`.
pub(super) fn group_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return place + 1;
            }
        }
    }
    tokens.len()
}

/// The place behind the item, field or arm at `at`.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len()
        && let Some(end) = attribute_end(tokens, at)
    {
        at = end;
    }
    let mut kind = None;
    while at < tokens.len() {
        let token = &tokens[at];
        if let (None, Token::Word(word)) = (kind, token) {
            let is_body = matches!(
                word.as_str(),
                "fn" | "mod" | "impl" | "struct" | "enum" | "trait" | "union" | "macro_rules"
            );
            let is_statement = matches!(word.as_str(), "use" | "static" | "type" | "let" | "extern")
                || (word == "const"
                    && !tokens
                        .get(at + 1)
                        .is_some_and(|next| next.is("fn") || next.is("unsafe")));
            kind = (is_body || is_statement).then_some(is_body);
        }
        if token.closes() {
            return at;
        }
        let is_body = kind == Some(true);
        if token.is_sign(';') || (token.is_sign(',') && kind.is_none()) {
            return at + 1;
        }
        if token.opens() {
            let is_last = is_body && token.is_sign('{');
            at = group_end(tokens, at);
            if is_last {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}
