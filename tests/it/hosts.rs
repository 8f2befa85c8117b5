//! The host that a request asks for, over bare connections: what no HTTP client would send is what an attacker does.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    document::operations,
    service::{SITE, Service, in_time},
    stores::Storage,
};

crate::stores::on_both_engines!(
    h7_a_host_is_compared_by_its_bytes_and_not_by_a_parser,
    h7_a_target_and_a_header_name_one_host,
    h7_ports_and_numbers_are_the_configured_ones,
    h7_every_operation_is_under_the_name_of_its_audience,
);

const APART: &str =
    "[server]\npublic_url = \"https://comments.example.org\"\nadmin_url = \"https://admin.example.org\"\n";

/// The status of the answer to bytes; 0 when there is none.
async fn status(service: &Service, request: &str) -> u16 {
    let address = service.url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 64];
    let read = in_time("an answer", connection.read(&mut answer)).await.unwrap_or(0);
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    let status = answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    status.and_then(|status| status.parse().ok()).unwrap_or(0)
}

async fn asked(service: &Service, host: &str, path: &str) -> u16 {
    status(
        service,
        &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"),
    )
    .await
}

const ADMIN: [&str; 4] = ["/login", "/queue", "/api/v1/moderation/queue", "/api/v1/sites/faso"];
const READERS: [&str; 2] = ["/t/faso?thread=a", "/api/v1/sites/faso/form?thread=a"];

async fn h7_a_host_is_compared_by_its_bytes_and_not_by_a_parser(storage: &Storage) {
    let service = Service::start(storage, &format!("{APART}{SITE}")).await;
    for host in [
        "x@admin.example.org",
        "x:y@admin.example.org",
        "@admin.example.org",
        "admin%2eexample.org",
        "admin%2Eexample.org",
        "%61dmin.example.org",
        "admin.example.org#",
        "admin.example.org#@comments.example.org",
        "admin.example.org?",
        "admin.example.org?x=1",
        "admin.example.org\\",
        "admin.example.org/",
        "admin.example.org/x",
        "//admin.example.org",
        "admin.example.org comments.example.org",
        "admin.example.org,comments.example.org",
        "admin\texample.org",
        "admin\u{3002}example.org",
        "admin\u{ff0e}example.org",
        "\u{ff41}dmin.example.org",
        "adm\u{ad}in.example.org",
        "admin.example.org;",
        "admin_example.org",
        "",
    ] {
        for path in ADMIN.iter().chain(&READERS) {
            assert_eq!(asked(&service, host, path).await, 400, "{host:?} {path}");
        }
    }
    // Names of plain signs that are not the configured one reach readers' pages alone.
    for host in [
        "admin.example.org.",
        "admin.example.org..",
        "admin.example.org.:443",
        "xadmin.example.org",
        "admin.example.orgx",
        "admin.example.org.evil.example",
        "admin.example.org:80",
        "admin.example.org:0443",
        "admin.example.org:8443",
        "admin.example.org:443:443",
        "admin.example.org:",
        "[admin.example.org]",
        "admin.example.org:443.",
        "xn--admin-.example.org",
        "127.0.0.1",
        "comments.example.org",
    ] {
        for path in ADMIN {
            assert_eq!(asked(&service, host, path).await, 404, "{host:?} {path}");
        }
        for path in READERS {
            assert_eq!(asked(&service, host, path).await, 200, "{host:?} {path}");
        }
    }
    for host in ["admin.example.org", "ADMIN.Example.org", "admin.example.org:443"] {
        assert_eq!(asked(&service, host, "/login").await, 303, "{host:?}: to the set-up");
        assert_eq!(asked(&service, host, "/api/v1/moderation/queue").await, 401, "{host:?}");
        for path in READERS {
            assert_eq!(asked(&service, host, path).await, 404, "{host:?} {path}");
        }
    }
    // What is on both sides has no side to be kept from.
    assert_eq!(asked(&service, "palabre_app:8080", "/healthz").await, 200);
    service.stop().await;
}

