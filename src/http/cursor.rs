//! Page keys as clients hold them: opaque, short, made only of characters that are safe in a URL.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// A key of several parts.
pub(super) fn encode(parts: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(parts.join("|"))
}

/// The parts of a key; `None` when it is not one of ours.
pub(super) fn decode(key: &str) -> Option<Vec<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.split('|').map(str::to_owned).collect())
}

/// The key of a place in time.
pub(super) fn encode_place((time, id): (i64, Uuid)) -> String {
    encode(&[time.to_string(), id.to_string()])
}

/// A place in time; `None` when the key is not one of ours.
pub(super) fn decode_place(key: &str) -> Option<(i64, Uuid)> {
    match decode(key)?.as_slice() {
        [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
        _ => None,
    }
}
