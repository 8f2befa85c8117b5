//! Where a site's pages live: an origin is a scheme, a host and a port that is not the scheme's own.

use url::Url;

use super::settings::Fault;

/// The normalised origin of a typed address: scheme, host and a port that is not the scheme's own.
///
/// # Errors
/// [`Fault::NoOrigin`], when it is no http(s) origin.
pub fn origin(typed: &str) -> Result<String, Fault> {
    Url::parse(typed)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none())
        .map(|url| url.origin().ascii_serialization())
        .ok_or_else(|| Fault::NoOrigin(typed.to_owned()))
}

/// The hosts of normalised origins.
pub(super) fn hosts(origins: &[String]) -> Vec<String> {
    origins
        .iter()
        .filter_map(|origin| Url::parse(origin).ok()?.host_str().map(str::to_owned))
        .collect()
}
