//! Whether the log (`-wal`) beside a database is the database's own, found out before `SQLite` opens the two.
//!
//! `SQLite` brings whatever log lies beside a database into it at the first opening: nothing in the log names its
//! database. Where a copy was put in the place of a database whose log was still there, as after a kill, that
//! writes pages of the one over pages of the other and spoils both. So the two are looked at first. [`look`] reads
//! their bytes alone (<https://www.sqlite.org/fileformat2.html>): a file that was never in WAL mode, as every
//! `VACUUM INTO` makes it, has no log; neither the schema's cookie nor the change counter of page 1 ever goes back.
//! [`is_spoiled_by_its_log`] asks `SQLite`, read-only, for what those do not tell: a database that is whole, and is
//! not whole with that log, has another's. Invariant: a log that a killed server left is its own in any case,
//! and nothing is ever written here.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

/// How long `SQLite` may look through a database at a start after a kill. What is not found out by then is taken
/// for its own: a supervisor that waits for an answer must not kill it again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Steps of `SQLite`'s machine between two looks at the clock.
const STEPS: i32 = 100_000;

const HEAD_BYTES: usize = 100;
const LOG_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;

/// A file's path with an ending: of a database `-wal`, `-shm`, `-journal`, `.lock`.
#[must_use]
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(ending);
    PathBuf::from(name)
}

/// What the first page of a database says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Head {
    /// It is or was in WAL mode.
    has_log: bool,
    page_bytes: usize,
    change_counter: u32,
    schema_cookie: u32,
    pub(in crate::store) application_id: u32,
}

impl Head {
    /// `None` where `page` is not the beginning of a `SQLite` database.
    pub(in crate::store) fn parse(page: &[u8]) -> Option<Self> {
        let page = page
            .get(..HEAD_BYTES)
            .filter(|page| page.starts_with(b"SQLite format 3\0"))?;
        Some(Self {
            has_log: page[18] >= 2 || page[19] >= 2,
            page_bytes: match u16::from_be_bytes([page[16], page[17]]) {
                1 => 65_536,
                bytes => usize::from(bytes),
            },
            change_counter: number(page, 24),
            schema_cookie: number(page, 40),
            application_id: number(page, 68),
        })
    }

    /// The head of a file; `None` where it is not there, empty, or no `SQLite` database.
    pub(in crate::store) fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut page = [0; HEAD_BYTES];
        match File::open(path).and_then(|mut file| file.read_exact(&mut page)) {
            Ok(()) => Ok(Self::parse(&page)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a log holds up to its last commit.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    page_bytes: usize,
    /// Pages, each as often as it was written.
    frames: u64,
    /// The first and the last head that it gives the database.
    heads: Option<(Head, Head)>,
}

/// What the bytes of a database and of the log beside it say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Look {
    /// There is no log, or none that would be brought into the database.
    NoLog,
    /// Nothing speaks against it.
    Fits,
    /// It cannot be the database's own, for this reason.
    Foreign(&'static str),
}

/// Lookups at the database and the log beside it.
///
/// # Errors
/// Those of the file system.
pub(in crate::store) fn look(database: &Path) -> io::Result<Look> {
    let log = match File::open(beside(database, "-wal")) {
        Ok(file) => read_log(BufReader::with_capacity(1 << 20, file))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Look::NoLog),
        Err(error) => return Err(error),
    };
    if log.frames == 0 {
        return Ok(Look::NoLog);
    }
    let length = match database.metadata() {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    if length == 0 {
        return Ok(Look::Foreign("there is no database to which it could belong"));
    }
    // Something else than a database is said by whoever opens it.
    let why = Head::read(database)?.and_then(|head| contradiction(&head, &log));
    Ok(why.map_or(Look::Fits, Look::Foreign))
}

fn contradiction(head: &Head, log: &Log) -> Option<&'static str> {
    if !head.has_log {
        return Some("the database is a copy that never had one");
    }
    if head.page_bytes != log.page_bytes {
        return Some("its pages have another size");
    }
    let (first, last) = log.heads.as_ref()?;
    if head.schema_cookie > last.schema_cookie {
        return Some("the database has a later schema");
    }
    // The counter goes up by one with the first change that a connection makes to page 1; pages of this very log
    // may be in the file already.
    if head.change_counter.saturating_add(1) < first.change_counter {
        return Some("the database is older than what it continues");
    }
    if head.change_counter > last.change_counter {
        return Some("the database is newer than what it continues");
    }
    None
}

/// Reads a log as `SQLite` does at an opening: up to the first frame whose checksum does not fit, and of those what
/// a commit ends.
fn read_log(mut file: impl Read) -> io::Result<Log> {
    let mut log = Log::default();
    let mut head = [0; LOG_HEAD_BYTES];
    if !fills(&mut file, &mut head)? {
        return Ok(log);
    }
    let magic = number(&head, 0);
    let is_big_endian = magic & 1 == 1;
    let page_bytes = number(&head, 8) as usize;
    let mut sum = checksum(is_big_endian, (0, 0), &head[..24]);
    let is_log = magic & !1 == 0x377f_0682
        && (512..=65_536).contains(&page_bytes)
        && page_bytes.is_power_of_two()
        && sum == (number(&head, 24), number(&head, 28));
    if !is_log {
        return Ok(log);
    }
    log.page_bytes = page_bytes;
    let mut frame = vec![0; FRAME_HEAD_BYTES + page_bytes];
    let mut frames = 0;
    let mut heads = None;
    while fills(&mut file, &mut frame)? {
        let (about, page) = frame.split_at(FRAME_HEAD_BYTES);
        sum = checksum(is_big_endian, sum, &about[..8]);
        sum = checksum(is_big_endian, sum, page);
        if about[8..16] != head[16..24] || sum != (number(about, 16), number(about, 20)) {
            break;
        }
        frames += 1;
        if number(about, 0) == 1
            && let Some(latest) = Head::parse(page)
        {
            heads = Some((heads.map_or(latest, |(first, _)| first), latest));
        }
        let ends_commit = number(about, 4) != 0;
        if ends_commit {
            log.frames = frames;
            log.heads = heads;
        }
    }
    Ok(log)
}

/// Whether there was enough to fill `bytes`.
fn fills(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes)
}

