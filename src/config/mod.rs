//! The configuration: `config.toml` as reference, sample and default in one, then the owner's file, then
//! the environment.
//!
//! The shipped file is embedded and parsed as the lowest layer, so what it documents is what holds. A
//! wrong or unknown key is an error that names the layer, the section and the key. To add a setting:
//! document it in `config.toml` at its default, add the field here, check it in `Config::validate`.

mod database;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::Deserialize;
use toml::{Table, Value};
use url::Url;

pub use self::database::{DatabaseUrl, NoDatabase};
use crate::{
    domain::{
        address::TrustedProxies,
        settings::SettingFault,
        site::{Site, SiteSettings, is_site_id},
    },
    limits::Quotas,
};

/// The shipped `config.toml`.
pub const SHIPPED: &str = include_str!("../../config.toml");

/// The name of the file that is read from the working directory when none is given.
pub const DEFAULT_FILE: &str = "config.toml";

/// A configuration that was read and checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub log: Log,
    pub mail: Mail,
    pub rate_limit: Quotas,
    pub outgoing: Outgoing,
    pub review: Review,
    #[serde(default, rename = "site")]
    pub sites: Vec<FileSite>,
    /// No file was given, or it is the shipped one, unchanged.
    #[serde(skip)]
    pub is_shipped: bool,
    /// The files that hold secrets: the configuration's own where it does, and those it names for providers.
    #[serde(skip)]
    pub secret_files: Vec<PathBuf>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// Empty means `http://` and `listen`; use [`Config::public_url`].
    public_url: String,
    /// Empty means the public one; use [`Config::admin_url`].
    admin_url: String,
    pub trusted_proxies: Vec<String>,
    pub secret_file: PathBuf,
    pub secret: SecretString,
    pub old_secret_files: Vec<PathBuf>,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: DatabaseUrl,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// `[mail]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// Holds a password. Empty: no mail is sent.
    pub smtp: SecretString,
    pub from: String,
}

/// `[outgoing]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    pub allow_private_addresses: bool,
}

/// `[review]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// 1..=3650.
    pub views_days: u16,
}

/// `[[site]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Table")]
pub struct FileSite {
    pub id: String,
    pub settings: SiteSettings,
}

/// By hand, because serde's `flatten` lets unknown keys pass.
impl TryFrom<Table> for FileSite {
    type Error = String;

    fn try_from(mut table: Table) -> Result<Self, String> {
        let Some(Value::String(id)) = table.remove("id") else {
            return Err("a [[site]] needs an id".to_owned());
        };
        match serde_path_to_error::deserialize(table) {
            Ok(settings) => Ok(Self { id, settings }),
            Err(error) => Err(format!("{id}: {}: {}", error.path(), error.inner().message().trim())),
        }
    }
}

