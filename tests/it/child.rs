//! The real program as a child process, in a folder of its own: what no test inside one process can show.
//!
//! A [`Place`] is a folder with a configuration, as a newcomer has one; [`Place::starts`] runs the server
//! there on a free port, [`Place::runs`] any other command to its end. No variable of the test's own
//! environment that Palabre reads gets in. A [`Child`] is killed when it is dropped.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Seek as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::Value;

use crate::{
    service::{Answer, client},
    stores::Storage,
};

/// The program under test.
const PALABRE: &str = env!("CARGO_BIN_EXE_palabre");

/// How long anything may take on a busy machine before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A folder with a configuration and a store.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    variables: Vec<(String, String)>,
    umask: Option<&'static str>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// The folder and the store of `storage`, with `config` as its `config.toml`. Limits are off unless
    /// `config` has a `[rate_limit]`.
    pub(crate) fn new(storage: &Storage, config: &str) -> Self {
        fs::write(storage.folder.join("config.toml"), config).expect("the configuration is written");
        let place = Self {
            folder: storage.folder.clone(),
            variables: Vec::new(),
            umask: None,
        };
        let place = place
            .with("PALABRE_SERVER__LISTEN", "127.0.0.1:0")
            .with("PALABRE_DATABASE__URL", &storage.url)
            .with("PALABRE_SERVER__SECRET_FILE", "palabre.key");
        if config.contains("[rate_limit]") {
            place
        } else {
            place.with("PALABRE_RATE_LIMIT__ENABLED", "false")
        }
    }

    /// The same with one more variable, which wins over an earlier one of its name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same under another umask, in octal.
    pub(crate) fn with_umask(mut self, umask: &'static str) -> Self {
        self.umask = Some(umask);
        self
    }

    /// The server, once it says where it is.
    pub(crate) fn starts(&self) -> Child {
        Child::start(self.command(&[PALABRE]))
    }

    /// The server under `strace`, which writes to `trace` what `arguments` ask for.
    pub(crate) fn starts_traced(&self, trace: &Path, arguments: &[&str]) -> Child {
        let trace = trace.display().to_string();
        // -D: the tracer is a grandchild, so that the child that is killed is the server.
        let mut words = vec!["strace", "-D", "-f", "-o", &trace];
        words.extend(arguments);
        words.push(PALABRE);
        Child::start(self.command(&words))
    }

    /// A command, to its end.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Ended {
        let mut words = vec![PALABRE];
        words.extend(arguments);
        Self::runs_to_its_end(self.command(&words), arguments)
    }

    /// A command whose standard output (`out`) or standard error (`err`) nobody reads any more.
    pub(crate) fn runs_unread(&self, arguments: &[&str], out: bool, err: bool) -> Ended {
        let mut words = vec![PALABRE];
        words.extend(arguments);
        let mut command = self.command(&words);
        let unread = || Stdio::from(std::io::pipe().expect("a pipe").1);
        let (mut said, mut noted) = (tempfile_of(&self.folder, "out"), tempfile_of(&self.folder, "err"));
        command.stdout(if out {
            unread()
        } else {
            Stdio::from(said.try_clone().expect("a file"))
        });
        command.stderr(if err {
            unread()
        } else {
            Stdio::from(noted.try_clone().expect("a file"))
        });
        let mut process = command.spawn().expect("the program starts");
        let Some(status) = wait(&mut process, PATIENCE) else {
            let _ = process.kill();
            panic!("{arguments:?} did not end");
        };
        Ended {
            code: status.code(),
            out: read_again(&mut said),
            err: read_again(&mut noted),
        }
    }

    /// A command whose standard output has no room.
    pub(crate) fn runs_on_a_full_disk(&self, arguments: &[&str]) -> Ended {
        let mut words = vec!["sh", "-c", "exec \"$@\" >/dev/full", "sh", PALABRE];
        words.extend(arguments);
        Self::runs_to_its_end(self.command(&words), arguments)
    }

    /// The same, killed before its system call number `when` (from 1) of `calls`; to its end where it makes fewer.
    pub(crate) fn runs_killed_at(&self, calls: &str, when: usize, arguments: &[&str]) -> Ended {
        let inject = format!("inject={calls}:signal=KILL:when={when}");
        let trace = format!("trace={calls}");
        let mut words = vec![
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &trace,
            "-e",
            &inject,
            PALABRE,
        ];
        words.extend(arguments);
        Self::runs_to_its_end(self.command(&words), arguments)
    }

    fn runs_to_its_end(mut command: Command, arguments: &[&str]) -> Ended {
        let mut process = command.spawn().expect("the program starts");
        let mut out = collect(process.stdout.take().expect("its standard output"));
        let mut err = collect(process.stderr.take().expect("its standard error"));
        let Some(status) = wait(&mut process, PATIENCE) else {
            let _ = process.kill();
            panic!("{arguments:?} did not end:\n{}", text(&err.lines));
        };
        Ended {
            code: status.code(),
            out: out.whole(),
            err: err.whole(),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = match self.umask {
            None => Command::new(words[0]),
            Some(umask) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", words[0]]);
                shell
            }
        };
        command.args(&words[1..]).current_dir(&self.folder);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PALABRE_") || name == "RUST_LOG") {
            command.env_remove(name);
        }
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Ended {
    /// Fails unless the command went well; gives its standard output.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self.out
    }

    /// Fails unless it ended with code 1, nothing on standard output and one sentence that holds every
    /// one of `words`.
    #[track_caller]
    pub(crate) fn refused_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        assert_eq!(self.out, "");
        let sentence = self
            .err
            .lines()
            .rfind(|line| line.starts_with("palabre: "))
            .unwrap_or_else(|| panic!("no sentence in:\n{}", self.err));
        for word in words {
            assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) url: String,
    process: std::process::Child,
    client: reqwest::Client,
    log: Collected,
}

