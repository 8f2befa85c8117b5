//! Whether the time of an answer at the door tells if an account exists.
//!
//! `cargo bench --bench door` signs in with a wrong passphrase 200 times at an account that exists and 200
//! times at one that does not, in turns, and compares the two sets of times by the rank test of Mann and
//! Whitney (normal approximation, two-sided). It prints both medians and p; over 0.01 the test sees no
//! difference. As a check of the test itself it also compares the known account with answers that skip the
//! hash, which it must see.

#![expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use palabre::{
    actions::{
        accounts::{self, Wanted},
        authority::Authority,
    },
    app::App,
    clock::Clock,
    config::Config,
    domain::{account::Role, actor::Scope},
    server,
    store::{Opening, Store},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const TRIES: usize = 200;
const KNOWN: &str = "known@example.org";
const UNKNOWN: &str = "nobody@example.org";

fn main() {
    // What clients of the library go without: the load's own client asks for it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let folder = std::env::temp_dir().join(format!("palabre-door-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let url = start(&folder).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client");
    let ask = async |path: &str, email: &str| {
        let fields = [("email", email), ("passphrase", "not the right one at all")];
        let request = client
            .post(format!("{url}{path}"))
            .header("accept", "text/html")
            .form(&fields);
        let began = Instant::now();
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        answer.bytes().await.expect("a body");
        (status.as_u16(), began.elapsed().as_secs_f64() * 1000.0)
    };
    let (mut known, mut unknown, mut unhashed) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..TRIES + 10 {
        // Which comes first changes, so that neither has the warmer cache.
        let order = if turn % 2 == 0 {
            [KNOWN, UNKNOWN]
        } else {
            [UNKNOWN, KNOWN]
        };
        for email in order {
            let (status, ms) = ask("/login", email).await;
            assert_eq!(status, 401, "{email}");
            // The first few warm up.
            if turn >= 10 {
                if email == KNOWN { &mut known } else { &mut unknown }.push(ms);
            }
        }
        if turn >= 10 {
            unhashed.push(ask("/login/code", KNOWN).await.1);
        }
    }
    println!("\n| sign-in with a wrong passphrase | median |\n|---|---|");
    println!("| the account exists | {:.2} ms |", median(&known));
    println!("| there is no such account | {:.2} ms |", median(&unknown));
    println!("\nrank test over {TRIES} tries each: p = {:.3}", p_of(&known, &unknown));
    println!(
        "the same against answers without a hash: p = {:.3}",
        p_of(&known, &unhashed)
    );
    let _ = std::fs::remove_dir_all(&folder);
}

/// Starts a service with one account, without limits.
async fn start(folder: &Path) -> String {
    let environment = [
        ("PALABRE_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        (
            "PALABRE_DATABASE__URL",
            format!("sqlite://{}", folder.join("door.db").display()),
        ),
        (
            "PALABRE_SERVER__SECRET_FILE",
            folder.join("palabre.key").display().to_string(),
        ),
        ("PALABRE_RATE_LIMIT__ENABLED", "false".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let mut config = Config::from_layers(None, environment).expect("the configuration");
    let listener = TcpListener::bind(config.server.listen).await.expect("a free port");
    let address = listener.local_addr().expect("the bound address");
    config.listening_on(address);
    let store = Store::open(&config.database.url, Opening::Serve)
        .await
        .expect("a store");
    let app = Arc::new(
        App::new(config, store, Clock::System)
            .await
            .expect("the service starts"),
    );
    let wanted = Wanted {
        name: "Known".to_owned(),
        email: KNOWN.to_owned(),
    };
    let added = accounts::add(&app, Authority::Operator, &wanted, Role::Owner, &Scope::All)
        .await
        .expect("added");
    let url = format!("http://{address}");
    tokio::spawn(server::serve(app, listener, CancellationToken::new()));
    let accepted = reqwest::Client::new()
        .post(format!("{url}/invitation"))
        .form(&[
            ("code", added.code.expect("a link").as_str()),
            ("passphrase", "le marché de Koudougou à midi"),
        ])
        .send()
        .await
        .expect("an answer");
    assert_eq!(accepted.status(), 200, "the account comes in");
    url
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Two-sided p of the rank test of Mann and Whitney, by its normal approximation.
fn p_of(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranks: f64 = all
        .iter()
        .enumerate()
        .filter(|(_, (_, is_one))| *is_one)
        .map(|(at, _)| at as f64 + 1.0)
        .sum();
    let (n, m) = (one.len() as f64, other.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0).abs() / (n * m * (n + m + 1.0) / 12.0).sqrt();
    two_sided(z)
}

/// The two tails of the normal distribution beyond `z`, by Abramowitz and Stegun 26.2.17 (error below
/// 7.5e-8).
fn two_sided(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let sum = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ]
    .into_iter()
    .fold(0.0, |sum, factor| (sum + factor) * t);
    2.0 * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}
