//! `palabre fake-provider`: pretends to be every captcha provider, for pages and rules to be tried with.

use std::net::SocketAddr;

use tokio_util::sync::CancellationToken;

use super::{output, serve::cancel_at_signal};
use crate::{
    domain::captcha::ProviderId,
    fake_provider::{FakeProvider, SECRET},
};

pub(super) async fn run(listen: SocketAddr) -> Result<(), String> {
    let fake = FakeProvider::start(listen, None)
        .await
        .map_err(|error| format!("listen on {listen}: {error}"))?;
    let address = fake.address();
    output::note(format_args!(
        "Pretending to be every captcha provider at http://{address}; the secret is {SECRET}"
    ));
    for provider in ProviderId::ALL.iter().copied().filter(|provider| provider.is_outside()) {
        output::note(format_args!(
            "  {:<22}verify_url = \"{}\"",
            provider.as_str(),
            fake.url_of(provider)
        ));
    }
    output::note(format_args!(
        "  a token                curl -d score=0.9 -d hostname=localhost http://{address}/_token"
    ));
    output::note(format_args!("  what it does           curl http://{address}/_control"));
    let shutdown = CancellationToken::new();
    cancel_at_signal(shutdown).await;
    Ok(())
}
