//! What the most hostile request of 128 KiB or less costs, for each public call.
//!
//! `cargo bench --bench hostile` starts the release binary (or what `PALABRE_BIN` names) as a child process,
//! without limits, and prints one line a call: CPU of the server's process for the dearest of its inputs, and
//! how many times that is what hashing 1 MiB with SHA-256 costs in the same run. Beyond [`BAR`] it fails.
//! Passphrase hashing is apart: what a sign-in with a wrong passphrase costs is taken off for each hash that a
//! call makes. Beside it, how long `/healthz` takes meanwhile, from this process and on the same cores: the
//! aim is [`HEALTHZ_AIM`]. `cargo bench --bench hostile -- /login` takes the calls with that in their name. To
//! add a call or an input: an entry in `calls.rs`.

#![expect(clippy::cast_precision_loss, reason = "figures to read: counts far below 2^52")]

mod calls;
#[path = "../../tests/it/example.rs"]
mod example;
mod texts;

#[expect(dead_code, reason = "the parts of benches/service that make its load")]
#[path = "../service/fill.rs"]
mod fill;
#[expect(dead_code, reason = "the parts of benches/service that make its load")]
#[path = "../service/load.rs"]
mod load;
#[expect(dead_code, reason = "the parts of benches/service that measure it")]
#[path = "../service/server.rs"]
mod server;
#[path = "../service/text.rs"]
mod text;

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use calls::{Call, Input};
use load::Connection;
use server::{Server, Storage};
use sha2::{Digest as _, Sha256};

/// A call costs at most so many times what hashing 1 MiB costs.
const BAR: f64 = 60.0;

/// In 99 of 100 cases `/healthz` answers within that time.
const HEALTHZ_AIM: Duration = Duration::from_millis(50);

/// Each input is sent that often; CPU time is counted in steps of 10 ms.
const TIMES: usize = 10;

