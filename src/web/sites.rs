//! The sites, their settings, and the steps of the first run that make one.

use askama::Template;

use super::{
    entrance::SiteEntry,
    form::{Choice, FormErrors},
    frame::AdminFrame,
    moment::Moment,
    texts::Say as _,
};

/// `GET /sites`: the sites on which one has a role.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "sites.html")]
pub struct SitesPage {
    pub frame: AdminFrame,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub sites: Vec<SiteRow>,
    /// The form of a new site, for who owns every site.
    pub new: Option<SiteFields>,
    /// The id that was typed for it.
    pub id: String,
}

/// `GET /sites?page=captcha` or `defence`: of which site it is wanted.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "choose.html")]
pub struct ChoosePage {
    pub frame: AdminFrame,
    /// The last part of that page's address.
    pub page: String,
    pub sites: Vec<SiteEntry>,
}

/// A site in the list.
#[derive(Debug, Clone, Default)]
pub struct SiteRow {
    pub id: String,
    pub name: String,
    /// Where its pages are.
    pub origins: Vec<String>,
    pub is_owner: bool,
}

/// What is asked about a new site.
#[derive(Debug, Clone, Default)]
pub struct SiteFields {
    pub name: String,
    /// One a line.
    pub origins: String,
    pub languages: Vec<Choice>,
    pub time_zone: String,
    pub moderations: Vec<Choice>,
}

/// A setting as a field.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// The field's name, by which its words are found too.
    pub name: &'static str,
    pub kind: Kind,
    pub value: String,
    /// Set in `config.toml`: shown, and changed there alone.
    pub is_fixed: bool,
}

/// How a setting is typed.
#[derive(Debug, Clone, Default)]
pub enum Kind {
    #[default]
    Line,
    Lines,
    Choices(Vec<Choice>),
    /// Never shown again; since when one is kept.
    Secret(Option<Moment>),
}

/// `GET /sites/{site}/settings`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    pub frame: AdminFrame,
    pub site: String,
    pub flash: Option<String>,
    /// What the provider said about the keys; and whether that is a problem.
    pub answer: Option<(String, bool)>,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub groups: Vec<Group>,
}

/// Settings under a heading.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// The heading's text.
    pub heading: &'static str,
    /// The text of what is said under it; empty where nothing is.
    pub about: &'static str,
    pub settings: Vec<Setting>,
}

/// `GET /setup/site`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup_site.html")]
pub struct SetupSitePage {
    pub frame: AdminFrame,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub fields: SiteFields,
}

/// `GET /setup/robots`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup_robots.html")]
pub struct SetupRobotsPage {
    pub frame: AdminFrame,
    /// What the provider said about the keys; and whether that is a problem.
    pub answer: Option<(String, bool)>,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub providers: Vec<Choice>,
    pub site_key: String,
    pub secret_since: Option<Moment>,
    /// Whether another check than the built-in one was chosen, or tried in vain.
    pub can_skip: bool,
}

/// `GET /setup/try`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "setup_try.html")]
pub struct SetupTryPage {
    pub frame: AdminFrame,
    pub site: String,
    /// In front of readers' paths: empty, or the public address where that is another.
    pub readers: String,
    /// Whether a comment waits, and whether one is published.
    pub is_waiting: bool,
    pub is_published: bool,
}
