//! The root keys: read from what the configuration names, made on the first start, held against the store's mark.

use std::path::Path;

use crate::{
    config::Config,
    domain::timestamp::Timestamp,
    keys::{self, Keys},
    permissions,
    store::{Store, StoreError},
};

/// The name under which a store keeps the id of its root key.
pub const KEY_ID: &str = "key_id";

/// And since when it is the current one, Unix milliseconds; absent where it never changed.
pub const KEY_SINCE: &str = "key_since";

/// The keys that the configuration names; `None` where there are none yet.
///
/// # Errors
/// A sentence that names the file or setting: no key, one that can be guessed, one that cannot be read.
pub fn given_keys(config: &Config) -> Result<Option<Keys>, String> {
    use secrecy::ExposeSecret as _;

    let file = &config.server.secret_file;
    let given = config.server.secret.expose_secret();
    let current = if !given.is_empty() {
        let key = keys::parse_secret(given)
            .ok_or_else(|| "server.secret: expected 32 bytes in base64 or hexadecimal".to_owned())?;
        if keys::is_guessable(&key) {
            return Err(
                "server.secret: no random key but a row that can be guessed; make one with \
                        `openssl rand -base64 32`"
                    .to_owned(),
            );
        }
        key
    } else if file.exists() {
        keys::read_file(file)?
    } else {
        return Ok(None);
    };
    with_old_keys(config, current).map(Some)
}

fn with_old_keys(config: &Config, current: [u8; 32]) -> Result<Keys, String> {
    let old = config
        .server
        .old_secret_files
        .iter()
        .map(|path| keys::read_file(path))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Keys::new(&current, &old))
}

/// The keys, made on the first start; a store that was written with another key is refused.
pub(super) async fn load_keys(config: &Config, store: &Store, now: Timestamp) -> Result<Keys, String> {
    let failed = |error: StoreError| format!("read the key's id: {error}");
    let known = store.meta(KEY_ID).await.map_err(failed)?;
    let file = &config.server.secret_file;
    let keys = match given_keys(config)? {
        Some(keys) => keys,
        None if known.is_some() => {
            return Err(format!(
                "the store was made with a key that is missing: put its file back at {0} (or set \
                 PALABRE_SERVER__SECRET). Or, where the key is to be changed, put a new one at {0} and name the file of \
                 the former in server.old_secret_files. Without either, receipts and second steps cannot be read",
                file.display()
            ));
        }
        None => with_old_keys(config, keys::create_file(Path::new(file))?)?,
    };
    for file in key_files(config) {
        if let Some(mode) = permissions::wider(file) {
            tracing::warn!(
                "the key file {0} is open to others (mode {mode:04o}): chmod 600 {0}",
                file.display()
            );
        }
    }
    let id = keys.id().to_owned();
    match known {
        Some(known) if place_of_key(config, &keys, &known).is_none() => Err(format!(
            "the store was made with key {known}, and {}",
            other_key(config, &keys, &known)
        )),
        Some(known) if known == id => Ok(keys),
        known => {
            if known.is_some() {
                let since = now.0.to_string();
                store.set_meta(KEY_SINCE, &since).await.map_err(failed)?;
            }
            store.set_meta(KEY_ID, &id).await.map_err(failed)?;
            Ok(keys)
        }
    }
}

/// Where the root key comes from, in words: its file, or the setting that stands for it.
#[must_use]
pub fn key_place(config: &Config) -> String {
    match key_files(config).next() {
        Some(file) if !is_key_given(config) => file.display().to_string(),
        _ => "server.secret (PALABRE_SERVER__SECRET)".to_owned(),
    }
}

/// Which of the configured places holds the key with that id; `None`: none does.
#[must_use]
pub fn place_of_key(config: &Config, keys: &Keys, id: &str) -> Option<String> {
    let old = config.server.old_secret_files.iter();
    let old = old.map(|file| format!("{}, which server.old_secret_files names", file.display()));
    let mut places = std::iter::once(key_place(config)).chain(old);
    // Both in the order of the configuration.
    let place = keys.ids().position(|own| own == id)?;
    places.nth(place)
}

/// What the configured place holds in place of the key `known`, and both ways to go on.
#[must_use]
pub fn other_key(config: &Config, keys: &Keys, known: &str) -> String {
    let id = keys.id();
    if is_key_given(config) {
        return format!(
            "{} is key {id}: set key {known} there again, or, where the key was changed, put key {known} in a file and \
             name that in server.old_secret_files",
            key_place(config)
        );
    }
    format!(
        "{0} holds key {id}: put the file of key {known} back at {0}, or, where the key was changed, name that file in \
         server.old_secret_files",
        key_place(config)
    )
}

/// Whether the root key is a setting and no file.
#[must_use]
pub fn is_key_given(config: &Config) -> bool {
    use secrecy::ExposeSecret as _;

    !config.server.secret.expose_secret().is_empty()
}

/// The files that root keys are read from.
pub fn key_files(config: &Config) -> impl Iterator<Item = &Path> {
    let current = (!is_key_given(config)).then_some(config.server.secret_file.as_path());
    current
        .into_iter()
        .chain(config.server.old_secret_files.iter().map(std::path::PathBuf::as_path))
}
