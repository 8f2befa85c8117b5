//! Every page is rendered with friendly and hostile samples, and what must hold of every page is
//! checked on the text. With `PALABRE_PAGES_DIR` set, the pages are also written there, to be looked
//! at in a browser.

use std::collections::BTreeSet;
use std::path::Path;

use askama::Template;

use super::alarm::{Alarm, Observe};
use super::assets;
use super::captcha::*;
use super::defence::*;
use super::docs::*;
use super::entrance::*;
use super::feed::*;
use super::form::{Choice, FormErrors};
use super::frame::*;
use super::moment::{Moment, ago};
use super::people::*;
use super::queue::*;
use super::sites::*;
use super::texts::{self, Arg, Say as _};
use super::thread::*;
use super::widget::CheckNotice;
use crate::domain::defence::{Fault, Misconfiguration};
use crate::domain::language::Language;
use crate::domain::refusal::{Doubt, Price, Refused};
use crate::domain::timestamp::Timestamp;
use crate::domain::{decision::Act, queue::Pile, status::Status};

const HOSTILE: &str = "<script>alert(1)</script>\"'&<b>";
const NOW: i64 = 1_795_517_000_000;

fn long_name() -> String {
    "Donaudampfschifffahrtsgesellschaftskapitänswitwe".repeat(2)[..80].to_owned()
}

fn comment(language: Language, id: &str, name: &str, html: &str) -> CommentView {
    CommentView {
        id: id.to_owned(),
        name: name.to_owned(),
        moment: Moment::new(language, NOW),
        html: html.to_owned(),
        reply_href: Some(format!("/t/demo?thread=a&reply={id}#form")),
        permalink: format!("/t/demo?thread=a#c{id}"),
        ..CommentView::default()
    }
}

fn discussion(language: Language) -> Discussion {
    let mut first = comment(
        language,
        "01",
        "Aminata O.",
        "<p>Bonne nouvelle. Je passe par là <em>deux fois par jour</em>, et le détour par le pont \
         routier est pénible avec une poussette.</p><p>Une question\u{202f}: pourquoi ne pas avoir \
         réparé dès octobre\u{202f}?</p>",
    );
    first.website = Some("https://exemple.com/\"><b>".to_owned());
    first.website_host = Some("exemple.com".to_owned());
    let mut reply = comment(
        language,
        "02",
        HOSTILE,
        "<p>Parce que les câbles sont fabriqués sur mesure.</p>",
    );
    reply.in_reply_to = Some("Aminata O.".to_owned());
    first.replies = vec![
        reply,
        comment(
            language,
            "03",
            &long_name(),
            "<blockquote><p>sur mesure</p></blockquote><p><code>x &lt; y</code></p>",
        ),
    ];
    first.replies_next = Some("/t/demo?thread=a&replies=01".to_owned());
    let arabic = comment(
        language,
        "04",
        "أمينة ب.",
        "<p>شكرًا على هذا المقال، أتمنى أن تُفتح الممر قريبًا.</p>",
    );
    Discussion {
        language,
        base: String::new(),
        count: 24,
        comments: vec![first, arabic],
        more_href: Some("/t/demo?thread=a&after=04".to_owned()),
        more_count: 20,
        first_href: None,
        form: Some(FormView {
            site: "demo".to_owned(),
            action: "/t/demo?thread=a".to_owned(),
            values: FormValues {
                thread: "/articles/passerelle".to_owned(),
                ..FormValues::default()
            },
            token: Some("v1.token".to_owned()),
            cancel_reply_href: "/t/demo?thread=a#form".to_owned(),
            body_max: 5000,
            check: Some(CheckNotice {
                company: HOSTILE.to_owned(),
                details: Some("https://policies.google.com/privacy"),
                asks_first: language != Language::En,
            }),
            ..FormView::default()
        }),
    }
}

fn discussion_with_errors(language: Language) -> Discussion {
    let mut discussion = discussion(language);
    if let Some(form) = discussion.form.as_mut() {
        form.values.body = format!("\nUne ligne\n</textarea>{HOSTILE}");
        form.values.parent = "01".to_owned();
        form.values.thread_url = "https://exemple.com/a".to_owned();
        form.values.thread_title = HOSTILE.to_owned();
        form.values.email = "nom@".to_owned();
        form.reply_to = Some("Aminata O.".to_owned());
        form.errors = vec![
            FieldError {
                field: "body".to_owned(),
                message: language.say("body_missing"),
            },
            FieldError {
                field: "name".to_owned(),
                message: language.say("name_missing"),
            },
            FieldError {
                field: "email".to_owned(),
                message: language.say("email_bad"),
            },
            FieldError {
                field: "thread".to_owned(),
                message: language.say("thread_bad"),
            },
        ];
    }
    discussion
}

fn reader(language: Language, title: &str, is_error: bool) -> ReaderFrame {
    ReaderFrame {
        language,
        title: title.to_owned(),
        is_error,
    }
}

fn admin(language: Language, title: &str, place: Place) -> AdminFrame {
    AdminFrame {
        language,
        title: title.to_owned(),
        is_error: false,
        place,
        person: Some(Insider {
            name: "Mariam <K.>".to_owned(),
            ..Insider::default()
        }),
        sites: Sites {
            has_any: true,
            site: Some("demo".to_owned()),
            asked: Some("demo".to_owned()),
            choices: ["demo", "faso"]
                .map(|id| SiteChoice {
                    name: HOSTILE.to_owned(),
                    href: format!("/sites/{id}/captcha"),
                    is_current: id == "demo",
                })
                .to_vec(),
            all_href: "/sites?page=captcha".to_owned(),
        },
        has_demo: true,
        ..AdminFrame::default()
    }
}

