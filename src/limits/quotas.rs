//! The section `[rate_limit]` of the configuration: how much of each action is allowed, and how fast.
//!
//! [`Quotas`] has one [`Quota`] for each [`Action`], whose default is the action's own; a limiter counts by
//! the `Rate`s of a quota, one for the narrow network, e-mail or site and one for the wide network. Invariant:
//! a section that is absent is the defaults; what is no number in 1..=1,000,000, half a wide
//! limit, or a wide limit below the narrow one is refused with the name of the field; no message repeats
//! where the counts are kept, which may hold a password.
//!
//! To add an action: its field here, in [`Default`] and in [`Quotas::of`].

use serde::Deserialize;

use super::{action::Action, quota::Quota};

/// The section `[rate_limit]` of the configuration. An action left out keeps its default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// `false` lets everything pass. Default `true`.
    pub enabled: bool,
    /// Where counts are kept. Default `"memory"`.
    pub store: Counts,
    /// Comments sent, by address. Beyond it: 429.
    pub submit: Quota,
    /// Comments sent, by e-mail. Beyond it: held.
    pub submit_email: Quota,
    /// Comments sent, by device. Beyond it: held.
    pub submit_device: Quota,
    /// Comments sent, by site. Beyond it: held.
    pub submit_site: Quota,
    /// Form tokens asked for, by address. Beyond it: 429.
    pub form: Quota,
    /// Threads, counts and feeds read, by address. Beyond it: 429.
    pub read: Quota,
    /// First comments of a thread, by address. Beyond it: 429.
    pub new_thread: Quota,
    /// Sign-ins tried, by address; failed ones also in the store. Beyond it: 429.
    pub sign_in: Quota,
    /// Sign-ins that failed, by account, in the store. Beyond it: 429, but for browsers that came in before.
    pub sign_in_account: Quota,
    /// Setup codes that were wrong, by address, in the store. Beyond it: 429.
    pub setup_code: Quota,
    /// Reports by readers, by address. Beyond it: 429.
    pub report: Quota,
    /// Appeals of readers who were turned down, by address. Beyond it: 429.
    pub appeal: Quota,
    /// Tests of captcha keys, by site. Beyond it: 429.
    pub captcha_test: Quota,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            enabled: true,
            store: Counts::Memory,
            submit: Action::Submit.default_quota(),
            submit_email: Action::SubmitEmail.default_quota(),
            submit_device: Action::SubmitDevice.default_quota(),
            submit_site: Action::SubmitSite.default_quota(),
            form: Action::Form.default_quota(),
            read: Action::Read.default_quota(),
            new_thread: Action::NewThread.default_quota(),
            sign_in: Action::SignIn.default_quota(),
            sign_in_account: Action::SignInAccount.default_quota(),
            setup_code: Action::SetupCode.default_quota(),
            report: Action::Report.default_quota(),
            appeal: Action::Appeal.default_quota(),
            captcha_test: Action::CaptchaTest.default_quota(),
        }
    }
}

impl Quotas {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// A sentence that begins with the field: `rate_limit.submit.burst …`.
    pub fn validate(&self) -> Result<(), String> {
        for &action in Action::ALL {
            let by_address = !matches!(
                action,
                Action::SubmitEmail
                    | Action::SubmitDevice
                    | Action::SubmitSite
                    | Action::CaptchaTest
                    | Action::SignInAccount
            );
            self.of(action)
                .validate(by_address)
                .map_err(|complaint| format!("rate_limit.{}.{complaint}", action.name()))?;
        }
        Ok(())
    }

    /// The quota of an action.
    #[must_use]
    pub const fn of(&self, action: Action) -> Quota {
        match action {
            Action::Submit => self.submit,
            Action::SubmitEmail => self.submit_email,
            Action::SubmitDevice => self.submit_device,
            Action::SubmitSite => self.submit_site,
            Action::Form => self.form,
            Action::Read => self.read,
            Action::NewThread => self.new_thread,
            Action::SignIn => self.sign_in,
            Action::SignInAccount => self.sign_in_account,
            Action::SetupCode => self.setup_code,
            Action::Report => self.report,
            Action::Appeal => self.appeal,
            Action::CaptchaTest => self.captcha_test,
        }
    }
}

/// Where counts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Counts {
    /// In this process: each instance counts on its own.
    Memory,
}

impl TryFrom<String> for Counts {
    type Error = &'static str;

    /// The error does not repeat the value: an address of a store may hold a password.
    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "memory" => Ok(Self::Memory),
            _ => Err("unknown store of rate limits, only \"memory\" is known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_and_an_empty_section_are_the_defaults() {
        assert_eq!(toml::from_str::<Quotas>("").unwrap(), Quotas::default());
        assert_eq!(Quotas::default().validate(), Ok(()));
        let changed: Quotas = toml::from_str("submit = { burst = 3, per_hour = 6 }").unwrap();
        assert_eq!(
            changed,
            Quotas {
                submit: Quota::new(3, 6),
                ..Quotas::default()
            }
        );
    }

    #[test]
    fn a_bad_quota_is_named_and_refused() {
        let cases = [
            ("submit = { burst = 0, per_hour = 6 }", "submit.burst"),
            ("submit = { burst = 1, per_hour = 0 }", "submit.per_hour"),
            ("submit = { burst = 1, per_hour = -1 }", "submit.per_hour"),
            ("submit = { burst = 1 }", "missing field `per_hour`"),
            (
                "submit = { burst = 1, per_hour = 1, per_day = 1 }",
                "unknown field `per_day`",
            ),
            ("submits = { burst = 1, per_hour = 1 }", "unknown field `submits`"),
            (
                "form = { burst = 1000001, per_hour = 6 }",
                "rate_limit.form.burst is over 1000000",
            ),
            (
                "form = { burst = 1, per_hour = 4294967295 }",
                "rate_limit.form.per_hour is over",
            ),
            (
                "read = { burst = 1, per_hour = 1, wide_burst = 1 }",
                "rate_limit.read.wide_per_hour",
            ),
            (
                "read = { burst = 1, per_hour = 1, wide_per_hour = 1 }",
                "rate_limit.read.wide_burst",
            ),
            (
                "read = { burst = 2, per_hour = 1, wide_burst = 1, wide_per_hour = 1 }",
                "rate_limit.read.wide_burst is under burst",
            ),
            (
                "submit_site = { burst = 1, per_hour = 1, wide_burst = 1, wide_per_hour = 1 }",
                "rate_limit.submit_site.wide_burst is set",
            ),
            ("store = \"redis://user:hunter2@cache\"", "only \"memory\" is known"),
        ];
        for (section, complaint) in cases {
            // through a table, as layered configuration is read
            let table: toml::Table = toml::from_str(section).unwrap();
            let quotas = table.try_into::<Quotas>().map_err(|error| error.to_string());
            let error = quotas.and_then(|quotas| quotas.validate()).unwrap_err();
            assert!(error.contains(complaint), "{section}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
