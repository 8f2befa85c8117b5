//! Static files, embedded in the binary and served under a name that holds a hash of the content
//! (`/static/3f9a0c12-admin.css`), so that they may be cached for ever
//! (`Cache-Control: public, max-age=31536000, immutable`). To add a file, add its line to
//! [`FILES`].

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One static file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its name in `static/`, as templates ask for it: `admin.css`.
    pub name: &'static str,
    /// Its path on the server: `/static/{hash}-{name}`.
    pub url: String,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// A strong `ETag`, in its quotes.
    pub etag: String,
    pub bytes: &'static [u8],
}

/// The path of the file `name`; an unknown name (a test refuses them in templates) gives `/static/`.
#[must_use]
pub fn url(name: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or("/static/", |asset| asset.url.as_str())
}

/// The file at `path`, given whole (`/static/{hash}-{name}`) or without `/static/`.
#[must_use]
pub fn get(path: &str) -> Option<&'static Asset> {
    let file = path.strip_prefix("/static/").unwrap_or(path);
    ASSETS
        .iter()
        .find(|asset| asset.url.strip_prefix("/static/") == Some(file))
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|&(name, content_type, bytes)| {
            let mut hash = String::with_capacity(16);
            for byte in Sha256::digest(bytes).iter().take(8) {
                // Writing to a String cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            Asset {
                name,
                url: format!("/static/{hash}-{name}"),
                content_type,
                etag: format!("\"{hash}\""),
                bytes,
            }
        })
        .collect()
});

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &[u8]); 6] = [
    ("admin.css", CSS, include_bytes!("static/admin.css")),
    ("comments.css", CSS, include_bytes!("static/comments.css")),
    ("comments.js", JAVASCRIPT, include_bytes!("static/comments.js")),
    ("send.js", JAVASCRIPT, include_bytes!("static/send.js")),
    ("check.js", JAVASCRIPT, include_bytes!("static/check.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("static/icon.svg")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_served_under_its_hashed_name_only() {
        for (name, _, bytes) in FILES {
            let path = url(name);
            assert_eq!(get(path).expect("it is served").bytes, bytes);
            assert!(get(&format!("/static/{name}")).is_none());
        }
        assert!(get("/static/").is_none());
        assert!(get("/static/../Cargo.toml").is_none());
    }
}
