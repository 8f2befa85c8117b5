//! Mail to owners, by a server that takes it, refuses it or hangs up.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use palabre::{actions::identify::Role, config, jobs, outbound::mail::Mail};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    captcha_road::{POLICY, fake, recaptcha, scored},
    fake_provider::Fault,
    service::{SITE, Service, eventually},
    stores::Storage,
};

crate::stores::on_both_engines!(
    owners_are_written_to_once_a_day_while_the_set_up_is_wrong,
    a_mail_that_was_not_taken_is_sent_the_next_time,
);

/// What a mail server does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mood {
    Takes,
    /// The same, after a moment.
    TakesItsTime,
    /// Knows none of the recipients, and repeats them.
    Refuses,
    HangsUp,
}

/// A mail server (RFC 5321) as far as one mail needs it.
pub(crate) struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<(Mood, Vec<Received>)>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::new(Mutex::new((Mood::Takes, Vec::new())));
        let own = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&own)));
            }
        });
        Self { address, state }
    }

    pub(crate) fn settings(&self) -> String {
        format!(
            "[mail]\nsmtp = \"smtp://{}\"\nfrom = \"Palabre <palabre@example.org>\"\n",
            self.address
        )
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.state.lock().expect("no panic").0 = mood;
    }

    /// How many mails there were since the last call of [`MailServer::take`].
    pub(crate) fn count(&self) -> usize {
        self.state.lock().expect("no panic").1.len()
    }

    /// The mails since the last call, by recipient.
    pub(crate) fn take(&self) -> Vec<Received> {
        let mut mails = std::mem::take(&mut self.state.lock().expect("no panic").1);
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        mails
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<(Mood, Vec<Received>)>>) -> Option<()> {
    let mood = state.lock().expect("no panic").0;
    if mood == Mood::HangsUp {
        return None;
    }
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.test\r\n").await.ok()?;
    let mut to = String::new();
    while let Some(line) = lines.next_line().await.ok()? {
        let answer = match line.split(' ').next()? {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n".to_owned(),
            "RCPT" if mood == Mood::Refuses => format!("550 no such user: {line}\r\n"),
            "RCPT" => {
                line.split(['<', '>']).nth(1)?.clone_into(&mut to);
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut text = String::new();
                loop {
                    match lines.next_line().await.ok()?? {
                        end if end == "." => break,
                        line => text.extend([line.as_str(), "\r\n"]),
                    }
                }
                if mood == Mood::TakesItsTime {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                state
                    .lock()
                    .expect("no panic")
                    .1
                    .push(Received { to: to.clone(), text });
                "250 taken\r\n".to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "250 ok\r\n".to_owned(),
        };
        write.write_all(answer.as_bytes()).await.ok()?;
    }
    Some(())
}

/// Delivers what is due; also what the service's own round has claimed is over then.
pub(crate) async fn delivers(service: &Service, storage: &Storage) {
    eventually("all is delivered that is due", async || {
        let claimed = jobs::deliver(&service.app).await.expect("done");
        let under_way = storage
            .integer("SELECT COUNT(*) FROM deliveries WHERE leased_until > 0")
            .await;
        claimed == 0 && under_way == Some(0)
    })
    .await;
}

/// The body of a mail in quoted-printable (RFC 2045, 6.7).
fn body(mail: &Received) -> String {
    let (head, body) = mail.text.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("Content-Transfer-Encoding: quoted-printable"), "{head}");
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if let (b'=', Some(hex)) = (first, more.get(..2)) {
            bytes.push(u8::from_str_radix(std::str::from_utf8(hex).expect("hex"), 16).expect("hex"));
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).expect("text")
}

async fn owners_are_written_to_once_a_day_while_the_set_up_is_wrong(storage: &Storage) {
    let (fake, server) = (fake().await, MailServer::start().await);
    let other = SITE.replace("faso\"", "sahel\"");
    let config = format!("{}{}\n{other}", server.settings(), recaptcha(&fake, POLICY));
    let service = Service::start(storage, &config).await;
    for (name, email, role, sites, comes) in [
        ("Une", "une@exemple.test", Role::Owner, &["faso"][..], true),
        ("Deux", "deux@exemple.test", Role::Owner, &["faso", "sahel"], true),
        ("Pas encore", "pas-encore@exemple.test", Role::Owner, &["faso"], false),
        ("Modère", "modere@exemple.test", Role::Moderator, &["faso"], true),
        ("Ailleurs", "ailleurs@exemple.test", Role::Owner, &["sahel"], true),
    ] {
        let (_, code) = service.invites(name, email, role, sites).await;
        if comes {
            service.accepts(&code).await;
        }
    }
    let warned = async || {
        jobs::warn(&service.app).await.expect("done");
        delivers(&service, storage).await;
        // The next look of another minute.
        service.clock.advance(Duration::from_mins(1));
        server.take()
    };
    let sends = async |body: &str| {
        let fields = scored(&fake, body, 0.9);
        service.reader().submits(&fields).await
    };
    sends("Tout va bien").await.expect(201);
    assert!(warned().await.is_empty());

    fake.fault(Fault::InvalidSecret);
    sends("Un texte que personne d’autre ne lit").await.expect(202);
    let mails = warned().await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["deux@exemple.test", "une@exemple.test"]);
    let (head, text) = (&mails[0].text, body(&mails[0]));
    assert!(
        head.contains("From: Palabre <palabre@example.org>") && head.contains("Message-ID: <"),
        "{head}"
    );
    for part in [
        "invalid-input-secret",
        "Aucun commentaire n’est perdu",
        "/sites/faso/defence",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("personne d’autre"), "nothing of a comment");

    assert!(warned().await.is_empty(), "not again within a day");
    service.clock.advance(Duration::from_hours(23));
    sends("Encore").await.expect(202);
    assert!(warned().await.is_empty(), "not yet");
    service.clock.advance(Duration::from_hours(1));
    assert!(warned().await.is_empty(), "nothing was wrong within the last hour");
    sends("Toujours").await.expect(202);
    assert_eq!(warned().await.len(), 2);
    service.stop().await;
}

