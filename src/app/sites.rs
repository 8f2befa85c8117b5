//! The sites in force: what the file and the store say of a site, laid over each other and kept for a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use url::Url;

use crate::{
    config::Config,
    domain::{
        captcha::CaptchaSettings, code::Code, reserved_names::ReservedNames, settings::SettingFault, site::Site,
        timestamp::Timestamp,
    },
    error::Error,
    keys::Keys,
    store::{PolicyRow, Secrets, Store, StoreError, StoredSite},
};

/// How long a site in force is kept: a change made by another instance counts after that long.
const SITE_LIFE: Duration = Duration::from_secs(1);

/// Sites whose settings are read by one query.
const TOGETHER: usize = 500;

/// A site with what is decided about it now.
#[derive(Debug)]
pub struct SiteInForce {
    pub site: Site,
    /// `None`: everything is held.
    pub policy: Option<PolicyRow>,
    pub reserved_names: ReservedNames,
}

/// Those that were read within [`SITE_LIFE`].
#[derive(Debug, Default)]
pub(super) struct Sites(Mutex<KeptSites>);

#[derive(Debug, Default)]
struct KeptSites {
    by_id: HashMap<String, Kept>,
    /// How often all was forgotten: what was read before the last time is not kept.
    forgotten: u64,
}

#[derive(Debug)]
struct Kept {
    until: Timestamp,
    site: Arc<SiteInForce>,
}

impl Sites {
    /// A site that exists, as it is in force now.
    ///
    /// # Errors
    /// 404 with `site_unknown`; errors of the store.
    pub(super) async fn get(
        &self,
        config: &Config,
        store: &Store,
        keys: &Keys,
        id: &str,
        now: Timestamp,
    ) -> Result<Arc<SiteInForce>, Error> {
        let forgotten = {
            let kept_sites = self.lock();
            if let Some(kept) = kept_sites.by_id.get(id).filter(|kept| now < kept.until) {
                return Ok(Arc::clone(&kept.site));
            }
            kept_sites.forgotten
        };
        let Some(stored) = store.stored_site(id).await? else {
            return Err(Error::Code(Code::SiteUnknown));
        };
        let site = resolve(config, keys, id, stored)?;
        let site = Arc::new(SiteInForce {
            policy: store.policy_in_force(id, now).await?,
            reserved_names: reserved_names(store, &site, now).await?,
            site,
        });
        let mut kept_sites = self.lock();
        if kept_sites.forgotten == forgotten {
            let kept = Kept {
                until: now.plus(SITE_LIFE),
                site: Arc::clone(&site),
            };
            kept_sites.by_id.insert(id.to_owned(), kept);
        }
        Ok(site)
    }

    /// Some sites' settings in force, by id and read together; those that are not there are left out.
    pub(super) async fn settings(
        config: &Config,
        store: &Store,
        keys: &Keys,
        ids: &[String],
    ) -> Result<Vec<Site>, Error> {
        let mut sites = Vec::with_capacity(ids.len());
        for some in ids.chunks(TOGETHER) {
            for (id, stored) in store.stored_sites(some).await? {
                sites.push(resolve(config, keys, &id, stored)?);
            }
        }
        Ok(sites)
    }

    /// Forgets what is kept of sites, after a change made here.
    pub(super) fn forget(&self) {
        let mut kept_sites = self.lock();
        kept_sites.by_id.clear();
        kept_sites.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, KeptSites> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store's part of a site's settings laid over by the file's.
fn resolve(config: &Config, keys: &Keys, id: &str, stored: StoredSite) -> Result<Site, Error> {
    let mut settings = stored.settings;
    put_secrets(keys, id, &stored.secrets, &mut settings.captcha);
    let mut site = Site::resolve(id, config.site(id), &settings)
        .map_err(|faults| Error::Internal(format!("site {id}: {}", SettingFault::in_one_line(&faults))))?;
    let is_the_files = config.site(id).is_some_and(|file| file.captcha.sets_check());
    if !is_the_files {
        site.captcha.keep_vouched(stored.vouched_address.as_deref());
    }
    if site.captcha.hostnames.is_empty() {
        site.captcha.hostnames.extend(own_hosts(config));
        if let Some(second) = &mut site.captcha.second {
            second.hostnames.clone_from(&site.captcha.hostnames);
        }
    }
    Ok(site)
}

/// Puts the providers' secrets that were typed into a page for a site among its settings. One that the
/// keys of today do not open is empty: the provider then says so, and comments are held.
pub(super) fn put_secrets(keys: &Keys, site: &str, secrets: &Secrets, captcha: &mut CaptchaSettings) {
    let open = |place: String, sealed: Option<&(String, Timestamp)>| {
        let (sealed, _) = sealed?;
        let secret = keys.unseal(&place, sealed);
        if secret.is_none() {
            tracing::warn!(site, "a captcha secret of the site was encrypted with another key");
        }
        Some(SecretString::from(secret.unwrap_or_default()))
    };
    captcha.secret = open(secret_place(site), secrets.first.as_ref());
    captcha.second.secret = open(second_secret_place(site), secrets.second.as_ref());
}

fn own_hosts(config: &Config) -> Vec<String> {
    let mut hosts: Vec<String> = Url::parse(&config.public_url())
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .into_iter()
        .collect();
    if config.is_loopback() {
        hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
    }
    hosts
}

async fn reserved_names(store: &Store, site: &Site, now: Timestamp) -> Result<ReservedNames, StoreError> {
    let mut people = store.token_names_on(&site.id, now).await?;
    people.extend(store.names_on(&site.id).await?);
    Ok(ReservedNames::new(
        &site.id,
        &site.name,
        people.iter().map(String::as_str),
    ))
}

/// Where a site's typed secret is kept, for its encryption.
#[must_use]
pub fn secret_place(site: &str) -> String {
    format!("sites.secret:{site}")
}

/// The same of its second check's.
#[must_use]
pub fn second_secret_place(site: &str) -> String {
    format!("sites.second_secret:{site}")
}
