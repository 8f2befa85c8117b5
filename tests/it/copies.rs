//! Copies of the database and who may read it, as a newsroom's technician meets them: at night by cron, after a
//! crash by hand, on a machine with another umask.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    child::{Child, Ended, Place},
    service::{SITE, comment},
    stores::{Storage, on_postgres},
};

const ROUNDS: usize = 20;

/// What changes names and makes them durable.
const CALLS: &str = "link,linkat,rename,renameat,renameat2,unlink,unlinkat,fsync";

// ---------------------------------------------------------------- a log of another file

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_copy_laid_over_the_database_beside_its_old_log_is_refused_and_not_spoiled() {
    for round in 0..ROUNDS {
        let storage = Storage::sqlite();
        let place = Place::new(&storage, SITE);
        let (before, after) = (round % 5 * 6, round * 37 % 90);
        let child = place.starts();
        many_write(&child, "avant", before).await;
        place.runs(&["backup", "copy.db"]).well();
        many_write(&child, "apres", after).await;
        is_killed(child);

        let old = fs::read(storage.file()).expect("the database");
        let copy = fs::read(storage.folder.join("copy.db")).expect("the copy");
        fs::write(storage.file(), &copy).expect("copied over it");
        // On a busy machine the log may just have been brought over whole: then there is nothing to mix up.
        if fs::metadata(with_ending(&storage, "-wal")).is_ok_and(|log| log.len() > 0) {
            is_refused_untouched(&storage, &place);
        }

        // The old database with its own log has everything.
        fs::write(storage.file(), &old).expect("put back");
        place.starts().stops();
        assert_eq!(comments(&storage).await, before + after, "round {round}");

        // And the copy without it is what it was.
        for ending in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(with_ending(&storage, ending));
        }
        fs::write(storage.file(), &copy).expect("copied");
        place.starts().stops();
        assert_eq!(comments(&storage).await, before, "round {round}");
        place.runs(&["doctor"]).well();
    }
}