async fn a_mail_that_was_not_taken_is_sent_the_next_time(storage: &Storage) {
    let (fake, server) = (fake().await, MailServer::start().await);
    let config = format!("{}{}", server.settings(), recaptcha(&fake, POLICY));
    let service = Service::start(storage, &config).await;
    let (_, code) = service.invites("Une", "une@exemple.test", Role::Owner, &["faso"]).await;
    service.accepts(&code).await;
    fake.fault(Fault::InvalidSecret);
    let fields = scored(&fake, "Mal réglé", 0.9);
    service.reader().submits(&fields).await.expect(202);
    for mood in [Mood::HangsUp, Mood::Refuses, Mood::Takes] {
        server.set(mood);
        jobs::warn(&service.app).await.expect("done");
        delivers(&service, storage).await;
        let taken = usize::from(mood == Mood::Takes);
        assert_eq!(server.take().len(), taken);
        service.clock.advance(Duration::from_mins(2));
    }
    service.stop().await;
}

#[tokio::test]
async fn what_fails_is_said_without_an_address() {
    let server = MailServer::start().await;
    let settings = config::Mail {
        smtp: format!("smtp://{}", server.address).into(),
        from: "palabre@example.org".to_owned(),
    };
    let mail = Mail::new(&settings).expect("valid").expect("named");
    let send = async |to: &str| mail.send("un-envoi", to, "Sujet", "Texte".to_owned()).await;
    send("une@exemple.test").await.expect("taken");
    mail.test().await.expect("it lets us in");
    let at_fault = async |to: &str| send(to).await.expect_err("not taken").to_string();
    assert!(
        at_fault("a\r\nBcc: b@exemple.test")
            .await
            .contains("cannot be written to")
    );
    server.set(Mood::Refuses);
    let refused = at_fault("une@exemple.test").await;
    assert!(refused.contains("550") && !refused.contains('@'), "{refused}");
    server.set(Mood::HangsUp);
    assert!(!at_fault("une@exemple.test").await.contains('@'));
    assert!(mail.test().await.is_err());
}
