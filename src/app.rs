//! What a running Palabre is made of, built once and passed by reference; there are no globals.
//!
//! Only what may be lost at any time is kept here: the local limiter, the sites in force for a second,
//! the count of submissions under way. All else lives in the store, so that two instances on one
//! PostgreSQL are right.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::{
    captcha::Captcha,
    clock::Clock,
    config::Config,
    domain::{
        actor::Actor,
        address::TrustedProxies,
        captcha::{CaptchaSettings, PolicySettings, ProviderId},
        language::Language,
        person::Name,
        site::{Site, SiteSettings},
        timestamp::Timestamp,
    },
    error::Error,
    keys::{self, Keys},
    limits::Limits,
    live::Live,
    outbound::mail::Mail,
    permissions,
    rooms::{HashingRoom, RenderingRoom, SubmissionRoom},
    store::{NewAudit, PolicyRow, Secrets, Store, StoreError},
};

/// The id of the demonstration's site.
pub const DEMO_SITE: &str = "demo";

/// How long a site in force is kept: a change made by another instance counts after that long.
const SITE_LIFE: Duration = Duration::from_secs(1);

/// The parts of a running service.
#[derive(Debug)]
pub struct App {
    pub config: Config,
    pub store: Store,
    pub limits: Limits,
    pub live: Arc<Live>,
    pub captcha: Captcha,
    /// `None`: no mail server is named.
    pub mail: Option<Mail>,
    pub clock: Clock,
    pub keys: Arc<Keys>,
    pub proxies: TrustedProxies,
    /// Whether the demonstration's site exists.
    pub has_demo: bool,
    /// Submissions run to their end here, also when their reader has gone.
    pub submissions: TaskTracker,
    pub room: Arc<SubmissionRoom>,
    /// Where passphrases are hashed.
    pub hashing: HashingRoom,
    /// Where long texts are rendered.
    pub rendering: RenderingRoom,
    sites: Mutex<KeptSites>,
}

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

/// A site with what is decided about it now.
#[derive(Debug)]
pub struct SiteInForce {
    pub site: Site,
    /// `None`: everything is held.
    pub policy: Option<PolicyRow>,
    /// Skeletons of moderators' names.
    pub reserved_names: Vec<String>,
}

impl App {
    /// Puts the parts together: keys that fit the store, sites of the file, the demonstration.
    ///
    /// # Errors
    /// A sentence that says what to do: a key that does not fit, a store that cannot be written.
    pub async fn new(config: Config, store: Store, clock: Clock) -> Result<Self, String> {
        let keys = Arc::new(load_keys(&config, &store, clock.now()).await?);
        let limits = Limits::new(&config.rate_limit)?;
        let mut app = Self {
            proxies: TrustedProxies::parse(&config.server.trusted_proxies)?,
            mail: Mail::new(&config.mail)?,
            captcha: Captcha::new(Arc::clone(&keys), config.outgoing.allow_private_addresses),
            room: Arc::default(),
            hashing: HashingRoom::default(),
            rendering: RenderingRoom::default(),
            submissions: TaskTracker::new(),
            sites: Mutex::default(),
            has_demo: false,
            config,
            store,
            limits,
            live: Arc::default(),
            clock,
            keys,
        };
        app.prepare_sites()
            .await
            .map_err(|error| format!("prepare the sites: {error}"))?;
        Ok(app)
    }

    /// A site that exists, as it is in force now.
    ///
    /// # Errors
    /// [`Error::NotFound`] with `site_unknown`; errors of the store.
    pub async fn site(&self, id: &str) -> Result<Arc<SiteInForce>, Error> {
        let now = self.clock.now();
        let forgotten = {
            let kept_sites = self.kept_sites();
            if let Some(kept) = kept_sites.by_id.get(id).filter(|kept| now < kept.until) {
                return Ok(Arc::clone(&kept.site));
            }
            kept_sites.forgotten
        };
        let Some(stored) = self.store.stored_site(id).await? else {
            return Err(Error::NotFound("site_unknown"));
        };
        let mut settings = stored.settings;
        self.put_secrets(id, &stored.secrets, &mut settings.captcha);
        let mut site = Site::resolve(id, self.config.site(id), &settings)
            .map_err(|why| Error::Internal(format!("site {id}: {why}")))?;
        let is_the_files = self.config.site(id).is_some_and(|file| file.captcha.sets_check());
        if !is_the_files {
            site.captcha.keep_vouched(stored.vouched_address.as_deref());
        }
        if site.captcha.hostnames.is_empty() {
            site.captcha.hostnames.extend(self.own_hosts());
            if let Some(second) = &mut site.captcha.second {
                second.hostnames.clone_from(&site.captcha.hostnames);
            }
        }
        let site = Arc::new(SiteInForce {
            policy: self.store.policy_in_force(id, now).await?,
            reserved_names: self.reserved_names(id).await?,
            site,
        });
        let mut kept_sites = self.kept_sites();
        if kept_sites.forgotten == forgotten {
            let kept = Kept {
                until: now.plus(SITE_LIFE),
                site: Arc::clone(&site),
            };
            kept_sites.by_id.insert(id.to_owned(), kept);
        }
        Ok(site)
    }

