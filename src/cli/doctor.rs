//! `palabre doctor`: looks at everything that can be wrong and says, line by line, what is.
//!
//! A line begins with `ok`, with `fail` for what keeps the service from working right, or with `warn` for what works
//! and should be otherwise. Only a `fail` makes the command fail.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt as _, stream};

use super::{open::open, output};
use crate::{
    actions::{
        last_copy,
        new_key::{self, Count},
    },
    app::{self, App, KEY_SINCE},
    config::Config,
    domain::{
        account::EVERY_SITE,
        policy::Band,
        refusal::{Doubt, FEW_VERDICTS, Rule},
        site::Site,
        timestamp::Timestamp,
        trust,
    },
    permissions, store,
};

/// Sites that are looked at together: of a thousand none waits for all before it.
const SITES_AT_ONCE: usize = 8;

/// Prints a line or more for each check; fails when any check does.
///
/// # Errors
/// How many checks failed.
pub(super) async fn run(config: Config) -> Result<(), String> {
    output::result("ok    configuration: read and valid")?;
    files(&config)?;
    let app = match open(config).await {
        Ok(app) => app,
        Err(error) => {
            output::result(format_args!("fail  store: {error}"))?;
            return Err("1 check failed".to_owned());
        }
    };
    let mut failed = 0;
    let mut say = |result: Result<String, String>| match result {
        Ok(line) => output::result(format_args!("ok    {line}")),
        Err(line) => {
            failed += 1;
            output::result(format_args!("fail  {line}"))
        }
    };
    say(store(&app).await)?;
    say(integrity(&app).await)?;
    say(client_address(&app))?;
    say(mail(&app).await)?;
    for line in keys(&app).await {
        say(line)?;
    }
    copies(&app).await?;
    match app.store.site_ids().await {
        Ok(sites) => {
            let mut looked = stream::iter(sites.iter().map(|site| of_site(&app, site))).buffered(SITES_AT_ONCE);
            while let Some((warning, lines)) = looked.next().await {
                if let Some(line) = warning {
                    output::result(format_args!("warn  {line}"))?;
                }
                lines.into_iter().try_for_each(&mut say)?;
            }
        }
        Err(error) => say(Err(format!("sites: {error}")))?,
    }
    say(seals(&app, EVERY_SITE).await)?;
    app.store.close().await;
    if failed == 0 {
        Ok(())
    } else {
        let checks = if failed == 1 { "check" } else { "checks" };
        Err(format!("{failed} {checks} failed"))
    }
}

/// Whether anybody but their owner reads the files with people's data and with keys.
fn files(config: &Config) -> Result<(), String> {
    let mut is_private = true;
    let mut warn = |path: &Path, right: &str| {
        if let Some(mode) = permissions::wider(path) {
            is_private = false;
            output::result(format_args!(
                "warn  files: {0} is open to others (mode {mode:04o}): chmod {right} {0}",
                path.display()
            ))?;
        }
        Ok::<(), String>(())
    };
    let url = &config.database.url;
    if let Some(database) = url.sqlite_file() {
        warn(store::folder_of(database), "700")?;
    }
    for file in store::files(url) {
        warn(&file, "600")?;
    }
    for file in app::key_files(config).chain(config.secret_files.iter().map(PathBuf::as_path)) {
        warn(file, "600")?;
    }
    if is_private {
        output::result("ok    files: their owner's alone")?;
    }
    Ok(())
}

async fn mail(app: &App) -> Result<String, String> {
    let Some(mail) = &app.mail else {
        return Ok("mail: none is sent".to_owned());
    };
    mail.test()
        .await
        .map(|()| "mail: the server lets us in".to_owned())
        .map_err(|error| format!("mail: {error}"))
}

/// What hangs on the keys of `server.old_secret_files` and when their files can go; what hangs on keys that are gone.
async fn keys(app: &App) -> Vec<Result<String, String>> {
    let others = match new_key::other_keys(app).await {
        Ok(others) => others,
        Err(error) => return vec![Err(format!("keys: {error}"))],
    };
    let mut lines = Vec::new();
    if !others.dead.is_none() {
        let gone: Vec<&str> = others.gone.iter().map(String::as_str).collect();
        lines.push(Err(format!(
            "keys: no key opens {} any more: they were made under key {}. Name its file in server.old_secret_files and \
             start once, or set them up anew, each on the page of its account or site",
            counted(others.dead),
            gone.join(" and ")
        )));
    }
    if app.keys.has_old() {
        lines.push(old_keys(app, others.hanging).await);
    } else if lines.is_empty() {
        lines.push(Ok("keys: no old key is named, and nothing hangs on one".to_owned()));
    }
    lines
}

