//! What people see of stored HTML: where each link leads, and ink that stays near its letter.
//!
//! Stored HTML is what [`super::render`] made; here it is made ready to be shown, wherever that is: on the queue, on
//! public pages, in the feed, in receipts and in JSON. Invariant: behind every link whose words are not its
//! address stands the host that it leads to, as ASCII, so that no look-alike passes; no sign of a reader turns the
//! direction of what stands around it; it stays sanitised, as only text is added or left out.
//!
//! [`Disguise`] is the same question asked once, when a comment is decided on: do the words look like another host?

use std::borrow::Cow;

use memchr::memmem;
use unicode_normalization::UnicodeNormalization as _;
use url::Url;

use super::{
    plain::plain_text,
    scan::{decode_entities, link_address},
    write::escape,
};
use crate::domain::ink::{self, Ink};

/// Tags that end no word.
const INLINE: [&str; 6] = ["a", "b", "code", "em", "i", "strong"];

/// Last parts of words with dots that are files and not hosts.
const FILES: [&str; 25] = [
    "asp", "aspx", "csv", "doc", "docx", "gif", "htm", "html", "jpeg", "jpg", "js", "json", "mp3", "mp4", "odt", "pdf",
    "php", "png", "ppt", "pptx", "txt", "webp", "xls", "xlsx", "xml",
];

/// Characters of a host or of words that a disguise keeps.
const KEPT: usize = 100;

/// `html` as it is shown.
#[must_use]
pub fn shown(html: &str) -> Cow<'_, str> {
    if ink::is_plain(html) && memmem::find_iter(html.as_bytes(), "<a ").all(|at| is_bare(&html[at + "<a ".len()..])) {
        return Cow::Borrowed(html);
    }
    let mut shown = String::with_capacity(html.len() + 32);
    let mut ink = Ink::default();
    let mut open = None;
    let mut rest = html;
    loop {
        let (before, tag) = rest.split_once('<').unwrap_or((rest, ""));
        if ink::is_plain(before) {
            // Letters end a pile of marks; an empty text between two tags does not.
            if !before.is_empty() {
                ink.begin();
            }
            shown.push_str(before);
        } else {
            shown.extend(before.chars().filter(|char| !turns_letters(*char) && ink.shows(*char)));
        }
        if tag.is_empty() {
            return Cow::Owned(shown);
        }
        let (tag, after) = split_tag(tag);
        rest = after;
        shown.push('<');
        shown.push_str(tag);
        shown.push('>');
        if !INLINE.contains(&name(tag)) {
            ink.begin();
        }
        if let Some(address) = address_of(tag) {
            open = Some((address, shown.len()));
        } else if tag == "/a"
            && let Some((address, start)) = open.take()
        {
            let words = plain_text(&shown[start..shown.len() - "</a>".len()]);
            if let Some(target) = Target::parse(&address).filter(|target| !target.is_shown_by(&words)) {
                shown.push_str(" (");
                escape(&target.place, &mut shown);
                shown.push(')');
            }
        }
    }
}

/// Whether a link, from behind its `<a `, shows in plain letters the address that it leads to, and nothing else: most
/// links are so, and need not be read as addresses each time they are shown.
fn is_bare(link: &str) -> bool {
    let bare = || {
        let (address, rest) = link.strip_prefix("href=\"")?.split_once('"')?;
        let words = rest.split_once('>')?.1;
        let place = address
            .strip_prefix("https://")
            .or_else(|| address.strip_prefix("http://"))?;
        let host = place.split(['/', '?', '#']).next()?;
        let is_host = host
            .split('.')
            .all(|part| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
            && host.contains('.');
        let is_address = address
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"@\\[]`{|}^".contains(&byte));
        Some(is_host && is_address && words.strip_prefix(address)?.starts_with("</a>"))
    };
    bare().unwrap_or(false)
}

/// Words of a link that look like another host than the one it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disguise {
    /// The host that the words show.
    pub shown: String,
    /// The host that it leads to.
    pub host: String,
}

impl Disguise {
    /// The first link of rendered HTML whose words look like another host.
    #[must_use]
    pub fn find(html: &str) -> Option<Self> {
        let mut rest = html;
        while let Some((_, link)) = rest.split_once("<a ") {
            let (tag, link) = split_tag(link);
            let (words, after) = link.split_once("</a>")?;
            // The title of a Markdown link stands in brackets behind its words.
            let title = after
                .strip_prefix(" (")
                .and_then(|title| title.split_once(')'))
                .map_or("", |(title, _)| title);
            let words = plain_text(&format!("{words} {title}"));
            if let Some(disguise) = address_of(&format!("a {tag}")).and_then(|address| Self::of(&words, &address)) {
                return Some(disguise);
            }
            rest = after;
        }
        None
    }

