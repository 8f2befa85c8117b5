//! Each public call with the inputs that could cost it most.
//!
//! A [`Call`] is a line of the table, an [`Input`] the requests of one kind that are sent to it. To add a call: an
//! entry in [`of_everybody`], or in [`of_the_first_run`] where it is one only while nobody owns anything.

use std::process::Command;

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{
    TIMES,
    load::Connection,
    server::{self, Server, Storage},
    texts::{LINES, MARKS, SIGNS, named, of_bytes, of_chars},
};

/// The largest body is 128 KiB; heads and names of fields take the rest.
const BYTES: usize = 127 * 1024;

/// A query or a header that the server still reads.
const HEAD_BYTES: usize = 48 * 1024;

const PASSPHRASE: &str = "le marché de Koudougou à midi";

/// A public call.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) inputs: Vec<Input>,
}

/// One kind of input.
pub(crate) struct Input {
    pub(crate) what: String,
    /// Sent one after the other.
    pub(crate) requests: Vec<String>,
    /// Passphrases that each makes the server hash.
    pub(crate) hashes: f64,
}

impl Input {
    fn new(what: impl Into<String>, request: impl Fn(usize) -> String) -> Self {
        Self {
            what: what.into(),
            requests: (0..TIMES).map(request).collect(),
            hashes: 0.0,
        }
    }

    fn hashing(self, hashes: f64) -> Self {
        Self { hashes, ..self }
    }
}

/// One-time links of people who have not come in yet.
pub(crate) fn links(storage: &Storage) -> Vec<String> {
    (0..=TIMES)
        .map(|number| {
            let email = format!("person-{number}@example.org");
            let arguments = [
                "moderator",
                "add",
                "--email",
                &email,
                "--name",
                &email,
                "--role",
                "owner",
                "--all-sites",
            ];
            code_of(&printed(storage, &arguments))
        })
        .collect()
}

/// The code of the first run.
pub(crate) fn setup_code(storage: &Storage) -> String {
    code_of(&printed(storage, &["setup-code"]))
}

