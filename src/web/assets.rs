//! Static files, embedded in the binary and served under a name that holds a hash of the content
//! (`/static/3f9a0c12-admin.css`), so that they may be cached for ever
//! (`Cache-Control: public, max-age=31536000, immutable`). They are compressed once, as small as it
//! goes, and not at each request. Scripts and styles go out without the lines that are comments alone: readers
//! on slow lines pay for each byte, and a fifth of them is for us. Staff pages have one style sheet each, put together here.
//! To add a file, add its line to `FILES`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::LazyLock;

use flate2::{Compression, write::GzEncoder};
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
    /// A weak `ETag`: the same for both encodings.
    pub etag: String,
    pub bytes: Vec<u8>,
    /// The same in gzip.
    pub gzip: Vec<u8>,
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
        .map(|&(name, content_type, source)| {
            let bytes = without_comment_lines(source);
            let mut hash = String::with_capacity(16);
            for byte in Sha256::digest(&bytes).iter().take(8) {
                // Writing to a String cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            Asset {
                name,
                url: format!("/static/{hash}-{name}"),
                content_type,
                etag: format!("W/\"{hash}\""),
                gzip: gzip(&bytes),
                bytes,
            }
        })
        .collect()
});

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::best());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Empties each line that is nothing but a comment, or a part of one; the numbers of the others stay.
fn without_comment_lines(source: &[u8]) -> Vec<u8> {
    let mut is_inside = false;
    let mut kept = Vec::with_capacity(source.len());
    for line in source.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii();
        let ends = text.ends_with(b"*/");
        let begins = text.starts_with(b"/*") && (ends || !text.windows(2).any(|pair| pair == b"*/"));
        if is_inside || begins {
            is_inside = !ends;
        } else if !text.starts_with(b"//") {
            kept.extend_from_slice(line);
            continue;
        }
        kept.push(b'\n');
    }
    kept
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [(&str, &str, &[u8]); 14] = [
    (
        "admin.css",
        CSS,
        concat!(include_str!("static/staff.css"), include_str!("static/pages.css")).as_bytes(),
    ),
    (
        "queue.css",
        CSS,
        concat!(include_str!("static/staff.css"), include_str!("static/queue.css")).as_bytes(),
    ),
    ("panel.css", CSS, include_bytes!("static/panel.css")),
    ("comments.css", CSS, include_bytes!("static/comments.css")),
    ("comments.js", JAVASCRIPT, include_bytes!("static/comments.js")),
    ("send.js", JAVASCRIPT, include_bytes!("static/send.js")),
    ("check.js", JAVASCRIPT, include_bytes!("static/check.js")),
    ("outside.js", JAVASCRIPT, include_bytes!("static/outside.js")),
    ("queue.js", JAVASCRIPT, include_bytes!("static/queue.js")),
    ("decide.js", JAVASCRIPT, include_bytes!("static/decide.js")),
    ("panel.js", JAVASCRIPT, include_bytes!("static/panel.js")),
    ("bulk.js", JAVASCRIPT, include_bytes!("static/bulk.js")),
    ("door.js", JAVASCRIPT, include_bytes!("static/door.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("static/icon.svg")),
];

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn comments_stay_here_and_code_does_not() {
        let source = b"// one\na(); // two\n/** three */\n/**\n * four\n */\n/** @type {x} */ (b).c;\n  /* five */\nd(\"//\");\n";
        let served = b"\na(); // two\n\n\n\n\n/** @type {x} */ (b).c;\n\nd(\"//\");\n";
        assert_eq!(without_comment_lines(source), served);
        for (name, _, bytes) in FILES {
            let served = without_comment_lines(bytes);
            let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
            assert_eq!(lines(&served), lines(bytes), "{name}");
            assert!(served.len() * 2 > bytes.len(), "{name}");
        }
    }

    #[test]
    fn every_file_is_served_under_its_hashed_name_only() {
        for (name, _, bytes) in FILES {
            let path = url(name);
            let asset = get(path).expect("it is served");
            assert_eq!(asset.bytes, without_comment_lines(bytes));
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(&asset.gzip[..])
                .read_to_end(&mut unpacked)
                .expect("gzip");
            assert_eq!(unpacked, asset.bytes);
            assert!(get(&format!("/static/{name}")).is_none());
        }
        assert!(get("/static/").is_none());
        assert!(get("/static/../Cargo.toml").is_none());
    }
}
