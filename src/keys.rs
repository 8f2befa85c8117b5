//! The root key and what is derived from it.
//!
//! One 32-byte key, in a file made once with mode 0600 or in the environment, never in the database.
//! Each use has its own key by HKDF-SHA256 ([`Purpose`]), so that a token of one kind never passes for
//! another. A token names the key it was signed with: keys in `server.old_secret_files` still verify.

use std::{collections::HashSet, fs, io::Write, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{clock::random_bytes, permissions};

/// What a derived key is for; each has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Form tokens.
    Form,
    /// Proof-of-work challenges.
    Challenge,
    /// Receipts of comments.
    Receipt,
    /// Device tokens.
    Device,
    /// Keyed hashes of e-mail addresses.
    Email,
    /// Keyed hashes of client addresses, one key a month.
    Client,
    /// Digests of notes and old texts in the audit log.
    Audit,
    /// The publisher's key for signed threads, one a site.
    Thread,
    /// Secrets typed into a page, as they are stored.
    Seal,
    /// What the door hands out: the pass to the second step, the mark of a browser that came in before.
    Door,
    /// Keyed hashes of recovery codes, and of what tries at the door are counted by.
    Recovery,
    /// The fingerprint by which a store knows its key.
    Fingerprint,
}

/// Every purpose, in the order of the variants: [`RootKey::unscoped`] is looked up by it.
const PURPOSES: [Purpose; Purpose::Fingerprint as usize + 1] = [
    Purpose::Form,
    Purpose::Challenge,
    Purpose::Receipt,
    Purpose::Device,
    Purpose::Email,
    Purpose::Client,
    Purpose::Audit,
    Purpose::Thread,
    Purpose::Seal,
    Purpose::Door,
    Purpose::Recovery,
    Purpose::Fingerprint,
];

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Challenge => "challenge",
            Self::Receipt => "receipt",
            Self::Device => "device",
            Self::Email => "email",
            Self::Client => "client",
            Self::Audit => "audit",
            Self::Thread => "thread",
            Self::Seal => "seal",
            Self::Door => "door",
            Self::Recovery => "recovery",
            Self::Fingerprint => "fingerprint",
        }
    }
}

/// The root key, with older ones that still verify.
pub struct Keys {
    current: RootKey,
    old: Vec<RootKey>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.current.id)
            .finish_non_exhaustive()
    }
}

struct RootKey {
    /// First 8 hex digits of the key's fingerprint, named in tokens.
    id: String,
    root: Hkdf<Sha256>,
    /// HMACs that have taken in the keys without a scope, by [`Purpose`].
    unscoped: [Hmac<Sha256>; PURPOSES.len()],
}

impl RootKey {
    fn new(bytes: &[u8; 32]) -> Self {
        let root = Hkdf::<Sha256>::new(None, bytes);
        let fingerprint = expand(&root, Purpose::Fingerprint.label(), "");
        Self {
            id: hex(&fingerprint[..4]),
            unscoped: PURPOSES.map(|purpose| keyed(&expand(&root, purpose.label(), ""))),
            root,
        }
    }

    fn mac(&self, purpose: Purpose, scope: &str, message: &[u8]) -> [u8; 32] {
        let mac = match scope {
            "" => self.unscoped[purpose as usize].clone(),
            _ => keyed(&expand(&self.root, purpose.label(), scope)),
        };
        mac.chain_update(message).finalize().into_bytes().into()
    }
}

impl RootKey {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&expand(&self.root, Purpose::Seal.label(), "").into())
    }
}

impl Keys {
    /// Keys from the bytes of the root key and of older ones.
    #[must_use]
    pub fn new(current: &[u8; 32], old: &[[u8; 32]]) -> Self {
        Self {
            current: RootKey::new(current),
            old: old.iter().map(RootKey::new).collect(),
        }
    }