fn counted(count: Count) -> String {
    format!(
        "{} recovery codes, {} second steps and {} provider secrets",
        count.recovery_codes, count.seeds, count.secrets
    )
}

async fn old_keys(app: &App, hanging: Count) -> Result<String, String> {
    let counted = format!("keys: {} hang on old keys", counted(hanging));
    if !hanging.is_none() {
        return Ok(format!(
            "{counted}: keep the files of server.old_secret_files. A start of the server seals anew; codes count until \
             they are used or renewed, on the page of each account"
        ));
    }
    let since = app.store.meta(KEY_SINCE).await;
    let since = since.map_err(|error| format!("keys: {error}"))?;
    let since: Option<i64> = since
        .map(|since| since.parse())
        .transpose()
        .map_err(|error| format!("keys: corrupt data in meta.content, row {KEY_SINCE}: {error}"))?;
    let ends = since.map(|since| Timestamp(since).plus(trust::LIFE));
    let copies = "copies made before the change need them still, so keep them with those";
    Ok(match ends {
        Some(ends) if ends > app.clock.now() => format!(
            "{counted}: the files of server.old_secret_files can go after {}, when receipts and devices of before have \
             run out; {copies}",
            ends.to_rfc3339()
        ),
        _ => format!("{counted}: the files of server.old_secret_files can go; {copies}"),
    })
}

/// Where the newest copy is, whether others read it, and what backups that did not end have left.
async fn copies(app: &App) -> Result<(), String> {
    let Some(database) = app.config.database.url.sqlite_file() else {
        return Ok(());
    };
    let folder = store::folder_of(database);
    let mut folders = vec![folder.to_owned()];
    match last_copy::read(app).await {
        Ok(None) => output::result(
            "ok    copies: this store knows of none; one that was put back knows only of copies made before it",
        )?,
        Ok(Some(copy)) => {
            let there = store::folder_of(&copy.file);
            let is_elsewhere = fs::canonicalize(there).ok() != fs::canonicalize(folder).ok();
            let (at, file) = (copy.at().to_rfc3339(), copy.file.display());
            match fs::metadata(&copy.file) {
                Ok(found) if found.is_file() => {
                    // Those beside the database are looked at with it.
                    match permissions::wider(&copy.file).filter(|_| is_elsewhere) {
                        Some(mode) => output::result(format_args!(
                            "warn  copies: the last one, of {at}, is {file} and open to others (mode {mode:04o}): \
                             chmod 600 {file}"
                        ))?,
                        None => output::result(format_args!("ok    copies: the last one, of {at}, is {file}"))?,
                    }
                }
                Err(error) if error.kind() != ErrorKind::NotFound => output::result(format_args!(
                    "warn  copies: the last one, of {at}, was {file}, which cannot be looked at: {error}"
                ))?,
                _ => output::result(format_args!(
                    "warn  copies: the last one, of {at}, was {file} and is not there any more"
                ))?,
            }
            if is_elsewhere {
                folders.push(there.to_owned());
            }
        }
        Err(error) => output::result(format_args!("warn  copies: {error}"))?,
    }
    for left in folders.iter().flat_map(|folder| store::left_copies(folder)) {
        output::result(format_args!(
            "warn  copies: {} is what a backup left that did not end; the next one into its folder removes it",
            left.display()
        ))?;
    }
    Ok(())
}

async fn store(app: &App) -> Result<String, String> {
    app.store
        .ping()
        .await
        .map(|()| format!("store: {} answers", app.store.engine()))
        .map_err(|error| format!("store: {error}"))
}

async fn integrity(app: &App) -> Result<String, String> {
    match app.store.integrity().await {
        Ok(None) => Ok("store: whole".to_owned()),
        Ok(Some(fault)) => Err(format!("store: damaged, restore a backup: {fault}")),
        Err(error) => Err(format!("store: {error}")),
    }
}

fn client_address(app: &App) -> Result<String, String> {
    let listen = app.config.server.listen;
    let url = app.config.public_url();
    if !app.proxies.is_empty() {
        return Ok("client address: from X-Forwarded-For of the trusted proxies".to_owned());
    }
    if listen.ip().is_loopback() && !app.config.is_loopback() {
        return Err(format!(
            "client address: {url} reaches {listen} through a proxy, but server.trusted_proxies is empty: all \
             readers share one address and one rate limit"
        ));
    }
    Ok("client address: the connecting one".to_owned())
}

