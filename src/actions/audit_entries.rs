//! The entries of the audit log about accounts and tokens, on each site that they concern.

use uuid::Uuid;

use super::{authority::Authority, sign_in};
use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights},
        audit::{AuditDetail, Roles},
    },
    store::NewAudit,
};

pub(super) fn account_entry(
    app: &App,
    by: Authority<'_>,
    action: &'static str,
    account: Uuid,
    roles: Option<Roles>,
) -> NewAudit {
    NewAudit {
        detail: Some(AuditDetail::Account { account, roles }.text()),
        ..sign_in::service_entry(app, by.actor(), action, app.clock.now())
    }
}

/// An entry about an account or a token, once more on each site where it works: the owners there read it too, and
/// nothing in it of another site.
///
/// A role on every site is none of one site's, so what happens to it stands in the log of all alone. It is given and
/// taken by those who own every site, and says nothing of what was done on one: each decision there has its entry, with
/// who made it, and keeps it. The team page of a site shows who works on every site, and who of them is suspended.
pub(super) fn on_sites(app: &App, entry: NewAudit, rights: &Rights) -> Vec<NewAudit> {
    let sites = rights.iter().filter(|(site, _)| *site != EVERY_SITE);
    let mut entries: Vec<NewAudit> = sites
        .map(|(site, _)| NewAudit {
            id: app.clock.new_id(),
            site: site.to_owned(),
            detail: entry.detail.as_deref().map(|detail| detail_for(site, detail)),
            ..entry.clone()
        })
        .collect();
    entries.push(entry);
    entries
}

/// What a site's own log keeps of a detail: of `roles` and `sites` the site's own.
fn detail_for(site: &str, detail: &str) -> String {
    let Ok(mut kept) = serde_json::from_str::<serde_json::Value>(detail) else {
        return detail.to_owned();
    };
    if let Some(roles) = kept.get_mut("roles").and_then(serde_json::Value::as_object_mut) {
        roles.retain(|here, _| here == site);
    }
    if let Some(sites) = kept.get_mut("sites").and_then(serde_json::Value::as_array_mut) {
        sites.retain(|here| here == site);
    }
    kept.to_string()
}