#[expect(clippy::too_many_lines, reason = "sample data")]
fn queue(language: Language) -> QueuePage {
    let moment = Moment::new(language, NOW);
    let item = QueueItem {
        id: "01".to_owned(),
        version: 3,
        status: Status::Pending,
        pile: Pile::SetAside,
        name: "Aminata O.".to_owned(),
        email: "aminata@exemple.com".to_owned(),
        website: Some("https://exemple.com/".to_owned()),
        record: AuthorRecord {
            approved: 3,
            rejected: 1,
            spam: 0,
            first_seen: Some(ago(language, NOW, NOW)),
            is_verified: true,
        },
        moment: moment.clone(),
        site_name: "Le Courrier des Quais".to_owned(),
        article_title: "La passerelle des Tanneurs rouvrira au printemps".to_owned(),
        article_href: Some("https://exemple.com/a".to_owned()),
        parent: Some(ParentExcerpt { name: HOSTILE.to_owned(), excerpt: HOSTILE.to_owned() }),
        html: "<p>Bonne nouvelle. Je passe par là deux fois par jour, et le détour par le pont routier est pénible avec une poussette. Qui a décidé de fermer sans prévenir les écoles\u{202f}?</p>".to_owned(),
        reasons: vec![
            QueueReason {
                sentence: texts::text(language, "reason-checked_here", &[("score", Arg::Thousandths(300))]),
                is_strong: false,
            },
            QueueReason {
                sentence: texts::text(language, "reason-links", &[("count", 2.into())]),
                is_strong: true,
            },
        ],
        plea: language.say("queue-plea"),
        may_decide: true,
        ago: ago(language, NOW - 12 * 60_000, NOW),
        check: check_sentence(language, "scored", Some(300)),
        decided: None,
        conflict: Some(conflict_sentence(language, Status::Rejected, "Mariam", &moment)),
        read_by: Some(HOSTILE.to_owned()),
        zone: "Africa/Ouagadougou".to_owned(),
        is_next: false,
    };
    let second = QueueItem {
        id: "02".to_owned(),
        name: long_name(),
        pile: Pile::Pending,
        record: AuthorRecord::default(),
        article_href: None,
        article_title: HOSTILE.to_owned(),
        parent: None,
        website: None,
        html: "<p>المقال مفيد، شكرًا.</p>".to_owned(),
        check: check_sentence(language, "not_run", None),
        conflict: None,
        ..item.clone()
    };
    let third = QueueItem {
        id: "03".to_owned(),
        status: Status::Refused,
        pile: Pile::Refused,
        html: String::new(),
        record: AuthorRecord {
            is_verified: false,
            first_seen: Some(ago(language, NOW, NOW)),
            ..AuthorRecord::default()
        },
        decided: Some(decision_sentence(language, Act::Reject, HOSTILE, &moment)),
        ..second.clone()
    };
    QueuePage {
        frame: admin(language, &language.say("tab-pending"), Place::Queue),
        tabs: [
            ("tab-pending", "pending", 1000, true),
            ("tab-reported", "reported", 12, false),
            ("tab-set_aside", "set_aside", 0, false),
            ("tab-spam", "spam", 3, false),
            ("tab-decided", "", 1, false),
        ]
        .into_iter()
        .map(|(word, pile, count, more)| QueueTab {
            word,
            pile: pile.to_owned(),
            href: format!("/queue?status={pile}"),
            count,
            more,
            is_current: pile == "pending",
            key: "r",
        })
        .collect(),
        choice: vec![QueueTab {
            word: "tab-refused",
            pile: "refused".to_owned(),
            ..QueueTab::default()
        }],
        words: HOSTILE.to_owned(),
        kept_by_filters: vec![("q".to_owned(), HOSTILE.to_owned())],
        all_href: Some("/queue/all?status=pending".to_owned()),
        chips: vec![Chip {
            label: HOSTILE.to_owned(),
            href: "/queue?status=pending".to_owned(),
        }],
        reasons: vec![Choice {
            value: "links".to_owned(),
            label: HOSTILE.to_owned(),
            is_selected: true,
        }],
        fields: vec![FilterField {
            name: "author",
            label: "filter-author",
            value: HOSTILE.to_owned(),
            kind: "",
        }],
        common: vec![texts::text(language, "reason-observe", &[])],
        orders: ["article", "oldest", "newest", "score"]
            .into_iter()
            .map(|value| Choice {
                value: value.to_owned(),
                ..Choice::default()
            })
            .collect(),
        kept: vec![("status".to_owned(), "pending".to_owned())],
        groups: vec![
            QueueGroup {
                title: HOSTILE.to_owned(),
                href: Some("https://exemple.com/a".to_owned()),
                said: language.say_with("queue-oldest", "ago", &item.ago),
                items: vec![item, second],
            },
            QueueGroup {
                items: vec![third],
                ..QueueGroup::default()
            },
        ],
        flash: Some(QueueFlash {
            message: decided_sentence(language, Act::Approve, HOSTILE),
            decisions: vec!["d1".to_owned()],
            is_problem: false,
        }),
        next_href: Some("/queue?after=03".to_owned()),
        is_searched_on: false,
        return_to: "/queue?status=pending&site=demo".to_owned(),
        last_received: None,
        defences: vec![("/sites/demo/defence".to_owned(), HOSTILE.to_owned())],
        is_pending_tab: true,
        live: QueueLive {
            since: "2026-11-24T10:00:00Z".to_owned(),
            site: "demo".to_owned(),
            here: "/queue?status=pending".to_owned(),
            tab: "pending".to_owned(),
            door: "/login?next=%2Fqueue".to_owned(),
            known: "01a22390-554e-76ce-80dd-4808fb87b7c2".to_owned(),
            sites: 1,
        },
    }
}