/// What a command of the program prints.
fn printed(storage: &Storage, arguments: &[&str]) -> String {
    let mut command = Command::new(server::binary());
    let output = server::in_environment(&mut command, storage).args(arguments).output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn code_of(link: &str) -> String {
    link.trim()
        .split_once("code=")
        .expect("a link with a code")
        .1
        .to_owned()
}

/// Calls of a service that nobody owns.
pub(crate) async fn of_the_first_run(server: &Server, code: &str) -> Vec<Call> {
    let opened = asked(server, &form_post("/setup", "", &[("code", code)])).await;
    let cookie = cookies_of(&opened);
    let owner = |what: &str, name: &str, email: &str, passphrase: &str| {
        let form = [("name", name), ("email", email), ("passphrase", passphrase)];
        let request = form_post("/setup/you", &cookie, &form);
        Input::new(what, move |_| request.clone()).hashing(0.0)
    };
    let mut you: Vec<Input> = LINES
        .iter()
        .map(|line| owner(&format!("name of {}", named(line)), &of_bytes(line, BYTES / 9), "", "x"))
        .collect();
    you.push(owner("passphrase of signs, weak", "", "", &SIGNS[..11]));
    you.push(owner("e-mail of words", "", &of_bytes("mot.", BYTES - 200), "x"));
    vec![
        Call {
            name: "POST /setup",
            inputs: vec![Input::new("a long code", |_| {
                form_post("/setup", "", &[("code", &of_bytes("a", BYTES))])
            })],
        },
        Call {
            name: "POST /setup/you",
            inputs: you,
        },
        Call {
            name: "GET /setup",
            inputs: vec![long_query("/setup?code=")],
        },
    ]
}

/// All other public calls.
pub(crate) async fn of_everybody(server: &Server, links: &[String]) -> Vec<Call> {
    let person = Person::comes_in(server, &links[0]).await;
    let receipts = receipts(server).await;
    let mut calls = submitting();
    calls.extend(reading());
    calls.extend(of_receipts(&receipts));
    calls.extend(at_the_door(&person, &links[1..]));
    calls
}

fn submitting() -> Vec<Call> {
    let api = "/api/v1/sites/bench/comments";
    let page = "/t/bench?thread=%2Fhostile";
    let mut as_json = Vec::new();
    let mut as_form = Vec::new();
    for mark in MARKS {
        let body = of_chars(mark, 20_000);
        let fields = move |number: usize| comment(number, "body", &body);
        let sent = fields.clone();
        as_json.push(Input::new(format!("body of {}", named(mark)), move |number| {
            json_post(api, &sent(number))
        }));
        as_form.push(Input::new(format!("body of {}", named(mark)), move |number| {
            form_of(page, &fields(number))
        }));
    }
    for field in [
        "name",
        "email",
        "website",
        "thread",
        "thread_url",
        "thread_title",
        "body",
        "captcha",
        "form",
        "device",
    ] {
        for line in LINES {
            let text = of_bytes(line, BYTES - 1024);
            as_json.push(Input::new(format!("{field} of {}", named(line)), move |number| {
                json_post(api, &comment(number, field, &text))
            }));
        }
    }
    as_json.extend(odd_json(api));
    let mut reports = odd_json("/api/v1/comments/00000000-0000-0000-0000-000000000000/report");
    reports.push(Input::new("a long text", |_| {
        let text = of_bytes("\u{FDFA}", BYTES);
        json_post(
            "/api/v1/comments/00000000-0000-0000-0000-000000000000/report",
            &json!({"reason": text}),
        )
    }));
    vec![
        Call {
            name: "POST /api/v1/sites/{site}/comments",
            inputs: as_json,
        },
        Call {
            name: "POST /t/{site}",
            inputs: as_form,
        },
        Call {
            name: "POST /api/v1/comments/{id}/report",
            inputs: reports,
        },
    ]
}

fn reading() -> Vec<Call> {
    let gets = |name, paths: &[&str]| Call {
        name,
        inputs: paths
            .iter()
            .flat_map(|path| [long_query(path), odd_headers(path)])
            .collect(),
    };
    let mut counts = gets(
        "GET /api/v1/sites/{site}/counts",
        &["/api/v1/sites/bench/counts?thread="],
    );
    counts.inputs.push(Input::new("a hundred threads", |_| {
        let threads: Vec<String> = (0..100)
            .map(|number| format!("thread={}{number}", "a".repeat(400)))
            .collect();
        get(&format!("/api/v1/sites/bench/counts?{}", threads.join("&")), "")
    }));
    counts.inputs.push(Input::new("thousands of threads", |_| {
        get(
            &format!("/api/v1/sites/bench/counts?{}", of_bytes("thread=a&", HEAD_BYTES)),
            "",
        )
    }));
    let mut list = gets(
        "GET /api/v1/sites/{site}/comments",
        &[
            "/api/v1/sites/bench/comments?thread=",
            "/api/v1/sites/bench/comments?thread=%2Flisted&after=",
            "/api/v1/sites/bench/comments?thread=%2Flisted&order=",
        ],
    );
    list.inputs
        .push(Input::new("a hundred at once, for the embed, compressed", |_| {
            get(
                "/api/v1/sites/bench/comments?thread=%2Flisted&limit=100&embed=1",
                "accept-encoding: gzip\r\n",
            )
        }));
    vec![
        list,
        counts,
        gets("GET /api/v1/sites/{site}/form", &["/api/v1/sites/bench/form?thread="]),
        gets(
            "GET /api/v1/comments/{id}/replies",
            &["/api/v1/comments/00000000-0000-0000-0000-000000000000/replies?after="],
        ),
        gets(
            "GET /t/{site}",
            &["/t/bench?thread=", "/t/bench?thread=%2Flisted&reply="],
        ),
        gets("GET /t/{site}/fragment", &["/t/bench/fragment?thread="]),
        gets(
            "GET /t/{site}/feed.atom",
            &["/t/bench/feed.atom?thread=", "/t/bench/feed.atom?lang="],
        ),
        gets("GET /embed.js", &["/embed.js?a="]),
        gets("GET /openapi.json", &["/openapi.json?a="]),
        gets("GET /docs", &["/docs?lang="]),
        gets("GET of what is not there", &["/not/there?a="]),
        gets("GET /healthz", &["/healthz?a="]),
        gets(
            "GET /api/v1/moderation/queue, by nobody",
            &["/api/v1/moderation/queue?q="],
        ),
    ]
}

fn of_receipts(receipts: &[String]) -> Vec<Call> {
    let forged = of_bytes("v1.a.", HEAD_BYTES);
    let act = |name, what: &'static str| {
        let own = receipts.to_vec();
        let forged = forged.clone();
        let mut inputs = vec![
            Input::new("one's own", move |number| {
                form_post(
                    &format!("/r/{}/{what}", own[number % own.len()]),
                    "",
                    &[("a", &of_bytes("a=", BYTES / 4))],
                )
            }),
            Input::new("a long one", move |_| {
                form_post(&format!("/r/{forged}/{what}"), "", &[])
            }),
        ];
        inputs.extend(odd_json(&format!("/r/{}/{what}", receipts[0])));
        Call { name, inputs }
    };
    let mut step_up = act("POST /r/{receipt}/step-up", "step-up");
    for field in ["proof", "captcha", "form"] {
        let receipt = receipts[1].clone();
        step_up.inputs.push(Input::new(format!("a long {field}"), move |_| {
            json_post(
                &format!("/r/{receipt}/step-up"),
                &json!({field: of_bytes("eyJh", BYTES)}),
            )
        }));
    }
    let (own, long) = (receipts[0].clone(), forged.clone());
    vec![
        Call {
            name: "GET /r/{receipt}",
            inputs: vec![
                Input::new("one's own", move |_| get(&format!("/r/{own}"), "")),
                Input::new("a long one", move |_| get(&format!("/r/{long}"), "")),
            ],
        },
        step_up,
        act("POST /r/{receipt}/appeal", "appeal"),
        act("POST /r/{receipt}/erase", "erase"),
    ]
}

