//! What a reader's browser posts, read so that nothing that was typed is lost.
//!
//! A form is urlencoded or multipart, in the encoding of the page that it stood on, and is read as far as it
//! came. Why it is refused stands beside what could be read of it, so that the answer can give the words back.
//! Programs' bodies are read strictly instead, by `body`.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use futures_util::StreamExt as _;

use super::{
    body::{Fields, PATIENCE, SIZE_MAX, percent_decoded},
    multipart,
};
use crate::{domain::code::Code, error::Error};

/// How much is read of a body that is too large, in bytes: what is given back of it.
const GIVEN_BACK_MAX: usize = 512 * 1024;

/// Name and content of each field, in the bytes of the form's encoding.
type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    pub(crate) fields: Fields,
    /// Why it is refused, whatever its fields hold.
    pub(crate) refusal: Option<Error>,
    /// It was in another encoding than UTF-8.
    pub(crate) was_converted: bool,
    /// The text of a body that no fields could be made of.
    pub(crate) unread: Option<String>,
}

impl Posted {
    /// Reads what came. It never fails: what is wrong is its `refusal`.
    pub(crate) async fn read(request: Request) -> Self {
        let content_type = content_type(request.headers()).to_owned();
        let (mut bytes, refusal) = arrived(request.into_body()).await;
        let declared = multipart::parameter(&content_type, "charset");
        match essence(&content_type).as_str() {
            "application/json" => match Fields::from_json(&bytes) {
                Ok(fields) => Self {
                    fields,
                    refusal,
                    ..Self::default()
                },
                Err(error) => Self::unreadable(&bytes, refusal.unwrap_or(error)),
            },
            "application/x-www-form-urlencoded" => {
                if refusal.is_some() {
                    drop_broken_escape(&mut bytes);
                }
                Self::form(urlencoded(&bytes), declared, refusal)
            }
            "multipart/form-data" => {
                let pairs = multipart::boundary(&content_type).map(|boundary| multipart::fields(&bytes, boundary));
                match pairs.filter(|pairs| !pairs.is_empty()) {
                    Some(pairs) => Self::form(pairs, declared, refusal),
                    None => Self::unreadable(&bytes, refusal.unwrap_or(UNSUPPORTED)),
                }
            }
            _ => Self::unreadable(&bytes, refusal.unwrap_or(UNSUPPORTED)),
        }
    }

    fn form(mut pairs: Pairs, declared: Option<&str>, mut refusal: Option<Error>) -> Self {
        if refusal.is_some()
            && let Some((_, last)) = pairs.last_mut()
        {
            drop_broken_character(last);
        }
        let encoding = encoding_of(&pairs, declared);
        let texts = pairs.iter().map(|(name, value)| {
            let mut read = |bytes: &[u8]| {
                let text =
                    encoding.map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |it| convert(it, bytes));
                if text.contains('\0') {
                    refusal.get_or_insert(Error::Code(Code::BadCharacter));
                }
                text.replace('\0', "")
            };
            (read(name), read(value))
        });
        let fields = Fields::of_form(texts.collect::<Vec<_>>());
        Self {
            fields,
            refusal,
            was_converted: encoding.is_some(),
            unread: None,
        }
    }

    fn unreadable(bytes: &[u8], refusal: Error) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
        };
        let is_text = |char: char| !char.is_control() || char.is_whitespace();
        Self {
            refusal: Some(refusal),
            unread: Some(text).filter(|text| text.chars().all(is_text) && !text.trim().is_empty()),
            ..Self::default()
        }
    }
}

const UNSUPPORTED: Error = Error::Code(Code::UnsupportedMediaType);

fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// What arrived of a body, and what is wrong where that is not all of it or too much.
async fn arrived(body: Body) -> (Vec<u8>, Option<Error>) {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let reading = async {
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| Error::Code(Code::BadEncoding))?;
            let room = GIVEN_BACK_MAX - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    let refusal = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(())) => (bytes.len() > SIZE_MAX).then_some(Error::Code(Code::TooLarge)),
        Ok(Err(error)) => Some(error),
        Err(_) => Some(Error::Code(Code::Timeout)),
    };
    (bytes, refusal)
}

fn urlencoded(bytes: &[u8]) -> Pairs {
    let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let value = pair.get(split + 1..).unwrap_or_default();
            (percent_decoded(&pair[..split]), percent_decoded(value))
        })
        .collect()
}

/// Takes off the begun `%` or `%C` where a body breaks off.
fn drop_broken_escape(bytes: &mut Vec<u8>) {
    let from = bytes.len().saturating_sub(2);
    if let Some(at) = bytes[from..].iter().position(|byte| *byte == b'%') {
        bytes.truncate(from + at);
    }
}

/// Takes off the begun character of UTF-8 where a body breaks off.
fn drop_broken_character(bytes: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
}