    /// Whether `words`, which lead to `address`, look like another host.
    #[must_use]
    pub fn of(words: &str, address: &str) -> Option<Self> {
        let target = Target::parse(address)?;
        // An address may hold another one in its path.
        let words = if target.is_shown_by(words) { "" } else { words };
        let seen = || hosts(words).into_iter().find(|host| !is_same_house(host, &target.host));
        let other = target.look_alike().or_else(seen)?;
        let kept = |text: &str| text.chars().take(KEPT).collect();
        Some(Self {
            shown: kept(&other),
            host: kept(&target.host),
        })
    }
}

/// Where a link leads.
#[derive(Debug)]
struct Target {
    url: Url,
    /// In ASCII and lower case; of an e-mail address, what stands behind its `@`.
    host: String,
    /// What is shown of it: the host with its port, or the e-mail address.
    place: String,
}

impl Target {
    fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        if url.scheme() == "mailto" {
            let place = url.path().to_owned();
            let host = place.rsplit('@').next()?.to_lowercase();
            return Some(Self { url, host, place });
        }
        let host = url.host_str()?.to_owned();
        let place = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        Some(Self { url, host, place })
    }

    /// Whether `words` are the address, with the host in plain sight.
    fn is_shown_by(&self, words: &str) -> bool {
        let words = words.trim();
        if self.url.scheme() == "mailto" {
            return words.eq_ignore_ascii_case(&self.place);
        }
        let is_plain = !words.contains(|char: char| char.is_whitespace() || turns(char));
        let has_user = !self.url.username().is_empty() || self.url.password().is_some();
        if has_user || !is_plain || !words.to_ascii_lowercase().contains(&self.host) {
            return false;
        }
        let bare = format!("{}://{words}", self.url.scheme());
        [link_address(words), link_address(&bare)]
            .into_iter()
            .flatten()
            .any(|address| Url::parse(&address).is_ok_and(|url| url == self.url))
    }

    /// What the address itself is taken for: a user name in the place of a host, letters that look like ASCII.
    fn look_alike(&self) -> Option<String> {
        if self.url.scheme() == "mailto" {
            return None;
        }
        let user = self.url.username();
        if let Some(host) = hosts(user).into_iter().find(|host| !is_same_house(host, &self.host)) {
            return Some(host);
        }
        let typed = url::quirks::domain_to_unicode(&self.host);
        if typed.is_ascii() {
            return None;
        }
        let looks: String = unicode_security::skeleton(&typed).collect();
        (looks.is_ascii() && looks != self.host).then_some(looks)
    }
}

/// Whether one host is the other, or in its house: `www.example.org` and `example.org`.
fn is_same_house(one: &str, other: &str) -> bool {
    let is_below = |below: &str, above: &str| below.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'));
    one == other || is_below(one, other) || is_below(other, one)
}

/// What looks like a host in some words, in ASCII and lower case.
fn hosts(words: &str) -> Vec<String> {
    let seen: String = words
        .chars()
        .filter(|char| !turns(*char) && !matches!(char, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'))
        .nfkc()
        .map(|char| if char == '。' { '.' } else { char })
        .flat_map(char::to_lowercase)
        .collect();
    seen.split(|char: char| !(char.is_alphanumeric() || "-.".contains(char)))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| is_host(word))
        .map(|word| {
            let url = Url::parse(&format!("http://{word}")).ok();
            url.and_then(|url| url.host_str().map(str::to_owned))
                .unwrap_or_else(|| word.to_owned())
        })
        .collect()
}

fn is_host(word: &str) -> bool {
    let Some((above, last)) = word.rsplit_once('.') else {
        return false;
    };
    let is_name = last.chars().count() >= 2 && (last.chars().all(char::is_alphabetic) || last.starts_with("xn--"));
    let is_address = word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_file = FILES.contains(&last) && !word.starts_with("www.");
    (is_name || is_address) && !is_file && above.split('.').all(|part| !part.is_empty())
}

/// Overrides, which show letters in the other order. Marks, embeddings and isolates leave letters in theirs.
fn turns_letters(char: char) -> bool {
    matches!(char, '\u{202d}' | '\u{202e}')
}

/// All signs of direction.
fn turns(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A tag without its brackets, and what follows it. An address may hold a bracket of its own.
fn split_tag(rest: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let end = rest.find(|char| {
        is_quoted ^= char == '"';
        char == '>' && !is_quoted
    });
    end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]))
}

fn name(tag: &str) -> &str {
    tag.trim_start_matches('/').split(' ').next().unwrap_or_default()
}