fn at_the_door(person: &Person, links: &[String]) -> Vec<Call> {
    let signs = of_bytes(SIGNS, BYTES / 3);
    let links = links.to_vec();
    let cookie = person.cookie.clone();
    let invitation = vec![
        Input::new("no such link, passphrase of signs", move |_| {
            form_post("/invitation", "", &[("code", "x"), ("passphrase", &signs)])
        }),
        Input::new("a link, passphrase of signs", move |number| {
            form_post(
                "/invitation",
                "",
                &[("code", &links[number]), ("passphrase", &turned(number))],
            )
        })
        .hashing(1.0),
    ];
    vec![
        Call {
            name: "POST /login",
            inputs: sign_ins(),
        },
        Call {
            name: "POST /account/passphrase, in a session",
            inputs: vec![
                Input::new("from signs to signs", move |number| {
                    let before = if number == 0 {
                        PASSPHRASE.to_owned()
                    } else {
                        turned(number - 1)
                    };
                    let form = [("current", &*before), ("passphrase", &*turned(number))];
                    form_post("/account/passphrase", &cookie, &form)
                })
                .hashing(2.0),
            ],
        },
        Call {
            name: "POST /login/recovery",
            inputs: recoveries(person),
        },
        Call {
            name: "POST /login/code",
            inputs: vec![Input::new("a long pass", |_| {
                form_post(
                    "/login/code",
                    "",
                    &[("pass", &of_bytes("v1.a.", BYTES / 2)), ("code", &of_bytes("1", 1000))],
                )
            })],
        },
        Call {
            name: "POST /invitation",
            inputs: invitation,
        },
        Call {
            name: "GET /invitation",
            inputs: vec![long_query("/invitation?code=")],
        },
        Call {
            name: "GET /login",
            inputs: vec![long_query("/login?next="), odd_headers("/login?next=")],
        },
        Call {
            name: "POST /logout",
            inputs: vec![Input::new("many cookies", |_| {
                form_post("/logout", &of_bytes("a=b; ", HEAD_BYTES), &[])
            })],
        },
    ]
}

