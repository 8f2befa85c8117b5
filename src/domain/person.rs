//! Who wrote a comment: name, e-mail address and website, parsed once and right from then on.
//!
//! A [`Name`] is shown to every reader, so it holds nothing that hides, reorders or pads text. An
//! [`Email`] is never shown in public and never printed: its `Debug` is redacted, only `as_str` gives it.
//! A [`Website`] may stand in an `href` as it is. Also here: how any text is folded for search ([`fold_search`]).
//! How names are compared with one another is [`super::look_alike`]'s.
//!
//! What a person types more of becomes another type here, with `parse`, `as_str` and its own error.

use std::fmt;

use email_address::{EmailAddress, Options};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use url::Url;

use super::code::Code;

/// Unicode scalar values of a name, after cleaning.
const NAME_MAX_CHARS: usize = 80;
/// Octets of an e-mail address (RFC 5321, with the angle brackets of its path taken off).
const EMAIL_MAX_BYTES: usize = 254;
const WEBSITE_MAX_CHARS: usize = 500;

/// A name as it is shown: NFC, 1 to 80 Unicode scalar values on one line, without invisible characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing visible was typed.
    #[error("the name is missing")]
    Missing,
    /// More than 80 Unicode scalar values.
    #[error("the name has more than {NAME_MAX_CHARS} characters")]
    TooLong,
}

impl NameError {
    /// The code of the field's error.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Missing => Code::NameMissing,
            Self::TooLong => Code::NameTooLong,
        }
    }
}

/// A text on one line, in NFC: white space of any kind becomes one space, and what cannot be seen goes,
/// as in a name.
#[must_use]
pub fn one_line(typed: &str) -> String {
    let visible: String = without_invisible(typed).nfc().collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Name {
    /// Cleans and checks a name: white space of any kind becomes one space; control characters, bidi
    /// controls and zero-width characters go, but for joiners between letters or in emoji and the tags of
    /// an emoji flag.
    pub fn parse(typed: &str) -> Result<Self, NameError> {
        let name = one_line(typed);
        if !name.chars().any(|char| !is_joiner(char) && !is_combining_mark(char)) {
            return Err(NameError::Missing);
        }
        if name.chars().count() > NAME_MAX_CHARS {
            return Err(NameError::TooLong);
        }
        Ok(Self(name))
    }

    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name folded for search, as [`fold_search`] does it.
    #[must_use]
    pub fn folded(&self) -> String {
        fold_search(&self.0)
    }
}

/// An e-mail address: one `local@domain.tld`, at most 254 octets, its domain in lower case. Its `Debug`
/// does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// Why a text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was typed.
    #[error("the e-mail address is missing")]
    Missing,
    /// It is too long, or is not of the form `local@domain.tld`.
    #[error("the e-mail address is incomplete or wrongly formed")]
    Bad,
}

impl EmailError {
    /// The code of the field's error.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Missing => Code::EmailMissing,
            Self::Bad => Code::EmailBad,
        }
    }
}

impl Email {
    /// Checks an address by the syntax of RFC 5322 without display text, quoted local part, comments and
    /// address literals; the domain has a dot. Nobody is asked whether the address exists.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(EmailError::Missing);
        }
        let options = Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let is_odd = |char: char| char.is_whitespace() || "\"()<>[],;:\\".contains(char) || is_invisible(char);
        if typed.len() > EMAIL_MAX_BYTES
            || typed.contains(is_odd)
            || EmailAddress::parse_with_options(typed, options).is_err()
        {
            return Err(EmailError::Bad);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(EmailError::Bad)?;
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }

    /// The address in full, for storage and sending. Never for a page or a log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in lower case: the key under which one writer is limited.
    #[must_use]
    pub fn normalised(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Email(redacted)")
    }
}

/// The address of a person's website: http or https with a host and without credentials, at most 500
/// Unicode scalar values. As it was typed, but for the scheme where none was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Website(String);

/// The website is not an http or https address, holds credentials, or is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the website is not an http or https address of at most {WEBSITE_MAX_CHARS} characters")]
pub struct WebsiteBad;

