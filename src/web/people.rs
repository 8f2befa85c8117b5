//! One's own account, those who work on one's sites, and tokens.

use askama::Template;

use super::{
    form::{Choice, FormErrors},
    frame::AdminFrame,
    moment::Moment,
    texts::Say as _,
};

/// `GET /account`: who one is, how one comes in, where one is in.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    pub frame: AdminFrame,
    /// What was just done.
    pub flash: Option<String>,
    pub errors: FormErrors,
    pub name: String,
    pub email: String,
    pub has_second_step: bool,
    pub codes_left: i64,
    /// Roles that wait for one's yes.
    pub offers: Vec<OfferRow>,
    /// Last used first.
    pub sessions: Vec<SessionRow>,
}

/// A role that a site's owners offer.
#[derive(Debug, Clone, Default)]
pub struct OfferRow {
    /// The site's id.
    pub site: String,
    pub site_name: String,
    pub is_owner: bool,
}

/// A browser that is in.
#[derive(Debug, Clone, Default)]
pub struct SessionRow {
    pub id: String,
    pub device: String,
    pub opened: Moment,
    pub seen: Moment,
    /// The one that asks.
    pub is_current: bool,
}

/// A page of `/account/…` that asks for the passphrase again.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "account_act.html")]
pub struct AccountActPage {
    pub frame: AdminFrame,
    /// `passphrase`, `second-step`, `second-step/remove` or `codes`: the address and the words.
    pub act: &'static str,
    pub errors: FormErrors,
    /// Why it cannot be done at all.
    pub problem: Option<String>,
}

impl AccountActPage {
    /// Whether a new passphrase is chosen.
    fn chooses(&self) -> bool {
        self.act == "passphrase"
    }

    /// The words of this act, such as `account-codes-explanation`.
    fn words(&self, piece: &str) -> String {
        let act = self.act.replace('/', "-");
        self.frame.language.say(&format!("account-{act}-{piece}"))
    }
}

/// `GET /account/second-step/confirm`: the seed, to be scanned or typed, and a field for its first code.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "second_step.html")]
pub struct SecondStepPage {
    pub frame: AdminFrame,
    pub errors: FormErrors,
    /// An `svg` element.
    pub qr: String,
    /// Base 32, in groups of four.
    pub seed: String,
    /// `otpauth://…`, for an app on this device.
    pub url: String,
}

/// `GET /moderators`: who works on one's sites.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "moderators.html")]
pub struct ModeratorsPage {
    pub frame: AdminFrame,
    pub flash: Option<String>,
    /// Why something could not be done.
    pub problem: Option<String>,
    pub errors: FormErrors,
    /// What was typed of somebody to be invited.
    pub name: String,
    pub email: String,
    pub roles: Vec<Choice>,
    pub sites: Vec<Choice>,
    pub people: Vec<PersonRow>,
    /// The page with those after them.
    pub next_href: Option<String>,
}

/// Somebody who works on one's sites.
#[derive(Debug, Clone, Default)]
pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub email: String,
    /// `active`, `invited` or `disabled`.
    pub standing: String,
    pub has_second_step: bool,
    pub since: Moment,
    pub is_self: bool,
    /// Whether one owns all of their sites and may shut them out, or lift their suspension.
    pub is_ruled: bool,
    pub roles: Vec<RoleRow>,
}

/// A role on a site.
#[derive(Debug, Clone, Default)]
pub struct RoleRow {
    /// The site's id, `*` for every site.
    pub site: String,
    pub site_name: String,
    pub is_owner: bool,
    /// Whether it waits for the person's yes.
    pub is_offer: bool,
    /// Whether one may change it.
    pub is_mine: bool,
}

/// `GET /tokens`: bearer tokens of one's sites.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "tokens.html")]
pub struct TokensPage {
    pub frame: AdminFrame,
    pub flash: Option<String>,
    pub problem: Option<String>,
    pub errors: FormErrors,
    pub name: String,
    pub days: String,
    pub roles: Vec<Choice>,
    pub sites: Vec<Choice>,
    pub tokens: Vec<TokenRow>,
    /// The page with those before them.
    pub next_href: Option<String>,
}

/// A token, without its secret.
#[derive(Debug, Clone, Default)]
pub struct TokenRow {
    pub id: String,
    pub name: String,
    pub is_owner: bool,
    /// Names of sites; empty stands for every site.
    pub sites: Vec<String>,
    pub made: Moment,
    pub ends: Option<Moment>,
}

/// Something that is shown once: a one-time link, or a token's secret.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "once.html")]
pub struct OncePage {
    pub frame: AdminFrame,
    /// What to do with it.
    pub explanation: String,
    pub secret: String,
    /// Where to go on to.
    pub next: &'static str,
}