fn defence(language: Language) -> DefencePage {
    let moment = Moment::new(language, NOW);
    let fault = Fault::Misconfigured(Misconfiguration {
        count: 3,
        detail: HOSTILE.to_owned(),
        at: Timestamp(NOW),
    });
    let mut frame = admin(
        language,
        &language.say_with("defence-title", "site", "Le Courrier des Quais"),
        Place::Defence,
    );
    frame.alarms = vec![
        Alarm {
            sentence: fault_sentence(language, "Le Courrier des Quais", &fault),
            href: Some("/sites/demo/defence".to_owned()),
            observe: Some(Observe {
                site: "demo".to_owned(),
                site_name: HOSTILE.to_owned(),
                base: 3,
            }),
        },
        Alarm {
            sentence: language.say_with("alarm-test_key", "site", HOSTILE),
            ..Alarm::default()
        },
    ];
    let cause = |word: &str, side: &str, count| CauseRow {
        word: word.to_owned(),
        side: side.to_owned(),
        count,
        share: count,
    };
    let waits = Some(Waits {
        p50_ms: 120,
        p95_ms: 1900,
    });
    DefencePage {
        frame,
        site: "demo".to_owned(),
        provider: "recaptcha_v3".to_owned(),
        keys: Keys::Testable,
        days: 30,
        periods: [1, 7, 30, 90]
            .map(|days| Period {
                days,
                is_current: days == 30,
            })
            .to_vec(),
        standing: "partly".to_owned(),
        total: 1000,
        answered: 955,
        without_token: 36,
        unavailable: 6,
        misconfigured: 3,
        missing: 30,
        expired: 6,
        waits,
        levels: vec![100, 300, 700, 900],
        new_levels: vec![300, 700],
        is_paused: true,
        by_day: vec![
            DayRow {
                day: moment.clone(),
                provider: "recaptcha_v3".to_owned(),
                total: 1000,
                answered: 955,
                waits,
                ..DayRow::default()
            },
            DayRow {
                day: moment,
                provider: "house".to_owned(),
                ..DayRow::default()
            },
        ],
        causes: vec![
            cause("missing", "reader", 30),
            cause("timeout", "provider", 6),
            cause("misconfigured", "ours", 3),
            cause(HOSTILE, "sender", 1),
        ],
        hosts: [HOSTILE, ""]
            .map(|host| HostRow {
                host: host.to_owned(),
                count: 4,
            })
            .to_vec(),
        has_more_hosts: true,
        calls_this_month: 8240,
        free_calls: Some(10_000),
        answer: Some(TestAnswer {
            message: test_sentence(language, "recaptcha_v3", "misconfigured", Some(HOSTILE)),
            is_problem: true,
        }),
    }
}

#[expect(clippy::too_many_lines, reason = "sample data")]
fn captcha(language: Language) -> CaptchaPage {
    let row = |level, total, approved, rejected, spam, approved_share, human_share| LevelRow {
        level,
        total,
        published: 0,
        held: total,
        approved,
        rejected,
        spam,
        approved_share,
        human_share,
        ..LevelRow::default()
    };
    let share = |share, low, high| Interval { share, low, high };
    let cuts = CutsView {
        publish_from: Some(700),
        step_up_below: None,
        refuse_below: Some(300),
    };
    CaptchaPage {
        frame: admin(
            language,
            &language.say_with("captcha-title", "site", "Le Courrier des Quais"),
            Place::Captcha,
        ),
        site: "demo".to_owned(),
        site_name: "Le Courrier des Quais".to_owned(),
        provider: "recaptcha_v3".to_owned(),
        days: 30,
        summary: Summary {
            scored: 1240,
            published: 1102,
            held: 96,
            step_up: 31,
            refused: 11,
            held_then_approved: 71,
            unscored: 4,
        },
        levels: vec![
            row(100, 31, 1, 4, 20, share(40, 7, 195), share(200, 89, 391)),
            row(300, 96, 2, 1, 0, share(667, 208, 939), share(1000, 438, 1000)),
            row(700, 211, 180, 12, 3, share(923, 878, 953), share(985, 956, 995)),
            row(900, 902, 850, 9, 1, share(988, 979, 994), share(999, 993, 1000)),
        ],
        version: 3,
        cuts,
        moderates_before: true,
        fields: CutFields {
            publish_from: "0.5".to_owned(),
            step_up_below: String::new(),
            refuse_below: "0.3".to_owned(),
        },
        errors: vec![
            CutError {
                field: "refuse_below".to_owned(),
                message: language.say("cut-bad"),
            },
            CutError {
                field: "confirm".to_owned(),
                message: language.say("confirm_needed"),
            },
        ],
        preview: Some(Preview {
            published: Change { before: 12, after: 30 },
            held: Change { before: 96, after: 61 },
            step_up: Change { before: 0, after: 0 },
            refused: Change { before: 11, after: 28 },
            changed: 35,
            comments: vec![ChangedComment {
                name: HOSTILE.to_owned(),
                moment: Moment::new(language, NOW),
                score: Some(700),
                before: "held".to_owned(),
                after: "published".to_owned(),
                status: "rejected".to_owned(),
                excerpt: HOSTILE.to_owned(),
                href: Some("/queue?status=rejected#i01".to_owned()),
            }],
            base: 3,
            revert: None,
            turned_away: Refused {
                total: 28,
                approved: 3,
                rejected: 4,
                spam: 20,
            },
            price: Price {
                refused: 28,
                published: 3,
                days: 30,
            },
            doubts: vec![Doubt::Published, Doubt::Most, Doubt::FewVerdicts, Doubt::Unread],
            note: HOSTILE.to_owned(),
        }),
        history: vec![
            PolicyRow {
                version: 3,
                author: "Mariam".to_owned(),
                moment: Moment::new(language, NOW),
                note: HOSTILE.to_owned(),
                cuts,
                is_current: true,
                is_asked_about: true,
            },
            PolicyRow {
                version: 2,
                author: "config.toml".to_owned(),
                moment: Moment::new(language, NOW),
                cuts: CutsView::default(),
                ..PolicyRow::default()
            },
        ],
        may_apply: true,
        may_observe: true,
        flash: Some(language.say_count("applied", &3)),
    }
}