/// The address of an opening `a` tag, without its brackets.
fn address_of(tag: &str) -> Option<String> {
    let attributes = tag.strip_prefix("a ")?;
    let (_, value) = attributes.split_once("href=\"")?;
    let (value, _) = value.split_once('"')?;
    Some(decode_entities(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::markup::{excerpt, render};

    /// As it is shown, without the sign of the sanitiser on each link.
    fn seen(body: &str) -> String {
        shown(&render(body).html).replace(" rel=\"nofollow ugc noopener\"", "")
    }

    fn disguise(body: &str) -> Option<(String, String)> {
        Disguise::find(&render(body).html).map(|found| (found.shown, found.host))
    }

    #[test]
    fn f9_behind_words_that_are_not_the_address_stands_the_host() {
        let evil = "<a href=\"https://evil.example/login\">";
        for (body, words) in [
            (
                "[https://www.bceao.int/credit](https://evil.example/login)",
                "https://www.bceao.int/credit",
            ),
            ("[bceao.int](https://evil.example/login)", "bceao.int"),
            ("[ici](https://evil.example/login)", "ici"),
            ("<a href=\"https://evil.example/login\">BCEAO.INT</a>", "BCEAO.INT"),
            ("[\u{202e}tni.oaecb](https://evil.example/login)", "tni.oaecb"),
            ("[\u{200b}](https://evil.example/login)", "\u{200b}"),
            (
                "[![bceao.int](https://a.example/b.png)](https://evil.example/login)",
                "bceao.int",
            ),
            (
                "[https://evil.example](https://evil.example/login)",
                "https://evil.example",
            ),
            (
                "[evil.example/log in](https://evil.example/login)",
                "evil.example/log in",
            ),
        ] {
            assert_eq!(seen(body), format!("<p>{evil}{words}</a> (evil.example)</p>"), "{body}");
        }
        assert_eq!(
            seen("[**bceao.int** et *après*](https://evil.example:8443/)"),
            "<p><a href=\"https://evil.example:8443/\"><strong>bceao.int</strong> et <em>après</em></a> \
             (evil.example:8443)</p>"
        );
        assert_eq!(
            seen("<a href='https://evil.example'>un\n\ndeux</a>"),
            "<p><a href=\"https://evil.example\">un</a> (evil.example)</p>\
             <p><a href=\"https://evil.example\">deux</a> (evil.example)</p>"
        );
        assert_eq!(
            seen("[awa@bceao.int](mailto:eve@evil.example)"),
            "<p><a href=\"mailto:eve@evil.example\">awa@bceao.int</a> (eve@evil.example)</p>"
        );
        assert_eq!(
            seen("[Crédit](https://evil.example/login \"bceao.int\")"),
            format!("<p>{evil}Crédit</a> (evil.example) (bceao.int)</p>")
        );
        let odd = seen("<a href='mailto:eve&gt;@evil.example'>bceao.int</a>");
        assert!(odd.ends_with("bceao.int</a> (eve&gt;@evil.example)</p>"), "{odd}");
        // The host is not where it seems to be, or its letters are not what they seem.
        assert!(seen("https://bceao.int@evil.example/").ends_with("</a> (evil.example)</p>"));
        assert!(
            seen("https://bсeao.int/").ends_with("</a> (xn--beao-l6d.int)</p>"),
            "{}",
            seen("https://bсeao.int/")
        );
        assert!(excerpt("[bceao.int](https://evil.example/login)", 140).ends_with("bceao.int (evil.example)"));
    }

    #[test]
    fn f9_words_that_are_the_address_stand_alone() {
        for body in [
            "https://www.bceao.int/credit",
            "www.bceao.int/credit?a=1&b=2",
            "HTTPS://WWW.BCEAO.INT/",
            "[bceao.int/credit](https://bceao.int/credit)",
            "[https://bceao.int](https://bceao.int/)",
            "[](https://bceao.int/credit)",
            "[a@bceao.int](mailto:a@bceao.int)",
            "https://evil.example/https://www.bceao.int/",
            "<https://bceao.int/é>",
        ] {
            assert!(seen(body).ends_with("</a></p>"), "{}", seen(body));
            assert_eq!(disguise(body), None, "{body}");
        }
        // Found without reading the address, or by it: the same.
        for (body, is_found_at_once) in [
            ("https://bceao.int/credit?a=1&b=2#c", true),
            ("Voir https://www.bceao.int et http://a-b.example/é.", false),
            ("https://www.bceao.int/a http://b.example", true),
            ("https://BCEAO.int", false),
            ("https://192.0.2.7/", false),
            ("https://xn--beao-l6d.int", false),
            ("https://bceao.int@evil.example", false),
            ("<https://bceao.int>", true),
            ("[https://bceao.int](https://evil.example)", false),
            ("[https://bceao.int](https://bceao.int.evil.example)", false),
            ("[https://bceao.int/](https://bceao.int)", false),
        ] {
            let html = render(body).html;
            assert_eq!(html.split("<a ").skip(1).all(is_bare), is_found_at_once, "{html}");
        }
        // No link, nothing to say.
        assert!(!seen("[www.bceao.int](//evil.example)").contains("evil.example\">"));
        let html = "<p>Une phrase, sans lien.</p>";
        assert!(matches!(shown(html), Cow::Borrowed(_)));
    }

    #[test]
    fn f9_words_that_look_like_another_host_are_found() {
        for (body, shown, host) in [
            (
                "[https://www.bceao.int/credit](https://evil.example/login)",
                "www.bceao.int",
                "evil.example",
            ),
            ("[bceao.int](https://evil.example)", "bceao.int", "evil.example"),
            ("[Voir bceao.int !](https://evil.example)", "bceao.int", "evil.example"),
            ("[**BCEAO**.INT](https://evil.example)", "bceao.int", "evil.example"),
            ("[bceao。int](https://evil.example)", "bceao.int", "evil.example"),
            ("[ｂｃｅａｏ.ｉｎｔ](https://evil.example)", "bceao.int", "evil.example"),
            (
                "[bce\u{ad}ao\u{200b}.int](https://evil.example)",
                "bceao.int",
                "evil.example",
            ),
            ("[awa@bceao.int](https://evil.example)", "bceao.int", "evil.example"),
            (
                "[bceao.int](https://evil.example/bceao.int)",
                "bceao.int",
                "evil.example",
            ),
            (
                "[bceao.int](https://bceao.int.evil.example/)",
                "bceao.int",
                "bceao.int.evil.example",
            ),
            (
                "[Crédit](https://evil.example \"bceao.int\")",
                "bceao.int",
                "evil.example",
            ),
            (
                "[![bceao.int](https://a.example/b.png)](https://evil.example)",
                "bceao.int",
                "evil.example",
            ),
            ("https://bceao.int@evil.example", "bceao.int", "evil.example"),
            ("https://bсeao.int", "bceao.int", "xn--beao-l6d.int"),
            ("[bceao.int](https://bсeao.int)", "bceao.int", "xn--beao-l6d.int"),
            (
                "<a href=https://evil.example>192.0.2.7</a>",
                "192.0.2.7",
                "evil.example",
            ),
            (
                "Bon.\n\n> [ici](https://a.example) et [b.example](https://c.example)",
                "b.example",
                "c.example",
            ),
        ] {
            assert_eq!(disguise(body), Some((shown.to_owned(), host.to_owned())), "{body}");
        }
        for plain in [
            "[ici](https://evil.example)",
            "[le rapport.pdf](https://site.example/rapport.pdf)",
            "[bceao.int](https://www.bceao.int/credit)",
            "[www.bceao.int](https://bceao.int/credit)",
            "[5.000 F, soit 7.62 euros](https://site.example)",
            "[https://müller.example](https://xn--mller-kva.example)",
            "Lisez bceao.int et https://evil.example",
        ] {
            assert_eq!(disguise(plain), None, "{plain}");
        }
        assert_eq!(Disguise::of("Awa", "https://evil.example"), None);
        assert!(Disguise::of("bceao.int", "https://evil.example").is_some());
    }

    #[test]
    fn f8_a_text_that_needs_nothing_is_shown_without_a_copy() {
        for body in [
            "L’**été** à 20 h 30 : « oui » – non…",
            "> Việt Nam\n\n`x`",
            "مرحبا بكم",
            "中文，*可以*",
        ] {
            let html = render(body).html;
            assert!(matches!(shown(&html), Cow::Borrowed(_)), "{html}");
        }
    }

    #[test]
    fn f8_marks_pile_up_in_no_text_whatever_tags_stand_between() {
        let pile = "\u{310}".repeat(400);
        assert_eq!(seen(&format!("e{pile}")), "<p>e\u{310}\u{310}\u{310}\u{310}</p>");
        let tagged = format!("e<b>{pile}</b><i>{pile}</i>");
        assert_eq!(seen(&tagged).matches('\u{310}').count(), 4, "{}", seen(&tagged));
        let two = format!("e{pile}\n\nf{pile}");
        assert_eq!(seen(&two).matches('\u{310}').count(), 8);
        let linked = format!("[e{pile}](https://a.example)");
        assert_eq!(seen(&linked).matches('\u{310}').count(), 4);
        assert!(seen(&linked).contains("(a.example)"));
        assert_eq!(seen("क्‌ष 👩‍👧"), "<p>क्‌ष 👩‍👧</p>");
    }
}