fn sign_ins() -> Vec<Input> {
    let mut inputs: Vec<Input> = LINES
        .iter()
        .map(|line| {
            let form = [
                ("email", "person-0@example.org"),
                ("passphrase", &*of_bytes(line, BYTES / 9)),
            ];
            let request = form_post("/login", "", &form);
            Input::new(format!("passphrase of {}", named(line)), move |_| request.clone()).hashing(1.0)
        })
        .collect();
    inputs.push(
        Input::new("a long e-mail", |_| {
            form_post(
                "/login",
                "",
                &[("email", &of_bytes("İ", BYTES / 6)), ("passphrase", "x")],
            )
        })
        .hashing(1.0),
    );
    inputs
}

fn recoveries(person: &Person) -> Vec<Input> {
    let signs = of_bytes(SIGNS, BYTES / 3);
    let hopeless = [
        ("AAAAA-AAAAA", signs.clone()),
        ("AAAAA-AAAAA", of_bytes("\u{FDFA}", BYTES / 9)),
        (&signs, String::new()),
    ];
    let mut inputs: Vec<Input> = hopeless
        .into_iter()
        .map(|(code, passphrase)| {
            let request = recovery(code, &passphrase);
            Input::new("a code that does not match", move |_| request.clone())
        })
        .collect();
    let codes = person.codes.clone();
    inputs.push(
        Input::new("a code that matches, passphrase of signs", move |number| {
            recovery(&codes[number % codes.len()], &turned(number))
        })
        .hashing(1.0),
    );
    inputs
}

/// Signs that stand for letters, a passphrase for each number.
fn turned(number: usize) -> String {
    let mut signs: Vec<char> = SIGNS.chars().collect();
    signs.rotate_left(number % SIGNS.len());
    let once: String = signs.into_iter().collect();
    once.repeat(40)
}

fn recovery(code: &str, passphrase: &str) -> String {
    let form = [
        ("email", "person-0@example.org"),
        ("recovery_code", code),
        ("passphrase", passphrase),
    ];
    form_post("/login/recovery", "", &form)
}

/// Somebody who came in by a link.
struct Person {
    cookie: String,
    codes: Vec<String>,
}

impl Person {
    async fn comes_in(server: &Server, link: &str) -> Self {
        let page = asked(
            server,
            &form_post("/invitation", "", &[("code", link), ("passphrase", PASSPHRASE)]),
        )
        .await;
        let codes = page.split("<li><code>").skip(1);
        Self {
            codes: codes
                .filter_map(|rest| rest.split('<').next())
                .map(str::to_owned)
                .collect(),
            cookie: cookies_of(&page),
        }
    }
}

/// Receipts of comments that were sent.
async fn receipts(server: &Server) -> Vec<String> {
    let mut receipts = Vec::new();
    for number in 0..TIMES {
        let sent = json_post("/api/v1/sites/bench/comments", &comment(number, "name", "Awa"));
        let answer = asked(server, &sent).await;
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        let body: Value = serde_json::from_str(body).expect("JSON");
        receipts.push(body["receipt"].as_str().expect("a receipt").to_owned());
    }
    receipts
}