fn docs(language: Language) -> DocsPage {
    DocsPage {
        frame: admin(language, &language.say("docs-title"), Place::Docs),
        version: "1.0".to_owned(),
        description: HOSTILE.to_owned(),
        groups: vec![OperationGroup {
            name: "Readers".to_owned(),
            description: "No account.".to_owned(),
            operations: vec![Operation {
                method: "POST".to_owned(),
                path: "/api/v1/sites/{site}/comments".to_owned(),
                summary: "Submit a comment".to_owned(),
                description: HOSTILE.to_owned(),
                parameters: vec![Parameter {
                    name: "site".to_owned(),
                    place: "path".to_owned(),
                    is_required: true,
                    kind: "string".to_owned(),
                    description: "The site's id.".to_owned(),
                }],
                body: Some("Submission".to_owned()),
                answers: vec![Answer {
                    status: "201".to_owned(),
                    description: "Published.".to_owned(),
                }],
            }],
        }],
    }
}

fn receipt(language: Language, state: ReceiptState) -> ReceiptPage {
    ReceiptPage {
        frame: reader(language, &language.say("receipt_title"), false),
        state,
        reference: "K7QM-2X9D".to_owned(),
        sent: Moment::new(language, NOW),
        kept_until: Some(Moment::new(language, NOW)),
        html: Some("<p>Bonne nouvelle.</p>".to_owned()),
        appeal_action: Some("/r/abc/appeal".to_owned()),
        erase_action: Some("/r/abc/erase".to_owned()),
        is_website_left_out: true,
        thread_href: Some("/t/demo?thread=a".to_owned()),
    }
}

