//! A root key that was put in the place of another: what is stored under the old one is brought under the new one.
//!
//! Seeds of second steps and providers' secrets are sealed anew at the start, keyed hashes of e-mails in the
//! background. Recovery codes cannot be: only their hashes are stored, which name their key, and hang on it until
//! they are used or renewed. Tokens that people hold (receipts, devices, sessions' marks) name theirs and run out.
//! Every step may be done twice, also by two instances.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    app::{App, second_secret_place, secret_place},
    error::Error,
    keys::{Purpose, hex},
    store::{Kept, Sealed},
};

use super::credentials::seed_place;

/// Rows looked at together.
const TOGETHER: i64 = 500;

/// Under which key the stored hashes of e-mails are.
const EMAILS: &str = "emails_key_id";

/// What was made under other keys than the present one, for `doctor`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherKeys {
    /// Under keys that are named still.
    pub hanging: Count,
    /// Under keys that are not named any more: nothing opens it.
    pub dead: Count,
    /// The ids of those keys, in their order.
    pub gone: BTreeSet<String>,
}

/// How much there is of what hangs on a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub recovery_codes: i64,
    pub seeds: i64,
    pub secrets: i64,
}

impl Count {
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Seals anew under the present key what an old one opens; what no key opens stays as it is.
pub async fn seal_anew(app: &App) -> Result<(), Error> {
    let key = app.keys.id();
    if !app.keys.has_old() {
        app.store.name_key_of_recovery_codes(key).await?;
        return Ok(());
    }
    for was in sealed_otherwise(app).await? {
        let place = place(&was);
        let Some(secret) = app.keys.unseal(&place, &was.sealed) else {
            tracing::warn!(place, "sealed under a key that is not there any more");
            continue;
        };
        let new = app.keys.seal(&place, &secret);
        app.store.seal_anew(was, new).await?;
    }
    app.forget_sites();
    Ok(())
}

/// Brings the keyed hashes of readers' e-mails under the present key, so that one e-mail goes on being one.
///
/// # Errors
/// Errors of the store; the next start goes on.
pub async fn hash_emails_anew(app: &App) -> Result<(), Error> {
    let key = app.keys.id();
    if app.store.meta(EMAILS).await?.as_deref() == Some(key) {
        return Ok(());
    }
    let mut after = Uuid::nil();
    while app.keys.has_old() {
        let found = app.store.emails_after(after, TOGETHER).await?;
        let Some((last, ..)) = found.last() else { break };
        after = *last;
        let changed: Vec<(Uuid, String)> = found
            .into_iter()
            .map(|(comment, email, was)| (comment, email_key(app, &email), was))
            .filter(|(_, key, was)| key != was)
            .map(|(comment, key, _)| (comment, key))
            .collect();
        if !changed.is_empty() {
            app.store.set_email_keys(changed).await?;
        }
    }
    Ok(app.store.set_meta(EMAILS, key).await?)
}

/// The keyed hash by which comments of one e-mail are found.
#[must_use]
pub fn email_key(app: &App, email: &str) -> String {
    let digest = app
        .keys
        .digest(Purpose::Email, "", email.trim().to_lowercase().as_bytes());
    hex(&digest[..16])
}

/// Counts what hangs on old keys, and what on keys that are gone.
pub async fn other_keys(app: &App) -> Result<OtherKeys, Error> {
    let mut found = OtherKeys::default();
    for sealed in sealed_otherwise(app).await? {
        let opens = app.keys.unseal(&place(&sealed), &sealed.sealed).is_some();
        let count = if opens { &mut found.hanging } else { &mut found.dead };
        match sealed.kept {
            Kept::Seed(_) => count.seeds += 1,
            Kept::Secret(_) | Kept::SecondSecret(_) => count.secrets += 1,
        }
        let key = sealed.sealed.split('.').nth(1).filter(|_| !opens);
        found.gone.extend(key.map(str::to_owned));
    }
    for (key, codes) in app.store.recovery_codes_by_key().await? {
        if key == app.keys.id() {
            continue;
        }
        if key.is_empty() {
            // Of before keys were named on them: a start names the only key there is.
            if app.keys.has_old() {
                found.hanging.recovery_codes += codes;
            }
        } else if app.keys.ids().any(|id| id == key) {
            found.hanging.recovery_codes += codes;
        } else {
            found.dead.recovery_codes += codes;
            found.gone.insert(key);
        }
    }
    Ok(found)
}

async fn sealed_otherwise(app: &App) -> Result<Vec<Sealed>, Error> {
    let (mut all, mut account, mut site) = (Vec::new(), Uuid::nil(), String::new());
    loop {
        let found = app
            .store
            .sealed_otherwise(app.keys.id(), (account, &site), TOGETHER)
            .await?;
        if found.is_empty() {
            return Ok(all);
        }
        for sealed in &found {
            match &sealed.kept {
                Kept::Seed(id) => account = *id,
                Kept::Secret(id) | Kept::SecondSecret(id) => site.clone_from(id),
            }
        }
        all.extend(found);
    }
}

fn place(sealed: &Sealed) -> String {
    match &sealed.kept {
        Kept::Seed(account) => seed_place(*account),
        Kept::Secret(site) => secret_place(site),
        Kept::SecondSecret(site) => second_secret_place(site),
    }
}