/// The encoding of a form, `None` for UTF-8. Browsers write a form in the encoding of its page, and few say
/// which: bytes that are UTF-8 are taken for it, others for what is said, else for windows-1252, as browsers
/// take pages that say nothing (<https://html.spec.whatwg.org/#selecting-a-form-submission-encoding>).
fn encoding_of(pairs: &Pairs, content_type: Option<&str>) -> Option<&'static Encoding> {
    let all = || pairs.iter().flat_map(|(name, value)| [name, value]);
    let is_ascii = all().all(|bytes| bytes.is_ascii());
    if !is_ascii && all().all(|bytes| std::str::from_utf8(bytes).is_ok()) {
        return None;
    }
    let named = pairs.iter().find(|(name, _)| name == b"_charset_");
    let label = named
        .map(|(_, value)| value.as_slice())
        .or(content_type.map(str::as_bytes));
    let declared = label
        .and_then(Encoding::for_label)
        .map(Encoding::output_encoding)
        .filter(|encoding| *encoding != UTF_8);
    declared.or((!is_ascii).then_some(WINDOWS_1252))
}

/// Text of another encoding. What that has no sign for, browsers write as `&#1588;`.
fn convert(encoding: &'static Encoding, bytes: &[u8]) -> String {
    let text = encoding.decode_without_bom_handling(bytes).0;
    let mut pieces = text.split("&#");
    let mut converted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let sign = piece.split_once(';').and_then(|(number, rest)| {
            let is_number = number.len() <= 7 && number.bytes().all(|byte| byte.is_ascii_digit());
            let sign = char::from_u32(number.parse().ok()?).filter(|char| is_number && !char.is_ascii())?;
            Some((sign, rest))
        });
        if let Some((sign, rest)) = sign {
            converted.push(sign);
            converted.push_str(rest);
        } else {
            converted.push_str("&#");
            converted.push_str(piece);
        }
    }
    converted
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn posted(content_type: &str, body: &[u8]) -> Posted {
        let request = Request::post("/t/a")
            .header("content-type", content_type)
            .body(Body::from(body.to_vec()))
            .expect("a request");
        Posted::read(request).await
    }

    fn body(posted: &Posted) -> String {
        posted.fields.text("body").expect("a text")
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn f3_a_form_is_read_in_the_encoding_of_its_page() {
        for (content_type, sent, expected) in [
            (FORM, &b"body=caf%C3%A9+%E2%82%AC"[..], "café €"),
            (FORM, b"body=caf%E9+%80+%93mot%94", "café € “mot”"),
            (FORM, b"body=caf\xe9", "café"),
            (
                FORM,
                b"body=%E9t%E9+%26%231588%3B%26%23128077%3B+%26%2338%3B",
                "été ش👍 &#38;",
            ),
            (FORM, b"_charset_=windows-1256&body=%D4%DF%D1%C7", "شكرا"),
            (FORM, b"_charset_=windows-1256&body=%26%238364%3B+ok", "€ ok"),
            (FORM, b"_charset_=UTF-8&body=caf%E9", "café"),
            (FORM, b"_charset_=none&body=caf%E9", "café"),
            (FORM, b"body=%26%231588%3B", "&#1588;"),
            (
                "application/x-www-form-urlencoded; charset=iso-8859-15",
                b"body=%A4+%E9",
                "€ é",
            ),
            ("application/x-www-form-urlencoded;charset=utf-8", b"body=%C3%A9", "é"),
            (
                "multipart/form-data; boundary=x",
                b"--x\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n\xe9t\xe9\r\n--x--",
                "été",
            ),
        ] {
            let posted = posted(content_type, sent).await;
            assert!(posted.refusal.is_none(), "{sent:?}");
            assert_eq!(body(&posted), expected, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[tokio::test]
    async fn f3_what_cannot_be_taken_is_still_read() {
        let code = |posted: &Posted| posted.refusal.as_ref().map(Error::code);
        let nul = posted(FORM, b"body=a%00b").await;
        assert_eq!((code(&nul), body(&nul).as_str()), (Some(Code::BadCharacter), "ab"));
        let large = format!("body={}", "%C3%A9".repeat(30_000));
        let large = posted(FORM, large.as_bytes()).await;
        assert_eq!(code(&large), Some(Code::TooLarge));
        assert_eq!(body(&large), "é".repeat(30_000));
        for cut in 0..6 {
            let endless = format!("{}body={}", &"a=b&"[..cut.min(4)], "%C3%A9".repeat(200_000));
            let endless = posted(FORM, endless.as_bytes()).await;
            assert_eq!(code(&endless), Some(Code::TooLarge));
            assert!(
                body(&endless).chars().all(|char| char == 'é'),
                "nothing broken at the end"
            );
            assert!(!endless.was_converted);
        }
        let plain = posted("text/plain", "body=Mon texte\r\nété".as_bytes()).await;
        assert_eq!(code(&plain), Some(Code::UnsupportedMediaType));
        assert_eq!(plain.unread.as_deref(), Some("body=Mon texte\r\nété"));
        assert_eq!(posted("image/png", b"\x89PNG\0").await.unread, None);
        assert_eq!(
            posted("multipart/form-data; boundary=x", b"--x--")
                .await
                .unread
                .as_deref(),
            Some("--x--")
        );
        assert_eq!(
            code(&posted("application/json", b"{\"body\":").await),
            Some(Code::BadJson)
        );
    }
}
