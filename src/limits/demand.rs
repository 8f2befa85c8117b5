//! What a request asks of the limits: one unit of an action, for whom it is counted, and the buckets that it draws
//! from.

use super::{action::Action, quota::Rate, quotas::Quotas};
use crate::domain::address::{ClientAddress, Prefix};

/// One unit of an action, wanted by somebody.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// What is wanted.
    pub action: Action,
    /// Who it is counted for.
    pub key: Key<'a>,
}

/// Who a demand is counted for.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// The address's narrow network, and its wide one where the quota has one.
    Address(ClientAddress),
    /// The address's narrow network alone.
    Household(ClientAddress),
    /// A keyed hash of the normalised e-mail; never the e-mail itself.
    Email(&'a [u8]),
    /// The site's id and the device's.
    Device(&'a str, &'a str),
    /// The site's id.
    Site(&'a str),
}

impl<'a> Demand<'a> {
    /// One unit of an action that is counted by address: all but those below.
    #[must_use]
    pub const fn by_address(action: Action, address: ClientAddress) -> Self {
        let key = Key::Address(address);
        Self { action, key }
    }

    /// The same, whatever the neighbourhood does.
    #[must_use]
    pub const fn by_household(action: Action, address: ClientAddress) -> Self {
        let key = Key::Household(address);
        Self { action, key }
    }

    /// A comment from an e-mail, given as a keyed hash of its normalised form; never the e-mail itself.
    #[must_use]
    pub const fn by_email(digest: &'a [u8]) -> Self {
        Self {
            action: Action::SubmitEmail,
            key: Key::Email(digest),
        }
    }

    /// A comment from a device, given by the ids of its site and its own.
    #[must_use]
    pub const fn by_device(site: &'a str, device: &'a str) -> Self {
        Self {
            action: Action::SubmitDevice,
            key: Key::Device(site, device),
        }
    }

    /// A comment on a site, given by its id.
    #[must_use]
    pub const fn by_site(site: &'a str) -> Self {
        Self {
            action: Action::SubmitSite,
            key: Key::Site(site),
        }
    }

    /// A test of the captcha keys of a site, given by its id.
    #[must_use]
    pub const fn by_site_test(site: &'a str) -> Self {
        Self {
            action: Action::CaptchaTest,
            key: Key::Site(site),
        }
    }

    /// The one or two buckets that it draws from.
    pub(super) fn buckets(&self, quotas: &Quotas) -> impl Iterator<Item = Bucket<'a>> + use<'a> {
        let action = self.action;
        let quota = quotas.of(action);
        let (narrow, wide) = match self.key {
            Key::Address(address) => (
                BucketKey::Network(address.narrow()),
                Some(BucketKey::Network(address.wide())),
            ),
            Key::Household(address) => (BucketKey::Network(address.narrow()), None),
            Key::Email(digest) => (BucketKey::Email(digest), None),
            Key::Device(site, device) => (BucketKey::Device(site, device), None),
            Key::Site(site) => (BucketKey::Site(site), None),
        };
        let wide = wide.zip(quota.wide());
        let narrow = Bucket {
            action,
            wide: false,
            key: narrow,
            rate: quota.narrow(),
        };
        std::iter::once(narrow).chain(wide.map(move |(key, rate)| Bucket {
            action,
            wide: true,
            key,
            rate,
        }))
    }
}

/// What is counted: one action for one network, e-mail, device or site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket<'a> {
    pub(super) action: Action,
    pub(super) wide: bool,
    pub(super) key: BucketKey<'a>,
    pub(super) rate: Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum BucketKey<'a> {
    Network(Prefix),
    Email(&'a [u8]),
    Device(&'a str, &'a str),
    Site(&'a str),
}
