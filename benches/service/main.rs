//! What a request costs: submitting, listing, revalidating, waiting, starting.
//!
//! `cargo bench --bench service` measures the release binary as a child process and prints a Markdown
//! table; it takes about three minutes. The load comes from this process, on the same cores, so figures
//! are CPU time of the server's process, counts, and ratios within one run, never latencies of a quiet
//! machine. Each figure is the median of three. To add one: a function here that measures once, and its
//! line in one of the functions under [`measure_all`]. With `-- --against PATH` it compares with a former
//! binary instead (`against.rs`).

#![expect(
    clippy::cast_precision_loss,
    reason = "figures to read: counts far below 2^52, shown with three digits"
)]

mod against;
mod check;
#[path = "../../tests/it/example.rs"]
mod example;
mod fill;
mod load;
mod server;
mod text;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use load::{Request, run};
use server::{Server, Storage};
use sha2::{Digest as _, Sha256};

/// Each figure is the median of so many.
const TIMES: usize = 3;

/// Comments in the full store, and on the listed thread.
const FULL: usize = 100_000;
const LISTED: usize = 100;

fn main() -> ExitCode {
    let former = match former_binary() {
        Ok(former) => former,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(64);
        }
    };
    // One thread makes the load: a second would only take the cores from the server that is measured.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut table = Table::default();
    let holds = runtime.block_on(async {
        if let Some(former) = former {
            return against::measure(&mut table, former).await;
        }
        measure_all(&mut table).await;
        true
    });
    println!("\n| figure | measured | aim |\n|---|---|---|");
    for line in table.0 {
        println!("{line}");
    }
    if holds {
        return ExitCode::SUCCESS;
    }
    eprintln!("a figure is over its bar");
    ExitCode::FAILURE
}

/// The binary named by `--against`, if it is named; cargo itself passes `--bench`.
fn former_binary() -> Result<Option<PathBuf>, String> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    match (words.next().as_deref(), words.next()) {
        (None, _) => Ok(None),
        (Some("--against"), Some(path)) => std::fs::canonicalize(&path)
            .map(Some)
            .map_err(|error| format!("--against {path}: {error}")),
        (Some(word), _) => Err(format!("{word:?} is not known; usage: [--against BINARY]")),
    }
}

/// The lines of the table, in their order.
#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    fn add(&mut self, what: &str, measured: impl std::fmt::Display, aim: &str) {
        eprintln!("{what}: {measured}");
        self.0.push(format!("| {what} | {measured} | {aim} |"));
    }
}

async fn measure_all(table: &mut Table) {
    let yardstick = yardstick_ms();
    measure_writing(table).await;
    measure_checking(table).await;
    let small = Storage::new("small");
    fill::thread_of(&small, LISTED).await;
    let full = Storage::new("full");
    fill::thread_of(&full, LISTED).await;
    fill::waiting(&full, FULL - LISTED).await;
    measure_reading(table, &small, &full).await;
    measure_queue(table, &full).await;
    measure_waiting(table, &full).await;
    table.add(
        "For comparison, before and after: CPU to hash 1 MiB (SHA-256)",
        format!("{yardstick:.2} ms, {:.2} ms", yardstick_ms()),
        "",
    );
}

async fn measure_writing(table: &mut Table) {
    for (what, connections, aim) in [
        ("Submit at 16 connections: CPU a request", 16, "≤ 0.2 ms, aim 0.1"),
        ("Submit at 64 connections: CPU a request", 64, "≤ 0.2 ms, aim 0.1"),
    ] {
        let mut costs = Vec::new();
        for _ in 0..TIMES {
            costs.push(submit(&Storage::new("submit"), connections, &Request::submission()).await);
        }
        let rate = median(costs.iter().map(|cost| cost.rate));
        let cpu = median(costs.iter().map(|cost| cost.cpu_ms));
        table.add(what, format!("{cpu:.3} ms ({rate:.0}/s)"), aim);
    }
    let syncs = repeated(async || syncs_a_submission(16).await).await;
    table.add(
        "Submit at 16 connections: syncs a request",
        format!("{syncs:.3}"),
        "≤ 0.25",
    );
    let (mut together, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        together.push(stores(64, 64).await);
        alone.push(stores(64, 1).await);
    }
    let (together, alone) = (median(together), median(alone));
    let sync_us = repeated(async || sync_time_us()).await;
    table.add(
        "Store at 64 writers: committed together / each alone",
        format!(
            "{:.1}× ({together:.0}/s / {alone:.0}/s; the disk syncs 4 KiB in {sync_us:.0} µs)",
            together / alone
        ),
        "≥ 3×",
    );
}

