//! A site's two checks: whom a secret goes to, and whose an address is to give.
//!
//! A secret goes to nobody but whom it was typed for: provider, secret and address are one ([`CHECKS`]), the file sets all
//! of them or none, and a kept secret is dropped when the provider or the origin of the address changes. And an owner of
//! one site reaches nobody else's: an address that becomes a source of readers' pages is an owner's of every site
//! ([`vouched`]).

use serde_json::Value;
use url::Url;

use super::change::{Change, TEXT_MAX, at, field_errors, field_of, put};
use crate::{
    actions::identify::{Identity, Role},
    app::{App, second_secret_place, secret_place},
    domain::{
        captcha::{ProviderId, address_mark, is_plain_address},
        code::Code,
        draft::FieldError,
        settings::SETTINGS,
        site::{Site, SiteSettings},
    },
    error::Error,
    outbound::address::check_address,
    store::Secrets,
};

/// The keys of a check, provider, secret and address, which belong together; the second check's after the first's.
pub(super) const CHECKS: [[&str; 3]; 2] = [
    ["captcha.provider", "captcha.secret", "captcha.verify_url"],
    [
        "captcha.second.provider",
        "captcha.second.secret",
        "captcha.second.verify_url",
    ],
];

/// The keys whose values are encrypted, and never given out; of the first check and of the second.
pub(super) const SECRETS: [&str; 2] = [CHECKS[0][1], CHECKS[1][1]];

/// The provider and the address of one check.
type Check<'a> = (Option<ProviderId>, Option<&'a Url>);

/// Those of the first check and of the second, in the order of [`CHECKS`].
fn checks_of(settings: &SiteSettings) -> [Check<'_>; 2] {
    let (first, second) = (&settings.captcha, &settings.captcha.second);
    [
        (
            Some(first.provider.unwrap_or(ProviderId::BuiltIn)),
            first.verify_url.as_ref(),
        ),
        (second.provider, second.verify_url.as_ref()),
    ]
}

/// Checks that the addresses of a change are the caller's to give: on the pages of a site stand what runs on the origin
/// of all, so an owner of some sites names no address that becomes a source of them, nor one for later, without
/// a provider that it is asked at; a token names none at all. Gives the mark to be kept of who vouches for the address.
///
/// # Errors
/// 403 `verify_url_forbidden`; `verify_url_missing` where a provider is chosen for an address nobody vouched for.
pub(super) fn vouched(
    who: &Identity,
    before: &SiteSettings,
    mark: Option<&str>,
    after: &SiteSettings,
    change: &Change,
) -> Result<Option<String>, Error> {
    let (old, new) = (checks_of(before), checks_of(after));
    if who.rights.everywhere() != Some(Role::Owner) {
        let may = |(old, new): (Check<'_>, Check<'_>)| {
            let (provider, address) = new;
            let own = provider.zip(address).map(|(provider, url)| address_mark(provider, url));
            let is_new_address = old.1 != address;
            let would_be_source = provider.is_none_or(|id| id.needs_address() || !id.is_outside());
            let is_vouched = own.is_some() && own.as_deref() == mark;
            new == old
                || is_vouched
                || match (address, who.account) {
                    (_, None) if is_new_address => false,
                    (None, _) => true,
                    // A provider that brings no address into pages: only what is new is looked at.
                    (Some(_), _) if provider.is_some_and(ProviderId::needs_address) => false,
                    (Some(_), _) => !is_new_address || !would_be_source,
                }
        };
        if !old.into_iter().zip(new).all(may) {
            return Err(Error::Code(Code::VerifyUrlForbidden));
        }
        return Ok(mark.map(str::to_owned));
    }
    let [(provider, address), _] = new;
    let own = provider.zip(address).map(|(provider, url)| address_mark(provider, url));
    let known = mark.and_then(|mark| mark.split_once(' ')).map(|(_, address)| address);
    if change.0.contains_key("captcha.verify_url") || address.is_some_and(|url| known == Some(url.as_str())) {
        return Ok(own);
    }
    let chooses = change.0.contains_key("captcha.provider");
    if chooses && address.is_some() && provider.is_some_and(ProviderId::needs_address) {
        return Err(Error::field("verify_url", Code::VerifyUrlMissing));
    }
    Ok(mark.map(str::to_owned))
}

