//! `palabre key …`: another root key in the place of the present one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use tokio::net::TcpListener;

use super::{copies::again, output};
use crate::{
    app::{self, KEY_ID},
    clock::Clock,
    config::{Config, DEFAULT_FILE},
    domain::timestamp::Timestamp,
    keys, permissions,
    store::{Opening, Store, beside, sync_folder_of},
};

/// The variable that stands for `server.old_secret_files`.
const OLD_FILES: &str = "PALABRE_SERVER__OLD_SECRET_FILES";

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Makes a new root key in the place of the present one, which it keeps beside it, and prints the line for
    /// config.toml alone on standard output. The service must be stopped.
    New,
}

/// `given` is the configuration's file where one was named.
pub(super) async fn run(config: Config, command: KeyCommand, given: Option<&Path>) -> Result<(), String> {
    match command {
        KeyCommand::New => new(&config, given).await,
    }
}

async fn new(config: &Config, given: Option<&Path>) -> Result<(), String> {
    let unchanged = |why: String| format!("nothing was changed: {why}");
    if app::is_key_given(config) {
        return Err(unchanged(format!(
            "the root key is {}, which no command changes: put the key that it is now in a file (mode 0600), name \
             that in server.old_secret_files, set a new one (`openssl rand -base64 32` makes one), and start",
            app::key_place(config)
        )));
    }
    // The store before its lock: under a lock of one's own no foreign log would be looked for.
    let store = Store::open(&config.database.url, Opening::Beside)
        .await
        .map_err(|error| unchanged(error.to_string()))?;
    let renewed = renew(config, &store).await;
    store.close().await;
    let former = renewed.map_err(unchanged)?;

    let key = config.server.secret_file.display();
    output::note(format_args!(
        "{key} is a new key, for its owner alone. The former one is now {}; keep it.",
        former.display()
    ));
    let variable = std::env::var(OLD_FILES).is_ok();
    if variable {
        output::note("Next: set this variable in the place of what it is now, and start the service:");
    } else {
        let file = given.unwrap_or(Path::new(DEFAULT_FILE)).display();
        output::note(format_args!(
            "Next: put this line under [server] in {file}, in the place of one that begins so, and start the service:"
        ));
    }
    output::result(line_for(config, &former, variable))?;
    output::note(format_args!(
        "The next start encrypts second steps and provider secrets anew. While the former key is named, receipts, \
         devices, forms and signed threads of before go on, and recovery codes count until they are used or renewed; \
         `palabre doctor{0}` counts what hangs on it and says when its file can go. Once it is gone they count no \
         more. Sessions, passphrases, one-time \
         links and bearer tokens do not hang on the key: end them apart. Copies made until now need the former key to \
         be put back. Keep a copy of the new key apart from those of the database.",
        again(given)
    ));
    Ok(())
}

/// Puts a new key in the place of the present one; gives where the former lies now.
async fn renew(config: &Config, store: &Store) -> Result<PathBuf, String> {
    let file = &config.server.secret_file;
    let known = store.meta(KEY_ID).await.map_err(|error| error.to_string())?;
    let known = known.ok_or_else(|| "the store has no key yet: the first start makes one".to_owned())?;
    let keys = app::given_keys(config)?.ok_or_else(|| {
        format!(
            "the store was made with key {known}, and {} is missing: put that key's file back there first",
            file.display()
        )
    })?;
    if app::place_of_key(config, &keys, &known).is_none() {
        return Err(format!(
            "the store was made with key {known}, and {}",
            app::other_key(config, &keys, &known)
        ));
    }
    let _turn = keep_service_out(config, store).await?;
    // Where a link leads to it, it is changed there.
    let place = fs::symlink_metadata(file)
        .is_ok_and(|there| there.is_symlink())
        .then(|| fs::canonicalize(file))
        .transpose()
        .map_err(|error| format!("read the key file {}: {error}", file.display()))?
        .unwrap_or_else(|| file.clone());
    if place.to_str().is_none() {
        return Err(format!(
            "the key file {} lies where config.toml cannot name a file: its name is not in UTF-8",
            place.display()
        ));
    }
    replace(&place, Clock::System.now()).map_err(|error| format!("change the key file {}: {error}", place.display()))
}

