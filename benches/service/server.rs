//! The release binary as a child process, and what the system says about it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The site that all figures are measured on: limits off, everything held, and this captcha.
const CONFIG: &str = "[[site]]\nid = \"bench\"\nname = \"Bench\"\norigins = [\"https://bench.test\"]\n[site.captcha]\n";

/// No captcha.
const OFF: &str = "provider = \"off\"\n";

/// A provider on a port of this machine where nobody listens.
const DEAD: &str = "provider = \"recaptcha_v3\"\nsecret = \"bench\"\nverify_url = \"http://127.0.0.1:9/\"\n";

/// A folder with a database, removed in the end.
pub(crate) struct Storage {
    pub(crate) folder: PathBuf,
    pub(crate) url: String,
}

impl Storage {
    pub(crate) fn new(name: &str) -> Self {
        Self::with_captcha(name, OFF)
    }

    pub(crate) fn with_dead_provider(name: &str) -> Self {
        Self::with_captcha(name, DEAD)
    }

    fn with_captcha(name: &str, captcha: &str) -> Self {
        Self::with_config(name, &format!("{CONFIG}{captcha}"))
    }

    /// With a configuration of its own, in which the site `bench` must stand.
    pub(crate) fn with_config(name: &str, config: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("palabre-bench-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("config.toml"), config).expect("the configuration");
        Self {
            url: format!("sqlite://{}", folder.join("palabre.db").display()),
            folder,
        }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// From the start of the process to its answer to a listing.
    pub(crate) first_answer_after: Duration,
    child: Child,
    /// The server's own id; the child is strace in a traced run.
    process: u32,
    counts: PathBuf,
}

impl Server {
    pub(crate) async fn start(storage: &Storage) -> Self {
        Self::start_binary(storage, &binary()).await
    }

    /// Another binary than the one that was just built.
    pub(crate) async fn start_binary(storage: &Storage, binary: &Path) -> Self {
        Self::launch(storage, Command::new(binary)).await
    }

    /// Under strace, which counts its syncs.
    pub(crate) async fn start_traced(storage: &Storage) -> Self {
        let mut command = Command::new("strace");
        command
            .args(["-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o"])
            .arg(storage.folder.join("syncs"))
            .arg(binary());
        Self::launch(storage, command).await
    }

    async fn launch(storage: &Storage, mut command: Command) -> Self {
        let address = free_address();
        in_environment(&mut command, storage)
            .arg("serve")
            .env("PALABRE_SERVER__LISTEN", address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let started = Instant::now();
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started ({error}): tests/run installs strace"));
        let mut server = Self {
            address,
            first_answer_after: Duration::ZERO,
            process: child.id(),
            child,
            counts: storage.folder.join("syncs"),
        };
        while !super::load::answers(address).await {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the server does not answer"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.first_answer_after = started.elapsed();
        let children = format!("/proc/{0}/task/{0}/children", server.process);
        let children = std::fs::read_to_string(children).unwrap_or_default();
        if let Some(traced) = children.split_whitespace().next() {
            server.process = traced.parse().expect("a process id");
        }
        server
    }

    /// CPU time so far, user and system, all threads, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> f64 {
        cpu_ms_of(self.process)
    }

    /// Resident memory, in megabytes.
    pub(crate) fn resident_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).expect("the server runs");
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|kib| kib.parse().ok())
            .expect("VmRSS");
        kib * 1024.0 / 1e6
    }

    /// Ends it as a supervisor does.
    pub(crate) async fn stop(mut self) {
        let ended = Command::new("kill").arg(self.process.to_string()).status();
        assert!(ended.is_ok_and(|status| status.success()), "kill");
        while self.child.try_wait().expect("a child").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends a traced one, and gives the syncs it made from start to end.
    pub(crate) async fn stop_and_count_syncs(self) -> u64 {
        let counts = self.counts.clone();
        self.stop().await;
        let table = std::fs::read_to_string(counts).expect("strace's table");
        table
            .lines()
            .filter(|line| line.ends_with("fsync") || line.ends_with("fdatasync"))
            .map(|line| {
                let calls = line.split_whitespace().nth(3).expect("a column of calls");
                calls.parse::<u64>().expect("calls")
            })
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// With the storage's own database and key, and without limits.
pub(crate) fn in_environment<'a>(command: &'a mut Command, storage: &Storage) -> &'a mut Command {
    command
        .current_dir(&storage.folder)
        .env("PALABRE_SERVER__SECRET_FILE", storage.folder.join("palabre.key"))
        .env("PALABRE_DATABASE__URL", &storage.url)
        .env("PALABRE_RATE_LIMIT__ENABLED", "false")
        .env("PALABRE_OUTGOING__ALLOW_PRIVATE_ADDRESSES", "true")
}

/// The program that is measured: the one that was built, or what `PALABRE_BIN` names.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("PALABRE_BIN").map_or_else(|| env!("CARGO_BIN_EXE_palabre").into(), PathBuf::from)
}

/// CPU time of a process so far, user and system, all threads, in milliseconds.
pub(crate) fn cpu_ms_of(process: u32) -> f64 {
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime are fields 14 and
    // 15, in ticks of 10 ms; the name in field 2 stands in parentheses.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the server runs");
    let after_name = stat.rsplit(')').next().expect("a name");
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().expect("ticks"))
        .sum();
    ticks as f64 * 10.0
}

/// Size of the binary that was measured.
pub(crate) fn binary_bytes() -> u64 {
    std::fs::metadata(binary()).expect("the binary").len()
}

/// A bearer token of an owner of everything, made beside a server that runs on that store.
pub(crate) fn token(binary: &Path, storage: &Storage) -> String {
    let mut command = Command::new(binary);
    let made = in_environment(&mut command, storage)
        .args(["token", "create", "--role", "owner", "--all-sites"])
        .output()
        .expect("the command runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).expect("a token").trim().to_owned()
}

fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}