/// All pages in `language`: (name, HTML).
#[expect(clippy::too_many_lines, reason = "sample data")]
fn pages(language: Language) -> Vec<(&'static str, String)> {
    let thread = |discussion: Discussion, is_error| ThreadPage {
        frame: reader(language, "La passerelle", is_error),
        site_name: "Le Courrier des Quais".to_owned(),
        article_title: HOSTILE.to_owned(),
        article_href: Some("https://exemple.com/a".to_owned()),
        discussion,
    };
    let mut all = vec![
        ("thread", thread(discussion(language), false).render()),
        ("thread-errors", thread(discussion_with_errors(language), true).render()),
        (
            "thread-empty",
            thread(
                Discussion {
                    language,
                    ..Discussion::default()
                },
                false,
            )
            .render(),
        ),
        (
            "confirm",
            ConfirmPage {
                frame: reader(language, &language.say("confirm_title"), false),
                action: "/t/demo?thread=a".to_owned(),
                values: FormValues {
                    name: HOSTILE.to_owned(),
                    body: HOSTILE.to_owned(),
                    ..FormValues::default()
                },
                token: "v1.token".to_owned(),
                reason: ConfirmReason::Expired,
                back_href: "/t/demo?thread=a".to_owned(),
            }
            .render(),
        ),
        (
            "returned",
            ReturnedPage {
                frame: reader(language, &language.say("returned_title"), true),
                sentence: language.say("thread_closed"),
                text: HOSTILE.to_owned(),
                back_href: Some("/t/demo?thread=a".to_owned()),
            }
            .render(),
        ),
        ("receipt", receipt(language, ReceiptState::Refused).render()),
        ("receipt-erased", receipt(language, ReceiptState::Erased).render()),
    ];
    if language == Language::Fr {
        let demo = DemoPage {
            frame: reader(language, DemoPage::ARTICLE_TITLE, false),
            site: "demo".to_owned(),
            discussion: discussion(language),
        };
        all.push(("demo", demo.render()));
    }
    if language.for_admin() == language {
        let outside = AdminFrame {
            person: None,
            ..admin(language, &language.say("login-title"), Place::Elsewhere)
        };
        all.extend([
            ("queue", queue(language).render()),
            (
                "queue-empty",
                QueuePage {
                    groups: Vec::new(),
                    flash: None,
                    next_href: None,
                    last_received: Some(language.say_with("queue-last", "ago", &ago(language, NOW, NOW))),
                    ..queue(language)
                }
                .render(),
            ),
            ("captcha", captcha(language).render()),
            (
                "captcha-fresh",
                CaptchaPage {
                    summary: Summary::default(),
                    levels: Vec::new(),
                    preview: None,
                    errors: Vec::new(),
                    fields: CutFields::default(),
                    cuts: CutsView::default(),
                    flash: None,
                    ..captcha(language)
                }
                .render(),
            ),
            ("defence", defence(language).render()),
            (
                "defence-fresh",
                DefencePage {
                    frame: admin(language, "Palabre", Place::Defence),
                    site: "demo".to_owned(),
                    provider: "house".to_owned(),
                    days: 30,
                    standing: "unseen".to_owned(),
                    ..DefencePage::default()
                }
                .render(),
            ),
            (
                "choose",
                ChoosePage {
                    frame: admin(language, "Palabre", Place::Captcha),
                    page: "captcha".to_owned(),
                    sites: vec![SiteEntry {
                        id: "demo".to_owned(),
                        name: HOSTILE.to_owned(),
                    }],
                }
                .render(),
            ),
            ("docs", docs(language).render()),
            (
                "home",
                HomePage {
                    frame: admin(language, "Palabre", Place::Elsewhere),
                    sites: vec![SiteEntry {
                        id: "demo".to_owned(),
                        name: HOSTILE.to_owned(),
                    }],
                    version: "0.1.0".to_owned(),
                }
                .render(),
            ),
            (
                "login",
                LoginPage {
                    frame: outside.clone(),
                    is_open: true,
                    problem: Some(language.say("sign_in_failed")),
                    email: HOSTILE.to_owned(),
                    next: HOSTILE.to_owned(),
                    ..LoginPage::default()
                }
                .render(),
            ),
            (
                "login-insecure",
                LoginPage {
                    frame: outside.clone(),
                    problem: Some(language.say("login-insecure")),
                    ..LoginPage::default()
                }
                .render(),
            ),
            (
                "login-code",
                LoginCodePage {
                    frame: outside.clone(),
                    errors: wrong("code"),
                    pass: HOSTILE.to_owned(),
                    next: HOSTILE.to_owned(),
                }
                .render(),
            ),
            (
                "login-recovery",
                RecoveryPage {
                    frame: outside.clone(),
                    problem: None,
                    errors: wrong("passphrase"),
                    email: HOSTILE.to_owned(),
                }
                .render(),
            ),
            (
                "invitation",
                InvitationPage {
                    frame: outside.clone(),
                    problem: None,
                    errors: wrong("passphrase"),
                    code: Some(HOSTILE.to_owned()),
                    email: HOSTILE.to_owned(),
                    ..InvitationPage::default()
                }
                .render(),
            ),
            (
                "invitation-sign-in",
                InvitationPage {
                    frame: outside.clone(),
                    code: Some(HOSTILE.to_owned()),
                    email: HOSTILE.to_owned(),
                    has_account: true,
                    ..InvitationPage::default()
                }
                .render(),
            ),
            (
                "invitation-offers",
                InvitationPage {
                    frame: outside.clone(),
                    code: Some(HOSTILE.to_owned()),
                    has_account: true,
                    offers: vec![OfferRow {
                        site: "faso".to_owned(),
                        site_name: HOSTILE.to_owned(),
                        is_owner: true,
                    }],
                    ..InvitationPage::default()
                }
                .render(),
            ),
            (
                "invitation-ended",
                InvitationPage {
                    frame: outside.clone(),
                    problem: Some(language.say("link_ended")),
                    ..InvitationPage::default()
                }
                .render(),
            ),
            (
                "setup",
                SetupPage {
                    frame: outside.clone(),
                    is_open: true,
                    code: Some(HOSTILE.to_owned()),
                    ..SetupPage::default()
                }
                .render(),
            ),
            (
                "setup-bad",
                SetupPage {
                    frame: outside.clone(),
                    is_open: true,
                    problem: Some(language.say("setup-code-bad")),
                    ..SetupPage::default()
                }
                .render(),
            ),
            (
                "setup-you",
                SetupYouPage {
                    frame: outside.clone(),
                    errors: wrong("email"),
                    name: HOSTILE.to_owned(),
                    email: HOSTILE.to_owned(),
                }
                .render(),
            ),
            (
                "codes",
                CodesPage {
                    frame: outside.clone(),
                    codes: vec!["K7QM2-X9D5A".to_owned(), "W3TRB-0HN6E".to_owned()],
                    next: "/queue".to_owned(),
                }
                .render(),
            ),
            (
                "account",
                AccountPage {
                    frame: team(language, Place::Account),
                    flash: Some(language.say("account-done-renamed")),
                    errors: wrong("name"),
                    name: HOSTILE.to_owned(),
                    email: HOSTILE.to_owned(),
                    has_second_step: true,
                    codes_left: 1,
                    offers: [true, false]
                        .map(|is_owner| OfferRow {
                            site: "demo".to_owned(),
                            site_name: HOSTILE.to_owned(),
                            is_owner,
                        })
                        .to_vec(),
                    sessions: [true, false]
                        .map(|is_current| SessionRow {
                            id: "1".to_owned(),
                            device: HOSTILE.to_owned(),
                            is_current,
                            ..SessionRow::default()
                        })
                        .to_vec(),
                }
                .render(),
            ),
            (
                "retype",
                RetypePage {
                    frame: team(language, Place::Elsewhere),
                    errors: wrong("retype_code"),
                    problem: Some(HOSTILE.to_owned()),
                    action: "/tokens?lang=fr".to_owned(),
                    values: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
                    asks_code: true,
                }
                .render(),
            ),
            ("account-passphrase", act(language, "passphrase")),
            ("account-second-step", act(language, "second-step")),
            ("account-second-step-remove", act(language, "second-step/remove")),
            ("account-codes", act(language, "codes")),
            (
                "second-step",
                SecondStepPage {
                    frame: team(language, Place::Account),
                    errors: wrong("code"),
                    qr: "<svg></svg>".to_owned(),
                    seed: "ABCD EFGH".to_owned(),
                    url: "otpauth://totp/x".to_owned(),
                }
                .render(),
            ),
            (
                "moderators",
                ModeratorsPage {
                    frame: team(language, Place::Moderators),
                    flash: Some(language.say("moderators-done-role")),
                    problem: Some(language.say("last_owner")),
                    errors: wrong("email"),
                    name: HOSTILE.to_owned(),
                    email: HOSTILE.to_owned(),
                    next_href: Some("/moderators?after=1".to_owned()),
                    roles: choices(),
                    sites: choices(),
                    people: ["active", "invited", "disabled"]
                        .map(|standing| PersonRow {
                            id: standing.to_owned(),
                            name: HOSTILE.to_owned(),
                            email: HOSTILE.to_owned(),
                            standing: standing.to_owned(),
                            has_second_step: true,
                            is_ruled: true,
                            roles: [(true, false), (false, false), (true, true), (false, true)]
                                .map(|(is_mine, is_offer)| RoleRow {
                                    is_offer,
                                    site: "demo".to_owned(),
                                    site_name: HOSTILE.to_owned(),
                                    is_owner: !is_mine,
                                    is_mine,
                                })
                                .to_vec(),
                            ..PersonRow::default()
                        })
                        .to_vec(),
                }
                .render(),
            ),
            (
                "sites",
                SitesPage {
                    frame: team(language, Place::Sites),
                    problem: Some(language.say("site_exists")),
                    errors: wrong("id"),
                    sites: vec![SiteRow {
                        id: "demo".to_owned(),
                        name: HOSTILE.to_owned(),
                        origins: vec![HOSTILE.to_owned()],
                        is_owner: true,
                    }],
                    new: Some(site_fields()),
                    id: HOSTILE.to_owned(),
                }
                .render(),
            ),
            (
                "settings",
                SettingsPage {
                    frame: AdminFrame {
                        setup_href: Some("/setup/try"),
                        ..team(language, Place::Sites)
                    },
                    site: "demo".to_owned(),
                    flash: Some(language.say("settings-saved")),
                    answer: Some((HOSTILE.to_owned(), true)),
                    problem: Some(language.say("settings_changed")),
                    errors: wrong("origins"),
                    groups: vec![super::sites::Group {
                        heading: "settings-second",
                        about: "settings-second-about",
                        settings: settings(language),
                    }],
                }
                .render(),
            ),
            (
                "setup-site",
                SetupSitePage {
                    frame: team(language, Place::Elsewhere),
                    problem: Some(language.say("site_exists")),
                    errors: wrong("time_zone"),
                    fields: site_fields(),
                }
                .render(),
            ),
            (
                "setup-robots",
                SetupRobotsPage {
                    frame: team(language, Place::Elsewhere),
                    answer: Some((HOSTILE.to_owned(), false)),
                    problem: None,
                    errors: wrong("secret"),
                    providers: choices(),
                    site_key: HOSTILE.to_owned(),
                    secret_since: Some(Moment::new(language, 0)),
                    can_skip: true,
                }
                .render(),
            ),
            (
                "setup-try",
                SetupTryPage {
                    frame: team(language, Place::Elsewhere),
                    site: "demo".to_owned(),
                    readers: String::new(),
                    is_waiting: true,
                    is_published: false,
                }
                .render(),
            ),
            (
                "tokens",
                TokensPage {
                    frame: team(language, Place::Tokens),
                    errors: wrong("expires"),
                    name: HOSTILE.to_owned(),
                    days: HOSTILE.to_owned(),
                    roles: choices(),
                    sites: choices(),
                    tokens: vec![TokenRow {
                        id: "1".to_owned(),
                        name: HOSTILE.to_owned(),
                        sites: vec![HOSTILE.to_owned()],
                        ends: Some(Moment::new(language, 0)),
                        ..TokenRow::default()
                    }],
                    ..TokensPage::default()
                }
                .render(),
            ),
            (
                "tokens-none",
                TokensPage {
                    frame: team(language, Place::Tokens),
                    ..TokensPage::default()
                }
                .render(),
            ),
            (
                "once",
                OncePage {
                    frame: team(language, Place::Tokens),
                    explanation: language.say("token-once-explanation"),
                    secret: HOSTILE.to_owned(),
                    next: "/tokens",
                }
                .render(),
            ),
            (
                "error",
                ErrorPage {
                    frame: AdminFrame {
                        title: language.say("not_found"),
                        ..outside
                    },
                    sentence: language.say("not_found"),
                    code: "not_found".to_owned(),
                    request_id: Some("0192".to_owned()),
                    link: Some(Link {
                        href: "/".to_owned(),
                        label: language.say("retry"),
                    }),
                    kept_text: Some(HOSTILE.to_owned()),
                }
                .render(),
            ),
        ]);
    }
    all.into_iter()
        .map(|(name, html)| (name, html.expect("it renders")))
        .collect()
}

