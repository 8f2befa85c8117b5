//! Which form of an answer a client prefers, by `Accept` (<https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1>).
//!
//! Of the ranges that a type falls under the most precise one counts, with its weight; of two types the heavier is
//! preferred, and of equals the one that is named more precisely.

use axum::http::{HeaderMap, header};

use super::body;

/// How much a type is wanted: its weight in thousandths, then how precisely it was named (2 by its name, 1 by its kind,
/// 0 as anything).
type Weight = (u16, u8);

const UNWANTED: Weight = (0, 0);

/// Whether the client wants a page rather than JSON, where JSON is what a program gets that names neither. A browser
/// that names neither, as those inside of other apps do, wants a page.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    // The second kind of each counts where it is named: nobody means a page by `application/*`.
    let named = |kind| {
        Some(weight(headers, kind))
            .filter(|wish| wish.1 == 2)
            .unwrap_or(UNWANTED)
    };
    let page = weight(headers, "text/html").max(named("application/xhtml+xml"));
    let json = weight(headers, "application/json").max(named("application/problem+json"));
    if page.0 == 0 && json.0 > 0 {
        return false;
    }
    let names_neither = page.1 == 0 && json.1 == 0;
    if names_neither {
        return is_navigation(headers);
    }
    page.0 > 0 && page >= json
}

/// Whether a posted form is answered with a page: as [`wants_page`], and a program's JSON with JSON whatever it accepts.
pub(crate) fn wants_page_after(headers: &HeaderMap) -> bool {
    wants_page(headers) && !body::is_json(headers)
}

/// The offered type that is preferred; the first where none is.
pub(crate) fn preferred<'a>(headers: &HeaderMap, offers: &[&'a str]) -> &'a str {
    let mut best = (offers.first().copied().unwrap_or_default(), UNWANTED);
    for offer in offers {
        let own = weight(headers, offer);
        if own.0 > 0 && own > best.1 {
            best = (offer, own);
        }
    }
    best.0
}

/// Whether somebody goes to an address with a browser (<https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header>).
fn is_navigation(headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode");
    mode.is_some_and(|mode| mode.as_bytes().eq_ignore_ascii_case(b"navigate"))
}

fn weight(headers: &HeaderMap, media_type: &str) -> Weight {
    let kind = media_type.split('/').next().unwrap_or_default();
    let ranges = headers.get_all(header::ACCEPT).iter();
    let ranges = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let matching = ranges.filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let precision = match name.split_once('/')? {
            ("*", "*") => 0,
            (own, "*") if own == kind => 1,
            _ if name == media_type => 2,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((precision, weight.map_or(1000, thousandths)))
    });
    let (precision, weight) = matching.max().unwrap_or_default();
    (weight, precision)
}

/// A weight from 0 to 1 with at most three places; what is none counts as one.
fn thousandths(weight: &str) -> u16 {
    let (whole, places) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits = format!("{places:0<3}");
    match (whole, digits.get(..3).and_then(|digits| digits.parse::<u16>().ok())) {
        ("0", Some(thousandths)) => thousandths,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepting(accept: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in accept.split('\n').filter(|value| !value.is_empty()) {
            headers.append(header::ACCEPT, HeaderValue::from_str(value).expect("a value"));
        }
        headers
    }

    #[test]
    fn weights_decide_between_a_page_and_json() {
        for (accept, is_page) in [
            ("text/html", true),
            ("TEXT/HTML", true),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/xhtml+xml", true),
            ("text/*", true),
            ("text/html;level=1;q=0.5, */*;q=0.1", true),
            ("text/html;q=0.9, application/json;q=0.8", true),
            ("application/json;q=0.8\ntext/html;q=0.9", true),
            ("application/json;q=0, */*", true),
            ("text/html, application/json", true),
            ("application/json", false),
            ("application/problem+json", false),
            ("application/*", false),
            ("application/json, text/plain, */*", false),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0.2, application/json;q=0.201", false),
            ("text/html;q=0", false),
            ("text/html;q=0, */*", false),
            ("text/html;q=0.000, application/json;q=0.001", false),
            ("text/htmlx", false),
            ("*/*", false),
            ("", false),
            ("image/png", false),
        ] {
            assert_eq!(wants_page(&accepting(accept)), is_page, "{accept:?}");
        }
    }

    #[test]
    fn a_browser_that_names_nothing_gets_a_page() {
        for (accept, is_page) in [
            ("", true),
            ("*/*", true),
            ("application/json", false),
            ("text/html;q=0", false),
        ] {
            let mut headers = accepting(accept);
            headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
            assert_eq!(wants_page(&headers), is_page, "{accept:?}");
            headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
            assert!(!wants_page(&headers), "{accept:?}");
        }
    }

    #[test]
    fn of_offers_the_heaviest_is_taken_and_else_the_first() {
        let offers = ["application/json", "application/x-ndjson", "text/csv"];
        for (accept, taken) in [
            ("", "application/json"),
            ("*/*", "application/json"),
            ("text/csv", "text/csv"),
            ("text/*", "text/csv"),
            ("text/csv;q=0.4, application/json;q=0.6", "application/json"),
            ("text/csv;q=0", "application/json"),
            ("application/x-ndjson;q=0.9, text/csv", "text/csv"),
            ("application/x-ndjson, */*;q=0.1", "application/x-ndjson"),
            ("text/html", "application/json"),
        ] {
            assert_eq!(preferred(&accepting(accept), &offers), taken, "{accept:?}");
        }
    }
}
