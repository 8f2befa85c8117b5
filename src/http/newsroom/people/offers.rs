//! The roles that somebody is offered on sites of others.

use crate::{
    app::App,
    domain::{
        account::{EVERY_SITE, Rights, Role},
        language::Language,
    },
    error::Error,
    web::{people::OfferRow, texts::Say as _},
};

/// The roles that are offered, each with its site.
pub(crate) async fn offer_rows(app: &App, offers: &Rights, language: Language) -> Result<Vec<OfferRow>, Error> {
    let mut rows = Vec::new();
    for (site, role) in offers.iter() {
        let site_name = match app.site(site).await {
            Ok(found) => found.site.name.clone(),
            Err(error) if error.is_not_found() && site == EVERY_SITE => language.say("every-site"),
            // An offer may be older than its site's end.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        rows.push(OfferRow {
            site: site.to_owned(),
            site_name,
            is_owner: role == Role::Owner,
        });
    }
    Ok(rows)
}
