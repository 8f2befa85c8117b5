//! Two binaries in turns: whether a change made the service dearer.
//!
//! `cargo bench --bench service -- --against PATH` measures the binary at PATH, the former one, and the one that
//! was just built, seven times in turns, and prints the median of the seven ratios: so an hour in which the machine
//! is busy costs both the same. Each binary makes its own store, by its own requests, because a former one does not
//! open what a later one migrated.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};

use super::{
    Table, cost, fill,
    load::{self, Connection, Request, run},
    median,
    server::{self, Server, Storage},
};

/// Each ratio is the median of so many.
const PAIRS: usize = 7;

/// No figure may grow beyond this.
const BAR: f64 = 1.10;

/// Comments that are listed, and that wait beside them.
const LISTED: usize = 100;
const WAITING: usize = 100_000;

/// What a server needs after its start before its memory is read.
const SETTLING: Duration = Duration::from_secs(5);

/// A binary with a name for its folders.
struct Binary {
    name: &'static str,
    path: PathBuf,
}

impl Binary {
    async fn start(&self, storage: &Storage) -> Server {
        Server::start_binary(storage, &self.path).await
    }

    /// What one submission costs on a fresh store.
    async fn submit(&self, connections: usize) -> f64 {
        let storage = Storage::new(self.name);
        let server = self.start(&storage).await;
        let cost = cost(&server, connections, 6_000, &Request::submission()).await;
        server.stop().await;
        cost.cpu_ms
    }

    /// A store of [`LISTED`] approved comments on one thread and [`WAITING`] that wait, made by the binary itself.
    async fn full_store(&self) -> Storage {
        let storage = Storage::new(&format!("full-{}", self.name));
        let server = self.start(&storage).await;
        let token = server::token(&self.path, &storage);
        let mut connection = Connection::open(server.address).await.expect("connected");
        let mut decisions = Vec::new();
        for number in 0..LISTED {
            let comment = json!({
                "thread": fill::LISTED_THREAD, "name": super::text::name(number), "email": "a@example.org",
                "body": super::text::body(number),
            });
            let answer = posted(&mut connection, "/api/v1/sites/bench/comments", "", &comment).await;
            decisions.push(json!({"key": number.to_string(), "comment": answer["id"], "action": "approve"}));
        }
        let credentials = format!("authorization: Bearer {token}\r\n");
        let decisions = json!({ "decisions": decisions });
        let answer = posted(
            &mut connection,
            "/api/v1/moderation/decisions",
            &credentials,
            &decisions,
        )
        .await;
        let results = answer["results"].as_array().expect("results");
        assert!(results.iter().all(|result| result["result"] == "applied"), "{answer}");
        run(&server, 64, WAITING, &Request::submission()).await;
        server.stop().await;
        storage
    }
}

async fn posted(connection: &mut Connection, path: &str, credentials: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\n{credentials}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = connection.ask(&request).await.expect("an answer");
    let body = connection.body(&answer);
    assert!((200..300).contains(&answer.status), "{path}: {}", answer.text);
    serde_json::from_slice(body).expect("JSON")
}

/// Measures the former binary at `path` and today's in turns; `false` where a figure grew beyond the bar.
pub(crate) async fn measure(table: &mut Table, path: PathBuf) -> bool {
    let former = Binary { name: "former", path };
    let today = Binary {
        name: "today",
        path: server::binary(),
    };
    let mut holds = true;
    let mut tell = |what: &str, pairs: &[(f64, f64)]| {
        let ratio = median(pairs.iter().map(|(former, today)| today / former));
        let all: Vec<String> = pairs
            .iter()
            .map(|(former, today)| format!("{:.2}", today / former))
            .collect();
        let (before, now) = (
            median(pairs.iter().map(|pair| pair.0)),
            median(pairs.iter().map(|pair| pair.1)),
        );
        table.add(
            what,
            format!("{ratio:.3}× ({now:.3} / {before:.3}; pairs {})", all.join(" ")),
            "≤ 1.10×",
        );
        holds &= ratio <= BAR;
    };
    for connections in [16, 64] {
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            pairs.push((former.submit(connections).await, today.submit(connections).await));
        }
        tell(&format!("Submit at {connections} connections: CPU, ms"), &pairs);
    }

    let (before, now) = (former.full_store().await, today.full_store().await);
    let (mut memory, mut start) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let servers = (former.start(&before).await, today.start(&now).await);
        let starts = (servers.0.first_answer_after, servers.1.first_answer_after);
        start.push((starts.0.as_secs_f64() * 1000.0, starts.1.as_secs_f64() * 1000.0));
        tokio::time::sleep(SETTLING).await;
        memory.push((servers.0.resident_mb(), servers.1.resident_mb()));
        servers.0.stop().await;
        servers.1.stop().await;
    }
    tell("Resident memory idle, 100,000 comments, MB", &memory);
    tell("Start to first answer, 100,000 comments, ms", &start);

    let servers = (former.start(&before).await, today.start(&now).await);
    let listing = Request::listing(LISTED, false);
    let etags = (
        load::etag(&servers.0, &listing).await,
        load::etag(&servers.1, &listing).await,
    );
    // So many that ticks of 10 ms tell them apart.
    for (what, times, requests) in [
        (
            "Listing a thread of 100: CPU, ms",
            15_000,
            (listing.clone(), listing.clone()),
        ),
        (
            "The same when it is not kept: CPU, ms",
            3_000,
            (Request::listing_anew(LISTED), Request::listing_anew(LISTED)),
        ),
        (
            "Revalidating it: CPU, ms",
            20_000,
            (listing.revalidating(&etags.0), listing.revalidating(&etags.1)),
        ),
    ] {
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            let former = cost(&servers.0, 8, times, &requests.0).await.cpu_ms;
            pairs.push((former, cost(&servers.1, 8, times, &requests.1).await.cpu_ms));
        }
        tell(what, &pairs);
    }
    servers.0.stop().await;
    servers.1.stop().await;
    holds
}