/// The configuration cannot be used; the text names the layer, the section and the key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the layers and checks them.
    ///
    /// `file` is the one asked for; without it `config.toml` of the working directory counts when it is
    /// there. `environment` is the process's variables.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read, is no TOML, holds unknown keys or wrong values.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(ConfigError(format!("read {}: {error}", path.display()))),
        };
        Self::from_layers(text.as_deref().map(|text| (path, text)), environment)
    }

    /// As [`Config::load`], with the file's text already read.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_layers(
        file: Option<(&Path, &str)>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = parse(Path::new("the built-in defaults"), SHIPPED)?;
        let mut origin = "the built-in defaults".to_owned();
        let mut secret_files = Vec::new();
        if let Some((path, text)) = file {
            let layer = parse(path, text)?;
            if has_secrets(&layer) {
                secret_files.push(path.to_owned());
            }
            origin = path.display().to_string();
            merge(&mut table, layer);
        }
        let environment: Vec<(String, String)> = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with("PALABRE_"))
            .collect();
        for (name, value) in &environment {
            if let Some((section, key)) = section_and_key(name) {
                set(&mut table, &section, &key, value)
                    .map_err(|why| ConfigError(format!("environment variable {name}: {why}")))?;
            }
        }
        let mut config: Self = serde_path_to_error::deserialize(table).map_err(|error| {
            let path = error.path().to_string();
            let variable = environment
                .iter()
                .map(|(name, _)| name)
                .find(|name| section_and_key(name).is_some_and(|(s, k)| path == format!("{s}.{k}")));
            let layer = variable.map_or_else(|| origin.clone(), |name| format!("environment variable {name}"));
            ConfigError(format!("{layer}: {path}: {}", error.inner().message().trim()))
        })?;
        config.is_shipped = file.is_none_or(|(_, text)| text == SHIPPED);
        config.secret_files = secret_files;
        for site in &mut config.sites {
            site.read_secrets(&environment)
                .map_err(|why| ConfigError(format!("{origin}: [[site]] {}: {why}", site.id)))?;
            let captcha = &site.settings.captcha;
            let named = [&captcha.secret_file, &captcha.second.secret_file];
            config
                .secret_files
                .extend(named.into_iter().flatten().map(PathBuf::from));
        }
        config
            .validate()
            .map_err(|why| ConfigError(format!("{origin}: {why}")))?;
        Ok(config)
    }

    /// The address of this service as browsers see it: scheme, host and port, no slash at the end.
    #[must_use]
    pub fn public_url(&self) -> String {
        if self.server.public_url.is_empty() {
            format!("http://{}", self.server.listen)
        } else {
            self.server.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// The address of the pages for moderators and owners: `server.admin_url`, else the public one.
    #[must_use]
    pub fn admin_url(&self) -> String {
        if self.has_admin_url() {
            self.server.admin_url.trim_end_matches('/').to_owned()
        } else {
            self.public_url()
        }
    }

    /// Whether moderators and owners have an address of their own.
    #[must_use]
    pub fn has_admin_url(&self) -> bool {
        !self.server.admin_url.is_empty()
    }

    /// The same once the real port is known (`listen` may end in `:0`).
    pub fn listening_on(&mut self, address: SocketAddr) {
        self.server.listen = address;
    }

    /// Whether browsers reach it on a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.public_url()).is_ok_and(|url| is_loopback_host(&url))
    }

    /// Whether its address is public: not loopback, not private, not a name reserved for tests.
    #[must_use]
    pub fn is_public(&self) -> bool {
        Url::parse(&self.public_url()).is_ok_and(|url| is_public(&url))
    }

    /// The settings of a site as the file gives them.
    #[must_use]
    pub fn site(&self, id: &str) -> Option<&SiteSettings> {
        self.sites.iter().find(|site| site.id == id).map(|site| &site.settings)
    }

    /// Checks what the types do not; the error begins with section and field.
    fn validate(&self) -> Result<(), String> {
        let public_url = own_address("public_url", &self.public_url())?;
        let admin_url = own_address("admin_url", &self.admin_url())?;
        if self.has_admin_url() && admin_url.authority() == public_url.authority() {
            return Err("server.admin_url: it must differ from server.public_url by its host or port".to_owned());
        }
        TrustedProxies::parse(&self.server.trusted_proxies).map_err(|why| format!("server.trusted_proxies: {why}"))?;
        self.rate_limit.validate()?;
        if !(1..=3650).contains(&self.review.views_days) {
            return Err("review.views_days: it must be between 1 and 3650".to_owned());
        }
        let mut seen = std::collections::HashSet::new();
        for file_site in &self.sites {
            let id = &file_site.id;
            if !is_site_id(id) || !seen.insert(id) {
                return Err(format!(
                    "[[site]] id: {id:?} is given twice or not made of lower-case letters, digits and hyphens"
                ));
            }
            let refused = |faults: &[SettingFault]| format!("[[site]] {id}: {}", SettingFault::in_one_line(faults));
            let site = Site::resolve(id, Some(&file_site.settings), &SiteSettings::default())
                .map_err(|faults| refused(&faults))?;
            let faults = site.captcha.address_faults();
            if !faults.is_empty() {
                return Err(refused(&faults));
            }
            if let Some(policy) = file_site.settings.captcha.policy {
                policy
                    .cuts()
                    .check()
                    .map_err(|why| format!("[[site]] {id}: captcha.policy: {why}"))?;
            }
            let section = site.captcha.section_with_test_key();
            if let Some(section) = section.filter(|_| self.is_public()) {
                return Err(format!(
                    "[[site]] {id}: {section}.secret: this is the vendor's public test key, which accepts anything; \
                     it cannot guard the public address {public_url}"
                ));
            }
        }
        Ok(())
    }
}

impl FileSite {
    /// Takes the secrets from their files or from `PALABRE_SITE_<ID>_CAPTCHA_SECRET` and
    /// `PALABRE_SITE_<ID>_CAPTCHA_SECOND_SECRET`.
    fn read_secrets(&mut self, environment: &[(String, String)]) -> Result<(), String> {
        let site = self.id.to_ascii_uppercase().replace('-', "_");
        let read = |section: &str, secret: &mut Option<SecretString>, file: Option<&str>| {
            let section_in_capitals = section.to_ascii_uppercase().replace('.', "_");
            let variable = format!("PALABRE_SITE_{site}_{section_in_capitals}_SECRET");
            if let Some((_, given)) = environment.iter().find(|(name, _)| *name == variable) {
                *secret = Some(given.clone().into());
            } else if let Some(path) = file {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{section}.secret_file: read {path}: {error}"))?;
                *secret = Some(text.trim().to_owned().into());
            }
            Ok::<(), String>(())
        };
        let captcha = &mut self.settings.captcha;
        read("captcha", &mut captcha.secret, captcha.secret_file.as_deref())?;
        let second = &mut captcha.second;
        read("captcha.second", &mut second.secret, second.secret_file.as_deref())
    }
}

