//! The two frames around every page: language, title, landmarks, navigation.

use super::defence::Alarm;
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
    /// The id of the site whose thresholds the navigation links to.
    pub site: Option<String>,
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
