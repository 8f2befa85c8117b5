//! The page side of outside captcha providers: which script a reader's page loads, what the page's
//! Content-Security-Policy must let through for it, and whom the notice under the form names.
//!
//! Invariant: a page lets through the configured provider and nobody else; without an outside
//! provider it lets through itself alone; of the store's addresses only those become sources that an owner of every
//! site gave (`domain::captcha`). One provider pins its script: the page loads it with its digest ([`integrity`]). The
//! others serve one address whose content they change at will, so there is none to give. Loading is `static/outside.js`, from the address given here.
//! To add a provider: a row in `sources`, [`script`] and `company`, each with the vendor's page, and
//! its entry in `outside.js`. `siteverify` has no script of its own: the publisher's page brings it.

use url::Url;

use crate::domain::captcha::{Captcha, Consent, ProviderId, is_plain_address};

/// What the notice under a form says about an outside check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckNotice {
    /// Whose check it is: « Google ».
    pub company: String,
    /// The company's page on what it does with readers' data; `None` where the publisher runs it.
    pub details: Option<&'static str>,
    /// It loads after the reader said yes, and not when the reader begins to write.
    pub asks_first: bool,
}

impl CheckNotice {
    /// The notice for `captcha`; `None` without an outside provider.
    #[must_use]
    pub fn of(captcha: &Captcha) -> Option<Self> {
        let (company, details) = company(captcha)?;
        Some(Self {
            company,
            details,
            asks_first: captcha.consent == Consent::Ask,
        })
    }
}

/// The address of the provider's script, for `mcaptcha` of its frame; `None` where there is none, or
/// where a key or the address of a self-hosted instance is missing.
#[must_use]
pub fn script(captcha: &Captcha) -> Option<String> {
    let google = google_host(captcha);
    let key = site_key(captcha)?;
    let key = key.as_str();
    let with = |address: &str, name: &str, value: &str| {
        Url::parse_with_params(address, [(name, value)])
            .ok()
            .map(|url| url.to_string())
    };
    match captcha.provider {
        ProviderId::BuiltIn | ProviderId::Off | ProviderId::Siteverify => None,
        // https://developers.google.com/recaptcha/docs/v3
        ProviderId::RecaptchaV3 => with(&format!("https://{google}/recaptcha/api.js"), "render", key),
        // https://developers.google.com/recaptcha/docs/display#explicit_render
        ProviderId::RecaptchaV2 => with(&format!("https://{google}/recaptcha/api.js"), "render", "explicit"),
        // https://cloud.google.com/recaptcha/docs/instrument-web-pages
        ProviderId::RecaptchaEnterprise => with(&format!("https://{google}/recaptcha/enterprise.js"), "render", key),
        // https://docs.hcaptcha.com/configuration#explicitly-render-hcaptcha
        ProviderId::Hcaptcha => with("https://js.hcaptcha.com/1/api.js", "render", "explicit"),
        // https://developers.cloudflare.com/turnstile/get-started/client-side-rendering/
        ProviderId::Turnstile => with(
            "https://challenges.cloudflare.com/turnstile/v0/api.js",
            "render",
            "explicit",
        ),
        // https://developer.friendlycaptcha.com/docs/v2/getting-started/install
        ProviderId::Friendly => Some(FRIENDLY_SCRIPT.to_owned()),
        // https://docs.prosopo.io/en/basics/client-side-rendering/
        ProviderId::Prosopo => Some("https://js.prosopo.io/js/procaptcha.bundle.js".to_owned()),
        // https://capjs.js.org/guide/widget.html: an instance serves its own assets.
        ProviderId::Cap => Some(format!("{}assets/widget.js", instance(captcha)?)),
        // https://github.com/mCaptcha/glue: a frame that posts its token to the page.
        ProviderId::Mcaptcha => with(&format!("{}widget/", instance(captcha)?), "sitekey", key),
    }
}

/// The provider's public key; Cap's stands in the address that verifies, `{instance}/{site key}/siteverify`.
#[must_use]
pub fn site_key(captcha: &Captcha) -> Option<String> {
    captcha.site_key.clone().or_else(|| {
        let mut segments = captcha
            .verify_url
            .as_ref()
            .filter(|_| captcha.provider == ProviderId::Cap)?
            .path_segments()?;
        segments.next_back()?;
        segments.next_back().map(str::to_owned)
    })
}

