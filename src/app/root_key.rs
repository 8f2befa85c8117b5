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
                "the store was made with a key that is missing: put its file back at {} (or set \
                 PALABRE_SERVER__SECRET). Without it receipts, forms and sessions cannot be read",
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
    let id = keys.ids().next().unwrap_or_default().to_owned();
    match known {
        Some(known) if !keys.ids().any(|id| id == known) => Err(format!(
            "the store was made with key {known}, and {} holds key {id}: put the right file back, or name it in \
             server.old_secret_files",
            file.display()
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

/// The files that root keys are read from.
pub fn key_files(config: &Config) -> impl Iterator<Item = &Path> {
    use secrecy::ExposeSecret as _;

    let current = config.server.secret.expose_secret().is_empty();
    let current = current.then_some(config.server.secret_file.as_path());
    current
        .into_iter()
        .chain(config.server.old_secret_files.iter().map(std::path::PathBuf::as_path))
}
