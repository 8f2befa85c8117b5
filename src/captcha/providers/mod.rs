//! The outside providers, one file each; what they share stands in `expected` and `siteverify`.

mod cap;
mod expected;
mod friendly;
mod hcaptcha;
mod mcaptcha;
mod prosopo;
pub(super) mod recaptcha_enterprise;
mod recaptcha_v2;
mod recaptcha_v3;
mod siteverify;
mod turnstile;

use super::{
    ask::{Ask, Finding},
    calls::Calls,
};
use crate::domain::{captcha::ProviderId, verdict::Verdict};

/// Verifies the token of `ask` with the provider of its site; `Err` is a verdict that is known without a call.
pub(super) async fn verify(calls: &Calls, ask: &Ask<'_>) -> Result<Finding, Verdict> {
    match ask.site.captcha.provider {
        // No outside provider is asked.
        ProviderId::Off | ProviderId::BuiltIn => Err(Verdict::Off),
        ProviderId::RecaptchaV3 => siteverify::verify(calls, ask, &recaptcha_v3::PROFILE).await,
        ProviderId::RecaptchaV2 => siteverify::verify(calls, ask, &recaptcha_v2::PROFILE).await,
        ProviderId::RecaptchaEnterprise => recaptcha_enterprise::verify(calls, ask).await,
        ProviderId::Hcaptcha => siteverify::verify(calls, ask, &hcaptcha::PROFILE).await,
        ProviderId::Turnstile => turnstile::verify(calls, ask).await,
        ProviderId::Siteverify => siteverify::verify(calls, ask, &siteverify::ANY).await,
        ProviderId::Friendly => friendly::verify(calls, ask).await,
        ProviderId::Prosopo => prosopo::verify(calls, ask).await,
        ProviderId::Cap => siteverify::verify(calls, ask, &cap::PROFILE).await,
        ProviderId::Mcaptcha => mcaptcha::verify(calls, ask).await,
    }
}
