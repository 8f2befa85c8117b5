//! Mail to the people of a newsroom, by the SMTP server that `[mail]` names; without one none is sent.
//!
//! Plain text, one recipient each. Invariant: readers are never written to; neither an address nor the server's
//! password is in an error or a log; a server that does not answer costs ten seconds.

use std::{fmt, net::IpAddr, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp,
};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::config;

/// How long the server may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the mail server; a connection is opened for each mail.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// Why a mail was not sent; the text names no address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(String);

impl Mail {
    /// `None` where no server is named.
    ///
    /// # Errors
    /// A sentence that names the setting and what is wrong with it.
    pub fn new(settings: &config::Mail) -> Result<Option<Self>, String> {
        const EXPECTED: &str = "mail.smtp: expected an address such as smtps://user:password@mail.example.org";
        let address = settings.smtp.expose_secret();
        if address.is_empty() {
            return Ok(None);
        }
        let url = Url::parse(address).map_err(|_| EXPECTED)?;
        if !is_encrypted(&url) && !is_this_machine(&url) {
            return Err(
                "mail.smtp: without TLS only a server on this machine is used; write smtps://…, or \
                        smtp://…?tls=required"
                    .to_owned(),
            );
        }
        let from = settings.from.parse().map_err(|_| {
            format!(
                "mail.from: {:?} is no sender such as Palabre <palabre@example.org>",
                settings.from
            )
        })?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
            .map_err(|_| EXPECTED)?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Some(Self { transport, from }))
    }

    /// Sends `text` to `address`; done once the server has taken it. A mail that is sent again under the same `id`,
    /// which is made of letters, digits, hyphens and dots, has the same Message-ID.
    ///
    /// # Errors
    /// [`MailError`]: an address that is none, no connection, or the server's refusal.
    pub async fn send(&self, id: &str, address: &str, subject: &str, text: String) -> Result<(), MailError> {
        let address: Address = address
            .parse()
            .map_err(|_| MailError("write a mail: the recipient's address cannot be written to".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| MailError(format!("write a mail: {error}")))?;
        self.transport.send(message).await.map_err(|error| failed(&error))?;
        Ok(())
    }

    /// Whether the server lets us in; nothing is sent.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn test(&self) -> Result<(), MailError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError("the mail server hangs up".to_owned())),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// In our own words: the server's may repeat the recipient's address.
fn failed(error: &smtp::Error) -> MailError {
    MailError(match error.status() {
        Some(code) => format!("the mail server answers {code}"),
        None if error.is_timeout() => "the mail server does not answer".to_owned(),
        None if error.is_tls() => "no TLS with the mail server".to_owned(),
        None => "the mail server cannot be reached, or speaks no SMTP".to_owned(),
    })
}

fn is_encrypted(url: &Url) -> bool {
    let is_required = || {
        url.query_pairs()
            .any(|(name, value)| name == "tls" && value == "required")
    };
    url.scheme() == "smtps" || (url.scheme() == "smtp" && is_required())
}

/// By itself: of a scheme that is no browser's, the host is a name to the library even where it is an address.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_loopback = |ip: IpAddr| ip.is_loopback();
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(smtp: &str, from: &str) -> Result<bool, String> {
        let settings = config::Mail {
            smtp: smtp.to_owned().into(),
            from: from.to_owned(),
        };
        Mail::new(&settings).map(|mail| mail.is_some())
    }

    #[test]
    fn passwords_travel_encrypted_or_not_at_all() {
        const FROM: &str = "Palabre <palabre@example.org>";
        for fine in [
            "smtps://u:p@mail.example.org",
            "smtp://u:p@mail.example.org?tls=required",
            "smtp://u:p@mail.example.org:587?tls=required",
            "smtp://127.0.0.1:2525",
            "smtp://localhost",
            "smtp://[::1]:25",
        ] {
            assert_eq!(made(fine, FROM), Ok(true), "{fine}");
        }
        for wrong in [
            "smtp://u:p@mail.example.org",
            "smtp://u:p@mail.example.org?tls=opportunistic",
            "mail.example.org",
            "http://mail.example.org",
            "smtps:",
        ] {
            let why = made(wrong, FROM).expect_err(wrong);
            assert!(
                why.starts_with("mail.smtp: ") && !why.contains("u:p@"),
                "{wrong}: {why}"
            );
        }
        assert_eq!(made("", ""), Ok(false));
        assert!(
            made("smtp://localhost", "")
                .expect_err("nobody")
                .starts_with("mail.from: ")
        );
    }
}
