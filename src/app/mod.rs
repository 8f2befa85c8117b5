//! What a running Palabre is made of, built once and passed by reference; there are no globals.
//!
//! Only what may be lost at any time is kept in a process. All else lives in the store, so that two instances on one
//! PostgreSQL are right. What another instance does not share:
//!
//! | state | where | what it costs when it is lost, or differs |
//! |---|---|---|
//! | counts of limits | `limits` | each instance allows as much again |
//! | sites in force | `app/sites` | a change made elsewhere counts a second later |
//! | submissions, hashing, rendering and searches under way | `rooms`, `App::submissions`, `App::searches` | each instance has its own places |
//! | streams of the queue | `live` | each instance looks into the store for its own |
//! | breakers of providers, and which of them is down | `captcha` | each instance finds out by calling |
//! | load and learned ratios of the built-in check | `captcha` | plain work and the prior, until it is learned again |
//! | texts of a day, for those seen elsewhere | `captcha` | a copy that came to two instances is not noticed |
//! | comments of recent threads, and what was looked for | `http`, `store` | the store is asked once more |

mod boot;
mod root_key;
mod sites;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use url::Url;

use self::sites::Sites;
pub use self::{
    boot::DEMO_SITE,
    root_key::{KEY_ID, KEY_SINCE, given_keys, is_key_given, key_files, key_place, other_key, place_of_key},
    sites::{SiteInForce, second_secret_place, secret_place},
};
use crate::{
    captcha::Captcha,
    clock::Clock,
    config::Config,
    domain::{address::TrustedProxies, captcha::CaptchaSettings, site::Site},
    error::Error,
    keys::Keys,
    limits::Limits,
    live::Live,
    outbound::mail::Mail,
    rooms::{HashingRoom, RenderingRoom, SubmissionRoom},
    store::{Secrets, Store},
};

/// Searches of the queue at once: half of SQLite's readers.
const SEARCHES: usize = 2;

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
    /// Room for searches of the queue, so that they never take all of the store's readers.
    pub searches: Semaphore,
    sites: Sites,
}

impl App {
    /// Puts the parts together: keys that fit the store, sites of the file, the demonstration.
    ///
    /// # Errors
    /// A sentence that says what to do: a key that does not fit, a store that cannot be written.
    pub async fn new(config: Config, store: Store, clock: Clock) -> Result<Self, String> {
        let keys = Arc::new(root_key::load_keys(&config, &store, clock.now()).await?);
        let limits = Limits::new(&config.rate_limit)?;
        let mut app = Self {
            proxies: TrustedProxies::parse(&config.server.trusted_proxies)?,
            mail: Mail::new(&config.mail)?,
            captcha: Captcha::new(Arc::clone(&keys), config.outgoing.allow_private_addresses),
            room: Arc::default(),
            hashing: HashingRoom::default(),
            rendering: RenderingRoom::default(),
            searches: Semaphore::new(SEARCHES),
            submissions: TaskTracker::new(),
            sites: Sites::default(),
            has_demo: false,
            config,
            store,
            limits,
            live: Arc::default(),
            clock,
            keys,
        };
        app.has_demo = boot::prepare_sites(&app.config, &app.store, &app.clock)
            .await
            .map_err(|error| format!("prepare the sites: {error}"))?;
        Ok(app)
    }

    /// A site that exists, as it is in force now.
    ///
    /// # Errors
    /// 404 with `site_unknown`; errors of the store.
    pub async fn site(&self, id: &str) -> Result<Arc<SiteInForce>, Error> {
        let now = self.clock.now();
        self.sites.get(&self.config, &self.store, &self.keys, id, now).await
    }

    /// The settings in force of those of `ids` that exist, by id.
    pub async fn settings_of(&self, ids: &[String]) -> Result<Vec<Site>, Error> {
        Sites::settings(&self.config, &self.store, &self.keys, ids).await
    }

    /// Puts the providers' secrets that were typed into a page for a site among its settings. One that the
    /// keys of today do not open is empty: the provider then says so, and comments are held.
    pub fn put_secrets(&self, site: &str, secrets: &Secrets, captcha: &mut CaptchaSettings) {
        sites::put_secrets(&self.keys, site, secrets, captcha);
    }

    /// Forgets what is kept of sites, after a change made here.
    pub fn forget_sites(&self) {
        self.sites.forget();
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
}
