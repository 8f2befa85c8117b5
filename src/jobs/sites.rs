//! The sites that the jobs go through.

use std::sync::Arc;

use crate::{
    app::{App, SiteInForce},
    error::Error,
};

/// All sites but those whose settings cannot be read, which keep none of the others waiting.
pub(super) async fn readable_sites(app: &App) -> Result<Vec<Arc<SiteInForce>>, Error> {
    let mut sites = Vec::new();
    for id in app.store.site_ids().await? {
        match app.site(&id).await {
            Ok(site) => sites.push(site),
            Err(error) => tracing::error!(site = id, %error, "the settings of a site cannot be read; its jobs wait"),
        }
    }
    Ok(sites)
}