/// The Content-Security-Policy of a reader's page whose form is guarded by `captcha`, and by the interactive provider
/// of its second check.
#[must_use]
pub fn policy(captcha: &Captcha) -> String {
    let second = captcha.second.as_deref().map(sources).unwrap_or_default();
    let Sources {
        script,
        style,
        frame,
        connect,
    } = sources(captcha).and(&second);
    let frame = if frame.is_empty() {
        String::new()
    } else {
        format!(" frame-src{frame};")
    };
    format!(
        "default-src 'none'; script-src 'self'{script}; style-src 'self'{style}; img-src 'self' data:; \
         connect-src 'self'{connect}; worker-src 'self' blob:;{frame} form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
}

/// Further sources of a directive, each with a space in front.
#[derive(Debug, Default)]
struct Sources {
    script: String,
    style: String,
    frame: String,
    connect: String,
}

impl Sources {
    fn new(script: &str, style: &str, frame: &str, connect: &str) -> Self {
        let spaced = |sources: &str| {
            sources
                .split_whitespace()
                .fold(String::new(), |all, source| all + " " + source)
        };
        Self {
            script: spaced(script),
            style: spaced(style),
            frame: spaced(frame),
            connect: spaced(connect),
        }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            script: self.script + &other.script,
            style: self.style + &other.style,
            frame: self.frame + &other.frame,
            connect: self.connect + &other.connect,
        }
    }
}

fn sources(captcha: &Captcha) -> Sources {
    match captcha.provider {
        ProviderId::BuiltIn | ProviderId::Off | ProviderId::Siteverify => Sources::default(),
        // https://developers.google.com/recaptcha/docs/faq, "Content Security Policy"; the host in
        // reach where google.com is not brings its files from gstatic.cn as well.
        ProviderId::RecaptchaV3 | ProviderId::RecaptchaV2 | ProviderId::RecaptchaEnterprise => {
            let own = format!("https://{}/recaptcha/", google_host(captcha));
            let files = "https://www.gstatic.com/recaptcha/";
            let (script, frame) = if captcha.recaptcha_net {
                (format!("{own} {files} https://www.gstatic.cn/recaptcha/"), own.clone())
            } else {
                (
                    format!("{own} {files}"),
                    format!("{own} https://recaptcha.google.com/recaptcha/"),
                )
            };
            Sources::new(&script, "'unsafe-inline'", &frame, &own)
        }
        // https://docs.hcaptcha.com/#content-security-policy-settings
        ProviderId::Hcaptcha => {
            let all = "https://hcaptcha.com https://*.hcaptcha.com";
            Sources::new(all, &format!("{all} 'unsafe-inline'"), all, all)
        }
        // https://developers.cloudflare.com/turnstile/reference/content-security-policy/
        ProviderId::Turnstile => {
            let own = "https://challenges.cloudflare.com";
            Sources::new(own, "'unsafe-inline'", own, "")
        }
        // The widget's calls are its frame's: https://developer.friendlycaptcha.com/docs/v2/guides/csp
        ProviderId::Friendly => Sources::new(
            FRIENDLY_SCRIPT,
            "'unsafe-inline'",
            "https://*.frcapi.com",
            "https://*.frcapi.com",
        ),
        ProviderId::Prosopo => {
            let all = "https://*.prosopo.io";
            Sources::new(all, "'unsafe-inline'", all, all)
        }
        // The solver is WebAssembly in workers made of blobs; the instance serves both.
        ProviderId::Cap => {
            let Some(own) = instance_origin(captcha) else {
                return Sources::default();
            };
            Sources::new(&format!("{own} 'wasm-unsafe-eval'"), "'unsafe-inline'", "", &own)
        }
        ProviderId::Mcaptcha => {
            let own = instance_origin(captcha).unwrap_or_default();
            Sources::new("", "", &own, "")
        }
    }
}

/// The digest that the provider's script must have; `None` where the provider pins no version.
/// <https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity>
#[must_use]
pub fn integrity(captcha: &Captcha) -> Option<&'static str> {
    (captcha.provider == ProviderId::Friendly).then_some(FRIENDLY_INTEGRITY)
}

/// Pinned: the vendor asks pages to name a version.
const FRIENDLY_SCRIPT: &str = "https://cdn.jsdelivr.net/npm/@friendlycaptcha/sdk@1.0.2/site.min.js";

/// Of `site.min.js` in version 1.0.2 of the package, as the registry of npm has it.
const FRIENDLY_INTEGRITY: &str = "sha384-PlTUwS206S5stm69A6ULL0xNfgrDI6zspceDmfFtJGdNblYUuExQauIm9leAc/Ck";