/// The frame of an owner with an account.
fn team(language: Language, place: Place) -> AdminFrame {
    AdminFrame {
        person: Some(Insider {
            name: HOSTILE.to_owned(),
            has_account: true,
            is_owner: true,
        }),
        ..admin(language, "Palabre", place)
    }
}

fn act(language: Language, act: &'static str) -> askama::Result<String> {
    AccountActPage {
        frame: team(language, Place::Account),
        act,
        errors: wrong("current"),
        problem: Some(HOSTILE.to_owned()),
    }
    .render()
}

fn site_fields() -> SiteFields {
    SiteFields {
        name: HOSTILE.to_owned(),
        origins: HOSTILE.to_owned(),
        languages: choices(),
        time_zone: HOSTILE.to_owned(),
        moderations: choices(),
    }
}

/// A setting of every kind, free and fixed.
fn settings(language: Language) -> Vec<Setting> {
    let setting = |name, kind, is_fixed| Setting {
        name,
        kind,
        value: HOSTILE.to_owned(),
        is_fixed,
    };
    vec![
        setting("name", Kind::Line, false),
        setting("time_zone", Kind::Line, true),
        setting("origins", Kind::Lines, false),
        setting("provider", Kind::Choices(choices()), false),
        setting("secret", Kind::Secret(Some(Moment::new(language, 0))), false),
    ]
}

fn choices() -> Vec<Choice> {
    [false, true]
        .map(|is_selected| Choice {
            value: HOSTILE.to_owned(),
            label: HOSTILE.to_owned(),
            is_selected,
        })
        .to_vec()
}

fn wrong(field: &str) -> FormErrors {
    FormErrors(vec![FieldError {
        field: field.to_owned(),
        message: HOSTILE.to_owned(),
    }])
}

