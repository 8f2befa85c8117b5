//! The two frames around every page: language, title, landmarks, navigation.

use super::alarm::Alarm;
use super::texts::Say as _;
use crate::domain::language::Language;

/// The frame of pages that readers see (`reader.html`).
#[derive(Debug, Clone, Default)]
pub struct ReaderFrame {
    pub language: Language,
    /// The title of the document, without the prefix « Erreur : » (see `is_error`).
    pub title: String,
    /// True when the page shows form errors: the title is then prefixed with « Erreur : ».
    pub is_error: bool,
}

/// The frame of pages for moderators and owners (`admin.html`).
#[derive(Debug, Clone, Default)]
pub struct AdminFrame {
    /// Pass the result of [`Language::for_admin`]: these pages exist in French and English.
    pub language: Language,
    pub title: String,
    /// True when the page shows form errors: the title is then prefixed with « Erreur : ».
    pub is_error: bool,
    /// The place in the navigation that is marked as current.
    pub place: Place,
    /// Who came in; `None` hides the navigation and the sign-out button.
    pub person: Option<Insider>,
    pub sites: Sites,
    /// Whether the demonstration's article exists and is linked.
    pub has_demo: bool,
    /// Where the first run goes on, while it is not over.
    pub setup_href: Option<&'static str>,
    /// What is wrong with the set-up of a site now, in red above the page.
    pub alarms: Vec<Alarm>,
}

/// Somebody who came in.
#[derive(Debug, Clone, Default)]
pub struct Insider {
    pub name: String,
    /// Whether they have an account, which is linked.
    pub has_account: bool,
    /// Whether they own a site: sites, people and tokens are linked.
    pub is_owner: bool,
}

/// The sites of whoever came in, as the bar tells of them; ids of sites need no escaping.
#[derive(Debug, Clone, Default)]
pub struct Sites {
    /// Whether there is one at all.
    pub has_any: bool,
    /// The site that the address names, else the only one, not counting the demonstration's.
    pub site: Option<String>,
    /// The one that the address names, where there are several: links carry it on.
    pub asked: Option<String>,
    /// Those that one can go to; empty where there are not several.
    pub choices: Vec<SiteChoice>,
    /// This page of no site.
    pub all_href: String,
}

/// A site that one can go to.
#[derive(Debug, Clone, Default)]
pub struct SiteChoice {
    pub name: String,
    /// The same page of that site.
    pub href: String,
    pub is_current: bool,
}

impl Sites {
    /// A site's page of that name (`captcha`, `defence`), or the way to choose a site.
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        match &self.site {
            Some(site) => format!("/sites/{site}/{name}"),
            None => format!("/sites?page={name}"),
        }
    }

    /// A page that is about no site, or a list of all, with the site that one is on.
    #[must_use]
    pub fn with(&self, path: &str) -> String {
        match &self.asked {
            Some(site) => format!("{path}?site={site}"),
            None => path.to_owned(),
        }
    }

    /// Where an answer leads, with the site that one is on; `None` where it needs none or has one.
    #[must_use]
    pub fn kept_in(&self, location: &str) -> Option<String> {
        let site = self.asked.as_ref()?;
        let (address, fragment) = match location.split_once('#') {
            Some((address, fragment)) => (address, format!("#{fragment}")),
            None => (location, String::new()),
        };
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let is_about_none = ["/moderators", "/tokens", "/account", "/sites"]
            .into_iter()
            .any(|page| path == page || page == "/account" && path.starts_with("/account/"));
        let has_one = query.split('&').any(|pair| pair.starts_with("site="));
        if !is_about_none || has_one {
            return None;
        }
        let sign = if query.is_empty() { "" } else { "&" };
        Some(format!("{path}?{query}{sign}site={site}{fragment}"))
    }

    /// The name of the site that one is on; `None` on all.
    fn current(&self) -> Option<&str> {
        let current = self.choices.iter().find(|choice| choice.is_current);
        current.map(|choice| choice.name.as_str())
    }
}

/// An entry of the admin navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    Queue,
    Captcha,
    Defence,
    Sites,
    Moderators,
    Tokens,
    Account,
    Docs,
    #[default]
    Elsewhere,
}

impl AdminFrame {
    /// « Site : Le Fleuve », or of all.
    #[must_use]
    pub fn switcher(&self) -> String {
        let all = self.language.say("filter-all-sites");
        let name = self.sites.current().unwrap_or(&all);
        self.language.say_with("sites-switch", "site", name)
    }

    /// Whether `name` (`queue`, `captcha`, `moderators`) is the current place.
    #[must_use]
    pub fn is_at(&self, name: &str) -> bool {
        let place = match self.place {
            Place::Queue => "queue",
            Place::Captcha => "captcha",
            Place::Defence => "defence",
            Place::Sites => "sites",
            Place::Moderators => "moderators",
            Place::Tokens => "tokens",
            Place::Account => "account",
            Place::Docs => "docs",
            Place::Elsewhere => return false,
        };
        place == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s14_answers_to_forms_keep_the_site() {
        let of = |asked: Option<&str>| Sites {
            asked: asked.map(str::to_owned),
            ..Sites::default()
        };
        for (location, kept) in [
            ("/moderators?done=role", Some("/moderators?done=role&site=fleuve")),
            ("/tokens", Some("/tokens?site=fleuve")),
            (
                "/account/second-step/confirm#code",
                Some("/account/second-step/confirm?site=fleuve#code"),
            ),
            ("/sites", Some("/sites?site=fleuve")),
            ("/sites?site=faso", None),
            ("/sites/faso/captcha", None),
            ("/queue?status=pending", None),
            ("/login", None),
            ("/accounts", None),
            ("https://elsewhere.example/tokens", None),
        ] {
            assert_eq!(of(Some("fleuve")).kept_in(location).as_deref(), kept, "{location}");
            assert_eq!(of(None).kept_in(location), None, "{location}");
        }
    }
}
