//! `palabre backup` and `palabre restore`: a copy of the database, and the way back.

use std::{collections::BTreeSet, ffi::OsString, path::Path};

use super::{open::open, output};
use crate::{
    actions::last_copy,
    app::{self, KEY_ID},
    clock::Clock,
    config::Config,
    store::{self, Restored},
};

pub(super) async fn backup(config: Config, file: &Path) -> Result<(), String> {
    if config.database.url.is_postgres() {
        return Err("a PostgreSQL store is copied with pg_dump".to_owned());
    }
    // Before anything else is done for it.
    store::check_place(file).map_err(|error| error.to_string())?;
    let key = app::key_place(&config);
    let app = open(config).await?;
    let done = app.store.backup(file).await;
    let noted = if done.is_ok() {
        last_copy::note(&app, file).await
    } else {
        Ok(())
    };
    app.store.close().await;
    done.map_err(|error| error.to_string())?;
    output::note(format_args!(
        "{} written, for its owner alone. Keep the key with it, it is of no use without: {key}",
        file.display()
    ));
    if let Err(error) = noted {
        output::note(format_args!(
            "`palabre doctor` will not know of it, which changes nothing for the copy: {error}"
        ));
    }
    Ok(())
}

/// `given` is the configuration's file where one was named.
pub(super) async fn restore(config: Config, file: &Path, given: Option<&Path>) -> Result<(), String> {
    let Some(database) = config.database.url.sqlite_file() else {
        return Err(
            "a PostgreSQL store is put back with pg_restore, into an empty database, while no palabre runs; \
                    then start palabre with the key of that time"
                .to_owned(),
        );
    };
    let what = file.display();
    let copy = store::check_copy(database, file, KEY_ID)
        .await
        .map_err(|error| format!("nothing was changed: {error}"))?;
    let made_with = match (&copy.meta, app::given_keys(&config)?) {
        (None, _) => "no key named in it".to_owned(),
        (Some(known), Some(keys)) => match app::place_of_key(&config, &keys, known) {
            Some(place) => format!("made with key {known}, as in {place}"),
            None => {
                return Err(format!(
                    "nothing was changed: {what} was made with key {known}, and {}. Then try again",
                    app::other_key(&config, &keys, known)
                ));
            }
        },
        (Some(known), None) => {
            return Err(format!(
                "nothing was changed: {what} was made with key {known}, which is missing: put its file at {} (or \
                 set PALABRE_SERVER__SECRET) and try again",
                app::key_place(&config)
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
    if let Some(line) = aside(&done) {
        output::note(line);
    }
    output::note(format_args!("{} is now that copy.", done.database.display()));
    if schema < newest {
        output::note(format_args!("The next start brings it to schema {newest}."));
    }
    let again = again(given);
    output::note(format_args!(
        "Next: `palabre doctor{again}` looks it over, `palabre serve{again}` starts the service."
    ));
    if let Some(names) = from_environment(std::env::vars_os()) {
        output::note(format_args!("Both want what the environment sets now: {names}."));
    }
    Ok(())
}

/// The names of the settings that the environment gives, in their order; `None` where it gives none.
fn from_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Option<String> {
    let names = variables.filter_map(|(name, _)| name.into_string().ok());
    let names: BTreeSet<String> = names.filter(|name| name.starts_with("PALABRE_")).collect();
    (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join(", "))
}

/// What became of what was there; nothing where nothing was.
fn aside(done: &Restored) -> Option<String> {
    let files: Vec<String> = done.aside.iter().map(|file| file.display().to_string()).collect();
    let (first, beside) = files.split_first()?;
    Some(if done.had_database {
        let beside = match beside {
            [] => String::new(),
            beside => format!(", and what lay beside it {}", beside.join(" and ")),
        };
        format!(
            "What was there is now {first}{beside}. What the copy does not hold is only there. Nothing reads it; delete \
             it when nobody misses anything."
        )
    } else {
        format!(
            "No database was there, only what is left of one; that is now {}. Nothing reads it; delete it when nobody \
             misses anything.",
            files.join(" and ")
        )
    })
}

/// The options that hold for every command, as this one was called with them, with a blank before.
pub(super) fn again(config: Option<&Path>) -> String {
    config.map_or_else(String::new, |config| {
        let text = config.to_string_lossy();
        // What begins with a hyphen would be taken for another option.
        let between = if text.starts_with('-') { '=' } else { ' ' };
        format!(" --config{between}{}", shell_word(&text))
    })
}

/// The text as a shell reads it as one word.
fn shell_word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/._-+,@%:=".contains(char);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f7_settings_of_the_environment_are_named_without_their_values() {
        let told =
            |pairs: &[(&str, &str)]| from_environment(pairs.iter().map(|(name, value)| (name.into(), value.into())));
        assert_eq!(told(&[("PATH", "/bin"), ("PALABRE", "x")]), None);
        assert_eq!(
            told(&[
                ("PALABRE_SERVER__SECRET", "secret"),
                ("HOME", "/"),
                ("PALABRE_DATABASE__URL", "sqlite:a.db")
            ]),
            Some("PALABRE_DATABASE__URL, PALABRE_SERVER__SECRET".to_owned())
        );
    }

    #[test]
    fn f7_options_are_repeated_as_a_shell_reads_them() {
        assert_eq!(again(None), "");
        for (given, words) in [
            ("my.toml", " --config my.toml"),
            ("/etc/palabre/a-b_c.toml", " --config /etc/palabre/a-b_c.toml"),
            ("my own.toml", " --config 'my own.toml'"),
            ("l'été.toml", " --config 'l'\\''été.toml'"),
            ("$(reboot).toml", " --config '$(reboot).toml'"),
            ("~/my.toml", " --config '~/my.toml'"),
            ("-my.toml", " --config=-my.toml"),
            ("-my own.toml", " --config='-my own.toml'"),
        ] {
            assert_eq!(again(Some(Path::new(given))), words, "{given}");
        }
    }
}
