//! The program as a process: killed, told to end, with a disk or a server that fails under it.
//!
//! What must hold throughout: an answered comment is stored, once; an unanswered one can be sent again
//! under its key and is then stored once; and nobody has to restart anything. What the machine must
//! lend (strace, a small disk) is asked for in words when it is missing: nothing here is skipped, but for
//! PostgreSQL where no server is named.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Json, Router, extract::State, routing::post};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, watch},
};

use crate::{
    child::{Child, PATIENCE, Place, send},
    service::{Answer, SITE, comment, in_time},
    stores::{Storage, on_postgres},
};

const KILLS: usize = 20;

/// Readers who write at the same time.
const READERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_every_comment_that_it_answered_and_none_twice() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let mut sent = Vec::new();
    let mut child = place.starts();
    for round in 0..KILLS {
        // A different moment each time: early, and with more and more behind it.
        let (mut answered, cut_off) = everybody_writes_until_it_is_killed(&child, round, 10 + 7 * round).await;
        drop(child);
        child = place.starts();
        let stored = bodies(&storage).await;
        for key in &answered {
            assert_eq!(stored.get(key), Some(&1), "{key} was answered in round {round}");
        }
        for key in &cut_off {
            assert!(stored.get(key).is_none_or(|times| *times == 1), "{key} is there twice");
            let again = child.submits(key, &text(key)).await.expect("it is up again");
            assert!(matches!(again.status.as_u16(), 200 | 202), "{}", again.text);
        }
        let again = child
            .submits(&answered[0], &text(&answered[0]))
            .await
            .expect("it is up");
        assert_eq!(again.expect(200).header("idempotent-replayed"), "true");
        answered.extend(cut_off);
        sent.extend(answered);
    }
    let stored = bodies(&storage).await;
    assert_eq!(stored.len(), sent.len());
    for key in &sent {
        assert_eq!(stored.get(key), Some(&1), "{key}");
    }
    assert!(is_whole(&storage).await);
}

