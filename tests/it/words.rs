//! The words that leave the program: what is stored, answered, counted and logged keeps its spelling when the code
//! gives a thing another name. A word that is missing here was changed; a new one gets its line.

use std::{collections::BTreeSet, path::Path};

use palabre::{
    domain::{
        account::Role,
        actor::ActorKind,
        code::Code,
        decision::Act,
        decision_facts::{How, Restriction, Source},
        defence::{Side, Standing},
        event::Kind,
        provider::{Consent, ProviderId},
        queue::Order,
        reason::Reason,
        refusal::Doubt,
        score::Score,
        second_check::{State, Way},
        status::Status,
        triage::Action,
        verdict::{BadToken, NotRun, Verdict, Why},
    },
    limits,
};
use serde_json::json;

use crate::layering::rust_files;

#[test]
fn statuses_and_acts() {
    assert_eq!(
        Status::ALL.iter().map(|status| status.as_str()).collect::<Vec<_>>(),
        ["pending", "approved", "rejected", "spam", "refused", "erased"]
    );
    for word in ["approve", "reject", "spam", "restore", "hold", "undo"] {
        assert_eq!(Act::parse(word).map(Act::as_str), Some(word));
    }
    for word in ["publish", "hold", "step_up", "refuse"] {
        assert_eq!(Action::parse(word).map(Action::as_str), Some(word));
    }
}

#[test]
fn codes_of_errors() {
    let told: Vec<(u16, &str)> = Code::ALL.iter().map(|code| (code.status(), code.as_str())).collect();
    let written: Vec<(u16, &str)> = [
        (400, "bad_encoding bad_host bad_json duplicate_key"),
        (
            401,
            "code_bad code_needed pass_ended recovery_failed second_step_unreadable session_ended \
             sign_in_failed unauthenticated",
        ),
        (
            403,
            "captcha_refused csrf forbidden https_needed origin_forbidden retype_needed verify_url_forbidden \
             works_elsewhere",
        ),
        (404, "link_ended not_found site_unknown"),
        (405, "method_not_allowed"),
        (408, "timeout"),
        (
            409,
            "account_exists appeal_answered bulk_running conflict count_changed erased invitations_full last_owner \
             link_has_account own_decision second_step_on set_in_file settings_changed setup_over site_exists \
             step_up_closed thread_closed tokens_full",
        ),
        (413, "too_large"),
        (415, "unsupported_media_type"),
        (
            422,
            "bad_character bad_type bulk_too_large confirm_needed cuts_cross idempotency_mismatch invalid too_deep \
             action_bad after_bad body_max_bad body_missing body_too_long change_missing code_missing cuts_bad days_bad \
             decisions_bad email_bad email_missing expect_missing expires_bad from_bad id_bad ids_bad limit_bad \
             links_bad name_missing name_reserved name_taken name_too_long order_bad origin_bad parent_missing \
             passphrase_common passphrase_long passphrase_missing passphrase_short passphrase_wrong \
             project_bad role_bad role_missing score_bad second_provider_bad secret_missing since_bad \
             site_key_missing site_missing site_name_missing status_bad test_key_public thread_bad \
             thread_unknown time_zone_bad url_bad value_bad verify_url_bad verify_url_missing",
        ),
        (429, "rate_limited"),
        (500, "internal"),
        (503, "search_slow streams_full unavailable"),
    ]
    .into_iter()
    .flat_map(|(status, words)| words.split(' ').map(move |word| (status, word)))
    .collect();
    assert_eq!(told, written);
}

/// Each word is read back, and `serde`, where it writes one, writes the same.
#[test]
fn each_word_has_one_spelling() {
    macro_rules! read_back {
        ($($kind:ty),*) => {$(
            for one in <$kind>::ALL {
                assert_eq!(<$kind>::parse(one.as_str()), Some(*one));
            }
            assert_eq!(<$kind>::parse("unheard of"), None);
        )*};
    }
    macro_rules! by_serde {
        ($($kind:ty),*) => {$(
            for one in <$kind>::ALL {
                assert_eq!(serde_json::to_value(one).expect("JSON"), one.as_str());
            }
        )*};
    }
    read_back!(
        Act,
        Action,
        ActorKind,
        Code,
        Consent,
        Doubt,
        How,
        Kind,
        Order,
        Restriction,
        Role,
        Side,
        Source,
        Standing,
        Status,
        Why
    );
    by_serde!(Act, Consent, ProviderId, Status);
}