/// Whether a file's settings hold a secret: a key, a provider's secret, or an address with a password.
fn has_secrets(layer: &Table) -> bool {
    layer.iter().any(|(key, value)| match value {
        Value::String(text) if key == "secret" => !text.is_empty(),
        Value::String(text) if matches!(key.as_str(), "url" | "smtp") => {
            Url::parse(text).is_ok_and(|url| url.password().is_some())
        }
        Value::Table(table) => has_secrets(table),
        Value::Array(values) => values.iter().filter_map(Value::as_table).any(has_secrets),
        _ => false,
    })
}

/// An address of this service: scheme and host, without a path.
fn own_address(key: &str, address: &str) -> Result<Url, String> {
    Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.path() == "/")
        .ok_or_else(|| format!("server.{key}: {address:?} is not an address such as https://comments.example.org"))
}

/// Whether the URL's host is `localhost` or a loopback address.
#[must_use]
pub fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A public address: not loopback, not private, not a name reserved for tests.
fn is_public(url: &Url) -> bool {
    if is_loopback_host(url) {
        return false;
    }
    match url.host() {
        Some(url::Host::Domain(name)) => !std::path::Path::new(name)
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("test")),
        Some(url::Host::Ipv4(ip)) => !ip.is_private() && !ip.is_link_local(),
        Some(url::Host::Ipv6(ip)) => !ip.is_unique_local() && !ip.is_unicast_link_local(),
        None => false,
    }
}

fn parse(path: &Path, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>()
        .map_err(|error| ConfigError(format!("{}: {error}", path.display())))
}

/// Lays `over` on `base`: tables merge, everything else (also `[[site]]`) replaces.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// `PALABRE_RATE_LIMIT__ENABLED` names `rate_limit` and `enabled`.
fn section_and_key(variable: &str) -> Option<(String, String)> {
    let (section, key) = variable.strip_prefix("PALABRE_")?.split_once("__")?;
    Some((section.to_ascii_lowercase(), key.to_ascii_lowercase()))
}

