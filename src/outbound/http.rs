//! Calls to other people's servers: the one place that makes an HTTP client, and what guards it.
//!
//! Invariant: no redirect is followed, no proxy of the environment is used, nothing is sent twice,
//! an answer is at most 64 KiB and at most three seconds away, and the address really connected to is a
//! public one (`address.rs`). Names are checked as they are resolved (so a name cannot be public when checked and
//! private when used), literal addresses before the call. Whether a host is worth calling at
//! all is asked of a [`super::breaker::Breaker`] before, by the caller.
//!
//! To call a new kind of server, fill in a [`Request`] for [`Outgoing::post`]; never build a client
//! elsewhere.

use std::{
    error::Error,
    fmt,
    sync::{Once, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use serde::Serialize;
use url::Url;

use super::address::{Forbidden, callable, check_url};

/// Time for a connection, TLS included.
const CONNECT_BUDGET: Duration = Duration::from_secs(1);
/// Longest answer read, bytes.
const BODY_MAX: usize = 64 * 1024;

/// The HTTP client, made at the first call: its certificate store is memory that a site without a
/// provider never needs.
#[derive(Debug)]
pub struct Outgoing {
    allow_private_addresses: bool,
    total_budget: Duration,
    client: OnceLock<Client>,
}

/// One call. Its `Debug` shows the address only: the rest carries secrets and tokens.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub url: &'a Url,
    /// Names in lower case; values are treated as secret.
    pub headers: &'a [(&'static str, &'a str)],
    pub body: Body<'a>,
}

/// What a call carries.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    Form(&'a [(&'a str, &'a str)]),
    /// As [`json`] writes it.
    Json(&'a [u8]),
}

/// What is sent, as JSON.
#[must_use]
pub fn json(sent: &impl Serialize) -> Vec<u8> {
    // Texts and lists of texts are always written.
    serde_json::to_vec(sent).unwrap_or_default()
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form(_) => "Form(…)",
            Self::Json(_) => "Json(…)",
        })
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// At most 64 KiB.
    pub body: Vec<u8>,
}

/// Why nothing usable came back. Never holds what was sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Not called: the address is none that may be called.
    Refused(String),
    /// No whole answer within the budget.
    Timeout,
    /// No connection, or it broke before the answer was whole.
    Connect,
    /// The answer is longer than 64 KiB.
    TooLong,
}

impl Outgoing {
    /// `total_budget` bounds one call from its first to its last byte. With `allow_private_addresses`,
    /// loopback and private networks may be called, and those over plain http too.
    #[must_use]
    pub fn new(allow_private_addresses: bool, total_budget: Duration) -> Self {
        Self {
            allow_private_addresses,
            total_budget,
            client: OnceLock::new(),
        }
    }

    /// The time one call may take.
    #[must_use]
    pub fn total_budget(&self) -> Duration {
        self.total_budget
    }

    /// Sends `request` once, as POST; `budget` bounds it from its first to its last byte.
    ///
    /// # Errors
    /// See [`Failure`]; a status is no failure.
    pub async fn post(&self, request: &Request<'_>, budget: Duration) -> Result<Answer, Failure> {
        check_url(request.url, self.allow_private_addresses).map_err(|Forbidden(why)| Failure::Refused(why))?;
        let mut builder = self.client()?.post(request.url.clone());
        for (name, value) in request.headers {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| Failure::Refused(format!("{name}: the secret holds what no header can carry")))?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        builder = match request.body {
            Body::Form(fields) => builder.form(fields),
            Body::Json(json) => builder.header(CONTENT_TYPE, "application/json").body(json.to_vec()),
        };
        let call = async { read(builder.send().await.map_err(|e| failure(&e))?).await };
        tokio::time::timeout(budget.min(self.total_budget), call)
            .await
            .unwrap_or(Err(Failure::Timeout))
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = build(self.allow_private_addresses, self.total_budget)
            .map_err(|error| Failure::Refused(format!("make the HTTP client: {error}")))?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn build(allow_private_addresses: bool, total_budget: Duration) -> reqwest::Result<Client> {
    static TLS_PROVIDER: Once = Once::new();
    // An error means that another part of the process has installed one, which serves as well.
    TLS_PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_BUDGET)
        .timeout(total_budget)
        .pool_max_idle_per_host(4)
        .pool_idle_timeout(Duration::from_secs(30))
        .dns_resolver(Guarded {
            allow_private_addresses,
        })
        .build()
}

async fn read(mut response: Response) -> Result<Answer, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| failure(&e))? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: response.status().as_u16(),
        body,
    })
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(Forbidden(why)) = inner.downcast_ref() {
            return Failure::Refused(why.clone());
        }
        cause = inner.source();
    }
    if error.is_timeout() && !error.is_connect() {
        Failure::Timeout
    } else {
        Failure::Connect
    }
}

/// Resolves names as the system does and drops the addresses that must not be called.
struct Guarded {
    allow_private_addresses: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private_addresses;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept = callable(name.as_str(), found, allow_private)?;
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}