    /// Puts the providers' secrets that were typed into a page for a site among its settings. One that the
    /// keys of today do not open is empty: the provider then says so, and comments are held.
    pub fn put_secrets(&self, site: &str, secrets: &Secrets, captcha: &mut CaptchaSettings) {
        let open = |place: String, sealed: Option<&(String, Timestamp)>| {
            let (sealed, _) = sealed?;
            let secret = self.keys.unseal(&place, sealed);
            if secret.is_none() {
                tracing::warn!(site, "a captcha secret of the site was encrypted with another key");
            }
            Some(SecretString::from(secret.unwrap_or_default()))
        };
        captcha.secret = open(secret_place(site), secrets.first.as_ref());
        captcha.second.secret = open(second_secret_place(site), secrets.second.as_ref());
    }

    /// Forgets what is kept of sites, after a change made here.
    pub fn forget_sites(&self) {
        let mut kept_sites = self.kept_sites();
        kept_sites.by_id.clear();
        kept_sites.forgotten += 1;
    }

    /// Whether `origin` is this service's own. With a loopback `public_url` every loopback name on its
    /// port is.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        let own = self.config.public_url();
        if origin == own || origin == self.config.admin_url() {
            return true;
        }
        if !self.config.is_loopback() {
            return false;
        }
        let (Ok(own), Ok(other)) = (Url::parse(&own), Url::parse(origin)) else {
            return false;
        };
        let is_loopback_name = matches!(other.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        is_loopback_name
            && own.scheme() == other.scheme()
            && own.port_or_known_default() == other.port_or_known_default()
    }

    fn own_hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Url::parse(&self.config.public_url())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .into_iter()
            .collect();
        if self.config.is_loopback() {
            hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        hosts
    }

    async fn reserved_names(&self, site: &str) -> Result<Vec<String>, StoreError> {
        let tokens = self.store.token_names_on(site, self.clock.now()).await?;
        Ok(tokens
            .into_iter()
            .chain(self.store.names_on(site).await?)
            .filter_map(|name| Name::parse(&name).ok())
            .map(|name| name.skeleton())
            .filter(|skeleton| !skeleton.is_empty())
            .collect())
    }

    async fn prepare_sites(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        for file_site in &self.config.sites {
            self.store
                .ensure_site(&file_site.id, &SiteSettings::default(), now)
                .await?;
            if file_site.settings.captcha.sets_check() && file_site.settings.captcha.provider.is_none() {
                tracing::warn!(
                    site = file_site.id,
                    "the configuration sets a secret or an address of the check and no captcha.provider: the built-in \
                     check is in force, whatever was chosen on a page"
                );
            }
            if let Some(policy) = file_site.settings.captcha.policy {
                self.add_file_policy(&file_site.id, policy, now).await?;
            }
        }
        let ids = self.store.site_ids().await?;
        let only_demo = ids.iter().all(|id| id == DEMO_SITE);
        if self.config.is_shipped && self.config.server.listen.ip().is_loopback() && only_demo {
            self.store.ensure_site(DEMO_SITE, &demo_settings(), now).await?;
            self.has_demo = true;
        }
        self.has_demo |= ids.iter().any(|id| id == DEMO_SITE);
        Ok(())
    }

    /// The file's policy is version 1. A file that differs from what is in force later is said, not
    /// applied.
    async fn add_file_policy(&self, site: &str, file: PolicySettings, now: Timestamp) -> Result<(), StoreError> {
        let cuts = file.cuts();
        let row = PolicyRow {
            policy: crate::domain::policy::Policy {
                version: 1,
                cuts,
                explore_ppm: file.explore_ppm(),
            },
            base: 0,
            author: crate::config::DEFAULT_FILE.to_owned(),
            note: String::new(),
            forecast: "{}".to_owned(),
            from: now,
            at: now,
        };
        let audit = NewAudit {
            id: self.clock.new_id(),
            site: site.to_owned(),
            at: now,
            actor: Actor {
                kind: "system",
                id: "file".to_owned(),
                name: crate::config::DEFAULT_FILE.to_owned(),
            },
            action: "policy",
            comment: None,
            from_status: None,
            to_status: None,
            detail: serde_json::to_string(&serde_json::json!({"version": 1, "cuts": cuts})).ok(),
        };
        if self.store.add_policy(site, row, audit).await? {
            return Ok(());
        }
        let in_force = self.store.policy_in_force(site, now).await?;
        if in_force.is_some_and(|row| row.policy.cuts != cuts) {
            tracing::warn!(
                site,
                "the policy in the file differs from the newest version, which is in force"
            );
        }
        Ok(())
    }

    fn kept_sites(&self) -> std::sync::MutexGuard<'_, KeptSites> {
        self.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// The demonstration's site: French, everything read before it appears, the built-in check.
fn demo_settings() -> SiteSettings {
    SiteSettings {
        name: Some("Le Courrier des Quais".to_owned()),
        language: Some(Language::Fr),
        captcha: CaptchaSettings {
            provider: Some(ProviderId::BuiltIn),
            ..CaptchaSettings::default()
        },
        ..SiteSettings::default()
    }
}

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
async fn load_keys(config: &Config, store: &Store, now: Timestamp) -> Result<Keys, String> {
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
