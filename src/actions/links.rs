//! One-time links: made, looked at, redeemed. A link is shown once and stored as a hash; it stands on its maker, and ends
//! when they fall.

use uuid::Uuid;

pub use super::credentials::INVITATION_LIFE;
use super::{
    accounts::get,
    audit_entries::{account_entry, on_sites},
    authority::Authority,
    credentials::{self, RESET_LIFE, new_link},
    sign_in::{self, Caller, Counted, Entry},
};
use crate::{
    app::App,
    domain::{account::Rights, code::Code},
    error::Error,
    keys::sha256_hex,
    limits::Action,
    store::Account,
};

/// Makes a new one-time link for an account. Who came in chooses a passphrase by it, and sets up a second step anew;
/// until then everything stays as it is. Who did not gets by it what is offered on sites of its maker's; the links to
/// that of before end. Gives the code.
///
/// # Errors
/// As [`super::accounts::set_disabled`], and `retype_needed`.
pub async fn reset(app: &App, by: Authority<'_>, account: Uuid) -> Result<String, Error> {
    let account = get(app, account).await?;
    let own = by.own_part(&account.rights);
    if account.passphrase.is_none() && !own.is_empty() {
        by.may_lift(&account)?;
        by.typed_in_person(app)?;
        let (code, link) = new_link(app, by.maker(), INVITATION_LIFE);
        let audit = on_sites(app, account_entry(app, by, "link_made", account.id, None), &own);
        let sites = own.iter().map(|(site, _)| site.to_owned()).collect();
        let is_made = app.store.renew_invitation(account.id, link, sites, audit).await?;
        return if is_made { Ok(code) } else { Err(Error::not_found()) };
    }
    by.may_undo(&account)?;
    by.typed_in_person(app)?;
    let (code, link) = new_link(app, by.maker(), RESET_LIFE);
    let audit = account_entry(app, by, "link_made", account.id, None);
    let audit = on_sites(app, audit, &account.rights);
    let is_made = app.store.set_reset_link(account.id, link, audit).await?;
    if is_made { Ok(code) } else { Err(Error::not_found()) }
}

/// What a one-time link is for.
#[derive(Debug)]
pub struct Invited {
    pub account: Account,
    /// Whether a passphrase is chosen by it; if not, whoever has come in answers the offers.
    pub is_way_in: bool,
    /// The roles that it gives.
    pub offers: Rights,
}

/// What a one-time link is for.
///
/// # Errors
/// 404 `link_ended` for an unknown, used or old one; errors of the store.
pub async fn invited(app: &App, code: &str) -> Result<Invited, Error> {
    let ended = || Error::Code(Code::LinkEnded);
    let link = app
        .store
        .live_link(&sha256_hex(code.as_bytes()), app.clock.now())
        .await?
        .ok_or_else(ended)?;
    Ok(Invited {
        account: app.store.account(link.account).await?.ok_or_else(ended)?,
        is_way_in: link.is_way_in,
        offers: link.offers,
    })
}

/// Redeems a one-time link: chooses a passphrase and comes in. Gives new recovery codes, to be shown once.
///
/// # Errors
/// 404 `link_ended`; 409 `link_has_account` for who came in before, and answers there
/// ([`super::own_account::answer_offer`]); `passphrase_…` as a field's error; [`Error::RateLimited`] after 25
/// tries with a link within an hour; errors of the store.
pub async fn redeem(app: &App, caller: &Caller, code: &str, passphrase: &str) -> Result<(Entry, Vec<String>), Error> {
    let invited = invited(app, code).await?;
    let account = invited.account;
    if !invited.is_way_in {
        return Err(Error::Code(Code::LinkHasAccount));
    }
    // By the link: what is dear is done for who holds one, and nobody else's tries stand before it.
    let by = Counted::by(Action::SignInAccount, format!("link {}", account.id));
    let tried = sign_in::count(app, &[by]).await?;
    let hash = credentials::hash_chosen(app, passphrase, [&account.name, &account.email]).await?;
    let (codes, hashes) = credentials::new_recovery_codes(app, account.id);
    let (session, entry) = sign_in::new_session(app, caller, account.id);
    let there = if account.passphrase.is_some() {
        &account.rights
    } else {
        &invited.offers
    };
    let audit = on_sites(app, sign_in::entry(app, &account, "link_redeemed"), there);
    let is_first = app
        .store
        .redeem_invitation(&sha256_hex(code.as_bytes()), account.id, hash, hashes, session, audit)
        .await?;
    if !is_first {
        return Err(Error::Code(Code::LinkEnded));
    }
    app.store.forget_try(tried).await?;
    Ok((entry, codes))
}

/// The address of a one-time link.
#[must_use]
pub fn link(app: &App, code: &str) -> String {
    format!("{}/invitation?code={code}", app.config.admin_url())
}
