//! Calls to other people's servers: the one place that makes an HTTP client, and what guards it.
//!
//! What must hold: no redirect is followed, no proxy of the environment is used, nothing is sent twice,
//! an answer is at most 64 KiB and at most three seconds away, and the address really connected to is a
//! public one. Names are checked as they are resolved (so a name cannot be public when checked and
//! private when used), literal addresses before the call. Whether a host is worth calling at
//! all is asked of `captcha::breaker` before, by the caller.
//!
//! To call a new kind of server, fill in a [`Request`] for [`Outgoing::post`]; never build a client
//! elsewhere.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Once, OnceLock},
    time::Duration,
};

use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderValue,
    redirect::Policy,
};
use serde_json::Value;
use url::{Host, Url};

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
    Json(&'a Value),
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

/// An address that must not be called; the text names it and says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Forbidden(String);

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
            Body::Json(value) => builder.json(value),
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

fn callable(
    name: &str,
    found: impl Iterator<Item = SocketAddr>,
    allow_private: bool,
) -> Result<Vec<SocketAddr>, Forbidden> {
    let kept: Vec<_> = found
        // Plain http is allowed to `localhost`, so that name must mean loopback and nothing else.
        .filter(|address| name != "localhost" || address.ip().is_loopback())
        .filter(|address| may_be_called(address.ip(), allow_private))
        .collect();
    if kept.is_empty() {
        return Err(Forbidden(format!("{name} has no address that may be called")));
    }
    Ok(kept)
}

/// Whether [`Outgoing::post`] would call an address, as far as can be told without asking for its name.
///
/// # Errors
/// Why not.
pub fn check_address(url: &Url, allow_private: bool) -> Result<(), String> {
    check_url(url, allow_private).map_err(|Forbidden(why)| why)
}

/// Only https, or http to private addresses where those are allowed; no forbidden literal address; no user or
/// password.
fn check_url(url: &Url, allow_private: bool) -> Result<(), Forbidden> {
    let literal = match url.host() {
        None => return Err(Forbidden("the address names no host".to_owned())),
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) => None,
    };
    // A name could mean any machine by the time of the call.
    let is_private = literal.map_or(url.host_str() == Some("localhost"), |ip| {
        may_be_called(ip, true) && !may_be_called(ip, false)
    });
    match url.scheme() {
        "https" => {}
        "http" if allow_private && is_private => {}
        scheme => return Err(Forbidden(format!("{scheme} is not https"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Forbidden("the address carries a user name or password".to_owned()));
    }
    match literal {
        Some(ip) if !may_be_called(ip, allow_private) => Err(Forbidden(format!("{ip} must not be called"))),
        _ => Ok(()),
    }
}

/// Whether `ip` is a public address, or a loopback or private one where those are allowed. What stands
/// for an IPv4 address (mapped, NAT64, 6to4) is judged as that address. Addresses at which clouds hand
/// out a machine's credentials are never called.
///
/// The ranges are those of the IANA special-purpose address registries,
/// <https://www.iana.org/assignments/iana-ipv4-special-registry/> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry/>.
pub(super) fn may_be_called(ip: IpAddr, allow_private: bool) -> bool {
    match ip {
        IpAddr::V4(ip) => v4_may_be_called(ip, allow_private),
        IpAddr::V6(ip) => v6_may_be_called(ip, allow_private),
    }
}

fn v4_may_be_called(ip: Ipv4Addr, allow_private: bool) -> bool {
    if ip.is_loopback() || ip.is_private() {
        return allow_private;
    }
    match ip.octets() {
        // "This network", multicast, reserved, broadcast.
        [0 | 224..=255, ..]
        // Carrier-grade NAT (and a cloud's metadata at 100.100.100.200), link-local (metadata at
        // 169.254.169.254), a cloud's host agent on a public address.
        | [100, 64..=127, ..]
        | [169, 254, ..]
        | [168, 63, 129, 16]
        // Protocol assignments, documentation, the retired 6to4 relay, benchmarking.
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..] => false,
        _ => true,
    }
}

fn v6_may_be_called(ip: Ipv6Addr, allow_private: bool) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        v4_may_be_called(Ipv4Addr::new(a, b, c, d), allow_private)
    };
    // Clouds' metadata inside the private range.
    let is_metadata = matches!(
        ip.segments(),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
    );
    match ip.segments() {
        // Loopback and unique local addresses.
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => allow_private && !is_metadata,
        // IPv4-mapped, NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // Of all the rest only global unicast, without protocol assignments (Teredo and ORCHID among
        // them) and documentation.
        [first @ 0x2000..=0x3fff, second, ..] => {
            !matches!((first, second), (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str, allow_private: bool) -> bool {
        may_be_called(address.parse().expect("an address"), allow_private)
    }

    #[test]
    fn only_public_addresses_may_be_called() {
        for address in [
            "8.8.8.8",
            "142.250.1.1",
            "2a00:1450::1",
            "64:ff9b::808:808",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(allowed(address, false), "{address}");
            assert!(allowed(address, true), "{address}");
        }
        for private in [
            "127.0.0.1",
            "127.255.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "::1",
            "fc00::1",
            "fd12::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
        ] {
            assert!(!allowed(private, false), "{private}");
            assert!(allowed(private, true), "{private}");
        }
        for never in [
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "100.100.100.200",
            "169.254.169.254",
            "169.254.0.1",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "64:ff9b:1::1",
            "100::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "::ffff:0.0.0.0",
            "4000::1",
        ] {
            assert!(!allowed(never, false), "{never}");
            assert!(!allowed(never, true), "{never}");
        }
        for public in [
            "100.63.255.255",
            "100.128.0.0",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
        ] {
            assert!(allowed(public, false), "{public}");
        }
    }

    #[test]
    fn addresses_as_written_are_checked() {
        let check = |url: &str, allow| check_url(&Url::parse(url).expect("a URL"), allow).is_ok();
        for url in ["https://www.google.com/x", "https://8.8.8.8/"] {
            assert!(check(url, false), "{url}");
        }
        // Other notations of loopback are folded by the URL parser before the check.
        for url in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://[::1]/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://192.168.0.1/",
            "http://192.168.0.1/",
            "http://[fd12::1]/",
        ] {
            assert!(!check(url, false), "{url}");
            assert!(check(url, true), "{url}");
        }
        for url in [
            "http://www.google.com/",
            "http://8.8.8.8/",
            "http://localhost.example.org/",
            "ftp://8.8.8.8/",
            "https://169.254.169.254/latest/",
            "http://169.254.169.254/",
            "https://[fd00:ec2::254]/",
            "https://user@example.org/",
            "https://:pass@example.org/",
            "file:///etc/passwd",
        ] {
            assert!(!check(url, false), "{url}");
            assert!(!check(url, true), "{url}");
        }
    }

    #[test]
    fn a_name_keeps_only_its_callable_addresses() {
        let addresses = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter()
                .map(|ip| SocketAddr::new(ip.parse().expect("an address"), 0))
                .collect()
        };
        let mixed = addresses(&["10.0.0.1", "8.8.8.8", "::1"]);
        let kept = callable("rebind.example", mixed.into_iter(), false).expect("one left");
        assert_eq!(kept, addresses(&["8.8.8.8"]));
        let private = addresses(&["10.0.0.1", "169.254.169.254"]);
        assert!(callable("inside.example", private.into_iter(), false).is_err());
        let hosts_file = addresses(&["10.0.0.1"]);
        assert!(callable("localhost", hosts_file.into_iter(), true).is_err());
    }
}