    /// The id of the current key and of those that still verify.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(|key| key.id.as_str())
    }

    /// The id of the current key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.current.id
    }

    /// Whether older keys still verify.
    #[must_use]
    pub fn has_old(&self) -> bool {
        !self.old.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = &RootKey> {
        std::iter::once(&self.current).chain(&self.old)
    }

    /// A token `v1.<key id>.<payload>.<mac>` that carries `claims` as JSON, readable by anyone and
    /// changeable by nobody.
    #[must_use]
    pub fn sign<T: Serialize>(&self, purpose: Purpose, claims: &T) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let body = format!("v1.{}.{payload}", self.current.id);
        let mac = self.current.mac(purpose, "", body.as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(&mac[..16]))
    }

    /// The claims of a token of ours; `None` when it is forged, of another purpose, or no token.
    #[must_use]
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, token: &str) -> Option<T> {
        let (body, mac) = token.rsplit_once('.')?;
        let mut parts = body.splitn(3, '.');
        let ("v1", id, payload) = (parts.next()?, parts.next()?, parts.next()?) else {
            return None;
        };
        let key = self.key(id)?;
        let expected = key.mac(purpose, "", body.as_bytes());
        let given = URL_SAFE_NO_PAD.decode(mac).ok()?;
        if !equal(&expected[..16], &given) {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// A keyed hash of `message` under the key of `purpose` and `scope` (a month, a site, or empty).
    #[must_use]
    pub fn digest(&self, purpose: Purpose, scope: &str, message: &[u8]) -> [u8; 32] {
        self.current.mac(purpose, scope, message)
    }

    /// The keyed hash under each key, the current one's first, each with its key's id: what was hashed under an
    /// older key is found by them.
    pub fn digests<'a>(
        &'a self,
        purpose: Purpose,
        scope: &'a str,
        message: &'a [u8],
    ) -> impl Iterator<Item = (&'a str, [u8; 32])> + 'a {
        self.all()
            .map(move |key| (key.id.as_str(), key.mac(purpose, scope, message)))
    }

    /// Encrypts a secret that is stored: `v1.<key id>.<nonce and ciphertext>`, by XChaCha20-Poly1305
    /// (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03>). `place` names where it is kept
    /// (`sites.secret:faso`): moved elsewhere, it does not open.
    #[must_use]
    pub fn seal(&self, place: &str, secret: &str) -> String {
        let nonce = random_bytes::<24>();
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: place.as_bytes(),
        };
        // It fails only for texts of hundreds of gigabytes.
        let sealed = self
            .current
            .cipher()
            .encrypt(&nonce.into(), payload)
            .unwrap_or_default();
        let bytes = [nonce.as_slice(), &sealed].concat();
        format!("v1.{}.{}", self.current.id, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The secret that [`Keys::seal`] encrypted for `place`; `None` for anything else.
    #[must_use]
    pub fn unseal(&self, place: &str, sealed: &str) -> Option<String> {
        let (id, bytes) = sealed.strip_prefix("v1.")?.split_once('.')?;
        let key = self.key(id)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<24>()?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        String::from_utf8(key.cipher().decrypt(&(*nonce).into(), payload).ok()?).ok()
    }

    fn key(&self, id: &str) -> Option<&RootKey> {
        self.all().find(|key| key.id == id)
    }

    /// A secret derived from the key with that id, for a library that wants one; `None` for no key of ours.
    #[must_use]
    pub fn secret(&self, id: &str, purpose: Purpose, scope: &str) -> Option<[u8; 32]> {
        self.key(id).map(|key| expand(&key.root, purpose.label(), scope))
    }

    /// Base64url HMAC-SHA256 of `thread` under the site's thread key: what `thread_sig` must be.
    #[must_use]
    pub fn thread_signature(&self, site: &str, thread: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.digest(Purpose::Thread, site, thread.as_bytes()))
    }

    /// Whether `given` is that signature, under any of the keys.
    #[must_use]
    pub fn is_thread_signature(&self, site: &str, thread: &str, given: &str) -> bool {
        let given = given.trim_end_matches('=');
        self.digests(Purpose::Thread, site, thread.as_bytes())
            .any(|(_, right)| equal(given.as_bytes(), URL_SAFE_NO_PAD.encode(right).as_bytes()))
    }
}

/// The 32 bytes written as base64 (either alphabet) or 64 hex digits; `None` for anything else.
#[must_use]
pub fn parse_secret(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let mut key = [0_u8; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        return Some(key);
    }
    let standard = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(standard).ok()?.try_into().ok()
}

/// Reads a key file.
///
/// # Errors
/// A sentence that names the file: it cannot be read, or holds no key, or one that can be guessed.
pub fn read_file(path: &Path) -> Result<[u8; 32], String> {
    let file = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("read the key file {file}: {error}"))?;
    let key = parse_secret(&text)
        .ok_or_else(|| format!("the key file {file} does not hold 32 bytes in base64 or hexadecimal"))?;
    if is_guessable(&key) {
        return Err(format!(
            "the key file {file} holds no random key but a row that can be guessed: whoever does signs receipts, forms \
             and sessions. Take it away, and the next start makes one"
        ));
    }
    Ok(key)
}