#[test]
fn every_page_keeps_the_rules() {
    let directory = std::env::var_os("PALABRE_PAGES_DIR");
    for &language in Language::ALL {
        for (name, html) in pages(language) {
            let page = format!("{name}.{language}");
            if let Some(directory) = &directory {
                let path = Path::new(directory).join(format!("{page}.html"));
                std::fs::write(path, &html).expect("the directory is there");
            }
            assert_eq!(html.matches("<h1").count(), 1, "{page}: one h1");
            assert!(
                html.contains(&format!("<html lang=\"{language}\" dir=\"{}\">", language.direction())),
                "{page}"
            );
            assert!(html.contains("<main id=\"main\""), "{page}: landmark");
            assert!(!html.contains("{$"), "{page}: a variable is missing");
            assert!(
                !html.contains(" style=") && !html.contains("<style"),
                "{page}: inline style"
            );
            assert!(!html.contains("alert(1)</script>"), "{page}: not escaped");
            assert!(!html.contains("<script>"), "{page}: inline script");
            for handler in [" onclick=", " onload=", " onerror=", "javascript:"] {
                assert!(!html.contains(handler), "{page}: {handler}");
            }
            let ids = ids(&html, "id=\"");
            let unique: BTreeSet<_> = ids.iter().collect();
            assert_eq!(unique.len(), ids.len(), "{page}: an id stands twice: {ids:?}");
            for attribute in ["for=\"", "aria-labelledby=\"", "aria-describedby=\""] {
                for reference in self::ids(&html, attribute) {
                    for id in reference.split_whitespace() {
                        assert!(
                            unique.contains(&id.to_owned()),
                            "{page}: {attribute}{id} points nowhere"
                        );
                    }
                }
            }
        }
    }
}

/// The values of an attribute, given with its opening quote, that stands after white space.
fn ids(html: &str, attribute: &str) -> Vec<String> {
    html.split(&format!(" {attribute}"))
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect()
}

#[test]
fn templates_name_only_texts_and_files_that_exist() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/templates");
    for entry in std::fs::read_dir(directory).expect("templates are there") {
        let path = entry.expect("an entry").path();
        let source = std::fs::read_to_string(&path).expect("text");
        for call in ["say(\"", "say_count(\"", "say_with(\""] {
            for rest in source.split(call).skip(1) {
                let key = rest.split('"').next().expect("split gives one");
                for &language in Language::ALL {
                    assert_ne!(language.say(key), key, "{}: no text {key}", path.display());
                }
            }
        }
        for rest in source.split("assets::url(\"").skip(1) {
            let name = rest.split('"').next().expect("split gives one");
            assert_ne!(assets::url(name), "/static/", "{}: no file {name}", path.display());
        }
    }
}

#[test]
fn the_fragment_carries_no_token_and_whole_addresses() {
    let mut discussion = discussion(Language::Fr);
    discussion.base = "https://palabre.exemple.com".to_owned();
    if let Some(form) = discussion.form.as_mut() {
        form.token = None;
        form.action = "https://palabre.exemple.com/t/demo?thread=a".to_owned();
    }
    let html = FragmentPage { discussion }.render().expect("it renders");
    assert!(!html.contains("name=\"form\""));
    assert!(html.contains("href=\"https://palabre.exemple.com/static/"));
    assert!(html.contains("src=\"https://palabre.exemple.com/static/"));
    assert!(!html.contains("<h1") && !html.contains("<html"));
}

#[test]
fn an_error_page_of_the_form_keeps_values_and_says_what_is_wrong() {
    let html = pages(Language::Fr)
        .into_iter()
        .find(|(name, _)| *name == "thread-errors")
        .expect("a sample")
        .1;
    assert!(html.contains("<title>Erreur\u{202f}: "));
    assert!(html.contains("href=\"#palabre-body\">Écrivez votre commentaire."));
    assert!(html.contains("aria-describedby=\"palabre-email-error\""));
    assert!(html.contains("value=\"nom@\""));
    // HTML drops the first line break of a textarea; the reader's own must stay.
    assert!(html.contains(">\n\nUne ligne"));
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 3);
}

#[test]
fn buttons_follow_the_state_and_keep_their_order() {
    let mut item = queue(Language::Fr).groups.remove(0).items.remove(1);
    assert_eq!(item.acts(), [Act::Approve, Act::Reject, Act::Spam, Act::Hold]);
    item.status = Status::Approved;
    item.pile = Pile::Approved;
    assert_eq!(item.acts(), [Act::Reject, Act::Spam, Act::Restore]);
    item.pile = Pile::Reported;
    assert_eq!(item.acts(), [Act::Approve, Act::Reject, Act::Spam, Act::Restore]);
    item.may_decide = false;
    assert!(item.acts().is_empty());
    item.may_decide = true;
    item.status = Status::Erased;
    assert!(item.acts().is_empty());
}

