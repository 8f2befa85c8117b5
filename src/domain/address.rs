//! The address a request comes from, and the networks it is counted under.
//!
//! A client's address is personal data: it is never stored and never logged. So [`ClientAddress`] and
//! [`Prefix`] print nothing under `Debug`, and only [`Prefix`] has a `Display`, for a block that a
//! moderator sets. Invariant: an address that a reader can choose freely (a forged
//! `X-Forwarded-For`) never counts, unless the operator trusts the hop that reported it.
//!
//! IPv4 is counted by address and by /24, IPv6 by /64 (what one household gets) and by /48 (what one
//! customer can get): a single IPv6 address costs its holder nothing.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use ipnet::{IpNet, Ipv4Net};

/// The address of the reader's machine or network; an IPv4-mapped IPv6 address is its IPv4 address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The same machine is the same value, whichever socket family it came through.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself, for an operator's eyes only; never for a log.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// The network that counts as one reader: the IPv4 address (/32) or the IPv6 /64.
    #[must_use]
    pub fn narrow(self) -> Prefix {
        self.prefix(32, 64)
    }

    /// The network that counts as one neighbourhood: the IPv4 /24 or the IPv6 /48.
    #[must_use]
    pub fn wide(self) -> Prefix {
        self.prefix(24, 48)
    }

    /// `v4_length` is 1..=32, `v6_length` 1..=64.
    fn prefix(self, v4_length: u8, v6_length: u8) -> Prefix {
        match self.0 {
            IpAddr::V4(address) => {
                let host_bits = 32 - u32::from(v4_length);
                let network = u32::from(address) >> host_bits << host_bits;
                Prefix::V4 {
                    network: network.to_be_bytes(),
                    length: v4_length,
                }
            }
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                let upper_half = [first, second, third, fourth]
                    .into_iter()
                    .fold(0_u64, |bits, segment| bits << 16 | u64::from(segment));
                let host_bits = 64 - u32::from(v6_length);
                let network = upper_half >> host_bits << host_bits;
                Prefix::V6 {
                    network: network.to_be_bytes(),
                    length: v6_length,
                }
            }
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientAddress(redacted)")
    }
}

/// A network, host bits zero; ten bytes. `Display` is CIDR: `203.0.113.7/32`, `2001:db8:1:2::/64`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix {
    /// `length` is 24 or 32.
    V4 { network: [u8; 4], length: u8 },
    /// The upper half of the address; `length` is 48 or 64.
    V6 { network: [u8; 8], length: u8 },
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4 { network, length } => {
                write!(formatter, "{}/{length}", Ipv4Addr::from(network))
            }
            Self::V6 { network, length } => {
                let address = Ipv6Addr::from(u128::from(u64::from_be_bytes(network)) << 64);
                write!(formatter, "{address}/{length}")
            }
        }
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Prefix(redacted)")
    }
}

/// The networks of the operator's own proxies, whose `X-Forwarded-For` is believed; often none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Parses networks (`10.0.0.0/8`) and single addresses (`127.0.0.1`, `::1`).
    ///
    /// # Errors
    /// A sentence that names the first bad entry: not an address or network, or one of length 0, which
    /// would let every visitor choose an address.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        entries
            .iter()
            .map(|entry| parse_network(entry))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the peer's address is always the client's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `address` is one of the operator's own proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn parse_network(entry: &str) -> Result<IpNet, String> {
    let entry = entry.trim();
    let network = entry
        .parse::<IpNet>()
        .or_else(|_| entry.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{entry:?} is neither an address nor a network such as 10.0.0.0/8"))?;
    let network = unmapped(network).trunc();
    if network.prefix_len() == 0 {
        return Err(format!(
            "{entry:?} trusts the whole internet, so that every visitor could choose an address"
        ));
    }
    Ok(network)
}

/// `::ffff:10.0.0.0/104` as `10.0.0.0/8`: addresses are compared in their canonical form.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let v4 = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    v4.and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(network, IpNet::V4)
}

/// The client's address of a request that arrived from `peer`.
///
/// `forwarded_for` holds the values of the `X-Forwarded-For` headers in their order, each one hop or a
/// comma list; a hop may carry a port, brackets or quotes. The peer is the client when it is no trusted
/// proxy; else the right-most hop that is not trusted, since each proxy appends the address it saw and
/// all to the left of a stranger is the stranger's word. A hop that cannot be read ends the walk and the
/// last trusted address before it counts. When all hops are trusted, it is the left-most.
#[must_use]
pub fn client_address(peer: IpAddr, forwarded_for: &[&str], proxies: &TrustedProxies) -> ClientAddress {
    let mut nearest = peer;
    let mut hops = forwarded_for.iter().rev().flat_map(|value| value.rsplit(','));
    while proxies.contains(nearest) {
        let Some(hop) = hops.next().and_then(parse_hop) else {
            break;
        };
        nearest = hop;
    }
    ClientAddress::new(nearest)
}

