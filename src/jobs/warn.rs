//! Mail to a site's owners while the set-up of its check is wrong.

use std::time::Duration;

use uuid::Uuid;

use super::{heard::Heard, lease::LEASE, sites::readable_sites};
use crate::{
    actions::defend,
    app::App,
    error::Error,
    store::Delivery,
    web::{defence::fault_sentence, texts::Say as _},
};

/// How long no other alarm is raised about a site.
const SILENCE: Duration = Duration::from_hours(24);

/// Raises the alarm of each site whose check is set up wrongly, once a day at most: each owner is written to by a
/// delivery of their own. Nothing where no mail server is named, or when another instance does it.
pub async fn warn(app: &App) -> Result<(), Error> {
    if app.mail.is_none() || !app.store.lease_job("warnings", LEASE, app.clock.now()).await? {
        return Ok(());
    }
    for site in readable_sites(app).await? {
        let site = &site.site;
        let now = app.clock.now();
        if !defend::faults_at(app, site, now).await?.is_empty() {
            let owners = app.store.raise_alarm(&site.id, SILENCE, now).await?;
            if owners > 0 {
                tracing::info!(site = %site.id, owners, "owners are warned of a wrong set-up");
            }
        }
    }
    Ok(())
}

/// Writes to one owner what was wrong when the alarm was raised, as far as it still is. Needless, where nothing
/// is, or where that account owns the site no longer.
///
/// # Errors
/// [`Error::Unavailable`] says why it was not sent; errors of the store.
pub(super) async fn write_to(app: &App, alarm: &Delivery, owner: Uuid) -> Result<Heard, Error> {
    let Some(mail) = &app.mail else {
        return Err(Error::Unavailable("no mail server is named".to_owned()));
    };
    let owners = app.store.owners_of(&alarm.site).await?;
    let site = match app.site(&alarm.site).await {
        Err(error) if error.is_not_found() => return Ok(Heard::Needless),
        other => other?,
    };
    let site = &site.site;
    let faults = defend::faults_at(app, site, alarm.at).await?;
    let Some((_, email)) = owners.iter().find(|(id, _)| *id == owner) else {
        return Ok(Heard::Needless);
    };
    if faults.is_empty() {
        return Ok(Heard::Needless);
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
    let id = format!("{}.{owner}", alarm.event);
    mail.send(&id, email, &subject, text)
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(Heard::Yes)
}