/// Sets a value from the environment in the type that the default has; an unknown key is left for the
/// check of unknown keys to name.
fn set(table: &mut Table, section: &str, key: &str, text: &str) -> Result<(), String> {
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
        .ok_or("names a list, which a variable cannot set")?;
    let value = match section.get(key) {
        Some(Value::Boolean(_)) => Value::Boolean(
            text.parse()
                .map_err(|_| format!("expected true or false, found {text:?}"))?,
        ),
        Some(Value::Integer(_)) => Value::Integer(text.parse().map_err(|_| "expected a whole number".to_owned())?),
        Some(Value::Array(_)) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| Value::String(part.to_owned()))
                .collect(),
        ),
        Some(Value::Table(_)) => format!("value = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut table| table.remove("value"))
            .ok_or("expected an inline table such as { burst = 10, per_hour = 20 }")?,
        _ => Value::String(text.to_owned()),
    };
    section.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Action;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        Config::from_layers(
            Some((Path::new("my.toml"), text)),
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        )
        .map_err(|error| error.to_string())
    }

    #[test]
    fn the_shipped_file_is_the_default_and_valid() {
        let config = Config::from_layers(None, []).expect("valid");
        assert!(config.is_shipped);
        assert_eq!(config.public_url(), "http://127.0.0.1:8080");
        assert_eq!(config.rate_limit, Quotas::default());
        let written: Table = SHIPPED.parse().expect("TOML");
        for action in Action::ALL {
            assert!(
                written["rate_limit"].get(action.name()).is_some(),
                "{}: not in config.toml",
                action.name()
            );
        }
        assert!(config.is_loopback());
    }

    #[test]
    fn the_sample_site_is_valid_once_uncommented() {
        let sample: String = SHIPPED
            .lines()
            .skip_while(|line| *line != "# [[site]]")
            .map(|line| {
                let line = line.trim_start_matches('#').trim_start();
                if line.contains(" = ") && !line.starts_with("secret_file") || line.starts_with('[') {
                    format!("{line}\n")
                } else {
                    String::new()
                }
            })
            .collect();
        let config = load(&sample, &[]).expect("valid");
        assert_eq!(config.sites.len(), 1);
        assert!(config.sites[0].settings.captcha.policy.is_some());
    }

    #[test]
    fn unknown_keys_are_named_with_their_layer() {
        let error = load("[server]\nlisen = \"127.0.0.1:1\"", &[]).expect_err("unknown");
        assert!(
            error.contains("my.toml") && error.contains("server") && error.contains("lisen"),
            "{error}"
        );
        let error = load("[[site]]\nid = \"a\"\n[site.captcha]\nprovder = \"off\"", &[]).expect_err("unknown");
        assert!(
            error.contains("my.toml") && error.contains("site") && error.contains("provder"),
            "{error}"
        );
        let error = load("", &[("PALABRE_SERVER__LISEN", "x")]).expect_err("unknown");
        assert!(error.contains("PALABRE_SERVER__LISEN"), "{error}");
        let error = load("[[site]]\nid = \"a\"\ncaptcha.provider = \"recaptcha_v9\"", &[]).expect_err("unknown");
        assert!(error.contains("recaptcha_v9"), "{error}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load(
            "[server]\nlisten = \"127.0.0.1:1\"",
            &[
                ("PALABRE_SERVER__LISTEN", "127.0.0.1:2"),
                ("PALABRE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
                ("PALABRE_RATE_LIMIT__ENABLED", "false"),
                ("PALABRE_RATE_LIMIT__FORM", "{ burst = 1, per_hour = 2 }"),
            ],
        )
        .expect("valid");
        assert_eq!(config.server.listen.port(), 2);
        assert_eq!(config.server.trusted_proxies, ["10.0.0.0/8", "::1"]);
        assert!(!config.rate_limit.enabled);
        assert_eq!(config.rate_limit.form.burst.get(), 1);
        assert!(load("", &[("PALABRE_RATE_LIMIT__ENABLED", "maybe")]).is_err());
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, named) in [
            ("[server]\npublic_url = \"comments\"", "server.public_url"),
            ("[server]\ntrusted_proxies = [\"proxy\"]", "server.trusted_proxies"),
            ("[database]\nurl = \"mysql://x\"", "database.url"),
            ("[rate_limit]\nform = { burst = 0, per_hour = 1 }", "rate_limit.form"),
            ("[[site]]\nid = \"A\"", "id"),
            ("[[site]]\nid = \"a\"\n[[site]]\nid = \"a\"", "twice"),
            (
                "[[site]]\nid = \"a\"\ncaptcha.policy = { publish_from = 0.2, refuse_below = 0.3 }",
                "captcha.policy",
            ),
            (
                "[[site]]\nid = \"a\"\ncaptcha.policy = { publish_from = 1.2 }",
                "policy",
            ),
            ("[[site]]\nid = \"a\"\nbody_max = 0", "body_max"),
            (
                "[[site]]\nid = \"a\"\ncaptcha.provider = \"recaptcha_v3\"",
                "captcha.secret",
            ),
            ("[server", "my.toml"),
        ] {
            let error = load(text, &[]).expect_err(text);
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn a_vendors_test_key_cannot_guard_a_public_address() {
        let site = "[[site]]\nid = \"a\"\ncaptcha = { provider = \"recaptcha_v3\", \
                    secret = \"6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe\" }\n";
        let at = |url: &str| load(&format!("{site}[server]\npublic_url = \"{url}\""), &[]);
        assert!(at("https://comments.example.org").is_err());
        assert!(at("http://8.8.8.8").is_err());
        let second = site.replace("captcha = {", "captcha.second = { site_key = \"k\",");
        let second = second.replace("recaptcha_v3", "recaptcha_v2");
        let refused = load(
            &format!("{second}[server]\npublic_url = \"https://a.example.org\""),
            &[],
        );
        assert!(refused.expect_err("a test key").contains("captcha.second.secret"));
        for fine in [
            "http://127.0.0.1:1",
            "http://x.test",
            "http://x.localhost",
            "http://10.0.0.4",
        ] {
            assert!(at(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn the_secrets_of_a_site_come_from_the_environment_too() {
        use secrecy::ExposeSecret as _;
        let site = "[[site]]\nid = \"le-faso\"\n[site.captcha]\nprovider = \"recaptcha_v3\"\n\
                    [site.captcha.second]\nprovider = \"turnstile\"\nsite_key = \"k\"";
        let environment = [
            ("PALABRE_SITE_LE_FASO_CAPTCHA_SECRET", "one"),
            ("PALABRE_SITE_LE_FASO_CAPTCHA_SECOND_SECRET", "two"),
        ];
        let config = load(site, &environment).expect("valid");
        let captcha = &config.sites[0].settings.captcha;
        let text = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        assert_eq!(
            (
                text(&captcha.secret).as_deref(),
                text(&captcha.second.secret).as_deref()
            ),
            (Some("one"), Some("two"))
        );
        let error = load(site, &environment[..1]).expect_err("a second secret is missing");
        assert!(error.contains("captcha.second.secret"), "{error}");
    }

    #[test]
    fn secrets_do_not_print() {
        let config = load(
            "[database]\nurl = \"postgres://a:hunter2@b/c\"\n[server]\nsecret = \"hunter2\"\n\
             [[site]]\nid = \"a\"\ncaptcha = { provider = \"recaptcha_v3\", secret = \"hunter2\" }",
            &[],
        )
        .expect("valid");
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