/// What keeps a service from starting meanwhile, which knows the former key.
async fn keep_service_out(config: &Config, store: &Store) -> Result<Option<File>, String> {
    if config.database.url.is_postgres() {
        // Nothing tells which instances run on a server: at least not this machine's.
        let listen = config.server.listen;
        return match TcpListener::bind(listen).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(format!(
                "a service listens on {listen}: stop it first, and all others on this store"
            )),
            _ => Ok(None),
        };
    }
    store.keep_servers_out().await.map_err(|error| error.to_string())
}

/// At every moment there is a whole key at `place`: the former one until the new one takes its name.
fn replace(place: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let new = beside(place, ".palabre-new");
    // Of a call that was killed; nothing was ever signed with it.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    keys::create_file(&new).map_err(io::Error::other)?;
    let former = permissions::own_as(&new, place).and_then(|()| keep_aside(place, at));
    let renamed = former.and_then(|former| fs::rename(&new, place).map(|()| former));
    if renamed.is_err() {
        let _ = fs::remove_file(&new);
    }
    let former = renamed?;
    // Should the name get lost, the former key has its place again, and nothing was signed with the new one.
    let _ = sync_folder_of(place);
    Ok(former)
}

/// Gives the key a second name, on disk once this answers: `palabre.key.before-20261130T014700Z`, with a number where
/// that is taken.
fn keep_aside(place: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let plain = beside(place, &format!(".before-{}", at.in_file_name()));
    for number in 1..100 {
        let aside = if number == 1 {
            plain.clone()
        } else {
            beside(&plain, &format!("-{number}"))
        };
        match fs::hard_link(place, &aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            // A file system without second names.
            Err(_) => match permissions::make_file(&aside) {
                Ok(mut copy) => {
                    io::copy(&mut File::open(place)?, &mut copy)?;
                    copy.sync_all()?;
                    permissions::own_as(&aside, place)?;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            },
        }
        permissions::narrow(&aside)?;
        sync_folder_of(place)?;
        return Ok(aside);
    }
    Err(io::Error::other("too many files of former keys lie there"))
}

/// `old_secret_files = ["…"]` with the former key before the files that are named already, or the variable of the same
/// meaning.
fn line_for(config: &Config, former: &Path, variable: bool) -> String {
    let files = std::iter::once(former).chain(config.server.old_secret_files.iter().map(PathBuf::as_path));
    let files = files.map(|file| file.to_string_lossy().into_owned());
    if variable {
        let files: Vec<String> = files.collect();
        return format!("{OLD_FILES}={}", files.join(","));
    }
    let files: Vec<String> = files.map(|file| toml::Value::String(file).to_string()).collect();
    format!("old_secret_files = [{}]", files.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_the_line_for_the_configuration_is_read_back_as_it_was_meant() {
        for folder in ["data", "/var/lib/my data", "/srv/l'été", "/srv/\"quoted\"", "C:\\keys"] {
            let text = format!(
                "[server]\n{}\n",
                line_for(
                    &Config::from_layers(
                        Some((Path::new("my.toml"), "[server]\nold_secret_files = [\"one.key\"]\n")),
                        []
                    )
                    .expect("valid"),
                    &Path::new(folder).join("palabre.key.before"),
                    false
                )
            );
            let read = Config::from_layers(Some((Path::new("my.toml"), &text)), []).expect("valid");
            assert_eq!(
                read.server.old_secret_files,
                [Path::new(folder).join("palabre.key.before"), PathBuf::from("one.key")]
            );
        }
    }
}