/// Where the tests run as the superuser: nobody else can give a file away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_what_the_superuser_restores_is_the_services_own() {
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        return;
    }
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    place.runs(&["backup", "copy.db"]).well();
    for somebodys in [storage.file(), &with_ending(&storage, ".lock")] {
        chown(somebodys, Some(65_534), Some(65_534)).expect("given away");
    }
    place.runs(&["restore", "copy.db"]).well();
    for ending in ["", ".lock"] {
        let file = fs::metadata(with_ending(&storage, ending)).expect("there");
        assert_eq!((file.uid(), file.mode() & 0o777), (65_534, 0o600), "{ending}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_copies_made_by_other_means_are_told_from_the_logs_own_database() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    // By `cp` while it was stopped, days ago.
    place.starts().stops();
    let stopped = fs::read(storage.file()).expect("the database");
    let child = place.starts();
    many_write(&child, "un", 3).await;
    child.stops();
    // By `sqlite3`, which keeps the write-ahead log switched on.
    let child = place.starts();
    let vacuumed = storage.folder.join("vacuumed.db");
    storage.execute(&format!("VACUUM INTO '{}'", vacuumed.display())).await;
    let mut copy = SqliteConnection::connect(&format!("sqlite://{}", vacuumed.display()))
        .await
        .expect("it opens");
    sqlx::query("PRAGMA journal_mode = WAL")
        .execute(&mut copy)
        .await
        .expect("switched");
    copy.close().await.expect("closed");
    // By `cp` of the file alone while it was served, which is no copy at all.
    let served = {
        storage.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
        fs::read(storage.file()).expect("the database")
    };
    many_write(&child, "deux", 30).await;
    storage.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    many_write(&child, "trois", 3).await;
    is_killed(child);

    let own = fs::read(storage.file()).expect("the database");
    let vacuumed = fs::read(vacuumed).expect("the copy");
    for (how, copy) in [("stopped", stopped), ("vacuumed", vacuumed), ("served", served)] {
        println!("{how}");
        fs::write(storage.file(), copy).expect("copied over it");
        is_refused_untouched(&storage, &place);
    }

    // A log whose database is gone is all that there is of some comments.
    fs::remove_file(storage.file()).expect("gone");
    place
        .runs(&["serve"])
        .refused_with(&["palabre.db-wal", "no database to which it could belong"]);
    assert!(!storage.file().exists(), "none was made");
    fs::write(storage.file(), "").expect("an empty file");
    place.runs(&["serve"]).refused_with(&["palabre.db-wal"]);

    fs::write(storage.file(), own).expect("put back");
    place.starts().stops();
    assert_eq!(comments(&storage).await, 36);
}

/// A killed server leaves an empty log where it had just been brought into the file.
#[tokio::test]
async fn f7_no_new_database_is_made_where_one_is_gone_and_its_files_are_left() {
    let commands = [
        &["serve"][..],
        &["token", "list"],
        &["setup-code"],
        &["backup", "copy.db"],
        &["key", "new"],
    ];
    for (left, database) in [
        (&["-wal"][..], None),
        (&["-shm"], None),
        (&["-wal", "-shm"], None),
        (&["-journal"], None),
        (&["-wal"], Some("")),
        (&["-wal", "-shm"], Some("")),
    ] {
        let storage = Storage::sqlite();
        let place = Place::new(&storage, SITE);
        for ending in left {
            fs::write(with_ending(&storage, ending), "").expect("written");
        }
        if let Some(text) = database {
            fs::write(storage.file(), text).expect("written");
        }
        for command in commands {
            let first = format!("palabre.db{} ", left[0]);
            let ended = place.runs(command);
            ended.refused_with(&[
                "palabre.db is missing or empty",
                &first,
                "no database to which it could belong",
            ]);
            assert!(!ended.err.contains("  "), "{}", ended.err);
            assert_eq!(storage.file().exists(), database.is_some(), "{command:?}, {left:?}");
        }
        // What it says to do helps.
        for ending in left {
            fs::remove_file(with_ending(&storage, ending)).expect("taken away");
        }
        place.starts().stops();
        assert_eq!(comments(&storage).await, 0);
    }
}

/// The first start makes an empty file, which becomes a database under a journal of its own.
#[tokio::test]
async fn f7_a_first_start_that_was_killed_is_taken_up() {
    for left in [&[""][..], &["", "-journal"]] {
        let storage = Storage::sqlite();
        for ending in left {
            fs::write(with_ending(&storage, ending), "").expect("written");
        }
        Place::new(&storage, SITE).starts().stops();
        assert_eq!(comments(&storage).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_killed_servers_own_log_is_recovered_whatever_a_checkpoint_took_over() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let mut all = 0;
    for (more, checkpoint) in [
        (0, ""),
        (1, "PRAGMA wal_checkpoint(PASSIVE)"),
        (40, "PRAGMA wal_checkpoint(RESTART)"),
        (3, "PRAGMA wal_checkpoint(TRUNCATE)"),
        (150, "SELECT 1"),
    ] {
        let child = place.starts();
        many_write(&child, &format!("puis {more}"), more).await;
        if !checkpoint.is_empty() {
            storage.execute(checkpoint).await;
        }
        many_write(&child, &format!("et {more}"), 2).await;
        all += more + 2;
        // A command beside it writes through a connection of its own.
        place
            .runs(&["token", "create", "--role", "owner", "--all-sites"])
            .well();
        is_killed(child);
        // A command finds it so too, before any server has put it right.
        place.runs(&["token", "list"]).well();
        let child = place.starts();
        assert_eq!(comments(&storage).await, all);
        is_killed(child);
    }
    place.starts().stops();
    place.runs(&["doctor"]).well();
}

// ---------------------------------------------------------------- restore

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_puts_a_copy_in_place_and_what_was_there_can_be_put_back() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    many_write(&child, "avant", 3).await;
    place.runs(&["backup", "copy.db"]).well();
    many_write(&child, "apres", 4).await;
    is_killed(child);

    let copy = fs::read(storage.folder.join("copy.db")).expect("the copy");
    let log = fs::read(with_ending(&storage, "-wal")).expect("the old log");
    let said = place.runs(&["restore", "copy.db"]);
    for words in [
        "copy.db is whole: schema ",
        "3 comments",
        "made with key ",
        "palabre.key",
        ".before-",
        "serve",
    ] {
        assert!(said.err.contains(words), "{words:?} is not in:\n{}", said.err);
    }
    assert_eq!(said.well(), "");
    assert_eq!(
        fs::read(storage.folder.join("copy.db")).expect("the copy"),
        copy,
        "only read"
    );
    assert!(!with_ending(&storage, "-wal").exists() && !with_ending(&storage, "-shm").exists());
    let aside = moved_aside(&storage);
    assert_eq!(aside.len(), 1, "{aside:?}");
    let mut name = aside[0].clone().into_os_string();
    name.push("-wal");
    assert_eq!(fs::read(&name).expect("the old log, moved with its database"), log);
    assert!(!storage.folder.join("palabre.db.restoring").exists());

    place.starts().stops();
    assert_eq!(comments(&storage).await, 3);
    place.runs(&["doctor"]).well();

    // What was moved aside has a log, in which the rest stands.
    place.runs(&["restore", &aside[0].display().to_string()]).well();
    place.starts().stops();
    assert_eq!(comments(&storage).await, 7);

    // On a new machine there is nothing to move.
    let elsewhere = Storage::sqlite();
    let new = Place::new(&elsewhere, SITE).with("PALABRE_DATABASE__URL", "sqlite://data/palabre.db");
    fs::copy(storage.folder.join("palabre.key"), elsewhere.folder.join("palabre.key")).expect("the key");
    let said = new.runs(&["restore", &storage.folder.join("copy.db").display().to_string()]);
    assert!(!said.err.contains(".before-"), "{}", said.err);
    said.well();
    let child = new.starts();
    assert_eq!(child.get("/readyz").await.status, 200);
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_refuses_what_is_no_whole_copy_of_ours_and_a_running_service() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    many_write(&child, "avant", 5).await;
    place.runs(&["backup", "copy.db"]).well();
    place
        .runs(&["restore", "copy.db"])
        .refused_with(&["nothing was changed", "palabre.db", "in use", "stop it"]);
    child.stops();

    let copy = fs::read(storage.folder.join("copy.db")).expect("the copy");
    let mut torn = copy.clone();
    torn[8192..16384].fill(0x5a);
    fs::write(storage.folder.join("torn.db"), torn).expect("written");
    fs::write(storage.folder.join("half.db"), &copy[..copy.len() / 2]).expect("written");
    fs::write(storage.folder.join("text.db"), "Bonjour. ".repeat(500)).expect("written");
    fs::write(storage.folder.join("empty.db"), "").expect("written");
    fs::write(storage.folder.join("newer.db"), &copy).expect("written");
    let newer = "UPDATE _sqlx_migrations SET version = 9042 WHERE version = 1";
    run_on(&storage.folder.join("newer.db"), newer).await;
    fs::write(storage.folder.join("other.db"), &copy).expect("written");
    run_on(
        &storage.folder.join("other.db"),
        "UPDATE meta SET content = 'deadbeef' WHERE name = 'key_id'",
    )
    .await;
    let options = SqliteConnectOptions::new()
        .filename(storage.folder.join("theirs.db"))
        .create_if_missing(true);
    let mut theirs = SqliteConnection::connect_with(&options).await.expect("a database");
    sqlx::query("CREATE TABLE posts (id INTEGER)")
        .execute(&mut theirs)
        .await
        .expect("a table");
    theirs.close().await.expect("closed");

    let before = contents(&storage.folder);
    for (file, words) in [
        ("missing.db", &["missing.db"][..]),
        ("torn.db", &["torn.db", "damaged"]),
        ("half.db", &["half.db", "damaged"]),
        ("text.db", &["text.db", "no database of palabre"]),
        ("empty.db", &["empty.db", "no database of palabre"]),
        ("theirs.db", &["theirs.db", "no database of palabre"]),
        ("newer.db", &["newer.db", "9042", "newer program"]),
        (
            "other.db",
            &["other.db", "key deadbeef", "palabre.key", "server.old_secret_files"],
        ),
        ("palabre.db", &["palabre.db", "the database itself"]),
        (".", &[". is a folder"]),
    ] {
        place.runs(&["restore", file]).refused_with(words);
        assert_eq!(contents(&storage.folder), before, "{file}");
    }

    fs::rename(storage.folder.join("palabre.key"), storage.folder.join("aside.key")).expect("moved");
    place
        .runs(&["restore", "copy.db"])
        .refused_with(&["copy.db", "made with key", "missing", "palabre.key"]);
    assert!(!storage.folder.join("palabre.key").exists(), "no new key is made");
    place
        .with("PALABRE_SERVER__OLD_SECRET_FILES", "aside.key")
        .runs(&["restore", "copy.db"])
        .refused_with(&["missing"]);

    on_postgres(async |storage| {
        Place::new(storage, SITE)
            .runs(&["restore", "copy.db"])
            .refused_with(&["pg_restore"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new_database_whole() {
    let origin = Storage::sqlite();
    let place = Place::new(&origin, SITE);
    let child = place.starts();
    many_write(&child, "avant", 2).await;
    place.runs(&["backup", "copy.db"]).well();
    many_write(&child, "apres", 3).await;
    is_killed(child);
    let (mut kills, mut old, mut new) = (0, 0, 0);
    for when in 1..100 {
        let storage = Storage::sqlite();
        for (name, bytes) in contents(&origin.folder) {
            fs::write(storage.folder.join(name), bytes).expect("as it was");
        }
        let place = Place::new(&storage, SITE);
        if place.runs_killed_at(CALLS, when, &["restore", "copy.db"]).code == Some(0) {
            break;
        }
        kills += 1;
        let log = with_ending(&storage, "-wal");
        let tried = Storage::sqlite();
        for (name, bytes) in contents(&storage.folder) {
            fs::write(tried.folder.join(name), bytes).expect("as it was");
        }
        // A start either goes well or names the log to take away.
        let elsewhere = Place::new(&tried, SITE);
        let said = elsewhere.runs(&["token", "list"]);
        if said.code != Some(0) {
            said.refused_with(&["palabre.db-wal", "Take"]);
            for ending in ["-wal", "-shm"] {
                fs::remove_file(with_ending(&tried, ending)).expect("taken away");
            }
        }
        elsewhere.starts().stops();
        match comments(&tried).await {
            5 => old += 1,
            2 => new += 1,
            other => panic!("{other} comments after a kill at call {when}, log: {}", log.exists()),
        }
        elsewhere.runs(&["doctor"]).well();
        // And once more does it.
        place.runs(&["restore", "copy.db"]).well();
        place.starts().stops();
        assert_eq!(comments(&storage).await, 2);
    }
    assert!(kills > 8 && old > 0 && new > 0, "{kills} kills: {old} old, {new} new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_backup_that_is_killed_leaves_no_half_copy_under_its_name() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    many_write(&child, "avant", 3).await;
    let copy = storage.folder.join("copy.db");
    let mut kills = 0;
    for when in 1..60 {
        let ended = place.runs_killed_at(CALLS, when, &["backup", "copy.db"]);
        if ended.code == Some(0) {
            break;
        }
        kills += 1;
        if copy.exists() {
            assert_eq!(comments_of(&copy).await, 3);
            fs::remove_file(&copy).expect("removed");
        }
    }
    assert!(kills > 1, "{kills} kills");
    assert_eq!(comments_of(&copy).await, 3);
    assert_eq!(partial_copies(&storage.folder), [""; 0], "the last one removed them");
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_what_killed_backups_left_goes_with_the_next_and_never_beside_another() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    let folder = storage.folder.join("backups");
    fs::create_dir(&folder).expect("made");
    let when = (1..60).find(|when| {
        place.runs_killed_at(CALLS, *when, &["backup", "backups/one.db"]);
        !partial_copies(&folder).is_empty()
    });
    assert!(when.is_some(), "a kill leaves something");
    assert!(!folder.join("one.db").exists());
    let left = partial_copies(&folder);

    // As long as another backup writes there, it may be that one's.
    let other = fs::File::open(&folder).expect("a folder");
    other.lock_shared().expect("locked");
    place.runs(&["backup", "backups/two.db"]).well();
    assert_eq!(partial_copies(&folder), left);
    let said = place.runs(&["doctor"]).well();
    assert!(!said.contains(&left[0]), "{said}");
    drop(other);

    // Doctor knows the folder by the copy that was made there.
    let said = place.runs(&["doctor"]).well();
    assert!(
        said.lines()
            .any(|line| line.starts_with("warn  copies: ") && line.contains(&left[0])),
        "{said}"
    );
    let own = folder.join("notes.palabre-partial.txt");
    fs::write(&own, "mine").expect("written");
    place.runs(&["backup", "backups/three.db"]).well();
    assert_eq!(partial_copies(&folder), [""; 0]);
    assert!(own.exists());
    let said = place.runs(&["doctor"]).well();
    assert!(!said.contains("warn  "), "{said}");

    // Somebody's `flock` around the nightly line keeps no backup away.
    let other = fs::File::open(&folder).expect("a folder");
    other.lock().expect("locked");
    place.runs(&["backup", "backups/four.db"]).well();
    drop(other);

    // Two at once for one name: one gets it, the other says so.
    let (one, two) = std::thread::scope(|scope| {
        let backup = || place.runs(&["backup", "backups/five.db"]);
        let (one, two) = (scope.spawn(backup), scope.spawn(backup));
        (one.join().expect("ended"), two.join().expect("ended"))
    });
    let (well, refused) = if one.code == Some(0) { (one, two) } else { (two, one) };
    well.well();
    refused.refused_with(&["five.db", "exists already"]);
    assert_eq!(comments_of(&folder.join("five.db")).await, 0);
    assert_eq!(partial_copies(&folder), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_a_backup_says_truly_what_has_the_name_already() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    let folder = &storage.folder;
    fs::write(folder.join("file"), "mine").expect("written");
    fs::create_dir(folder.join("folder")).expect("made");
    makes_fifo(&folder.join("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("made");
    std::os::unix::fs::symlink("nowhere.db", folder.join("dangling")).expect("made");
    std::os::unix::fs::symlink("file", folder.join("link")).expect("made");
    std::os::unix::fs::symlink("folder", folder.join("link-to-folder")).expect("made");
    let before = contents(folder);
    for (name, words) in [
        ("file", &["file exists already"][..]),
        ("folder", &["folder is a folder", "folder/"]),
        ("folder/", &["is a folder"]),
        ("fifo", &["fifo is a FIFO"]),
        ("socket", &["socket is a socket"]),
        ("/dev/null", &["/dev/null is a device"]),
        ("dangling", &["dangling is a link to nowhere.db", "does not exist"]),
        ("link", &["link exists already, as a link"]),
        ("link-to-folder", &["link-to-folder exists already, as a link"]),
        ("missing/copy.db", &["the folder missing does not exist"]),
        ("missing/", &["missing/ names no file"]),
        ("file/copy.db", &["file/copy.db"]),
        ("palabre.db", &["palabre.db exists already"]),
    ] {
        let said = place.runs(&["backup", name]);
        said.refused_with(words);
        assert!(!said.err.contains("unavailable"), "{}", said.err);
        assert_eq!(contents(folder), before, "{name}");
    }
    assert!(!folder.join("nowhere.db").exists());
    // A folder may be reached by a link.
    place.runs(&["backup", "link-to-folder/copy.db"]).well();
    on_postgres(async |storage| {
        Place::new(storage, SITE)
            .runs(&["backup", "copy.db"])
            .refused_with(&["pg_dump"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_doctor_says_where_the_last_copy_is_and_since_when() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    let said = place.runs(&["doctor"]).well();
    assert!(said.contains("ok    copies: this store knows of none"), "{said}");
    fs::create_dir(storage.folder.join("backups")).expect("made");
    place.runs(&["backup", "first.db"]).well();
    place.runs(&["backup", "backups/copy.db"]).well();
    let copy = storage.folder.join("backups/copy.db");
    let line = || {
        let said = place.runs(&["doctor"]).well();
        let lines: Vec<&str> = said.lines().filter(|line| line.contains("  copies: ")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        lines[0].to_owned()
    };
    let said = line();
    assert!(said.starts_with("ok    copies: the last one, of 20"), "{said}");
    assert!(said.ends_with(&format!("is {}", copy.display())), "{said}");
    set_mode(&copy, 0o644);
    let said = line();
    assert!(
        said.starts_with("warn  ") && said.contains("mode 0644") && said.contains("chmod 600"),
        "{said}"
    );
    fs::remove_file(&copy).expect("gone");
    let said = line();
    assert!(
        said.starts_with("warn  ") && said.ends_with("is not there any more"),
        "{said}"
    );
    // A copy that was put back knows of the one before it.
    place.runs(&["backup", "backups/copy.db"]).well();
    place.runs(&["restore", "backups/copy.db"]).well();
    place.starts().stops();
    let said = line();
    assert!(said.contains("backups/copy.db"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_refuses_whatever_is_no_file_and_waits_for_nothing() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    place.runs(&["backup", "copy.db"]).well();
    let folder = &storage.folder;
    fs::write(folder.join("empty"), "").expect("written");
    fs::create_dir(folder.join("folder")).expect("made");
    makes_fifo(&folder.join("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).expect("made");
    std::os::unix::fs::symlink("nowhere.db", folder.join("dangling")).expect("made");
    std::os::unix::fs::symlink("fifo", folder.join("link-to-fifo")).expect("made");
    std::os::unix::fs::symlink("copy.db", folder.join("link")).expect("made");
    for name in ["logged", "logged-in-folder", "logged-in-device"] {
        fs::copy(folder.join("copy.db"), folder.join(name)).expect("copied");
    }
    makes_fifo(&folder.join("logged-wal"));
    fs::create_dir(folder.join("logged-in-folder-wal")).expect("made");
    std::os::unix::fs::symlink("/dev/zero", folder.join("logged-in-device-wal")).expect("made");
    let before = contents(folder);
    for (name, words) in [
        ("fifo", &["fifo is a FIFO"][..]),
        ("link-to-fifo", &["link-to-fifo is a FIFO"]),
        ("folder", &["folder is a folder"]),
        ("socket", &["socket is a socket"]),
        ("/dev/zero", &["/dev/zero is a device"]),
        ("empty", &["empty is empty"]),
        ("dangling", &["dangling is a link that leads to no file"]),
        ("missing", &["read missing"]),
        (
            "logged",
            &["logged-wal lies beside logged", "is a FIFO", "take it away"],
        ),
        ("logged-in-folder", &["logged-in-folder-wal", "is a folder"]),
        ("logged-in-device", &["logged-in-device-wal", "is a device"]),
    ] {
        let said = place.runs(&["restore", name]);
        said.refused_with(words);
        said.refused_with(&["nothing was changed"]);
        assert!(contents(folder) == before, "{name}");
    }
    place.runs(&["restore", "link"]).well();

    // The database's own place.
    for (name, word) in [("folder", "a folder"), ("fifo", "a FIFO"), ("link-to-fifo", "a FIFO")] {
        let said = Place::new(&storage, SITE)
            .with("PALABRE_DATABASE__URL", &format!("sqlite://{name}"))
            .runs(&["restore", "copy.db"]);
        said.refused_with(&["nothing was changed", word, "no place for a database"]);
    }
    assert!(folder.join("folder").is_dir());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_keeps_to_where_a_link_leads() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE).with("PALABRE_DATABASE__URL", "sqlite://link.db");
    fs::create_dir(storage.folder.join("disk")).expect("made");
    fs::write(storage.folder.join("disk/real.db"), "").expect("made");
    std::os::unix::fs::symlink("disk/real.db", storage.folder.join("link.db")).expect("made");
    let child = place.starts();
    many_write(&child, "un", 2).await;
    place.runs(&["backup", "copy.db"]).well();
    place.runs(&["restore", "copy.db"]).refused_with(&["in use"]);
    child.stops();
    place.runs(&["restore", "copy.db"]).well();
    fs::remove_file(storage.folder.join("disk/real.db")).expect("gone");
    place.runs(&["restore", "copy.db"]).well();
    assert!(fs::symlink_metadata(storage.folder.join("link.db")).is_ok_and(|there| there.is_symlink()));
    assert_eq!(comments_of(&storage.folder.join("disk/real.db")).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_says_what_became_of_what_was_there_and_repeats_its_options() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    many_write(&child, "avant", 2).await;
    place.runs(&["backup", "copy.db"]).well();
    many_write(&child, "apres", 1).await;
    is_killed(child);
    fs::copy(storage.folder.join("config.toml"), storage.folder.join("my own.toml")).expect("copied");

    // The database is gone and its log is not: what is said leads to the copy, and away from an empty database.
    let log = fs::read(with_ending(&storage, "-wal")).expect("a log");
    fs::rename(storage.file(), storage.folder.join("lost.db")).expect("moved");
    for command in [
        &["serve"][..],
        &["token", "list"],
        &["backup", "another.db"],
        &["setup-code"],
    ] {
        let said = place.runs(command);
        said.refused_with(&[
            "palabre.db is missing or empty",
            "palabre.db-wal",
            "palabre restore",
            "nothing is to be kept",
        ]);
        assert!(!said.err.contains("what counts"), "{}", said.err);
        assert!(!storage.file().exists());
    }
    let said = place.runs(&["--config", "my own.toml", "restore", "copy.db"]);
    assert!(said.err.contains("No database was there"), "{}", said.err);
    assert!(
        said.err
            .contains("`palabre doctor --config 'my own.toml'` looks it over, `palabre serve --config 'my own.toml'`"),
        "{}",
        said.err
    );
    let aside = contents(&storage.folder);
    let aside: Vec<&String> = aside.keys().filter(|name| name.contains(".before-")).collect();
    assert!(
        aside.iter().all(|name| said.err.contains(name.as_str())),
        "{}",
        said.err
    );
    let kept = aside.iter().find(|name| name.ends_with("-wal")).expect("the log");
    assert_eq!(fs::read(storage.folder.join(kept)).expect("kept"), log);
    said.well();

    // A database without anything beside it, and nothing at all.
    place.starts().stops();
    let said = place.runs(&["restore", "copy.db", "--config=config.toml"]);
    assert!(
        said.err.contains("What was there is now ") && !said.err.contains("beside"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("`palabre serve --config config.toml`"),
        "{}",
        said.err
    );
    said.well();
    fs::remove_file(storage.file()).expect("gone");
    let said = place.runs(&["restore", "copy.db"]);
    assert!(
        !said.err.contains(".before-") && !said.err.contains("there"),
        "{}",
        said.err
    );
    assert!(said.err.contains("`palabre serve` starts"), "{}", said.err);
    // The store of this test is named by the environment: whoever goes on without it would open another.
    assert!(
        said.err.contains("what the environment sets now: PALABRE_"),
        "{}",
        said.err
    );
    said.well();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f7_restore_names_the_place_of_the_key_that_fits() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.starts().stops();
    place.runs(&["backup", "copy.db"]).well();
    let said = place.runs(&["restore", "copy.db"]);
    assert!(said.err.contains(", as in palabre.key."), "{}", said.err);
    said.well();
    for (name, byte) in [("older.key", 5_u8), ("new.key", 9)] {
        let text = palabre::keys::sha256_hex(&[byte]);
        fs::write(storage.folder.join(name), text).expect("a key");
    }
    let changed = Place::new(&storage, SITE)
        .with("PALABRE_SERVER__SECRET_FILE", "new.key")
        .with("PALABRE_SERVER__OLD_SECRET_FILES", "older.key,palabre.key");
    let said = changed.runs(&["restore", "copy.db"]);
    assert!(
        said.err
            .contains(", as in palabre.key, which server.old_secret_files names."),
        "{}",
        said.err
    );
    said.well();
    // With the key in the environment no file is named that has nothing to do with it.
    let given = Place::new(&storage, SITE)
        .with("PALABRE_SERVER__SECRET", &palabre::keys::sha256_hex(&[9]))
        .with("PALABRE_SERVER__SECRET_FILE", "unused.key");
    for command in [&["restore", "copy.db"][..], &["serve"], &["token", "list"]] {
        let said = given.runs(command);
        said.refused_with(&["PALABRE_SERVER__SECRET", "server.old_secret_files"]);
        assert!(!said.err.contains("unused.key"), "{}", said.err);
    }
}

// ---------------------------------------------------------------- whose files they are

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_whatever_the_umask_all_files_are_their_owners() {
    for umask in ["000", "022", "077", "007"] {
        let storage = Storage::sqlite();
        let place = Place::new(&storage, SITE)
            .with("PALABRE_DATABASE__URL", "sqlite://var/data/palabre.db")
            .with("PALABRE_SERVER__SECRET_FILE", "etc/keys/palabre.key")
            .with_umask(umask);
        let child = place.starts();
        many_write(&child, "avant", 2).await;
        place.runs(&["backup", "var/data/copy.db"]).well();
        is_private(&storage.folder, umask);
        let names: Vec<String> = contents(&storage.folder.join("var/data")).into_keys().collect();
        for name in [
            "copy.db",
            "palabre.db",
            "palabre.db-shm",
            "palabre.db-wal",
            "palabre.db.lock",
        ] {
            assert!(names.iter().any(|there| there == name), "{name} is not in {names:?}");
        }
        is_killed(child);
        place.runs(&["restore", "var/data/copy.db"]).well();
        is_private(&storage.folder, umask);
        place.runs(&["token", "list"]).well();
        place.starts().stops();
        is_private(&storage.folder, umask);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_a_command_that_makes_the_store_makes_it_private_too() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE)
        .with("PALABRE_DATABASE__URL", "sqlite://data/palabre.db")
        .with("PALABRE_SERVER__SECRET_FILE", "data/palabre.key")
        .with_umask("000");
    place.runs(&["setup-code"]).well();
    is_private(&storage.folder, "000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_doctor_warns_of_each_file_that_is_wider_and_a_start_narrows_the_databases() {
    let storage = Storage::sqlite();
    let secret = format!("{SITE}[site.captcha]\nprovider = \"house\"\nsecret = \"hush\"\n");
    let place = Place::new(&storage, &secret).with("PALABRE_SERVER__OLD_SECRET_FILES", "old.key");
    fs::write(
        storage.folder.join("old.key"),
        "q7dKb1mZ0pXnR4tYv8sWc2eFhJ3gLaUi5oB6xNkTzQE\n",
    )
    .expect("a key");
    let child = place.starts();
    many_write(&child, "avant", 1).await;
    place.runs(&["backup", "copy.db"]).well();
    let wide = [
        ("palabre.db", 0o644),
        ("palabre.db-wal", 0o640),
        ("palabre.db-shm", 0o604),
        ("palabre.db.lock", 0o666),
        ("copy.db", 0o644),
        ("palabre.key", 0o644),
        ("old.key", 0o640),
        ("config.toml", 0o644),
    ];
    for (file, mode) in wide {
        set_mode(&storage.folder.join(file), mode);
    }
    set_mode(&storage.folder, 0o755);
    let said = place.runs(&["doctor"]).well();
    let warned: Vec<&str> = said.lines().filter(|line| line.starts_with("warn  ")).collect();
    for (file, mode) in wide {
        let says =
            |line: &&&str| line.contains(file) && line.contains(&format!("{mode:04o}")) && line.contains("chmod 600");
        assert!(warned.iter().any(|line| says(&line)), "{file} is not in:\n{said}");
    }
    assert!(
        warned
            .iter()
            .any(|line| line.contains("0755") && line.contains("chmod 700")),
        "{said}"
    );
    assert_eq!(warned.len(), wide.len() + 1, "{said}");

    child.stops();
    let child = place.starts();
    let log = child.log();
    for file in ["palabre.db", "palabre.db.lock"] {
        assert_eq!(mode(&storage.folder.join(file)), 0o600, "{file}");
    }
    assert!(log.contains("palabre.db was open to others (mode 0644)"), "{log}");
    // Whose keys and settings these are is not the service's to change.
    assert!(log.contains("palabre.key is open to others (mode 0644)"), "{log}");
    assert_eq!(mode(&storage.folder.join("palabre.key")), 0o644);
    child.stops();

    // A configuration without secrets may be read by everybody.
    let place = Place::new(&storage, SITE).with("PALABRE_SERVER__OLD_SECRET_FILES", "old.key");
    set_mode(&storage.folder.join("config.toml"), 0o644);
    for file in ["palabre.key", "old.key", "copy.db"] {
        set_mode(&storage.folder.join(file), 0o600);
    }
    set_mode(&storage.folder, 0o700);
    let said = place.runs(&["doctor"]).well();
    assert!(said.contains("ok    files:") && !said.contains("warn"), "{said}");
}

#[test]
fn h15_a_key_that_can_be_guessed_starts_nothing() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    for weak in [
        "00".repeat(32),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        "0123456789abcdef".repeat(4),
    ] {
        fs::write(storage.folder.join("palabre.key"), &weak).expect("a key");
        place.runs(&["serve"]).refused_with(&["palabre.key", "guessed"]);
    }
    fs::remove_file(storage.folder.join("palabre.key")).expect("removed");
    place
        .with("PALABRE_SERVER__SECRET", &"00".repeat(32))
        .runs(&["serve"])
        .refused_with(&["server.secret", "guessed"]);
}

// ---------------------------------------------------------------- readers that go away

#[test]
fn f14_no_command_panics_where_nobody_reads_what_it_says() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    for (arguments, code) in [
        (&["setup-code"][..], 0),
        (&["doctor"], 0),
        (&["token", "create", "--role", "owner", "--all-sites"], 0),
        (&["token", "list"], 0),
        (
            &[
                "moderator",
                "add",
                "--email",
                "awa@example.org",
                "--name",
                "Awa",
                "--role",
                "owner",
                "--all-sites",
            ],
            0,
        ),
        (&["moderator", "list"], 0),
        (&["moderator", "reset", "--email", "awa@example.org"], 0),
        (&["moderator", "reset", "--email", "nobody@example.org"], 1),
        (&["captcha", "observe", "--site", "faso"], 0),
        (&["token", "list", "--config", "missing.toml"], 1),
        (&["backup", "copy.db"], 0),
        (&["restore", "copy.db"], 0),
        (&["restore", "missing.db"], 1),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["token", "--wrong"], 2),
    ] {
        for (out, err) in [(true, false), (false, true), (true, true)] {
            let _ = fs::remove_file(storage.folder.join("copy-again.db"));
            let copies = arguments == ["backup", "copy.db"] && storage.folder.join("copy.db").exists();
            let arguments = if copies {
                &["backup", "copy-again.db"]
            } else {
                arguments
            };
            let ended = place.runs_unread(arguments, out, err);
            assert_eq!(ended.code, Some(code), "{arguments:?}, {out} {err}: {}", ended.err);
            assert!(!ended.err.contains("panicked"), "{arguments:?}: {}", ended.err);
        }
    }
}

#[test]
fn f14_a_result_that_cannot_be_written_is_said() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    place.runs(&["setup-code"]).well();
    for arguments in [&["doctor"][..], &["token", "create", "--role", "owner", "--all-sites"]] {
        let ended = place.runs_on_a_full_disk(arguments);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert!(
            ended.err.contains("palabre: write to standard output: ") && !ended.err.contains("panicked"),
            "{}",
            ended.err
        );
    }
}

// ---------------------------------------------------------------- what they share

async fn many_write(child: &Child, about: &str, comments: usize) {
    for number in 0..comments {
        let mut fields = comment(&format!("{about} {number}: {}", "Un point de vue. ".repeat(200)));
        fields["thread"] = json!(format!("/{about}/{}", number % 7));
        let answer = child.submits(&format!("{about} {number}"), &fields).await;
        answer.expect("an answer").expect(202);
    }
}

/// Killed where it stands, and gone.
fn is_killed(child: Child) {
    child.is_killed();
    drop(child);
}

/// No command opens it, and not a byte of the database and its log changes.
#[track_caller]
fn is_refused_untouched(storage: &Storage, place: &Place) {
    let files = || ["", "-wal"].map(|ending| fs::read(with_ending(storage, ending)).expect("it is there"));
    let before = files();
    for command in [&["serve"][..], &["token", "list"], &["backup", "another.db"]] {
        place.runs(command).refused_with(&[
            "palabre.db-wal",
            "not the log of",
            "palabre.db-shm",
            "Take",
            "palabre restore",
        ]);
        assert!(files() == before, "{command:?} changed it");
    }
    let said: Ended = place.runs(&["doctor"]);
    assert!(
        said.code == Some(1) && said.out.contains("fail  store:") && said.out.contains("palabre.db-wal"),
        "{}",
        said.out
    );
    assert!(files() == before, "doctor changed it");
}

fn with_ending(storage: &Storage, ending: &str) -> PathBuf {
    let mut name = storage.file().as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn moved_aside(storage: &Storage) -> Vec<PathBuf> {
    let names = contents(&storage.folder).into_keys();
    let aside = names.filter(|name| name.contains(".before-") && !name.ends_with("-wal") && !name.ends_with("-shm"));
    aside.map(|name| storage.folder.join(name)).collect()
}

/// All files of a folder by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let files = entries.filter(|path| path.is_file());
    files
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a file"))
        })
        .collect()
}

async fn comments(storage: &Storage) -> usize {
    comments_of(storage.file()).await
}

async fn comments_of(file: &Path) -> usize {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .expect("it opens");
    let (whole,): (String,) = sqlx::query_as("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .expect("checked");
    assert_eq!(whole, "ok");
    let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM comments")
        .fetch_one(&mut connection)
        .await
        .expect("counted");
    connection.close().await.expect("closed");
    usize::try_from(count).expect("a count")
}

async fn run_on(file: &Path, statement: &'static str) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .expect("it opens");
    sqlx::query(statement).execute(&mut connection).await.expect(statement);
    connection.close().await.expect("closed");
}

fn makes_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo is there").success());
}

/// The names of the copies in a folder that are not whole.
fn partial_copies(folder: &Path) -> Vec<String> {
    let names = contents(folder).into_keys();
    names.filter(|name| name.ends_with(".palabre-partial")).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
}

/// Everything that the program made under `folder`.
#[track_caller]
fn is_private(folder: &Path, umask: &str) {
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.ends_with("config.toml") {
                continue;
            }
            let right = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), right, "{} under umask {umask}", path.display());
            seen += 1;
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(seen >= 4, "{seen} files and folders");
}