/// The log's checksum, continued over `bytes`, whose length is a multiple of eight.
fn checksum(is_big_endian: bool, (mut one, mut two): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let (words, _) = bytes.as_chunks::<4>();
    let word = |bytes: &[u8; 4]| {
        if is_big_endian {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        }
    };
    for pair in words.chunks_exact(2) {
        one = one.wrapping_add(word(&pair[0])).wrapping_add(two);
        two = two.wrapping_add(word(&pair[1])).wrapping_add(one);
    }
    (one, two)
}

/// Whether the database is whole without its log and is not with it. `false` too where that cannot be told within
/// ten seconds.
pub(in crate::store) async fn is_spoiled_by_its_log(database: &Path) -> bool {
    let deadline = Instant::now() + PATIENCE;
    let index = beside(database, "-shm");
    let had_index = index.exists();
    let reading = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .read_only(true)
        .disable_statement_logging();
    let is_spoiled = is_whole(&reading, deadline).await == Some(false)
        && is_whole(&reading.immutable(true), deadline).await == Some(true);
    if is_spoiled && !had_index {
        let _ = std::fs::remove_file(index);
    }
    is_spoiled
}

/// `None` where it cannot be opened, or time ran out.
async fn is_whole(options: &SqliteConnectOptions, deadline: Instant) -> Option<bool> {
    let mut connection = options.connect().await.ok()?;
    let ran_out = Arc::new(AtomicBool::new(false));
    let runs_out = Arc::clone(&ran_out);
    let mut handle = connection.lock_handle().await.ok()?;
    handle.set_progress_handler(STEPS, move || {
        let goes_on = Instant::now() < deadline;
        runs_out.fetch_or(!goes_on, Ordering::Relaxed);
        goes_on
    });
    drop(handle);
    let verdict: Result<(String,), sqlx::Error> =
        sqlx::query_as("PRAGMA quick_check(1)").fetch_one(&mut connection).await;
    let _ = connection.close().await;
    if ran_out.load(Ordering::Relaxed) {
        return None;
    }
    match verdict {
        Ok((verdict,)) => Some(verdict == "ok"),
        // 11: malformed; 26: not a database.
        Err(sqlx::Error::Database(error)) => error
            .code()
            .and_then(|code| code.parse::<u32>().ok())
            .filter(|code| matches!(code & 0xff, 11 | 26))
            .map(|_| false),
        Err(_) => None,
    }
}
