//! What a start puts into the store: the sites and policies of the file, and the demonstration.

use crate::{
    clock::Clock,
    config::{Config, DEFAULT_FILE},
    domain::{
        actor::{Actor, ActorKind},
        audit::AuditDetail,
        captcha::{CaptchaSettings, PolicySettings, ProviderId},
        language::Language,
        policy::Policy,
        site::SiteSettings,
        timestamp::Timestamp,
    },
    store::{NewAudit, PolicyRow, Store, StoreError},
};

/// The id of the demonstration's site.
pub const DEMO_SITE: &str = "demo";

/// Puts the file's sites and its policies into the store, and the demonstration where it belongs; says whether that
/// one exists.
pub(super) async fn prepare_sites(config: &Config, store: &Store, clock: &Clock) -> Result<bool, StoreError> {
    let now = clock.now();
    let mut ids = store.site_ids().await?;
    for file_site in &config.sites {
        if !ids.contains(&file_site.id) {
            store.ensure_site(&file_site.id, &SiteSettings::default(), now).await?;
            ids.push(file_site.id.clone());
        }
        if file_site.settings.captcha.sets_check() && file_site.settings.captcha.provider.is_none() {
            tracing::warn!(
                site = file_site.id,
                "the configuration sets a secret or an address of the check and no captcha.provider: the built-in \
                 check is in force, whatever was chosen on a page"
            );
        }
        if let Some(policy) = file_site.settings.captcha.policy {
            add_file_policy(store, clock, &file_site.id, policy, now).await?;
        }
    }
    let only_demo = ids.iter().all(|id| id == DEMO_SITE);
    if config.is_shipped && config.server.listen.ip().is_loopback() && only_demo {
        store.ensure_site(DEMO_SITE, &demo_settings(), now).await?;
        return Ok(true);
    }
    Ok(ids.iter().any(|id| id == DEMO_SITE))
}

/// The file's policy is version 1. A file that differs from what is in force later is said, not
/// applied.
async fn add_file_policy(
    store: &Store,
    clock: &Clock,
    site: &str,
    file: PolicySettings,
    now: Timestamp,
) -> Result<(), StoreError> {
    let cuts = file.cuts();
    let row = PolicyRow {
        policy: Policy {
            version: 1,
            cuts,
            explore_ppm: file.explore_ppm(),
        },
        base: 0,
        author: DEFAULT_FILE.to_owned(),
        note: String::new(),
        forecast: "{}".to_owned(),
        from: now,
        at: now,
    };
    let detail = AuditDetail::Policy {
        base: None,
        cuts: cuts.into(),
        version: 1,
    };
    let audit = NewAudit {
        id: clock.new_id(),
        site: site.to_owned(),
        at: now,
        actor: Actor {
            kind: ActorKind::System,
            id: "file".to_owned(),
            name: DEFAULT_FILE.to_owned(),
        },
        action: "policy",
        comment: None,
        from_status: None,
        to_status: None,
        detail: Some(detail.text()),
    };
    if store.add_policy(site, row, audit).await? {
        return Ok(());
    }
    let in_force = store.policy_in_force(site, now).await?;
    if in_force.is_some_and(|row| row.policy.cuts != cuts) {
        tracing::warn!(
            site,
            "the policy in the file differs from the newest version, which is in force"
        );
    }
    Ok(())
}

/// The demonstration's site: French, everything read before it appears, the built-in check.
fn demo_settings() -> SiteSettings {
    SiteSettings {
        name: Some("Le Courrier des Quais".to_owned()),
        language: Some(Language::Fr),
        captcha: CaptchaSettings {
            provider: Some(ProviderId::BuiltIn),
            ..CaptchaSettings::default()
        },
        ..SiteSettings::default()
    }
}
