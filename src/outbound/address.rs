//! Which machines may be called: public ones, and private ones where the configuration says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// An address that must not be called; the text names it and says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Forbidden(pub(super) String);

/// Whether [`super::http::Outgoing::post`] would call an address, as far as can be told without asking for its name.
///
/// # Errors
/// Why not.
pub fn check_address(url: &Url, allow_private: bool) -> Result<(), String> {
    check_url(url, allow_private).map_err(|Forbidden(why)| why)
}

/// Only https, or http to private addresses where those are allowed; no forbidden literal address; no user or
/// password.
pub(super) fn check_url(url: &Url, allow_private: bool) -> Result<(), Forbidden> {
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
#[must_use]
pub fn may_be_called(ip: IpAddr, allow_private: bool) -> bool {
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

/// The addresses of `name` that may be called, of those `found`; an error where none is left.
pub(super) fn callable(
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