/// With the provider's breaker open, which the requests before the measured ones bring about.
async fn measure_checking(table: &mut Table) {
    let with_token = Request::submission_with_token();
    let (mut off, mut dead) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        off.push(submit(&Storage::new("off"), 64, &with_token).await.cpu_ms);
        dead.push(
            submit(&Storage::with_dead_provider("dead"), 64, &with_token)
                .await
                .cpu_ms,
        );
    }
    let (off, dead) = (median(off), median(dead));
    table.add(
        "Submit at 64 connections, provider dead: CPU against captcha off",
        format!("{dead:.3} ms / {off:.3} ms, {:.2}×", dead / off),
        "≤ 1.2×",
    );
    let check = check::house_ms().await;
    table.add(
        "Check of a solved built-in captcha: CPU",
        format!("{check:.3} ms"),
        "≤ 1 ms",
    );
}

async fn measure_reading(table: &mut Table, small: &Storage, full: &Storage) {
    let few = Server::start(small).await;
    let many = Server::start(full).await;
    let listing = Request::listing(LISTED, false);
    let (plain, plain_full) = in_turns(&few, &many, &listing).await;
    table.add("Listing a thread of 100: CPU", format!("{plain:.3} ms"), "≤ 1.0 ms");
    table.add(
        "The same with 100,000 waiting",
        format!("{plain_full:.3} ms, {:.2}×", plain_full / plain),
        "≤ 1.2×",
    );
    let (anew, anew_full) = in_turns(&few, &many, &Request::listing_anew(LISTED)).await;
    table.add(
        "The same when it is not kept, as after a change: CPU",
        format!("{anew:.3} ms; with 100,000 waiting {:.2}×", anew_full / anew),
        "≤ 1.0 ms, ≤ 1.2×",
    );
    let zipped = repeated(async || cost(&few, 8, 3_000, &Request::listing(LISTED, true)).await.cpu_ms).await;
    table.add(
        "Listing a thread of 100, gzip: CPU",
        format!("{zipped:.3} ms"),
        "≤ 1.0 ms",
    );
    let revalidation = listing.revalidating(&load::etag(&few, &listing).await);
    let fresh = repeated(async || cost(&few, 8, 3_000, &revalidation).await.cpu_ms).await;
    table.add("Revalidating it (304): CPU", format!("{fresh:.3} ms"), "≤ 0.15 ms");
    few.stop().await;
    many.stop().await;
}

/// What a moderator's first page costs in each order and with each filter, and how much more with a hundred and a
/// thousand times as many behind it. One in twenty has two links.
async fn measure_queue(table: &mut Table, full: &Storage) {
    let [some, huge] = ["some", "huge"].map(Storage::new);
    fill::waiting(&some, FULL / 100).await;
    fill::waiting(&huge, FULL * 10).await;
    let storages = [&some, full, &huge];
    let tokens = storages.map(|storage| server::token(&server::binary(), storage));
    let orders =
        ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"].map(|order| format!("order={order}"));
    let filters = [
        "reason=moderation_before",
        "reason=links",
        "score_max=0.5",
        "links=1",
        "since=2020-01-01T00:00:00Z",
        "author=a",
        "thread=/article-7",
        "q=a",
    ]
    .map(|filter| format!("order=article&{filter}"));
    for list in orders.iter().chain(&filters) {
        let mut costs = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..TIMES {
            for ((storage, token), costs) in storages.iter().zip(&tokens).zip(&mut costs) {
                let server = Server::start(storage).await;
                costs.push(cost(&server, 8, 500, &Request::queue(list, token)).await.cpu_ms);
                server.stop().await;
            }
        }
        let [few, many, most] = costs.map(median);
        table.add(
            &format!("Queue by `{list}`, 50 of 1,000, of 100,000 and of 1,000,000 waiting: CPU"),
            format!(
                "{few:.2} ms, {many:.2} ms ({:.2}×), {most:.2} ms ({:.2}×)",
                many / few,
                most / few
            ),
            "≤ 1.5× and ≤ 2×",
        );
    }
}