/// What is to be known of a site, and the result of each check of it.
async fn of_site(app: &App, site: &str) -> (Option<String>, Vec<Result<String, String>>) {
    let warning = script_origin(app, site).await;
    let mut lines = providers(app, site).await;
    lines.push(policy(app, site).await);
    lines.push(seals(app, site).await);
    (warning, lines)
}

/// What to know where an outside provider's script runs on the origin that holds the cookies of staff. No failure: what
/// the provider serves is the provider's to keep safe.
async fn script_origin(app: &App, site: &str) -> Option<String> {
    let in_force = app.site(site).await.ok()?;
    let captcha = &in_force.site.captcha;
    let second = captcha.second.as_deref();
    let outside = [Some(captcha), second].into_iter().flatten();
    let outside = outside.map(|captcha| captcha.provider).find(|id| id.is_outside())?;
    (!app.config.has_admin_url()).then(|| {
        format!(
            "{site}: captcha {}: its script runs on {}, where moderators sign in too; set server.admin_url to a second \
             host, so that it never does",
            outside.as_str(),
            app.config.public_url()
        )
    })
}

/// Of the site's check, and of its second one where there is one.
async fn providers(app: &App, site: &str) -> Vec<Result<String, String>> {
    let in_force = match app.site(site).await {
        Ok(in_force) => in_force,
        Err(error) => return vec![Err(format!("{site}: {error}"))],
    };
    let mut lines = vec![provider(app, &in_force.site).await];
    if let Some(second) = in_force.site.second() {
        let line = provider(app, &second).await;
        lines.push(line.map(|line| format!("{line} (second check)")));
    }
    lines
}

async fn provider(app: &App, site: &Site) -> Result<String, String> {
    let (captcha, id) = (&site.captcha, &site.id);
    let name = captcha.provider.as_str();
    if captcha.lacks_address() {
        return Err(format!(
            "{id}: captcha {name}: no owner of every site gave its address, so it is not used and comments are held; \
             give it again in the settings, or in the file"
        ));
    }
    if !captcha.provider.is_outside() {
        return Ok(format!("{id}: captcha {name} needs no one else"));
    }
    if captcha.has_test_key() && !app.config.is_loopback() {
        return Err(format!(
            "{id}: captcha {name} has the vendor's public test key, which accepts anything"
        ));
    }
    app.captcha
        .probe(site, &app.clock.new_id().to_string())
        .await
        .map(|answer| format!("{id}: captcha {name} {answer}"))
        .map_err(|fault| format!("{id}: captcha {name} {fault}"))
}

async fn policy(app: &App, site: &str) -> Result<String, String> {
    let failed = |error: crate::error::Error| format!("{site}: {error}");
    let in_force = app.site(site).await.map_err(failed)?;
    let Some(row) = &in_force.policy else {
        return Ok(format!("{site}: observes; every comment is held"));
    };
    let file = app.config.site(site).and_then(|settings| settings.captcha.policy);
    if file.is_some_and(|file| file.cuts() != row.policy.cuts) {
        return Err(format!(
            "{site}: the policy in the file differs from version {}, which is in force",
            row.policy.version
        ));
    }
    let since = app.clock.now().minus(std::time::Duration::from_hours(24 * 30));
    let levels = app
        .store
        .levels(site, in_force.site.captcha.provider.as_str(), since)
        .await
        .map_err(|error| format!("{site}: {error}"))?;
    let rule = Rule {
        cuts: row.policy.cuts,
        explore_ppm: row.policy.explore_ppm,
    };
    let thin = levels
        .iter()
        .any(|level| rule.cuts.band(level.level) == Band::Refuse && level.labelled() < FEW_VERDICTS);
    let version = row.policy.version;
    if thin {
        return Err(format!(
            "{site}: version {version} refuses a level with fewer than {FEW_VERDICTS} decided comments"
        ));
    }
    if rule.doubts(&levels).contains(&Doubt::Published) {
        return Err(format!(
            "{site}: version {version} refuses a level of which moderators published more than 1 in 20"
        ));
    }
    Ok(format!("{site}: policy version {} in force", row.policy.version))
}

/// The seals of a site's audit log, or of what concerns no single site: accounts, tokens, sign-ins.
async fn seals(app: &App, site: &str) -> Result<String, String> {
    let checked = app.store.check_seals(site).await;
    let site = if site == EVERY_SITE { "accounts" } else { site };
    match checked {
        Ok((seals, None)) => Ok(format!("{site}: {seals} audit seals fit")),
        Ok((_, Some(fault))) => Err(format!(
            "{site}: audit seal {} does not fit its entries: the log was changed",
            fault.number
        )),
        Err(error) => Err(format!("{site}: {error}")),
    }
}