impl Child {
    #[track_caller]
    fn start(mut command: Command) -> Self {
        let mut process = command
            .spawn()
            .unwrap_or_else(|error| panic!("start {}: {error}", command.get_program().display()));
        let mut log = collect(process.stderr.take().expect("its standard error"));
        collect(process.stdout.take().expect("its standard output"));
        let began = Instant::now();
        loop {
            let said = text(&log.lines);
            if let Some(url) = said.lines().find_map(address).filter(|_| said.contains("review queue")) {
                return Self {
                    url: url.to_owned(),
                    process,
                    client: client(),
                    log,
                };
            }
            let ended = process.try_wait().expect("the state of the process");
            if ended.is_some() || began.elapsed() > PATIENCE {
                let _ = process.kill();
                panic!("the server did not start ({ended:?}):\n{}", log.whole());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        text(&self.log.lines)
    }

    /// A request; an error when the server is not there or goes meanwhile.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        build: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Answer> {
        let request = build(self.client.request(method, format!("{}{path}", self.url)));
        Answer::read(request.send().await?).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, |request| request)
            .await
            .expect("the server answers")
    }

    /// A comment from the article's page under an `Idempotency-Key`.
    pub(crate) async fn submits(&self, key: &str, fields: &Value) -> reqwest::Result<Answer> {
        self.request(Method::POST, "/api/v1/sites/faso/comments", |request| {
            request
                .header("origin", "https://faso.test")
                .header("idempotency-key", key)
                .json(fields)
        })
        .await
    }

    /// Kills it where it stands, as `kill -9` does. It is gone once it is dropped.
    pub(crate) fn is_killed(&self) {
        send("KILL", self.id());
    }

    /// Asks it to end, with `TERM` or `INT`.
    pub(crate) fn is_told_to_end(&self, signal: &str) {
        send(signal, self.id());
    }

    /// Its exit code, once it has ended.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Option<i32> {
        let status = wait(&mut self.process, PATIENCE);
        assert!(status.is_some(), "it did not end:\n{}", self.log());
        status.and_then(|status| status.code())
    }

    /// All it wrote to standard error, once it has ended, with exit code 0.
    #[track_caller]
    pub(crate) fn log_to_its_end(mut self) -> String {
        let status = wait(&mut self.process, PATIENCE);
        assert!(
            status.is_some_and(|status| status.success()),
            "{status:?}:\n{}",
            self.log()
        );
        self.log.whole()
    }

    /// Ends it as a supervisor does.
    #[track_caller]
    pub(crate) fn stops(self) {
        self.is_told_to_end("TERM");
        assert_eq!(self.ends(), Some(0));
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file to write to that is read again later.
fn tempfile_of(folder: &Path, name: &str) -> fs::File {
    let path = folder.join(format!("unread.{name}"));
    let options = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path);
    options.expect("a file")
}

fn read_again(file: &mut fs::File) -> String {
    let mut text = String::new();
    file.rewind().expect("from the beginning");
    file.read_to_string(&mut text).expect("text");
    text
}

/// Sends a signal, by the shell's own `kill`.
pub(crate) fn send(signal: &str, process: u32) {
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {process}")])
        .status()
        .expect("a shell");
    assert!(sent.success(), "SIG{signal} to {process}");
}

/// `Palabre 0.1.0 at http://127.0.0.1:4711`
fn address(line: &str) -> Option<&str> {
    line.strip_prefix("Palabre ")?.split_once(" at ").map(|(_, url)| url)
}

/// Lines that a thread of its own reads, so that a full pipe never stops the program.
#[derive(Debug)]
struct Collected {
    lines: Arc<Mutex<String>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Collected {
    /// All there was, once the program has closed it.
    fn whole(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        text(&self.lines)
    }
}

fn collect(pipe: impl std::io::Read + Send + 'static) -> Collected {
    let lines = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&lines);
    let thread = std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&String::from_utf8_lossy(&line));
            kept.push('\n');
        }
    });
    Collected {
        lines,
        thread: Some(thread),
    }
}

fn text(lines: &Mutex<String>) -> String {
    lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn wait(process: &mut std::process::Child, patience: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if let Some(status) = process.try_wait().expect("the state of the process") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}
