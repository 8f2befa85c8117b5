//! `palabre setup-code`: a one-time code by which the first owner comes in.

use super::{open::open_or_make, output};
use crate::{actions::setup, config::Config, domain::code::Code, error::Error};

pub(super) async fn run(config: Config) -> Result<(), String> {
    let app = open_or_make(config).await?;
    let code = setup::new_code(&app).await.map_err(|error| match error {
        Error::Code(Code::SetupOver) => {
            "there is an owner already: `palabre moderator add` invites people, `palabre moderator reset` makes \
             a new link for somebody who lost the way in"
                .to_owned()
        }
        error => format!("make a setup code: {error}"),
    })?;
    output::result(format_args!("{}/setup?code={code}", app.config.admin_url()))?;
    app.store.close().await;
    Ok(())
}
