//! `palabre doctor`: looks at everything that can be wrong and says, line by line, what is.
//!
//! A line begins with `ok`, with `fail` for what keeps the service from working right, or with `warn` for what works
//! and should be otherwise. Only a `fail` makes the command fail.

use std::path::{Path, PathBuf};

use crate::{
    actions::new_key,
    app::{self, App, KEY_SINCE},
    cli::{self, output},
    config::Config,
    domain::{
        account::EVERY_SITE,
        policy::Band,
        refusal::{Doubt, FEW_VERDICTS, Rule},
        site::Site,
        timestamp::Timestamp,
        trust,
    },
    error::Error,
    permissions, store,
};

/// Prints a line or more for each check; fails when any check does.
///
/// # Errors
/// How many checks failed.
pub async fn run(config: Config) -> Result<(), String> {
    output::result("ok    configuration: read and valid")?;
    files(&config)?;
    let app = match cli::open(config).await {
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
    say(old_keys(&app).await)?;
    match app.store.site_ids().await {
        Ok(sites) => {
            for site in sites {
                if let Some(line) = script_origin(&app, &site).await {
                    output::result(format_args!("warn  {line}"))?;
                }
                for line in providers(&app, &site).await {
                    say(line)?;
                }
                say(policy(&app, &site).await)?;
                say(seals(&app, &site).await)?;
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
    if let Ok(database) = store::sqlite_path(url) {
        warn(store::folder_of(&database), "700")?;
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

/// What hangs on the keys of `server.old_secret_files`, and when their files can go.
async fn old_keys(app: &App) -> Result<String, String> {
    let failed = |error: Error| format!("keys: {error}");
    let hanging = new_key::hanging(app).await.map_err(failed)?;
    if !app.keys.has_old() {
        let lost = hanging.seeds + hanging.secrets;
        if lost > 0 {
            return Err(format!(
                "keys: {} second steps and {} provider secrets are sealed under a key that is gone: name its file in \
                 server.old_secret_files and start once, or set them up anew",
                hanging.seeds, hanging.secrets
            ));
        }
        return Ok("keys: no old key is named".to_owned());
    }
    let counted = format!(
        "keys: {} recovery codes, {} second steps and {} provider secrets hang on old keys",
        hanging.recovery_codes, hanging.seeds, hanging.secrets
    );
    if hanging.recovery_codes > 0 || hanging.seeds + hanging.secrets > 0 {
        return Ok(format!(
            "{counted}: keep the files of server.old_secret_files. A start of the server seals anew; codes count until \
             they are used or renewed, on the page of each account"
        ));
    }
    let since = app.store.meta(KEY_SINCE).await.map_err(|error| failed(error.into()))?;
    let ends = since
        .and_then(|since| since.parse().ok())
        .map(|since| Timestamp(since).plus(trust::LIFE));
    Ok(match ends {
        Some(ends) if ends > app.clock.now() => format!(
            "{counted}: the files of server.old_secret_files can go after {}, when receipts and devices of before have \
             run out",
            ends.to_rfc3339()
        ),
        _ => format!("{counted}: the files of server.old_secret_files can go"),
    })
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