impl Website {
    /// Checks an address, and puts `https://` before one that has no scheme; `None` if nothing was typed.
    ///
    /// # Errors
    /// [`WebsiteBad`]: it is a word, an address of another kind, or one that hides where it leads.
    pub fn parse(typed: &str) -> Result<Option<Self>, WebsiteBad> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let starts = |scheme: &str| {
            typed
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let address = if starts("http://") || starts("https://") {
            typed.to_owned()
        } else {
            let bare = typed.strip_prefix("//").unwrap_or(typed);
            if !starts_with_domain(bare) {
                return Err(WebsiteBad);
            }
            format!("https://{bare}")
        };
        // What the URL standard would silently drop or turn round is refused instead.
        let is_odd = |char: char| char.is_whitespace() || "\"<>\\`".contains(char) || is_invisible(char);
        if address.contains(is_odd) || address.chars().count() > WEBSITE_MAX_CHARS {
            return Err(WebsiteBad);
        }
        let url = Url::parse(&address).map_err(|_| WebsiteBad)?;
        let authority = address
            .split("//")
            .nth(1)
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        let has_credentials = authority.is_none_or(|authority| authority.is_empty() || authority.contains('@'));
        if has_credentials || !url.has_host() || !url.username().is_empty() || url.password().is_some() {
            return Err(WebsiteBad);
        }
        Ok(Some(Self(address)))
    }

    /// The address in full.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text without a scheme begins as an address does: with a domain of two labels or more, and after
/// it nothing, a port or a path. A word, a scheme (`javascript:…`) and an e-mail address do not.
fn starts_with_domain(text: &str) -> bool {
    let (domain, rest) = text.split_at(text.find([':', '/', '?', '#']).unwrap_or(text.len()));
    let labels: Vec<&str> = domain.split('.').collect();
    let is_label = |label: &&str| {
        let is_part = |char: char| !char.is_ascii() || char.is_ascii_alphanumeric() || "-_".contains(char);
        !label.is_empty() && label.chars().all(is_part)
    };
    let ends_as_domain = labels
        .last()
        .is_some_and(|last| last.chars().count() > 1 && !last.starts_with(|char: char| char.is_ascii_digit()));
    let is_port = rest
        .strip_prefix(':')
        .is_none_or(|port| port.starts_with(|char: char| char.is_ascii_digit()));
    labels.len() > 1 && labels.iter().all(is_label) && ends_as_domain && is_port
}

/// Text folded for search: case, accents, ligatures, widths and invisible characters no longer differ, all
/// white space is one space. Fold the stored text and the query alike, then look for one in the other.
#[must_use]
pub fn fold_search(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        // ASCII neither changes nor is changed by what stands beside it; most of a text is.
        let (plain, after) = rest.split_at(rest.find(|char: char| !char.is_ascii()).unwrap_or(rest.len()));
        for byte in plain.bytes() {
            match byte {
                0..=b' ' | 0x7f => fold_char(char::from(byte), &mut folded),
                _ => folded.push(char::from(byte.to_ascii_lowercase())),
            }
        }
        if let Some((latin, after)) = split_latin(after) {
            folded.push_str(latin);
            rest = after;
            continue;
        }
        let (other, after) = after.split_at(after.find(|char: char| char.is_ascii()).unwrap_or(after.len()));
        for char in other.nfkd().flat_map(char::to_lowercase).nfkd() {
            fold_char(char, &mut folded);
        }
        rest = after;
    }
    folded.truncate(folded.trim_end_matches(' ').len());
    if folded.is_ascii() {
        return folded;
    }
    folded.nfc().collect()
}

/// The first character of `text` folded, and the rest, where it is one of the letters that French, German, Spanish or
/// Portuguese write with a sign: most of what is not ASCII, and no walk through the tables of all scripts.
fn split_latin(text: &str) -> Option<(&'static str, &str)> {
    let mut chars = text.chars();
    let folded = match chars.next()? {
        'À'..='Å' | 'à'..='å' => "a",
        'Ç' | 'ç' => "c",
        'È'..='Ë' | 'è'..='ë' => "e",
        'Ì'..='Ï' | 'ì'..='ï' => "i",
        'Ñ' | 'ñ' => "n",
        'Ò'..='Ö' | 'ò'..='ö' => "o",
        'Ù'..='Ü' | 'ù'..='ü' => "u",
        'Œ' | 'œ' => "oe",
        '’' => "'",
        _ => return None,
    };
    Some((folded, chars.as_str()))
}

