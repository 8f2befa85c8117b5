//! `multipart/form-data` (RFC 7578), as browsers write it: the fields of a form that could hold files too.
//!
//! The whole body is there already, within the limits of `posted`. Files are passed over. A body that breaks
//! off gives what came before, so that a reader's words are not lost with it.

/// The boundary that a content type names, where it names one that may be (1 to 70 characters).
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let given = parameter(content_type, "boundary")?;
    (1..=70).contains(&given.len()).then_some(given)
}

/// A parameter of a header's value, without its quotation marks.
pub(crate) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        // A quotation mark inside is written as %22 by browsers, and with a backslash by others.
        let (given, next) = if let Some(quoted) = after.strip_prefix('"') {
            let end = closing_quote(quoted)?;
            (&quoted[..end], &quoted[end + 1..])
        } else {
            let end = after.find(';').unwrap_or(after.len());
            (after[..end].trim_end(), &after[end..])
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(given);
        }
        rest = next.split_once(';')?.1;
    }
}

fn closing_quote(quoted: &str) -> Option<usize> {
    let mut is_escaped = false;
    quoted.char_indices().find_map(|(at, char)| {
        let ends = char == '"' && !is_escaped;
        is_escaped = char == '\\' && !is_escaped;
        ends.then_some(at)
    })
}

/// Name and content of each field, in their order, as they came; files are left out.
pub(crate) fn fields(body: &[u8], boundary: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = delimiter.as_bytes();
    // The first delimiter has no line before it.
    let mut rest = match body.strip_prefix(&delimiter[2..]) {
        Some(after) => after,
        None => after(body, delimiter).unwrap_or_default(),
    };
    let mut found = Vec::new();
    while !rest.is_empty() && !rest.starts_with(b"--") {
        let end = position(rest, delimiter).unwrap_or(rest.len());
        found.extend(field(&rest[..end]));
        rest = rest.get(end + delimiter.len()..).unwrap_or_default();
    }
    found
}

/// One part: its head lines, an empty line, its content. `None` for a file, and for what has no name.
fn field(part: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = position(part, b"\r\n\r\n")?;
    let (head, content) = (&part[..end], &part[end + 4..]);
    let line = head.split(|byte| *byte == b'\n').find(|line| {
        let name = b"content-disposition:";
        line.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    })?;
    // Names are bytes in the encoding of the form; what is looked for here is ASCII.
    let line: String = line.iter().map(|byte| char::from(*byte)).collect();
    if parameter(&line, "filename").is_some() || parameter(&line, "filename*").is_some() {
        return None;
    }
    let name = parameter(&line, "name")?.replace("%22", "\"");
    let name = name.chars().filter_map(|char| u8::try_from(u32::from(char)).ok());
    Some((name.collect(), content.to_vec()))
}

fn after<'a>(bytes: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    position(bytes, what).map(|at| &bytes[at + what.len()..])
}

/// Where `what`, which begins with a carriage return, stands for the first time.
fn position(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| *byte == b'\r')?;
        if bytes[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        fields(body.as_bytes(), "x-1")
            .into_iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_fields_of_a_form_are_read_and_files_are_not() {
        let body = "--x-1\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nun\r\n--x-2\r\n\r\nété\r\n\
                    --x-1\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a;b.png\"\r\n\
                    Content-Type: image/png\r\n\r\n\u{1}\u{2}\r\n\
                    --x-1\r\nContent-Disposition: form-data; filename=\"\"; name=\"none\"\r\n\r\n\r\n\
                    --x-1  \r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n\r\n--x-1--\r\nafter";
        let expected = [("body", "un\r\n--x-2\r\n\r\nété"), ("a\"b", "")];
        assert_eq!(texts(body), owned(&expected));
        assert_eq!(texts(&format!("before\r\n{body}")), owned(&expected));
    }

    #[test]
    fn what_breaks_off_or_is_none_gives_what_came() {
        let begun = "--x-1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfin\r\n--x-1\r\n\
                     Content-Disposition: form-data; name=body\r\n\r\nà moit";
        assert_eq!(texts(begun), owned(&[("a", "fin"), ("body", "à moit")]));
        for nothing in [
            "",
            "--x-1",
            "--x-1--",
            "--x-1\r\n",
            "--x-1\r\n\r\nx",
            "\r\n\r\n",
            "--x-1\r\n\r\n\r\n",
        ] {
            assert!(texts(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn parameters_are_found_beside_others() {
        let given = "multipart/form-data; charset=\"a;boundary=no\"; BOUNDARY=x-1 ; z=\"\\\"\"; y=1";
        assert_eq!(boundary(given), Some("x-1"));
        assert_eq!(parameter(given, "y"), Some("1"));
        assert_eq!(parameter(given, "charset"), Some("a;boundary=no"));
        for none in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"x",
            &format!("multipart/form-data; boundary={}", "x".repeat(71)),
        ] {
            assert_eq!(boundary(none), None, "{none}");
        }
    }
}