#[test]
fn actors_and_second_checks() {
    let words = |words: &[&'static str]| words.join(" ");
    assert_eq!(
        words(&ActorKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()),
        "account token reader system"
    );
    assert_eq!(
        words(&How::ALL.iter().map(|how| how.as_str()).collect::<Vec<_>>()),
        "person bulk rule import"
    );
    assert_eq!(
        words(&Source::ALL.iter().map(|source| source.as_str()).collect::<Vec<_>>()),
        "own report appeal"
    );
    assert_eq!(
        words(&Restriction::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
        "disabled removed"
    );
    assert_eq!(
        words(&Way::ALL.iter().map(|way| way.as_str()).collect::<Vec<_>>()),
        "proof token second"
    );
    assert_eq!(
        words(&State::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>()),
        "open passed closed"
    );
}

#[test]
fn roles_orders_and_events() {
    let words = |words: &[&'static str]| words.join(" ");
    assert_eq!(
        words(&Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>()),
        "moderator owner"
    );
    assert_eq!(
        words(&Order::ALL.iter().map(|order| order.as_str()).collect::<Vec<_>>()),
        "article oldest newest score doubt reports mixed"
    );
    assert_eq!(
        words(&Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()),
        "arrived approved rejected spam restored held undone reported appealed erased expired check_passed \
         access_changed policy_changed check_alarm"
    );
}

#[test]
fn verdicts() {
    let text = String::new;
    let score = Score::from_thousandths(500).expect("in range");
    let bad = [
        (BadToken::Missing, "missing"),
        (BadToken::Malformed, "malformed"),
        (BadToken::Expired, "expired"),
        (BadToken::Duplicate, "duplicate"),
        (BadToken::Foreign, "foreign"),
        (BadToken::WrongAction(text()), "wrong_action"),
        (BadToken::WrongHost(text()), "wrong_host"),
        (BadToken::WrongSite, "wrong_site"),
    ]
    .map(|(bad, word)| (Verdict::BadToken(bad), "bad_token", Some(word)));
    let not_run = [
        (NotRun::NoScript, "no_script"),
        (NotRun::Blocked, "blocked"),
        (NotRun::ConsentRefused, "consent_refused"),
        (NotRun::BrowserError, "browser_error"),
    ]
    .map(|(why, word)| (Verdict::NotRun(why), "not_run", Some(word)));
    let unavailable = [
        (Why::Timeout, "timeout"),
        (Why::Connect, "connect"),
        (Why::ServerError, "server_error"),
        (Why::Quota, "quota"),
        (Why::Garbage, "garbage"),
        (Why::AmbiguousDuplicate, "ambiguous_duplicate"),
        (Why::BreakerOpen, "breaker_open"),
        (Why::Busy, "busy"),
    ]
    .map(|(why, word)| (Verdict::Unavailable(why), "unavailable", Some(word)));
    let others = [
        (Verdict::Off, "off", None),
        (Verdict::Scored { score, raw: text() }, "scored", None),
        (Verdict::Binary { pass: true }, "passed", None),
        (Verdict::Binary { pass: false }, "failed", None),
        (Verdict::Misconfigured(text()), "misconfigured", None),
    ];
    for (verdict, class, detail) in bad.into_iter().chain(not_run).chain(unavailable).chain(others) {
        assert_eq!((verdict.class(), verdict.detail()), (class, detail), "{verdict:?}");
    }
}

#[test]
fn reasons() {
    let score = Score::from_thousandths(500).expect("in range");
    let scores = json!({"score": score, "cut": score});
    let words = [
        ("observe", json!({})),
        ("moderation_before", json!({})),
        ("score_below", scores.clone()),
        ("score_held", json!({"score": score})),
        ("score_at_least", scores.clone()),
        ("score_refused", scores.clone()),
        ("step_up", scores),
        ("step_up_passed", json!({})),
        ("links", json!({"count": 3})),
        ("link_disguised", json!({"shown": "a", "host": "b"})),
        ("many_links", json!({})),
        ("trust_without_proof", json!({})),
        ("check_off", json!({})),
        ("captcha_passed", json!({})),
        ("captcha_failed", json!({})),
        ("token_missing", json!({})),
        ("token_malformed", json!({})),
        ("token_expired", json!({})),
        ("token_duplicate", json!({})),
        ("token_foreign", json!({})),
        ("wrong_action", json!({"seen": "a"})),
        ("wrong_host", json!({"seen": "a"})),
        ("wrong_site", json!({})),
        ("not_run", json!({"why": "blocked"})),
        ("misconfigured", json!({"detail": "a"})),
        ("unavailable", json!({"why": "timeout"})),
        ("provider_says", json!({"words": "a"})),
        ("form_missing", json!({})),
        ("form_expired", json!({})),
        ("form_forged", json!({})),
        ("form_reused", json!({})),
        ("honeypot", json!({})),
        ("too_fast", json!({"seconds": 1})),
        ("proof_missing", json!({})),
        ("proof_forged", json!({})),
        ("checked_here", json!({"score": score})),
        ("email_rate", json!({})),
        ("device_rate", json!({})),
        ("site_surge", json!({})),
        ("origin_unknown", json!({})),
        ("lease_lost", json!({})),
        ("provider_busy", json!({})),
    ];
    for (word, mut stored) in words {
        stored["code"] = word.into();
        let reason: Reason = serde_json::from_value(stored.clone()).expect(word);
        assert_eq!(reason.code(), word);
        assert_eq!(serde_json::to_value(&reason).expect("JSON"), stored);
    }
}

#[test]
fn limits_and_the_state_of_the_defence() {
    assert_eq!(
        limits::Action::ALL
            .iter()
            .map(|action| action.name())
            .collect::<Vec<_>>(),
        [
            "submit",
            "submit_email",
            "submit_device",
            "submit_site",
            "form",
            "read",
            "new_thread",
            "sign_in",
            "sign_in_account",
            "setup_code",
            "report",
            "appeal",
            "captcha_test",
        ]
    );
    assert_eq!(
        [Standing::Unseen, Standing::Works, Standing::Partly, Standing::Down].map(Standing::as_str),
        ["unseen", "works", "partly", "down"]
    );
    assert_eq!(
        [Side::Reader, Side::Sender, Side::Provider, Side::Ours].map(Side::as_str),
        ["reader", "sender", "provider", "ours"]
    );
    assert_eq!(
        [Doubt::Published, Doubt::Most, Doubt::FewVerdicts, Doubt::Unread].map(Doubt::as_str),
        ["published", "most", "few_verdicts", "unread"]
    );
}

/// The words that have no type: they are looked for where they are written.
#[test]
fn metrics_and_actions_of_the_audit_log() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let texts: Vec<String> = rust_files(&source)
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("a source file"))
        .collect();
    let literals: BTreeSet<&str> = texts.iter().flat_map(|text| text.split('"')).collect();
    for word in [
        "palabre_comments_total",
        "palabre_http_requests_total",
        "palabre_rate_limit_keys",
        "palabre_step_ups_total",
        "palabre_streams",
        "palabre_submissions_under_way",
        "account_invited",
        "account_removed",
        "account_renamed",
        "appeal",
        "code_failed",
        "comment",
        "erase",
        "first_owner",
        "link_made",
        "link_redeemed",
        "passphrase_changed",
        "passphrase_recovered",
        "policy",
        "recovery_codes_renewed",
        "second_step_off",
        "second_step_on",
        "sessions_ended",
        "sign_in_failed",
        "sign_out",
        "site_changed",
        "site_made",
        "step_up",
        "thread",
        "token_made",
        "token_revoked",
    ] {
        assert!(literals.contains(word), "{word} is written nowhere");
    }
}