/// Appends a lower-case, decomposed character as search sees it; of white space, one space between words.
fn fold_char(char: char, folded: &mut String) {
    match char {
        'œ' => folded.push_str("oe"),
        'æ' => folded.push_str("ae"),
        'ß' => folded.push_str("ss"),
        'ø' => folded.push('o'),
        'ł' => folded.push('l'),
        'đ' | 'ð' => folded.push('d'),
        'ı' => folded.push('i'),
        'ς' => folded.push('σ'),
        '’' | '‘' | 'ʼ' => folded.push('\''),
        char if char.is_whitespace() => {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        }
        char if is_accent(char) || is_invisible(char) || is_joiner(char) => {}
        char => folded.push(char),
    }
}

/// Marks that search ignores: accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic. The
/// vowel signs of Indic scripts are letters of the word and stay.
pub(super) fn is_accent(char: char) -> bool {
    matches!(char,
        '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5BD}' | '\u{5BF}' | '\u{5C1}' | '\u{5C2}' | '\u{5C4}' | '\u{5C5}'
        | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

fn is_joiner(char: char) -> bool {
    matches!(char, '\u{200C}' | '\u{200D}')
}

/// Characters that show nothing or change the order of others, joiners and emoji tags not counted: control
/// characters, bidi controls, zero-width characters, fillers, noncharacters.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{FDD0}'..='\u{FDEF}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E00FF}' | '\u{E01F0}'..='\u{E0FFF}')
        || u32::from(char) & 0xFFFE == 0xFFFE
}

/// The text without what is invisible, line breaks and blanks as spaces, joiners and flag tags only where
/// they do their work.
fn without_invisible(typed: &str) -> String {
    let mut visible = String::with_capacity(typed.len());
    let mut rest = typed.chars();
    while let Some(char) = rest.next() {
        let before = visible.chars().next_back();
        match char {
            // The blank braille pattern is no white space by its properties, but looks like it.
            '\u{2800}' => visible.push(' '),
            char if char.is_whitespace() => visible.push(' '),
            '\u{1F3F4}' => {
                visible.push(char);
                let tags = flag_tags(rest.as_str());
                visible.push_str(tags);
                rest = rest.as_str()[tags.len()..].chars();
            }
            char if is_joiner(char) => {
                let after = rest.clone().next();
                let is_in_word = before.is_some_and(is_letter) && after.is_some_and(is_letter);
                let is_in_emoji = before.is_some_and(ends_emoji) && after.is_some_and(is_emoji);
                if is_in_word || (char == '\u{200D}' && is_in_emoji) {
                    visible.push(char);
                }
            }
            char if is_invisible(char) => {}
            // A selector chooses the form of the character before it: without one it is only invisible.
            '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => {
                if before.is_some_and(|before| !before.is_whitespace() && !is_selector(before) && !is_joiner(before)) {
                    visible.push(char);
                }
            }
            char => visible.push(char),
        }
    }
    visible
}

/// The tags of a flag such as Scotland's, right after its black flag: letters and digits of the region and
/// the cancel tag; empty if they are not whole.
fn flag_tags(rest: &str) -> &str {
    let region = rest
        .chars()
        .take(7)
        .take_while(|char| matches!(char, '\u{E0030}'..='\u{E0039}' | '\u{E0061}'..='\u{E007A}'));
    let count = region.count();
    let is_whole = (3..=6).contains(&count) && rest.chars().nth(count) == Some('\u{E007F}');
    let len = rest.chars().take(count + 1).map(char::len_utf8).sum();
    if is_whole { &rest[..len] } else { "" }
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic() || (is_combining_mark(char) && !is_selector(char))
}