/// Everybody sends one comment after the other; once `enough` are answered, the server is killed. Gives
/// the keys that were answered, and those that were not.
async fn everybody_writes_until_it_is_killed(child: &Child, round: usize, enough: usize) -> (Vec<String>, Vec<String>) {
    let answers = Semaphore::new(0);
    let reader = async |number: usize| {
        let mut answered = Vec::new();
        for count in 0.. {
            let key = format!("round {round}, reader {number}, comment {count}");
            match child.submits(&key, &text(&key)).await {
                Ok(answer) => {
                    answer.expect(202);
                    answers.add_permits(1);
                    answered.push(key);
                }
                Err(_) => return (answered, key),
            }
        }
        unreachable!("the count never ends")
    };
    let killer = async {
        let enough = u32::try_from(enough).expect("a small number");
        let _ = answers.acquire_many(enough).await.expect("it is never closed");
        child.is_killed();
    };
    let (everybody, ()) = join(join_all((0..READERS).map(reader)), killer).await;
    let (answered, cut_off): (Vec<_>, Vec<_>) = everybody.into_iter().unzip();
    (answered.into_iter().flatten().collect(), cut_off)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_leaves_after_the_sync_that_makes_its_row_last() {
    const WORDS: &str = "Only this comment says marmalade.";
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let trace = storage.folder.join("trace");
    let calls = "trace=fsync,fdatasync,pwrite64,pwritev,write,writev,sendto,sendmsg";
    let child = place.starts_traced(&trace, &["-y", "-s", "8192", "-e", calls]);
    child
        .submits("key", &comment(WORDS))
        .await
        .expect("an answer")
        .expect(202);
    child.stops();

    let trace = fs::read_to_string(trace).expect("strace is installed and wrote its trace");
    let lines: Vec<&str> = trace.lines().collect();
    let after = |start: usize, wanted: &dyn Fn(&str) -> bool| {
        lines[start..]
            .iter()
            .position(|line| wanted(line))
            .map(|found| start + found)
    };
    let row = after(0, &|line| line.contains("palabre.db-wal>") && line.contains(WORDS)).expect("the row is written");
    let sync = after(row, &|line| line.contains("sync(") && line.contains("palabre.db-wal>")).expect("a sync follows");
    // In another thread's company a call is two lines: its begin, and its end in the same thread.
    let thread = lines[sync].split(' ').next().expect("the thread's id");
    let synced = after(sync, &|line| {
        line.starts_with(thread) && line.contains("sync") && line.trim_end().ends_with("= 0")
    })
    .expect("the sync succeeds");
    let answer = after(0, &|line| line.contains("HTTP/1.1 202")).expect("the answer is sent");
    assert!(
        row < sync && synced < answer,
        "row {row}, sync {sync} to {synced}, answer {answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_goes_by_without_a_restart() {
    let mut storage = Storage::sqlite();
    let disk = SmallDisk::mount(storage.folder.join("disk"));
    storage.url = format!("sqlite://{}", disk.0.join("palabre.db").display());
    let filler = disk.0.join("filler");
    fs::write(&filler, vec![b'x'; 1_500_000]).expect("it fits");
    let place = Place::new(&storage, SITE);
    let child = place.starts();

    let mut answered = Vec::new();
    let mut turned_away = Vec::new();
    for round in 0.. {
        assert!(round < 200, "the disk never fills up");
        let keys: Vec<String> = (0..8).map(|reader| format!("{round}.{reader}")).collect();
        let answers = join_all(keys.iter().map(async |key| child.submits(key, &long_text(key)).await)).await;
        for (key, answer) in keys.into_iter().zip(answers) {
            match answer.expect("an answer") {
                answer if answer.status == 202 => answered.push(key),
                answer => {
                    is_unavailable(&answer);
                    turned_away.push(key);
                }
            }
        }
        if !turned_away.is_empty() {
            break;
        }
    }
    assert!(answered.len() > 8, "{answered:?}");
    assert_eq!(child.get("/healthz").await.status, 200);
    let article = child.get("/api/v1/sites/faso/comments?thread=%2Farticle").await;
    assert_eq!(article.expect(200).json["thread"]["count"], 0);

    fs::remove_file(&filler).expect("it goes");
    for key in &turned_away {
        let again = child.submits(key, &long_text(key)).await.expect("an answer");
        assert!(matches!(again.status.as_u16(), 200 | 202), "{}", again.text);
    }
    let stored = threads(&storage).await;
    for key in answered.iter().chain(&turned_away) {
        assert_eq!(stored.get(key), Some(&1), "{key}");
    }
    place.runs(&["doctor"]).well();
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_refuses_writes_is_said_and_goes_by_without_a_restart() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let child = place.starts();
    child
        .submits("before", &text("before"))
        .await
        .expect("an answer")
        .expect(202);

    // EROFS: the kernel made the file system read-only. EIO: a sector is gone, or the sync failed.
    for (number, fault) in [
        "pwrite64:error=EROFS",
        "pwrite64:error=EIO",
        "fsync,fdatasync:error=EIO",
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("during {number}");
        let tracer = FailingDisk::under(&child, fault);
        is_unavailable(&child.submits(&key, &text(&key)).await.expect("an answer"));
        assert_eq!(child.get("/healthz").await.status, 200);
        drop(tracer);
        let again = child.submits(&key, &text(&key)).await.expect("an answer");
        assert!(matches!(again.status.as_u16(), 200 | 202), "{fault}: {}", again.text);
    }
    let stored = bodies(&storage).await;
    assert_eq!(stored.len(), 4);
    assert!(stored.values().all(|times| *times == 1), "{stored:?}");
    assert!(is_whole(&storage).await);
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sync_fails_in_its_turn_and_nothing_that_was_answered_is_lost() {
    const SENT: usize = 5;
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE);
    let mut child = place.starts();
    let mut turned_away = 0;
    for nth in 1..=SENT {
        let failing = FailingDisk::under(&child, &format!("fsync,fdatasync:error=EIO:when={nth}"));
        let mut answered = BTreeMap::new();
        for number in 0..SENT {
            let key = format!("{nth}.{number}");
            let answer = child.submits(&key, &text(&key)).await.expect("an answer");
            if answer.status != 202 {
                is_unavailable(&answer);
            }
            answered.insert(key, answer.status == 202);
        }
        drop(failing);
        // Not told to end: what a sync did not bring to the disk has no second chance.
        child.is_killed();
        drop(child);
        child = place.starts();
        let stored = bodies(&storage).await;
        for (key, was_answered) in &answered {
            let times = stored.get(key).copied().unwrap_or_default();
            let may_be = usize::from(*was_answered)..=1;
            assert!(may_be.contains(&times), "{key} is there {times} times after sync {nth}");
            let again = child.submits(key, &text(key)).await.expect("an answer");
            assert!(matches!(again.status.as_u16(), 200 | 202), "{}", again.text);
        }
        turned_away += answered.values().filter(|answered| !**answered).count();
    }
    assert!(turned_away >= SENT, "only {turned_away} syncs failed");
    let stored = bodies(&storage).await;
    assert!(
        stored.len() == SENT * SENT && stored.values().all(|times| *times == 1),
        "{stored:?}"
    );
    assert!(is_whole(&storage).await);
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_program_keeps_locked_is_said_and_waited_out() {
    let storage = Storage::sqlite();
    let child = Place::new(&storage, SITE).starts();
    let mut other = SqliteConnection::connect(&storage.url).await.expect("it opens");
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .expect("the lock");
    is_unavailable(&child.submits("key", &text("key")).await.expect("an answer"));
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("free again");
    child.submits("key", &text("key")).await.expect("an answer").expect(202);
    assert_eq!(bodies(&storage).await.get("key"), Some(&1));
    child.stops();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_out_of_reach_is_said_and_found_again_without_a_restart() {
    on_postgres(async |storage| {
        let server = url::Url::parse(&storage.url).expect("an address");
        let target = format!(
            "{}:{}",
            server.host_str().expect("a host"),
            server.port().unwrap_or(5432)
        );
        let wire = Wire::to(target).await;
        let mut through = server.clone();
        through.set_host(Some("127.0.0.1")).expect("a host");
        through.set_port(Some(wire.address.port())).expect("a port");
        let child = Place::new(storage, SITE)
            .with("PALABRE_DATABASE__URL", through.as_str())
            .starts();
        child
            .submits("first", &text("first"))
            .await
            .expect("an answer")
            .expect(202);
        assert_eq!(child.get("/readyz").await.status, 200);

        for state in [Line::Cut, Line::Silent] {
            let key = format!("{state:?}");
            wire.becomes(state);
            let (ready, sent) = join(child.get("/readyz"), child.submits(&key, &text(&key))).await;
            assert_eq!(ready.status, 503, "{}", ready.text);
            is_unavailable(&sent.expect("an answer"));
            assert_eq!(child.get("/healthz").await.status, 200);
            wire.becomes(Line::Whole);
            is_ready_again(&child).await;
            let again = child.submits(&key, &text(&key)).await.expect("an answer");
            assert!(matches!(again.status.as_u16(), 200 | 202), "{}", again.text);
        }
        let stored = bodies(storage).await;
        assert_eq!(stored.len(), 3, "{stored:?}");
        assert!(stored.values().all(|times| *times == 1), "{stored:?}");
        child.stops();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_end_answers_what_is_under_way_and_takes_nothing_new() {
    let provider = SlowProvider::start().await;
    let storage = Storage::sqlite();
    let captcha = format!(
        "{SITE}[site.captcha]\nprovider = \"recaptcha_v3\"\nsecret = \"secret\"\nverify_url = \"{}\"\n\
         hostnames = [\"faso.test\"]\n[outgoing]\nallow_private_addresses = true\n",
        provider.url
    );
    let child = Place::new(&storage, &captcha).starts();
    let mut fields = text("under way");
    fields["captcha"] = json!("token");
    let address = child.url.trim_start_matches("http://").to_owned();
    let told = async {
        let asked = in_time("the provider is asked", provider.asked.acquire()).await;
        let _ = asked.expect("never closed");
        child.is_told_to_end("TERM");
        let began = Instant::now();
        while TcpStream::connect(&address).await.is_ok() {
            assert!(began.elapsed() < PATIENCE, "it still takes connections");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        provider.may_answer.add_permits(1);
    };
    let (sent, ()) = join(child.submits("key", &fields), told).await;
    let sent = sent.expect("an answer").expect(202);
    assert_eq!(child.ends(), Some(0));
    assert_eq!(bodies(&storage).await.get("under way"), Some(&1));
    assert_eq!(sent.json["status"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_ends_it_as_well() {
    let storage = Storage::sqlite();
    let child = Place::new(&storage, SITE).starts();
    // Its connection stays open, as browsers keep them.
    assert_eq!(child.get("/readyz").await.status, 200);
    child.is_told_to_end("INT");
    assert_eq!(child.ends(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_end_leaves_the_whole_store_in_one_file_and_a_log_that_any_program_reads() {
    let storage = Storage::sqlite();
    let place = Place::new(&storage, SITE).with("PALABRE_LOG__LEVEL", "debug");
    let child = place.starts();
    child.submits("key", &text("key")).await.expect("an answer").expect(202);
    let article = child.get("/api/v1/sites/faso/comments?thread=%2Farticle").await;
    article.expect(200);
    child.is_told_to_end("TERM");
    let log = child.log_to_its_end();
    assert!(log.contains("stopping"), "{log}");
    assert!(!log.contains('\x1b'), "colours in a file: {log}");
    for beside in ["palabre.db-wal", "palabre.db-shm"] {
        assert!(!storage.folder.join(beside).exists(), "{beside} is left");
    }
    // Moved alone, it is all there.
    let moved = storage.folder.join("moved.db");
    fs::rename(storage.file(), &moved).expect("moved");
    let mut there = SqliteConnection::connect(&format!("sqlite://{}", moved.display()))
        .await
        .expect("it opens");
    let (stored,): (String,) = sqlx::query_as("SELECT body FROM comments")
        .fetch_one(&mut there)
        .await
        .expect("a row");
    assert_eq!(stored, "key");
}

/// A comment whose body is its key, each from an author of its own.
fn text(key: &str) -> Value {
    let mut fields = comment(key);
    fields["email"] = json!(format!(
        "{}@example.org",
        key.replace([' ', ','], ".").replace("..", ".")
    ));
    fields
}

/// Five thousand characters in a thread that is named like the key.
fn long_text(key: &str) -> Value {
    let mut fields = text(key);
    fields["thread"] = json!(key);
    fields["body"] = json!("abcdefghi ".repeat(500).trim_end());
    fields
}

#[track_caller]
fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.error(), (503, "unavailable"), "{}", answer.text);
    let seconds: u32 = answer.header("retry-after").parse().expect("a Retry-After in seconds");
    assert!(seconds > 0);
}

async fn is_ready_again(child: &Child) {
    let began = Instant::now();
    while child.get("/readyz").await.status != 200 {
        assert!(
            began.elapsed() < PATIENCE,
            "it does not find the store again:\n{}",
            child.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How often each body is stored.
async fn bodies(storage: &Storage) -> HashMap<String, usize> {
    times(storage, "SELECT body FROM comments").await
}

/// How many comments each thread has.
async fn threads(storage: &Storage) -> HashMap<String, usize> {
    times(
        storage,
        "SELECT t.thread_key FROM comments c JOIN threads t ON t.id = c.thread_id",
    )
    .await
}

async fn times(storage: &Storage, query: &'static str) -> HashMap<String, usize> {
    let found: Vec<(String,)> = if storage.is_postgres() {
        let mut connection = PgConnection::connect(&storage.url).await.expect("the server answers");
        sqlx::query_as(query).fetch_all(&mut connection).await.expect(query)
    } else {
        let mut connection = SqliteConnection::connect(&storage.url).await.expect("the file opens");
        sqlx::query_as(query).fetch_all(&mut connection).await.expect(query)
    };
    let mut times = HashMap::new();
    for (text,) in found {
        *times.entry(text).or_default() += 1;
    }
    times
}

async fn is_whole(storage: &Storage) -> bool {
    let query = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
    storage.integer(query).await == Some(1)
}

/// A file system of 4 MiB; gone with its value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Self {
        fs::create_dir(&at).expect("a folder to mount on");
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "palabre-test"])
            .arg(&at)
            .output();
        let done = done.expect("the program mount is there");
        assert!(
            done.status.success(),
            "the test of a full disk mounts a small tmpfs, which needs root: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        Self(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Makes a system call of a running server fail, until it is dropped.
struct FailingDisk(std::process::Child);

impl FailingDisk {
    fn under(child: &Child, fault: &str) -> Self {
        let call = fault.split(':').next().expect("the call's name");
        let mut tracer = Command::new("strace")
            .args(["-f", "-p", &child.id().to_string()])
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={fault}")])
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is installed");
        let said = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&said);
        let pipe = tracer.stderr.take().expect("its standard error");
        std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(pipe).lines().map_while(Result::ok) {
                kept.lock().expect("no panic").push_str(&line);
            }
        });
        let failing = Self(tracer);
        let began = Instant::now();
        while !said.lock().expect("no panic").contains(" attached") {
            let said = said.lock().expect("no panic").clone();
            assert!(
                !said.contains("ptrace") && began.elapsed() < PATIENCE,
                "strace may not attach to the server, which needs root: {said}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        failing
    }
}

impl Drop for FailingDisk {
    fn drop(&mut self) {
        // Told, and not killed: it lets go of every thread first.
        send("TERM", self.0.id());
        let _ = self.0.wait();
    }
}

/// How the way to the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Whole,
    /// Connections break, new ones are refused.
    Cut,
    /// Nothing arrives, and nobody says so.
    Silent,
}

/// A way to a server that can be cut.
struct Wire {
    address: SocketAddr,
    line: watch::Sender<Line>,
}

impl Wire {
    async fn to(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (line, watching) = watch::channel(Line::Whole);
        tokio::spawn(accept(listener, address, target, watching));
        Self { address, line }
    }

    fn becomes(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn accept(mut listener: TcpListener, address: SocketAddr, target: String, mut line: watch::Receiver<Line>) {
    let watching = line.clone();
    loop {
        tokio::select! {
            () = until(&mut line, |line| line == Line::Cut) => {
                drop(listener);
                until(&mut line, |line| line != Line::Cut).await;
                listener = TcpListener::bind(address).await.expect("the same port");
            }
            accepted = listener.accept() => {
                let (near, _) = accepted.expect("a connection");
                let far = TcpStream::connect(&target).await.expect("the server answers");
                tokio::spawn(connect(near, far, watching.clone()));
            }
        }
    }
}

async fn connect(near: TcpStream, far: TcpStream, mut line: watch::Receiver<Line>) {
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = carry(near_in, far_out, line.clone()) => {}
        () = carry(far_in, near_out, line.clone()) => {}
        () = until(&mut line, |line| line == Line::Cut) => {}
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        until(&mut line, |line| line != Line::Silent).await;
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

async fn until(line: &mut watch::Receiver<Line>, is: impl Fn(Line) -> bool) {
    if line.wait_for(|line| is(*line)).await.is_err() {
        // The test is over.
        std::future::pending::<()>().await;
    }
}

/// A captcha provider that answers when it may.
struct SlowProvider {
    url: String,
    asked: Arc<Semaphore>,
    may_answer: Arc<Semaphore>,
}

impl SlowProvider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/siteverify", listener.local_addr().expect("an address"));
        let (asked, may_answer) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let routes = Router::new()
            .route("/siteverify", post(verified))
            .with_state((Arc::clone(&asked), Arc::clone(&may_answer)));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, asked, may_answer }
    }
}

async fn verified(State((asked, may_answer)): State<(Arc<Semaphore>, Arc<Semaphore>)>) -> Json<Value> {
    asked.add_permits(1);
    let _ = may_answer.acquire().await.expect("never closed");
    Json(json!({"success": true, "score": 0.9, "action": "comment", "hostname": "faso.test"}))
}