/// `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `"[2001:db8::1]:4711"`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let hop = hop
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(hop);
    if let Ok(address) = hop.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(with_port) = hop.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bare = hop.strip_prefix('[')?.strip_suffix(']')?;
    bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(entries: &[&str]) -> TrustedProxies {
        TrustedProxies::parse(&entries.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_client_is_the_right_most_hop_that_is_not_trusted() {
        let own = &["10.0.0.0/8", "127.0.0.1", "2001:db8:aaaa::/48"][..];
        // peer, X-Forwarded-For values, trusted proxies, client
        #[rustfmt::skip] // one case a line
        let cases: &[(&str, &[&str], &[&str], &str)] = &[
            // nobody is trusted, or the peer is not
            ("203.0.113.7", &[], &[], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], &[], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], own, "203.0.113.7"),
            ("::ffff:203.0.113.7", &[], &[], "203.0.113.7"),
            // one proxy, two proxies, several headers
            ("10.0.0.1", &["198.51.100.1"], own, "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], own, "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, 10.0.0.2"], own, "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1", "10.0.0.2"], own, "198.51.100.1"),
            ("127.0.0.1", &["1.1.1.1", "2.2.2.2,198.51.100.1", "10.0.0.2 ,10.0.0.3"], own, "198.51.100.1"),
            ("2001:db8:aaaa::1", &["2001:db8:bbbb::9"], own, "2001:db8:bbbb::9"),
            // what a reader claims stands to the left
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1"], own, "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.9", "198.51.100.1"], own, "198.51.100.1"),
            // ports, brackets, quotes, spaces, mapped addresses
            ("10.0.0.1", &["198.51.100.1:4711"], own, "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]"], own, "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], own, "2001:db8::1"),
            ("10.0.0.1", &["\"[2001:db8::1]:4711\""], own, "2001:db8::1"),
            ("10.0.0.1", &["\t 198.51.100.1 "], own, "198.51.100.1"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], own, "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, ::ffff:10.0.0.2"], own, "198.51.100.1"),
            // a hop that cannot be read ends the walk
            ("10.0.0.1", &["1.2.3.4, unknown"], own, "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, unknown, 10.0.0.2"], own, "10.0.0.2"),
            ("10.0.0.1", &["1.2.3.4,, 10.0.0.2"], own, "10.0.0.2"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.1:99999"], own, "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, [198.51.100.1]"], own, "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, for=198.51.100.1"], own, "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4, 0198.51.100.1"], own, "10.0.0.1"),
            ("10.0.0.1", &[""], own, "10.0.0.1"),
            // all trusted
            ("10.0.0.1", &[], own, "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], own, "10.0.0.3"),
        ];
        for (peer, forwarded_for, trusted, client) in cases {
            let address = client_address(peer.parse().unwrap(), forwarded_for, &proxies(trusted));
            assert_eq!(
                address.ip().to_string(),
                *client,
                "{peer} {forwarded_for:?} {trusted:?}"
            );
        }
    }

    #[test]
    fn networks_of_an_address() {
        let cases = [
            ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("::1", "::/64", "::/48"),
            ("255.255.255.255", "255.255.255.255/32", "255.255.255.0/24"),
        ];
        for (address, narrow, wide) in cases {
            let client = ClientAddress::new(address.parse().unwrap());
            assert_eq!(
                (client.narrow().to_string(), client.wide().to_string()),
                (narrow.into(), wide.into())
            );
        }
        assert!(size_of::<Prefix>() <= 10, "a prefix is a key of large tables");
    }

    #[test]
    fn an_address_never_reaches_a_log() {
        let client = ClientAddress::new("203.0.113.7".parse().unwrap());
        let printed = format!("{client:?} {:?} {:?}", client.narrow(), Some(client.wide()));
        assert_eq!(
            printed,
            "ClientAddress(redacted) Prefix(redacted) Some(Prefix(redacted))"
        );
    }

    #[test]
    fn trusted_proxies_are_networks_or_addresses() {
        let trusted = proxies(&[" 10.1.2.3/8 ", "::1", "192.0.2.1", "::ffff:172.16.0.0/108"]);
        let inside = ["10.255.0.1", "::1", "192.0.2.1", "::ffff:192.0.2.1", "172.31.0.1"];
        let outside = ["11.0.0.1", "::2", "192.0.2.2", "172.32.0.1", "::ffff:11.0.0.1"];
        assert!(inside.iter().all(|address| trusted.contains(address.parse().unwrap())));
        assert!(!outside.iter().any(|address| trusted.contains(address.parse().unwrap())));
        assert!(proxies(&[]).is_empty());
        for bad in [
            "",
            "proxy.example",
            "10.0.0.0/33",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
            "::ffff:0.0.0.0/96",
        ] {
            let error = TrustedProxies::parse(&["10.0.0.1".to_owned(), bad.to_owned()]).unwrap_err();
            assert!(error.contains(&format!("{bad:?}")), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_header_is_read_without_a_panic(values in prop::collection::vec(".{0,60}", 0..4)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let _ = client_address(Ipv4Addr::LOCALHOST.into(), &values, &proxies(&["127.0.0.0/8"]));
        }

        /// Whatever a reader sends, the address that the own proxy appended counts.
        #[test]
        fn a_reader_cannot_choose_an_address(claimed in "[ -~]{0,80}", client: u32) {
            let client = IpAddr::V4(client.into());
            let trusted = proxies(&["192.0.2.1"]);
            prop_assume!(!trusted.contains(client));
            let forwarded = format!("{claimed}, {client}");
            let seen = client_address("192.0.2.1".parse().unwrap(), &[&forwarded], &trusted);
            prop_assert_eq!(seen.ip(), client);
        }
    }
}