/// The secrets that were typed for the providers and addresses that a change leaves, and the keys of those that were
/// not. A secret that the change brings or takes away itself is none of them.
pub(super) fn still_fitting(
    mut kept: Secrets,
    before: &SiteSettings,
    after: &SiteSettings,
    change: &Change,
) -> (Secrets, Vec<&'static str>) {
    let place = |(provider, address): Check<'_>| (provider, address.map(Url::origin));
    let secrets = [&mut kept.first, &mut kept.second];
    let pairs = checks_of(before).into_iter().zip(checks_of(after));
    let mut dropped = Vec::new();
    for ((secret, (old, new)), key) in secrets.into_iter().zip(pairs).zip(SECRETS) {
        if !change.0.contains_key(key) && place(old) != place(new) && secret.take().is_some() {
            dropped.push(key);
        }
    }
    (kept, dropped)
}

/// Whether a setting that is [`Setting::typed_again`] becomes another. A page sends each key with every save; a secret that is
/// named is a new one.
pub(super) fn wants_typing(before: &SiteSettings, after: &SiteSettings, change: &Change) -> bool {
    let [before, after] = [before, after].map(|settings| {
        let mut written = serde_json::to_value(settings).unwrap_or_default();
        let provider = settings.captcha.provider.unwrap_or(ProviderId::BuiltIn);
        put(&mut written, "captcha.provider", provider.as_str().into());
        written
    });
    let mut typed_again = SETTINGS.iter().filter(|setting| setting.typed_again);
    typed_again.any(|setting| {
        if setting.is_secret() {
            change.0.contains_key(setting.key)
        } else {
            at(&before, setting.key) != at(&after, setting.key)
        }
    })
}

/// Checks settings as the file's are checked, with the secrets that stand or are new; gives both as they
/// are to be stored.
pub(super) fn checked(
    app: &App,
    site: &str,
    mut settings: SiteSettings,
    kept: Secrets,
    change: &Change,
) -> Result<(SiteSettings, Secrets), Error> {
    let seal = |key: &'static str, place: String, kept| match change.0.get(key) {
        None => Ok(kept),
        Some(Value::Null) => Ok(None),
        Some(Value::String(secret)) if (1..=TEXT_MAX).contains(&secret.trim().len()) => {
            Ok(Some((app.keys.seal(&place, secret.trim()), app.clock.now())))
        }
        Some(_) => Err(Error::field(field_of(key), Code::ValueBad)),
    };
    check_new_addresses(app, &settings, change)?;
    let secrets = Secrets {
        first: seal("captcha.secret", secret_place(site), kept.first)?,
        second: seal("captcha.second.secret", second_secret_place(site), kept.second)?,
    };
    app.put_secrets(site, &secrets, &mut settings.captcha);
    let resolved = Site::resolve(site, app.config.site(site), &settings)
        .map_err(|faults| Error::Invalid(field_errors(&faults)))?;
    let section = resolved.captcha.section_with_test_key();
    if let Some(section) = section.filter(|_| app.config.is_public()) {
        let field = if section == "captcha" {
            "secret"
        } else {
            "second_secret"
        };
        return Err(Error::field(field, Code::TestKeyPublic));
    }
    Ok((settings, secrets))
}

/// Checks that the addresses which a change names may be called, and may stand in a page's policy.
fn check_new_addresses(app: &App, settings: &SiteSettings, change: &Change) -> Result<(), Error> {
    let allow_private = app.config.outgoing.allow_private_addresses;
    let addresses = checks_of(settings).map(|(_, address)| address);
    let mut wrong = Vec::new();
    for (address, [.., key]) in addresses.into_iter().zip(CHECKS) {
        let must_not_be = |url: &&Url| !is_plain_address(url) || check_address(url, allow_private).is_err();
        if change.0.contains_key(key) && address.is_some_and(|url| must_not_be(&url)) {
            wrong.push(FieldError::new(field_of(key), Code::VerifyUrlBad));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::Setting;

    #[test]
    fn the_keys_of_checks_are_rows_and_hold_all_secrets() {
        assert!(CHECKS.as_flattened().iter().all(|key| Setting::of(key).is_some()));
        let secrets: Vec<&str> = SETTINGS
            .iter()
            .filter(|row| row.is_secret())
            .map(|row| row.key)
            .collect();
        assert_eq!(secrets, SECRETS);
    }
}
