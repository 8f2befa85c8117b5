//! Where somebody lands who came in: on the page that was asked for, if they may see it, else on with the first run, else
//! in the queue.

use super::first_run;
use crate::{
    actions::identify::{Identity, Role},
    app::App,
    error::Error,
};

/// The path of that page; `next` is a path of ours, or empty.
pub(crate) async fn path(app: &App, who: &Identity, next: &str) -> Result<String, Error> {
    let setup = first_run::href(app, who).await?;
    if !next.is_empty() && may_see(app, who, next, setup.is_some()).await? {
        return Ok(next.to_owned());
    }
    Ok(setup.unwrap_or("/queue").to_owned())
}

/// Whether there is a page at that path, and somebody with these rights sees it. To add a page: its line here.
async fn may_see(app: &App, who: &Identity, next: &str, has_setup: bool) -> Result<bool, Error> {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    // The newsroom may have an address of its own, where no page of readers is.
    let has_readers = !app.config.has_admin_url();
    let of_site = async |role: Role, site: &str| match app.site(site).await {
        Ok(_) => Ok(who.may(role, site).is_ok()),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    };
    Ok(match parts[..] {
        ["" | "queue" | "sites" | "docs" | "openapi.json" | "account" | "invitation"]
        | ["queue", "all"]
        | ["account", "passphrase" | "second-step" | "codes"]
        | ["account", "second-step", "confirm" | "remove"] => true,
        ["moderators" | "tokens"] => who.may_own().is_ok(),
        ["setup", "site" | "robots" | "try"] => has_setup,
        ["sites", site, "captcha" | "defence"] => of_site(Role::Moderator, site).await?,
        ["sites", site, "settings"] => of_site(Role::Owner, site).await?,
        ["demo"] => has_readers && app.has_demo,
        ["t" | "r", _] | ["t", _, "fragment" | "feed.atom"] => has_readers,
        _ => false,
    })
}