/// The site that is attacked: the longest bodies, the built-in check, everything held.
const CONFIG: &str = "[[site]]\nid = \"bench\"\nname = \"Bench\"\norigins = [\"https://bench.test\"]\n\
                      body_max = 20000\n[site.captcha]\nprovider = \"house\"\n";

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    if runtime.block_on(measure_all()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether the bar was held by every call.
async fn measure_all() -> bool {
    let before = yardstick_ms();
    let (fresh, owned) = (
        Storage::with_config("fresh", CONFIG),
        Storage::with_config("owned", CONFIG),
    );
    fill::thread_of(&owned, 100).await;
    let links = calls::links(&owned);
    let first_run = calls::setup_code(&fresh);
    let mut dearest = Vec::new();
    let healthz = Arc::new(Mutex::new(Vec::new()));
    for (storage, before_owner) in [(&fresh, true), (&owned, false)] {
        let server = Server::start(storage).await;
        let watch = Watch::start(server.address, Arc::clone(&healthz));
        let calls = if before_owner {
            calls::of_the_first_run(&server, &first_run).await
        } else {
            calls::of_everybody(&server, &links).await
        };
        let hash_ms = if before_owner { 0.0 } else { hash_ms(&server).await };
        for call in calls.into_iter().filter(|call| is_asked_for(call.name)) {
            dearest.push(worst(&server, call, hash_ms).await);
        }
        watch.stop().await;
        server.stop().await;
    }
    let yardstick = before.midpoint(yardstick_ms());
    tell(&dearest, yardstick);
    tell_healthz(&healthz);
    dearest.iter().all(|line| line.cpu_ms / yardstick <= BAR)
}

/// Whether the command line names the call, or none.
fn is_asked_for(call: &str) -> bool {
    let mut names = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .peekable();
    names.peek().is_none() || names.any(|name| call.contains(&name))
}

/// The dearest input of a call.
struct Line {
    call: &'static str,
    input: String,
    status: u16,
    cpu_ms: f64,
}

async fn worst(server: &Server, call: Call, hash_ms: f64) -> Line {
    let mut dearest: Option<Line> = None;
    for input in call.inputs {
        let (status, cpu_ms) = cost(server, &input).await;
        let cpu_ms = (cpu_ms - input.hashes * hash_ms).max(0.0);
        if dearest.as_ref().is_none_or(|line| line.cpu_ms < cpu_ms) {
            dearest = Some(Line {
                call: call.name,
                input: input.what,
                status,
                cpu_ms,
            });
        }
    }
    let line = dearest.expect("each call has an input");
    eprintln!("{}: {} ({}), {:.2} ms", line.call, line.input, line.status, line.cpu_ms);
    line
}

/// The last status, and the CPU of one request in milliseconds.
async fn cost(server: &Server, input: &Input) -> (u16, f64) {
    let mut status = 0;
    let before = server.cpu_ms();
    let times = input.requests.len();
    for request in &input.requests {
        let mut connection = Connection::open(server.address).await.expect("connected");
        let answer = connection.ask(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: no answer: {error}", input.what));
        assert!(answer.status < 500, "{}: {}", input.what, answer.text);
        status = answer.status;
    }
    (status, (server.cpu_ms() - before) / times as f64)
}

/// What a sign-in with a wrong passphrase costs: a hash, and little else.
async fn hash_ms(server: &Server) -> f64 {
    let form = [
        ("email", "nobody@example.org"),
        ("passphrase", "le mauvais mot de passe"),
    ];
    let input = Input {
        what: "a wrong passphrase".to_owned(),
        requests: vec![calls::form_post("/login", "", &form); 3 * TIMES],
        hashes: 0.0,
    };
    cost(server, &input).await.1
}

fn tell(lines: &[Line], yardstick: f64) {
    println!("\n| call | its dearest input | answer | CPU | times 1 MiB hashed | |\n|---|---|---|---|---|---|");
    for line in lines {
        let times = line.cpu_ms / yardstick;
        println!(
            "| {} | {} | {} | {:.1} ms | {times:.1} | {} |",
            line.call,
            line.input,
            line.status,
            line.cpu_ms,
            if times <= BAR { "" } else { "MISSED" }
        );
    }
    println!("\nHashing 1 MiB with SHA-256 took {yardstick:.2} ms; the bar is {BAR} times that.");
}

fn tell_healthz(times: &Mutex<Vec<Duration>>) {
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable();
    let of_hundred = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    println!(
        "/healthz meanwhile, {} times: median {:.1} ms, p99 {:.1} ms (aim {} ms).",
        times.len(),
        of_hundred(50).as_secs_f64() * 1e3,
        of_hundred(99).as_secs_f64() * 1e3,
        HEALTHZ_AIM.as_millis()
    );
}

/// Asks `/healthz` again and again, on a thread and a connection of its own.
struct Watch {
    ends: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    fn start(address: SocketAddr, times: Arc<Mutex<Vec<Duration>>>) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&ends);
        let task = tokio::spawn(async move {
            let mut connection = Connection::open(address).await.expect("connected");
            while !is_over.load(Ordering::Relaxed) {
                let began = Instant::now();
                let answer = connection.ask("GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n").await;
                assert_eq!(answer.expect("an answer").status, 200);
                times
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(began.elapsed());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Self { ends, task }
    }

    async fn stop(self) {
        self.ends.store(true, Ordering::Relaxed);
        self.task.await.expect("no failure");
    }
}

/// CPU of this process to hash 1 MiB, milliseconds.
fn yardstick_ms() -> f64 {
    const TURNS: u32 = 300;
    let block = vec![7; 1024 * 1024];
    let before = server::cpu_ms_of(std::process::id());
    for _ in 0..TURNS {
        std::hint::black_box(Sha256::digest(std::hint::black_box(&block)));
    }
    (server::cpu_ms_of(std::process::id()) - before) / f64::from(TURNS)
}
