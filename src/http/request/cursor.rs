//! Page keys as clients hold them: opaque, short, made only of characters that are safe in a URL.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// A key of several parts.
pub(crate) fn encode(parts: &[String]) -> String {
    URL_SAFE_NO_PAD.encode(parts.join("|"))
}

/// The parts of a key; `None` when it is not one of ours.
pub(crate) fn decode(key: &str) -> Option<Vec<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(key).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.split('|').map(str::to_owned).collect())
}

/// The places that articles keep, as one short word.
pub(crate) fn encode_places(places: &[(Uuid, i64)]) -> String {
    let bytes: Vec<u8> = places
        .iter()
        .flat_map(|(thread, at)| thread.into_bytes().into_iter().chain(at.to_be_bytes()))
        .collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The same read; `None` when it is not one of ours.
pub(crate) fn decode_places(word: &str) -> Option<Vec<(Uuid, i64)>> {
    let bytes = URL_SAFE_NO_PAD.decode(word).ok()?;
    let (places, []) = bytes.as_chunks::<24>() else {
        return None;
    };
    let place = |bytes: &[u8; 24]| {
        let (thread, at) = bytes.split_at(16);
        Some((Uuid::from_slice(thread).ok()?, i64::from_be_bytes(at.try_into().ok()?)))
    };
    places.iter().map(place).collect()
}

/// The key of a place in time.
pub(crate) fn encode_place((time, id): (i64, Uuid)) -> String {
    encode(&[time.to_string(), id.to_string()])
}

/// A place in time; `None` when the key is not one of ours.
pub(crate) fn decode_place(key: &str) -> Option<(i64, Uuid)> {
    match decode(key)?.as_slice() {
        [time, id] => Some((time.parse().ok()?, id.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_went() {
        let places = [(Uuid::from_u128(1), 0), (Uuid::max(), i64::MAX), (Uuid::nil(), -1)];
        for places in [&places[..], &[]] {
            assert_eq!(decode_places(&encode_places(places)).as_deref(), Some(places));
        }
        for word in ["AAAA", "é", "not one of ours"] {
            assert_eq!(decode_places(word), None, "{word}");
        }
    }
}
