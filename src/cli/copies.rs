//! `palabre backup` and `palabre restore`: a copy of the database, and the way back.

use std::path::Path;

use super::{open, output};
use crate::{
    app::{self, KEY_ID},
    clock::Clock,
    config::{Config, is_postgres},
    store,
};

pub(super) async fn backup(config: Config, file: &Path) -> Result<(), String> {
    if file.exists() {
        return Err(format!("{} exists already", file.display()));
    }
    let key = key_place(&config);
    let app = open(config).await?;
    let done = app
        .store
        .backup(file)
        .await
        .map_err(|error| format!("write {}: {error}", file.display()));
    app.store.close().await;
    if !done? {
        return Err("a PostgreSQL store is copied with pg_dump".to_owned());
    }
    output::note(format_args!(
        "{} written, for its owner alone. Keep the key with it, it is of no use without: {key}",
        file.display()
    ));
    Ok(())
}

pub(super) async fn restore(config: Config, file: &Path) -> Result<(), String> {
    if is_postgres(&config.database.url) {
        return Err(
            "a PostgreSQL store is put back with pg_restore, into an empty database, while no palabre runs; \
                    then start palabre with the key of that time"
                .to_owned(),
        );
    }
    let what = file.display();
    let place = key_place(&config);
    let copy = store::check_copy(&config.database.url, file, KEY_ID)
        .await
        .map_err(|error| format!("nothing was changed: {error}"))?;
    let made_with = match (&copy.meta, app::given_keys(&config)?) {
        (None, _) => "no key named in it".to_owned(),
        (Some(known), Some(keys)) if keys.ids().any(|id| id == known) => {
            format!("made with key {known}, as in {place}")
        }
        (Some(known), Some(keys)) => {
            return Err(format!(
                "nothing was changed: {what} was made with key {known}, and {place} holds key {}: put the right file \
                 there, or name it in server.old_secret_files, and try again",
                keys.ids().next().unwrap_or_default()
            ));
        }
        (Some(known), None) => {
            return Err(format!(
                "nothing was changed: {what} was made with key {known}, which is missing: put its file at {place} (or \
                 set PALABRE_SERVER__SECRET) and try again"
            ));
        }
    };
    output::note(format_args!(
        "{what} is whole: schema {}, {} comments, {made_with}.",
        copy.schema, copy.comments
    ));
    let (schema, newest) = (copy.schema, copy.newest_schema);
    let done = copy
        .put_in_place(Clock::System.now())
        .map_err(|error| error.to_string())?;
    let database = done.database.display();
    if let Some(aside) = done.aside {
        output::note(format_args!(
            "What was there is now {}, with what came in after the copy was made. Nothing reads it; delete it when \
             nobody misses anything.",
            aside.display()
        ));
    }
    output::note(format_args!("{database} is now that copy."));
    if schema < newest {
        output::note(format_args!("The next start brings it to schema {newest}."));
    }
    output::note(format_args!(
        "Next: `palabre doctor` looks it over, `palabre serve` starts the service."
    ));
    Ok(())
}

/// Where the root key is kept, in words.
fn key_place(config: &Config) -> String {
    let file = app::key_files(config).next();
    file.filter(|file| *file == config.server.secret_file).map_or_else(
        || "PALABRE_SERVER__SECRET".to_owned(),
        |file| file.display().to_string(),
    )
}
