//! Mail to a site's owners while the set-up of its check is wrong.

use std::time::Duration;

use super::{lease::LEASE, sites::readable_sites};
use crate::{
    actions::defend,
    app::{App, SiteInForce},
    domain::timestamp::Timestamp,
    error::Error,
    outbound::mail::Mail,
    web::{defence::fault_sentence, texts::Say as _},
};

/// How long nothing more is written about a site.
const SILENCE: Duration = Duration::from_hours(24);

/// Writes to the owners of each site whose check is set up wrongly, once a day at most. Nothing where no mail
/// server is named, or when another instance does it.
///
/// # Errors
/// Errors of the store. What cannot be sent now is sent the next time.
pub async fn warn(app: &App) -> Result<(), Error> {
    let Some(mail) = &app.mail else {
        return Ok(());
    };
    if !app.store.lease_job("warnings", LEASE, app.clock.now()).await? {
        return Ok(());
    }
    for site in readable_sites(app).await? {
        warn_of(app, mail, &site).await?;
    }
    Ok(())
}

async fn warn_of(app: &App, mail: &Mail, site: &SiteInForce) -> Result<(), Error> {
    let site = &site.site;
    let now = app.clock.now();
    let faults = defend::faults(app, site).await?;
    if faults.is_empty() {
        return Ok(());
    }
    let mark = format!("warned:{}", site.id);
    let last: Option<i64> = app.store.meta(&mark).await?.and_then(|text| text.parse().ok());
    if last.is_some_and(|last| now < Timestamp(last).plus(SILENCE)) {
        return Ok(());
    }
    let language = site.language;
    let mut text = String::new();
    for fault in &faults {
        text += &fault_sentence(language, &site.name, fault);
        text += "\n\n";
    }
    let address = format!("{}/sites/{}/defence", app.config.admin_url(), site.id);
    text += &language.say_with("alarm-mail-end", "address", &address);
    let subject = language.say_with("alarm-mail-subject", "site", &site.name);
    let mut sent = 0;
    for (account, email) in app.store.owners_of(&site.id).await? {
        match mail.send(&email, &subject, text.clone()).await {
            Ok(()) => sent += 1,
            Err(error) => tracing::warn!(site = %site.id, %account, %error, "an owner was not warned"),
        }
    }
    if sent > 0 {
        app.store.set_meta(&mark, &now.0.to_string()).await?;
        tracing::info!(site = %site.id, sent, "owners were warned of a wrong set-up");
    }
    Ok(())
}