async fn h7_a_target_and_a_header_name_one_host(storage: &Storage) {
    let service = Service::start(storage, &format!("{APART}{SITE}")).await;
    let (public, admin) = ("comments.example.org", "admin.example.org");
    let send = async |target: &str, version: &str, hosts: &[&str]| {
        let headers = hosts
            .iter()
            .fold(String::new(), |all, host| all + "host: " + host + "\r\n");
        let request = format!("GET {target} HTTP/{version}\r\n{headers}connection: close\r\n\r\n");
        status(&service, &request).await
    };
    for path in ["/login", "/t/faso?thread=a"] {
        let whole = |host: &str| format!("https://{host}{path}");
        let expected = |host: &str| match (host == admin, path) {
            (true, "/login") => 303,
            (false, "/t/faso?thread=a") => 200,
            _ => 404,
        };
        for host in [public, admin] {
            let other = if host == public { admin } else { public };
            assert_eq!(send(path, "1.1", &[host, other]).await, 400, "two hosts: {path}");
            assert_eq!(send(path, "1.1", &[host, host]).await, 400, "one twice: {path}");
            assert_eq!(send(&whole(host), "1.1", &[other]).await, 400, "{path}");
            assert_eq!(send(&whole(host), "1.1", &[host]).await, expected(host), "{path}");
            let user = format!("https://x@{host}{path}");
            assert_eq!(send(&user, "1.1", &[host]).await, 400, "{path}");
            let port = format!("https://{host}:443{path}");
            assert_eq!(
                send(&port, "1.1", &[&format!("{host}:443")]).await,
                expected(host),
                "{path}"
            );
        }
        assert_eq!(send(path, "1.1", &[]).await, 400, "HTTP/1.1 names a host: {path}");
        assert_eq!(send(path, "1.0", &[]).await, expected(public), "{path}");
    }
    service.stop().await;
}

async fn h7_ports_and_numbers_are_the_configured_ones(storage: &Storage) {
    for (admin_url, right, wrong) in [
        (
            "http://127.0.0.2:8081",
            &["127.0.0.2:8081"][..],
            &[
                "127.0.0.2",
                "127.0.0.2:80",
                "0x7f000002:8081",
                "2130706434:8081",
                "127.2:8081",
                "127.0.0.2:08081",
            ][..],
        ),
        (
            "http://[::1]:8081",
            &["[::1]:8081"],
            &[
                "[::1]",
                "[0:0:0:0:0:0:0:1]:8081",
                "[::0001]:8081",
                "::1:8081",
                "[::1]8081",
                "[::ffff:7f00:1]:8081",
            ],
        ),
        (
            "http://[2001:DB8::1]",
            &["[2001:db8::1]", "[2001:DB8::1]:80"],
            &["[2001:db8::1]:443", "2001:db8::1"],
        ),
        (
            "http://salle.example.org",
            &["salle.example.org", "salle.example.org:80"],
            &["salle.example.org:443"],
        ),
    ] {
        let config =
            format!("[server]\npublic_url = \"https://comments.example.org\"\nadmin_url = \"{admin_url}\"\n{SITE}");
        let service = Service::start(storage, &config).await;
        for host in right {
            assert_eq!(
                asked(&service, host, "/api/v1/moderation/queue").await,
                401,
                "{admin_url} {host}"
            );
        }
        for host in wrong {
            assert_eq!(
                asked(&service, host, "/api/v1/moderation/queue").await,
                404,
                "{admin_url} {host}"
            );
            assert_eq!(asked(&service, host, "/login").await, 404, "{admin_url} {host}");
        }
        service.stop().await;
    }
}

async fn h7_every_operation_is_under_the_name_of_its_audience(storage: &Storage) {
    let service = Service::start(storage, &format!("{APART}{SITE}")).await;
    let document: serde_json::Value = serde_json::from_str(&palabre::http::openapi()).expect("JSON");
    let mut audiences = std::collections::BTreeSet::new();
    for (method, path) in operations(&document) {
        let tag = document["paths"][&path][method.to_lowercase()]["tags"][0]
            .as_str()
            .expect("an audience");
        audiences.insert(tag.to_owned());
        let send = async |host: &str| {
            let path = path.replace("{site}", "faso").replace(['{', '}'], "");
            let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            status(&service, &request).await
        };
        let (public, admin) = (send("comments.example.org").await, send("admin.example.org").await);
        match tag {
            "readers" => assert_eq!(admin, 404, "{method} {path}"),
            // The way in, which no session is needed for, wants a body.
            "moderators" if path.starts_with("/login") => assert_eq!((public, admin), (404, 415), "{method} {path}"),
            // Nobody is asked who they are: a page of ours sends it.
            "moderators" if path == "/logout" => assert_eq!((public, admin), (404, 403), "{method} {path}"),
            "moderators" | "owners" => assert_eq!((public, admin), (404, 401), "{method} {path}"),
            _ => assert_eq!(public, admin, "{method} {path}"),
        }
    }
    assert_eq!(audiences.len(), 4, "{audiences:?}");
    service.stop().await;
}
