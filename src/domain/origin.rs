//! Where a site's pages live: an origin is a scheme, a host and a port that is not the scheme's own.

use url::Url;

/// The normalised origin of a typed address: scheme, host and a port that is not the scheme's own.
///
/// # Errors
/// A sentence that names the address, when it is no http(s) origin.
pub fn origin(typed: &str) -> Result<String, String> {
    Url::parse(typed)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none())
        .map(|url| url.origin().ascii_serialization())
        .ok_or_else(|| format!("origins: {typed:?} is not an origin such as https://www.example.org"))
}

/// The hosts of normalised origins.
pub(super) fn hosts(origins: &[String]) -> Vec<String> {
    origins
        .iter()
        .filter_map(|origin| Url::parse(origin).ok()?.host_str().map(str::to_owned))
        .collect()
}