/// `www.recaptcha.net` is the same service where google.com is out of reach:
/// <https://cloud.google.com/recaptcha/docs/faq>, "Can I use reCAPTCHA globally?".
fn google_host(captcha: &Captcha) -> &'static str {
    if captcha.recaptcha_net {
        "www.recaptcha.net"
    } else {
        "www.google.com"
    }
}

/// A self-hosted instance's address with a slash at its end, from the address that verifies:
/// `{instance}/{site key}/siteverify` (Cap), `{instance}/api/v1/pow/siteverify` (mCaptcha).
fn instance(captcha: &Captcha) -> Option<String> {
    let mut url = captcha.verify_url.clone().filter(is_plain_address)?;
    url.set_query(None);
    let above = match captcha.provider {
        ProviderId::Cap => 2,
        _ => 4,
    };
    {
        let mut segments = url.path_segments_mut().ok()?;
        for _ in 0..above {
            segments.pop();
        }
        // Ends the path with a slash.
        segments.pop_if_empty().push("");
    }
    Some(url.to_string())
}

fn instance_origin(captcha: &Captcha) -> Option<String> {
    let url = captcha.verify_url.as_ref().filter(|url| is_plain_address(url))?;
    Some(url.origin().ascii_serialization())
}

/// Whose check it is, and that company's page on readers' data.
fn company(captcha: &Captcha) -> Option<(String, Option<&'static str>)> {
    let (name, details) = match captcha.provider {
        ProviderId::BuiltIn | ProviderId::Off => return None,
        ProviderId::RecaptchaV3 | ProviderId::RecaptchaV2 | ProviderId::RecaptchaEnterprise => {
            ("Google", Some("https://policies.google.com/privacy"))
        }
        ProviderId::Hcaptcha => ("hCaptcha", Some("https://www.hcaptcha.com/privacy")),
        ProviderId::Turnstile => (
            "Cloudflare",
            Some("https://www.cloudflare.com/turnstile-privacy-policy/"),
        ),
        ProviderId::Friendly => (
            "Friendly Captcha",
            Some("https://friendlycaptcha.com/legal/privacy-end-users/"),
        ),
        ProviderId::Prosopo => ("Prosopo", Some("https://prosopo.io/privacy-policy/")),
        // What the publisher runs, or chose and brings: its host is what can be said of it.
        ProviderId::Cap | ProviderId::Mcaptcha | ProviderId::Siteverify => {
            let host = captcha.verify_url.as_ref().and_then(Url::host_str);
            return Some((host.unwrap_or(captcha.provider.as_str()).to_owned(), None));
        }
    };
    Some((name.to_owned(), details))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::captcha::CaptchaSettings;
    use crate::domain::site::{Site, SiteSettings};

    fn captcha(provider: ProviderId, change: impl FnOnce(&mut CaptchaSettings)) -> Captcha {
        let mut settings = SiteSettings {
            captcha: CaptchaSettings {
                provider: Some(provider),
                site_key: Some("a key&".to_owned()),
                secret: Some("secret".to_owned().into()),
                project: Some("a-project".to_owned()),
                ..CaptchaSettings::default()
            },
            ..SiteSettings::default()
        };
        change(&mut settings.captcha);
        Site::resolve("faso", None, &settings).expect("a site").captcha
    }

    fn verified_at(address: &'static str) -> impl FnOnce(&mut CaptchaSettings) {
        move |settings| settings.verify_url = Some(Url::parse(address).expect("an address"))
    }

    #[test]
    fn each_script_is_let_through_by_its_page_and_by_no_other() {
        let all: Vec<Captcha> = ProviderId::ALL
            .iter()
            .copied()
            .map(|provider| captcha(provider, verified_at("https://check.example.org/base/key/siteverify")))
            .collect();
        for one in &all {
            let Some(address) = script(one) else {
                assert!(
                    matches!(
                        one.provider,
                        ProviderId::BuiltIn | ProviderId::Off | ProviderId::Siteverify
                    ),
                    "{}",
                    one.provider.as_str()
                );
                assert!(!policy(one).contains("http"), "{}", policy(one));
                continue;
            };
            let host = Url::parse(&address)
                .expect("an address")
                .host_str()
                .expect("a host")
                .to_owned();
            for other in &all {
                let is_alike = CheckNotice::of(one).map(|notice| notice.company)
                    == CheckNotice::of(other).map(|notice| notice.company);
                let domain = host.split_once('.').map_or("", |(_, domain)| domain);
                let lets_through = policy(other).contains(&host) || policy(other).contains(&format!("*.{domain}"));
                let is_own = one.provider == other.provider;
                assert!(lets_through || !is_own, "{}: {}", one.provider.as_str(), policy(other));
                assert!(
                    !lets_through || is_alike,
                    "{} on the page of {}",
                    host,
                    other.provider.as_str()
                );
            }
        }
    }

    #[test]
    fn h2_only_who_has_no_address_of_its_own_takes_its_sources_from_it() {
        for &provider in ProviderId::ALL {
            let one = captcha(provider, verified_at("https://one.example.org/key/siteverify"));
            let other = captcha(provider, verified_at("https://other.example.org/key/siteverify"));
            let follows = script(&one) != script(&other) || policy(&one) != policy(&other);
            // The store keeps a mark for the first check alone, so none of the second's may.
            let may = provider.needs_address() && !provider.is_interactive();
            assert!(may || !follows, "{}", provider.as_str());
        }
    }

    #[test]
    fn h2_an_address_that_could_break_out_of_the_policy_is_no_source() {
        for address in [
            "https://a;b.example/key/siteverify",
            "https://a'b.example/key/siteverify",
            "https://a,b.example/key/siteverify",
            "https://u@b.example/key/siteverify",
            "https://[2001:db8::1]/key/siteverify",
        ] {
            for provider in [ProviderId::Cap, ProviderId::Mcaptcha] {
                let odd = captcha(provider, verified_at(address));
                assert_eq!(script(&odd), None, "{address}");
                let plain = captcha(ProviderId::BuiltIn, |_| {});
                assert_eq!(policy(&odd), policy(&plain), "{address}");
            }
        }
    }

    #[test]
    fn recaptcha_net_takes_the_place_of_google() {
        let net = captcha(ProviderId::RecaptchaV3, |settings| settings.recaptcha_net = Some(true));
        assert_eq!(
            script(&net).as_deref(),
            Some("https://www.recaptcha.net/recaptcha/api.js?render=a+key%26")
        );
        assert!(!policy(&net).contains("google.com"), "{}", policy(&net));
        let google = captcha(ProviderId::RecaptchaEnterprise, |_| {});
        assert_eq!(
            script(&google).as_deref(),
            Some("https://www.google.com/recaptcha/enterprise.js?render=a+key%26")
        );
    }

    #[test]
    fn self_hosted_scripts_come_from_the_instance_that_verifies() {
        let cap = captcha(
            ProviderId::Cap,
            verified_at("https://cap.example.org/base/key/siteverify"),
        );
        assert_eq!(
            script(&cap).as_deref(),
            Some("https://cap.example.org/base/assets/widget.js")
        );
        let mcaptcha = captcha(
            ProviderId::Mcaptcha,
            verified_at("https://m.example.org/api/v1/pow/siteverify"),
        );
        assert_eq!(
            script(&mcaptcha).as_deref(),
            Some("https://m.example.org/widget/?sitekey=a+key%26")
        );
        assert!(policy(&mcaptcha).contains("frame-src https://m.example.org;"));
        let keyless = captcha(ProviderId::Cap, |settings| {
            verified_at("https://cap.example.org/the-key/siteverify")(settings);
            settings.site_key = None;
        });
        assert_eq!(site_key(&keyless).as_deref(), Some("the-key"));
        assert_eq!(
            script(&keyless).as_deref(),
            Some("https://cap.example.org/assets/widget.js")
        );
    }

    #[test]
    fn a_policy_is_a_header_and_keeps_what_readers_pages_promise() {
        for &provider in ProviderId::ALL {
            let policy = policy(&captcha(
                provider,
                verified_at("https://check.example.org/key/siteverify"),
            ));
            axum::http::HeaderValue::from_str(&policy).expect("a header");
            for part in ["default-src 'none'; ", "base-uri 'none'; ", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{policy}");
            }
            assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
        }
    }

    #[test]
    fn the_notice_names_the_company_and_the_mode() {
        assert_eq!(CheckNotice::of(&captcha(ProviderId::BuiltIn, |_| {})), None);
        let google = CheckNotice::of(&captcha(ProviderId::RecaptchaV2, |_| {})).expect("a notice");
        assert_eq!((google.company.as_str(), google.asks_first), ("Google", true));
        let turnstile = CheckNotice::of(&captcha(ProviderId::Turnstile, |_| {})).expect("a notice");
        assert_eq!(
            (turnstile.company.as_str(), turnstile.asks_first),
            ("Cloudflare", false)
        );
    }
}