#[test]
fn the_check_is_told_in_words() {
    use crate::domain::verdict::{BadToken, NotRun, Why};
    let html = defence(Language::Fr).render().expect("it renders");
    for sentence in [
        "La vérification ne fonctionne qu’en partie\u{202f}: en 30 jours, 955 commentaires vérifiés sur 1\u{202f}000.",
        "Quota gratuit utilisé\u{202f}: 8\u{202f}240 appels sur 10\u{202f}000 ce mois-ci (82\u{202f}%).",
        "Le quota gratuit touche à sa fin.",
        "0,12\u{202f}s, et 1,9\u{202f}s au plus",
        "30 (3\u{202f}%)",
        "6 (moins de 1\u{202f}%)",
        "Scores reçus\u{202f}: 0,1 · 0,3 · 0,7 · 0,9.",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
    let bad = [
        BadToken::Missing,
        BadToken::Malformed,
        BadToken::Expired,
        BadToken::Duplicate,
        BadToken::Foreign,
        BadToken::WrongAction(String::new()),
        BadToken::WrongHost(String::new()),
        BadToken::WrongSite,
    ];
    let not_run = [
        NotRun::NoScript,
        NotRun::Blocked,
        NotRun::ConsentRefused,
        NotRun::BrowserError,
    ];
    let why = [
        Why::Timeout,
        Why::Connect,
        Why::ServerError,
        Why::Quota,
        Why::Garbage,
        Why::AmbiguousDuplicate,
        Why::BreakerOpen,
        Why::Busy,
    ];
    let words = bad.iter().map(BadToken::as_str);
    let words = words.chain(not_run.map(NotRun::as_str)).chain(why.map(Why::as_str));
    for word in words.chain(["misconfigured"]) {
        for language in [Language::Fr, Language::En] {
            let key = format!("cause-{word}");
            assert_ne!(language.say(&key), key, "a cause without words");
        }
    }
    let said = |result, detail| test_sentence(Language::En, "turnstile", result, detail);
    assert!(said("accepted", None).starts_with("All is well: Turnstile answers"));
    assert!(said("unavailable", Some("timeout")).contains("within three seconds"));
    assert!(said("unavailable", Some("of tomorrow")).contains("could not be asked"));
    assert!(said("misconfigured", Some("invalid-input-secret")).contains("“invalid-input-secret”"));
}

#[test]
fn figures_are_said_in_words() {
    let page = captcha(Language::Fr);
    assert_eq!(
        page.levels[2].share_in_words(Language::Fr, page.levels[2].approved_share),
        "92 sur 100 (88 à 95)"
    );
    assert_eq!(
        page.levels[2].share_in_words(Language::En, page.levels[2].human_share),
        "99 in 100 (96 to 100)"
    );
    assert_eq!(
        page.levels[1].share_in_words(Language::Fr, page.levels[1].approved_share),
        "3 décisions\u{202f}: trop peu pour conclure"
    );
    assert_eq!(Change { before: 12, after: 30 }.in_words(Language::Fr), "12 → 30 (+18)");
    assert_eq!(Change { before: 96, after: 61 }.in_words(Language::En), "96 → 61 (−35)");
    assert_eq!(
        page.cuts.in_words(Language::Fr),
        "publier à partir de 0,7, écarter sous 0,3"
    );
    let moment = Moment::new(Language::Fr, 1_795_517_000_000);
    assert_eq!(moment.iso, "2026-11-24T10:43:20Z");
    assert_eq!(moment.long, "24 novembre 2026 à 10:43 UTC");
    assert_eq!(Moment::new(Language::Fr, i64::MAX), Moment::default());
}

#[test]
fn the_feed_is_well_formed_whatever_people_write() {
    let feed = Feed {
        language: Language::Fr,
        id: "urn:uuid:1".to_owned(),
        title: format!("{HOSTILE}\u{0}\u{b}\u{ffff}"),
        self_href: "https://exemple.com/feed?a=1&b=2".to_owned(),
        html_href: "https://exemple.com/".to_owned(),
        updated: "2026-11-24T10:43:20Z".to_owned(),
        entries: vec![FeedEntry {
            title: "]]>".to_owned(),
            author: format!("=cmd\r\n{HOSTILE}\u{1b}"),
            html: "<p>a &amp; b</p>".to_owned(),
            ..FeedEntry::default()
        }],
    };
    let xml = feed.render().expect("it renders");
    if let Some(directory) = std::env::var_os("PALABRE_PAGES_DIR") {
        std::fs::write(Path::new(&directory).join("feed.xml"), &xml).expect("the directory is there");
    }
    assert!(xml.starts_with("<?xml"));
    assert!(!xml.contains(['\u{0}', '\u{b}', '\u{1b}', '\u{ffff}']));
    assert!(!xml.contains("<script") && !xml.contains("]]>") && xml.contains("a=1&#38;b=2"));
    assert!(xml.contains("&#60;p&#62;a &#38;amp; b&#60;/p&#62;"));
}

#[test]
fn a_list_that_was_not_looked_through_says_so() {
    for (language, on, so_far) in [
        (Language::Fr, "Chercher plus loin", "Rien trouvé jusqu’ici"),
        (Language::En, "Search further on", "Nothing found so far"),
    ] {
        let searched = QueuePage {
            is_searched_on: true,
            ..queue(language)
        };
        assert!(searched.render().expect("rendered").contains(on));
        assert!(!queue(language).render().expect("rendered").contains(on));
        let empty = QueuePage {
            groups: Vec::new(),
            ..searched
        }
        .render()
        .expect("rendered");
        assert!(empty.contains(on) && empty.contains(so_far), "{empty}");
    }
}

#[test]
fn keys_that_are_put_together_exist() {
    let mut keys: Vec<String> = Vec::new();
    for &status in Status::ALL {
        keys.push(format!("status-{}", status.as_str()));
        keys.push(format!("conflict-{}", status.as_str()));
        if status != Status::Erased {
            keys.push(format!("tab-{}", status.as_str()));
        }
    }
    for act in [Act::Approve, Act::Reject, Act::Spam, Act::Restore, Act::Hold] {
        keys.extend(["act", "done", "decided"].map(|part| format!("{part}-{}", act.as_str())));
    }
    keys.extend(["done-undo", "decided-undo"].map(str::to_owned));
    keys.extend(["published", "most", "few_verdicts", "unread"].map(|doubt| format!("doubt-{doubt}")));
    keys.extend(
        ["article", "oldest", "newest", "score", "doubt", "reports", "mixed"].map(|order| format!("order-{order}")),
    );
    keys.extend(["published", "held", "step_up", "refused"].map(|outcome| format!("outcome-{outcome}")));
    keys.extend(
        [
            "passed",
            "failed",
            "bad_token",
            "not_run",
            "misconfigured",
            "unavailable",
            "off",
        ]
        .map(|class| format!("check-{class}")),
    );
    for key in keys {
        for language in [Language::Fr, Language::En] {
            assert_ne!(language.say(&key), key, "{language}");
        }
    }
    for &language in Language::ALL {
        let texts: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&FormView::default().script_texts(language)).expect("an object");
        for (key, text) in texts {
            assert_ne!(text, key.as_str(), "{language}");
        }
    }
}