fn is_selector(char: char) -> bool {
    matches!(char, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// An emoji, or the selector that makes one of a sign.
fn ends_emoji(char: char) -> bool {
    char == '\u{FE0F}' || is_emoji(char)
}

/// Pictographs, skin tones, regional letters. Broad, not exact: what is meant is that a joiner between two such is no disguise of a word.
fn is_emoji(char: char) -> bool {
    matches!(char,
        '\u{A9}' | '\u{AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}' | '\u{2460}'..='\u{24FF}' | '\u{25A0}'..='\u{27BF}'
        | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(typed: &str) -> String {
        Name::parse(typed).expect("a name").as_str().to_owned()
    }

    #[test]
    fn a_name_is_cleaned() {
        for (typed, expected) in [
            ("  Awa\t\r\nDiallo ", "Awa Diallo"),
            ("E\u{301}ric", "Éric"),
            ("\u{202E}Awa\u{202C} \u{2066}D\u{2069}\u{200F}\u{61C}", "Awa D"),
            ("A\u{200B}w\u{FEFF}a\u{AD}\u{0}\u{7}\u{1B}[1m", "Awa[1m"),
            ("Awa\u{2028}D\u{85}\u{3000}\u{A0}E", "Awa D E"),
            // Joiners: between letters (Persian, Malayalam), in emoji, nowhere else.
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("ക്\u{200D}ഷ", "ക്\u{200D}ഷ"),
            ("\u{200D}Awa\u{200C}", "Awa"),
            ("Awa \u{200D}\u{200D}D", "Awa D"),
            ("👩\u{200D}🚀 ❤\u{FE0F}\u{200D}🔥", "👩\u{200D}🚀 ❤\u{FE0F}\u{200D}🔥"),
            ("a\u{200D}🔥", "a🔥"),
            // Flags keep their tags, words lose them.
            (
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
                "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            ),
            ("Awa\u{E0061}\u{E0062}\u{E007F}", "Awa"),
            ("🏴\u{E0067}\u{E0062}", "🏴"),
            ("葛\u{E0100}城", "葛\u{E0100}城"),
            ("\u{FE0F}Awa", "Awa"),
        ] {
            assert_eq!(name(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn a_name_is_neither_empty_nor_long() {
        for typed in [
            "",
            "  \n",
            "\u{200B}\u{202E}",
            "\u{3164}\u{FFA0}",
            "\u{2800}",
            "\u{301}",
            "\u{200D}",
        ] {
            assert_eq!(Name::parse(typed), Err(NameError::Missing), "{typed:?}");
        }
        assert_eq!(name(&"é".repeat(80)).chars().count(), 80);
        assert_eq!(name(&"e\u{301}".repeat(80)).chars().count(), 80);
        assert_eq!(Name::parse(&"a".repeat(81)), Err(NameError::TooLong));
        assert_eq!(name(&format!("{}a", "\u{200B}".repeat(500))), "a");
    }

    #[test]
    fn search_ignores_case_and_accents() {
        for (text, expected) in [
            ("ÉLÉONORE", "eleonore"),
            ("L’Œuvre\n de  Straße", "l'oeuvre de strasse"),
            ("Łódź Ñandú ĳ ﬁn", "lodz nandu ij fin"),
            ("ΟΔΟΣ", "οδοσ"),
            ("İstanbul ısı", "istanbul isi"),
            ("مُحَمَّد", "محمد"),
            ("Й", "и"),
            ("한국", "한국"),
            ("हिंदी", "हिंदी"),
        ] {
            assert_eq!(fold_search(text), expected);
            assert_eq!(fold_search(expected), expected);
        }
        assert_eq!(Name::parse("Éric").expect("a name").folded(), "eric");
    }

    #[test]
    fn a_letter_and_its_sign_are_folded_alike_apart_or_as_one() {
        for char in ('\u{c0}'..='\u{24f}').filter(|char| !matches!(char, '×' | '÷')) {
            let (whole, apart) = (char.to_string(), char.nfd().collect::<String>());
            assert_eq!(fold_search(&whole), fold_search(&apart), "{whole}");
            for after in ["\u{301}", "\u{1dc4}b", "é\u{3099}", " x"] {
                let expected = fold_search(&format!("{apart}{after}"));
                assert_eq!(fold_search(&format!("{whole}{after}")), expected, "{whole}{after}");
            }
        }
    }

    #[test]
    fn an_email_is_one_plain_address() {
        for (typed, expected) in [
            (" Awa.Diallo+x@Exemple.BF ", "Awa.Diallo+x@exemple.bf"),
            ("a@b.c.d", "a@b.c.d"),
            ("o'neill@exemple.fr", "o'neill@exemple.fr"),
            ("été@exemple.fr", "été@exemple.fr"),
            ("a@münchen.de", "a@münchen.de"),
        ] {
            assert_eq!(Email::parse(typed).expect(typed).as_str(), expected);
        }
        let long = format!("a@{}fr", "exemple.".repeat(40));
        for typed in [
            "awa",
            "awa@",
            "@exemple.fr",
            "awa@localhost",
            "a b@exemple.fr",
            "a@exemple.fr, b@exemple.fr",
            "Awa <a@exemple.fr>",
            "a@[127.0.0.1]",
            "\"a b\"@exemple.fr",
            "a(x)@exemple.fr",
            "a@exemple.fr\nBcc:b@exemple.fr",
            "a@@exemple.fr",
            "a@exemple..fr",
            ".a@exemple.fr",
            "a@-exemple.fr",
            "a@exemple.fr.",
            "a\u{202E}@exemple.fr",
            "a\0@exemple.fr",
            &long,
        ] {
            assert_eq!(Email::parse(typed), Err(EmailError::Bad), "{typed:?}");
        }
        assert_eq!(Email::parse(" \n"), Err(EmailError::Missing));
        let email = Email::parse("Awa@exemple.fr").expect("an address");
        assert_eq!(email.normalised(), "awa@exemple.fr");
        assert!(!format!("{email:?} {:?}", Some(&email)).to_lowercase().contains("awa"));
    }

    #[test]
    fn a_website_is_http_with_a_host() {
        for typed in [
            "https://exemple.fr",
            "HTTP://exemple.fr/a?b=c#d",
            "http://[::1]:8080/",
            "https://exemple.fr/@awa",
            "https://é.fr/ü",
            "http://localhost:8080/",
        ] {
            let website = Website::parse(&format!(" {typed}\n")).expect(typed).expect(typed);
            assert_eq!(website.as_str(), typed);
        }
        let long = format!("https://exemple.fr/{}", "a".repeat(500));
        for typed in [
            "ftp://exemple.fr",
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "https:exemple.fr",
            "https:///exemple.fr",
            "https://",
            "http://a:b@exemple.fr",
            "http://a@exemple.fr",
            "http://@exemple.fr",
            "https://exemple.fr\\@x",
            "https://exemple.fr/\u{202E}x",
            "https://exemple.fr/a b",
            "https://exemple.fr/\"x",
            "mailto:a@b.fr",
            &long,
        ] {
            assert_eq!(Website::parse(typed), Err(WebsiteBad), "{typed:?}");
        }
        assert_eq!(Website::parse(" "), Ok(None));
    }

    #[test]
    fn f5_an_address_without_a_scheme_is_https_and_a_word_is_none() {
        for typed in [
            "www.exemple.org",
            "facebook.com/awa",
            "exemple.org:8443/a?b#c",
            "exemple.org?x=1",
            "été.exemple.bf",
            "мой.сайт.рф",
            "a-b.c_d.xn--p1ai",
            "Exemple.ORG",
        ] {
            let website = Website::parse(typed).expect(typed).expect(typed);
            assert_eq!(website.as_str(), format!("https://{typed}"));
        }
        let relative = Website::parse("//exemple.fr").expect("an address").expect("an address");
        assert_eq!(relative.as_str(), "https://exemple.fr");
        for typed in [
            "aucun",
            "n/a",
            "N.A.",
            "-",
            "...",
            "je n’ai pas de site.com",
            "awa@exemple.org",
            "12.30",
            "192.168.1.1",
            "localhost:3000",
            "javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x.y",
            "exemple.org:x",
            "exemple..org",
            ".exemple.org",
            "exemple.org, merci",
            "<b>.org",
            "exemple.org/\u{202E}x",
        ] {
            assert_eq!(Website::parse(typed), Err(WebsiteBad), "{typed:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parsing_a_name_again_changes_nothing(typed in prop_oneof![
            any::<String>(),
            "[a-cE\u{301}\u{200C}\u{200D}\u{200B}\u{202E}\u{FE0F}\u{2800} \n👩🚀🏴\u{E0061}\u{E007F}\u{1100}\u{1161}क्]{0,30}",
        ]) {
            if let Ok(name) = Name::parse(&typed) {
                prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!name.as_str().chars().any(char::is_control));
                prop_assert!((1..=80).contains(&name.as_str().chars().count()));
            }
        }

        #[test]
        fn folding_again_changes_nothing(text: String) {
            let folded = fold_search(&text);
            prop_assert_eq!(fold_search(&folded), folded);
        }

        #[test]
        fn nothing_typed_panics(typed: String) {
            let _ = Email::parse(&typed);
            let _ = Website::parse(&typed);
            let _ = Website::parse(&format!("https://{typed}"));
        }
    }
}