/// Whether the bytes are so regular that nobody drew them: few different ones, or each as far from the next. Of 32
/// random bytes fewer than 16 differ once in 10^11 draws.
#[must_use]
pub fn is_guessable(key: &[u8; 32]) -> bool {
    let different: HashSet<u8> = key.iter().copied().collect();
    let steps: HashSet<u8> = key.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    different.len() < 16 || steps.len() < 4
}

/// Makes a key file that only its owner can read; refuses to overwrite one.
///
/// # Errors
/// A sentence that names the file.
pub fn create_file(path: &Path) -> Result<[u8; 32], String> {
    let failed = |error: std::io::Error| format!("make the key file {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        permissions::make_folder(folder).map_err(failed)?;
    }
    let key = random_bytes::<32>();
    let mut file = permissions::make_file(path).map_err(failed)?;
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(key)).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(key)
}

/// A new 256-bit secret for a bearer token, a session or a code, in base64url.
#[must_use]
pub fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

/// SHA-256 in hex: how secrets that only need to be recognised are stored.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// Compares in a time that does not depend on where they differ.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(a, b).into()
}

fn expand(root: &Hkdf<Sha256>, label: &str, scope: &str) -> [u8; 32] {
    let mut key = [0_u8; 32];
    // 32 bytes are far below the 8160 that HKDF-SHA256 can give, so this cannot fail.
    let _ = root.expand_multi_info(&[b"palabre/", label.as_bytes(), b"/", scope.as_bytes()], &mut key);
    key
}

/// An HMAC that has taken in its key.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A short key stands for itself with zeros after it (RFC 2104), which is what `new` takes.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_with_its_key_and_purpose() {
        let keys = Keys::new(&[1; 32], &[]);
        let token = keys.sign(Purpose::Receipt, &("comment", 7));
        assert_eq!(keys.open(Purpose::Receipt, &token), Some(("comment".to_owned(), 7)));
        assert_eq!(keys.open::<(String, i32)>(Purpose::Device, &token), None);
        assert_eq!(
            Keys::new(&[2; 32], &[]).open::<(String, i32)>(Purpose::Receipt, &token),
            None
        );
        let rotated = Keys::new(&[2; 32], &[[1; 32]]);
        assert_eq!(rotated.open(Purpose::Receipt, &token), Some(("comment".to_owned(), 7)));
        for broken in [
            "",
            "v1",
            "v1.a.b.c",
            &token[..token.len() - 1],
            &token.replacen("v1", "v2", 1),
        ] {
            assert_eq!(keys.open::<(String, i32)>(Purpose::Receipt, broken), None, "{broken}");
        }
    }

    #[test]
    fn every_purpose_has_the_place_of_its_variant() {
        for (place, purpose) in PURPOSES.into_iter().enumerate() {
            assert_eq!(purpose as usize, place, "{purpose:?}");
        }
    }

    #[test]
    fn h15_a_key_that_can_be_guessed_is_told_from_one_that_was_drawn() {
        let counting: [u8; 32] = std::array::from_fn(|place| u8::try_from(place).expect("small"));
        let words = *b"palabrepalabrepalabrepalabrepala";
        for weak in [
            [0; 32],
            [0xff; 32],
            [7; 32],
            counting,
            counting.map(|byte| byte.wrapping_mul(8)),
            words,
        ] {
            assert!(is_guessable(&weak), "{weak:?}");
        }
        for _ in 0..1000 {
            assert!(!is_guessable(&random_bytes::<32>()));
        }
    }

    #[test]
    fn secrets_are_read_in_both_notations() {
        let key = [0xfb_u8; 32];
        assert_eq!(parse_secret(&hex(&key)), Some(key));
        assert_eq!(parse_secret(&URL_SAFE_NO_PAD.encode(key)), Some(key));
        assert_eq!(
            parse_secret(&base64::engine::general_purpose::STANDARD.encode(key)),
            Some(key)
        );
        assert_eq!(parse_secret("short"), None);
    }
}