/// A comment's fields, with one of them as given.
fn comment(number: usize, field: &str, text: &str) -> Value {
    let mut fields = json!({
        "thread": format!("/hostile-{}", number % 3),
        "name": format!("Awa {number}"),
        "email": format!("reader-{number}@example.org"),
        "body": "Un point de vue.",
    });
    fields[field] = text.into();
    fields
}

/// JSON that is dear to parse or to keep.
fn odd_json(path: &str) -> Vec<Input> {
    let many_keys: Vec<String> = (0..BYTES / 12).map(|number| format!("\"k{number}\":0")).collect();
    let nested = format!("{{\"a\":{}{}}}", "[".repeat(BYTES / 2), "]".repeat(BYTES / 2 - 8));
    [
        ("many keys", format!("{{{}}}", many_keys.join(","))),
        (
            "many small lists",
            format!("{{\"a\":[{}[]]}}", "[[]],".repeat(BYTES / 5 - 4)),
        ),
        ("deep lists", nested),
        ("a long number", format!("{{\"name\":{}}}", "1".repeat(BYTES))),
        ("a long fraction", format!("{{\"name\":0.{}}}", "1".repeat(BYTES))),
        ("escapes", format!("{{\"body\":\"{}\"}}", "\\u0301".repeat(BYTES / 6))),
        (
            "halves of pairs",
            format!("{{\"body\":\"{}\"}}", "\\ud83d\\ude00".repeat(BYTES / 12)),
        ),
    ]
    .into_iter()
    .map(|(what, body)| {
        let request = post(path, "application/json", "", &body);
        Input::new(format!("JSON of {what}"), move |_| request.clone())
    })
    .collect()
}

/// A query as long as it is read, ending with what a text there is worst at.
fn long_query(path: &str) -> Input {
    let marks: String = byte_serialize(of_bytes("e\u{300}\u{316}", HEAD_BYTES / 9).as_bytes()).collect();
    let request = get(&format!("{path}{marks}"), "");
    Input::new("a long query", move |_| request.clone())
}

/// Headers that are read as lists.
fn odd_headers(path: &str) -> Input {
    let part = HEAD_BYTES / 4;
    let headers = format!(
        "accept-language: {}\r\ncookie: {}\r\naccept: {}\r\nif-none-match: {}\r\naccept-encoding: gzip\r\n",
        of_bytes("fr;q=0.1, ", part),
        of_bytes("a=b; ", part),
        of_bytes("text/html, ", part),
        of_bytes("\"a\", ", part)
    );
    let request = get(&format!("{path}%2Flisted"), &headers);
    Input::new("long headers", move |_| request.clone())
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\norigin: https://bench.test\r\n{headers}\r\n")
}

fn json_post(path: &str, body: &Value) -> String {
    post(path, "application/json", "", &body.to_string())
}

/// The fields of a JSON object as a form.
fn form_of(path: &str, fields: &Value) -> String {
    let fields: Vec<(&str, &str)> = fields
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    form_post(path, "", &fields)
}

pub(crate) fn form_post(path: &str, cookie: &str, fields: &[(&str, &str)]) -> String {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let cookie = if cookie.is_empty() {
        String::new()
    } else {
        format!("cookie: {cookie}\r\n")
    };
    post(
        path,
        "application/x-www-form-urlencoded",
        &format!("sec-fetch-site: same-origin\r\naccept: text/html\r\n{cookie}"),
        &body,
    )
}

fn post(path: &str, kind: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: {kind}\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn asked(server: &Server, request: &str) -> String {
    let mut connection = Connection::open(server.address).await.expect("connected");
    let answer = connection.ask(request).await.expect("an answer");
    let received = String::from_utf8_lossy(&connection.read).into_owned();
    assert!(answer.status < 400, "{received}");
    received
}

/// The cookies that an answer sets, to be sent back.
fn cookies_of(answer: &str) -> String {
    let pairs = answer.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let pairs: Vec<&str> = pairs.filter_map(|cookie| cookie.split(';').next()).collect();
    pairs.join("; ")
}