async fn measure_waiting(table: &mut Table, full: &Storage) {
    let mut starts = Vec::new();
    for _ in 0..TIMES {
        let server = Server::start(full).await;
        starts.push(server.first_answer_after.as_secs_f64() * 1000.0);
        server.stop().await;
    }
    table.add(
        "Start to first answer, 100,000 comments",
        format!("{:.0} ms", median(starts)),
        "≤ 100 ms",
    );
    let server = Server::start(full).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    table.add(
        "Resident memory idle, 100,000 comments",
        format!("{:.1} MB", server.resident_mb()),
        "≤ 20 MB",
    );
    server.stop().await;
    table.add(
        "Binary, stripped",
        format!("{:.1} MB", server::binary_bytes() as f64 / 1e6),
        "≤ 25 MB",
    );
}

async fn repeated(mut measure: impl AsyncFnMut() -> f64) -> f64 {
    let mut all = Vec::new();
    for _ in 0..TIMES {
        all.push(measure().await);
    }
    median(all)
}

fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

struct Cost {
    cpu_ms: f64,
    rate: f64,
}

/// Submissions to a fresh store, durable, without limits.
async fn submit(storage: &Storage, connections: usize, request: &Request) -> Cost {
    fill::site(storage).await;
    let server = Server::start(storage).await;
    let cost = cost(&server, connections, 6_000, request).await;
    server.stop().await;
    cost
}

/// What one request costs the server, after some to warm up.
async fn cost(server: &Server, connections: usize, requests: usize, request: &Request) -> Cost {
    run(server, connections, requests / 20, request).await;
    let (cpu, started) = (server.cpu_ms(), Instant::now());
    run(server, connections, requests, request).await;
    Cost {
        cpu_ms: (server.cpu_ms() - cpu) / requests as f64,
        rate: requests as f64 / started.elapsed().as_secs_f64(),
    }
}

/// One request to two servers in turns; the medians.
async fn in_turns(few: &Server, many: &Server, request: &Request) -> (f64, f64) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        first.push(cost(few, 8, 3_000, request).await.cpu_ms);
        second.push(cost(many, 8, 3_000, request).await.cpu_ms);
    }
    (median(first), median(second))
}

/// Counted by strace in a run of its own, because counting slows the server down.
async fn syncs_a_submission(connections: usize) -> f64 {
    const REQUESTS: usize = 2_000;
    let storage = Storage::new("syncs");
    fill::site(&storage).await;
    let server = Server::start_traced(&storage).await;
    run(&server, connections, REQUESTS, &Request::submission()).await;
    server.stop_and_count_syncs().await as f64 / REQUESTS as f64
}

/// Comments a second that the store takes from `writers` at once, with `batch` in one transaction.
async fn stores(writers: usize, batch: usize) -> f64 {
    const COMMENTS: usize = 4_000;
    let storage = Storage::new("units");
    fill::site(&storage).await;
    fill::rate(&storage, writers, batch, COMMENTS).await
}

/// What a piece of work that never changes costs now: a busy machine gives less for the same CPU time.
fn yardstick_ms() -> f64 {
    const TURNS: u32 = 300;
    let block = vec![7; 1024 * 1024];
    let before = server::cpu_ms_of(std::process::id());
    for _ in 0..TURNS {
        std::hint::black_box(Sha256::digest(std::hint::black_box(&block)));
    }
    (server::cpu_ms_of(std::process::id()) - before) / f64::from(TURNS)
}

/// A write of one page and its sync, in microseconds: the median of 200.
fn sync_time_us() -> f64 {
    let storage = Storage::new("disk");
    let mut file = std::fs::File::create(Path::new(&storage.folder).join("page")).expect("a file");
    median((0..200).map(|_| {
        let started = Instant::now();
        file.write_all(&[7; 4096]).expect("written");
        file.sync_data().expect("synced");
        started.elapsed().as_secs_f64() * 1e6
    }))
}
