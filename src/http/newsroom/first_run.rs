//! Where the first run goes on, for pages that lead there.

use crate::{
    actions::{
        identify::{Identity, Role},
        setup::{self, Left},
    },
    app::App,
    error::Error,
};

/// Where the first run goes on, for who may go on with it.
pub(crate) async fn href(app: &App, who: &Identity) -> Result<Option<&'static str>, Error> {
    if who.rights.everywhere() != Some(Role::Owner) {
        return Ok(None);
    }
    let left = setup::left(app).await?;
    Ok((left != Left::Nothing).then(|| path_of(left)))
}

/// The page on which the first run goes on.
pub(crate) fn path_of(left: Left) -> &'static str {
    match left {
        Left::Account => "/setup",
        Left::Site => "/setup/site",
        Left::Robots => "/setup/robots",
        Left::Try => "/setup/try",
        Left::Nothing => "/queue",
    }
}
