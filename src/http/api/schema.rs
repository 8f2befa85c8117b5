//! The shapes of requests and answers, for the document of the API.
//!
//! These structs are never built: handlers write JSON by hand, because most answers leave out or add
//! members by circumstance. `tests/it/schema.rs` sends real requests and holds each answer against its
//! shape here, member by member, so that the two cannot drift apart.

#![expect(dead_code, reason = "shapes for the document only")]
#![expect(clippy::struct_field_names, reason = "members have the names of the contract")]

use std::collections::HashMap;

use utoipa::ToSchema;
use uuid::Uuid;

/// A new comment. As a form also with WordPress's names: `author`, `email`, `url`, `comment`,
/// `comment_post_ID`, `comment_parent`, `g-recaptcha-response`.
#[derive(ToSchema)]
pub(super) struct NewComment {
    /// The publisher's own key of the discussion, 1 to 512 characters.
    thread: String,
    /// Kept only on one of the site's origins.
    thread_url: Option<String>,
    thread_title: Option<String>,
    /// For a new thread on a site with signed threads: base64url HMAC-SHA256 of `thread`.
    thread_sig: Option<String>,
    /// The public comment that is answered.
    parent: Option<Uuid>,
    /// 1 to 80 characters.
    name: String,
    /// Never shown publicly.
    email: String,
    /// http or https.
    website: Option<String>,
    /// Markdown text, 1 to `body_max` characters.
    body: String,
    /// The provider's token, or the solved proof of work.
    captcha: Option<String>,
    /// The solved challenge of `captcha.fallback`, where the provider is an outside one.
    proof: Option<String>,
    /// `blocked` or `consent_refused`: why the page has no token of an outside provider.
    captcha_not_run: Option<String>,
    /// The form token of `GET /sites/{site}/form`.
    form: Option<String>,
    /// fr, en, pt, es or ar.
    lang: Option<String>,
    /// The device token of an earlier answer.
    device: Option<String>,
}

/// What became of a new comment.
#[derive(ToSchema)]
pub(super) struct Accepted {
    id: Uuid,
    /// approved or pending; erased (with `id` alone) for a repeat of an erased comment.
    status: String,
    /// Sanitised.
    html: String,
    /// A code that its reader can read out to a person.
    reference: String,
    /// Opens `/r/{receipt}` for 90 days.
    receipt: String,
    receipt_url: String,
    device: String,
    /// A sentence for the reader.
    message: String,
    /// One more silent check that a page may make, of a comment that is held.
    step_up: Option<StepUp>,
}

/// A second check: passed, its mark goes; it never refuses and never publishes.
#[derive(ToSchema)]
pub(super) struct StepUp {
    /// proof or token.
    kind: String,
    /// With proof: an ALTCHA v2 challenge, eight times the plain work.
    challenge: Option<HashMap<String, String>>,
    /// Ten minutes after the submission.
    until: String,
    /// With proof, where the site names one: the interactive provider, for a page whose proof fails. It is loaded
    /// after the reader's yes alone.
    second: Option<SecondOffer>,
}

/// The interactive provider that may be offered to a reader.
#[derive(ToSchema)]
pub(super) struct SecondOffer {
    provider: String,
    site_key: Option<String>,
    action: String,
    /// The address of the provider's script.
    script: Option<String>,
    /// The path of the module here that shows the check.
    module: String,
    /// The question to the reader, the words of the two buttons, and what is said at the end.
    offer: String,
    accept: String,
    decline: String,
    done: String,
    failed: String,
    /// The company's page on readers' data, and the words of the link.
    details: Option<String>,
    details_label: Option<String>,
}

/// The answer to a second check.
#[derive(ToSchema)]
pub(super) struct StepUpAnswer {
    /// With kind proof: the solved challenge.
    proof: Option<String>,
    /// With kind token: one fresh token of the provider; with kind proof: one of the interactive provider.
    captcha: Option<String>,
    /// The form token that the fresh token is bound to.
    form: Option<String>,
}

/// What a second check gave.
#[derive(ToSchema)]
pub(super) struct StepUpResult {
    /// pending, approved, rejected or refused.
    status: String,
    passed: bool,
}

/// An error, as `application/problem+json` (RFC 9457).
#[derive(ToSchema)]
pub(super) struct Problem {
    r#type: String,
    /// A sentence in the reader's language.
    title: String,
    status: u16,
    /// A stable word to act on.
    code: String,
    request_id: String,
    /// With `invalid`.
    errors: Option<Vec<FieldProblem>>,
}

/// One field to correct.
#[derive(ToSchema)]
pub(super) struct FieldProblem {
    field: String,
    code: String,
    message: String,
}

/// What a form needs.
#[derive(ToSchema)]
pub(super) struct Form {
    /// The form token: for one submission within 24 hours.
    form: String,
    captcha: FormCaptcha,
    body_max: u32,
    language: String,
}

/// The captcha of a form.
#[derive(ToSchema)]
pub(super) struct FormCaptcha {
    provider: String,
    site_key: Option<String>,
    /// `focus`: the provider's script is loaded when the reader begins to write; `ask`: after a yes.
    consent: String,
    /// The address of the provider's script, with `mcaptcha` of its frame; absent where there is none.
    script: Option<String>,
    action: String,
    /// With `house`: an ALTCHA v2 challenge.
    challenge: Option<HashMap<String, String>>,
    /// With an outside provider that is down or, with `fallback=1`, does not run: such a challenge, to be
    /// sent back solved as `proof`.
    fallback: Option<HashMap<String, String>>,
}

/// A page of a thread.
#[derive(ToSchema)]
pub(super) struct ThreadPage {
    thread: Thread,
    comments: Vec<TopComment>,
    /// The key of the next page.
    next: Option<String>,
}

/// A thread.
#[derive(ToSchema)]
pub(super) struct Thread {
    key: String,
    title: Option<String>,
    url: Option<String>,
    /// Public comments, replies included.
    count: i64,
    open: bool,
}

/// A public top-level comment.
#[derive(ToSchema)]
pub(super) struct TopComment {
    id: Uuid,
    parent: Option<Uuid>,
    name: String,
    website: Option<String>,
    created_at: String,
    /// Sanitised.
    html: String,
    /// At most 50, oldest first.
    replies: Vec<Reply>,
    /// The key of further replies.
    replies_next: Option<String>,
}

/// A public reply.
#[derive(ToSchema)]
pub(super) struct Reply {
    id: Uuid,
    parent: Option<Uuid>,
    name: String,
    website: Option<String>,
    created_at: String,
    html: String,
}

/// A page of replies.
#[derive(ToSchema)]
pub(super) struct Replies {
    comments: Vec<Reply>,
    next: Option<String>,
}

/// A page of the queue.
#[derive(ToSchema)]
pub(super) struct Queue {
    items: Vec<Item>,
    next: Option<String>,
    /// By status.
    counts: HashMap<String, Count>,
}

/// A count that stops at 1,000.
#[derive(ToSchema)]
pub(super) struct Count {
    n: i64,
    more: bool,
}

/// A comment as a moderator sees it.
#[derive(ToSchema)]
pub(super) struct Item {
    id: Uuid,
    site: String,
    thread: String,
    thread_title: Option<String>,
    thread_url: Option<String>,
    /// What the reader's page said; nobody verified it.
    thread_title_unverified: Option<String>,
    parent: Option<Uuid>,
    name: String,
    email: String,
    website: Option<String>,
    body: String,
    html: String,
    /// pending, approved, rejected, spam, refused or erased.
    status: String,
    set_aside: bool,
    /// Send it back with a decision.
    version: i64,
    reference: String,
    language: String,
    created_at: String,
    appealed_at: Option<String>,
    reasons: Vec<Reason>,
    captcha: Check,
    author: Author,
    links: i64,
    reports: i64,
    lease: Option<String>,
    /// The id of the decision that made it what it is.
    decision: Option<Uuid>,
    decided: Option<Entry>,
}

/// Why the automatic outcome is what it is.
#[derive(ToSchema)]
pub(super) struct Reason {
    code: String,
    message: String,
}

/// What the captcha said.
#[derive(ToSchema)]
pub(super) struct Check {
    provider: String,
    /// off, scored, passed, failed, `bad_token`, `not_run`, misconfigured or unavailable.
    verdict: String,
    /// 0 to 1, 1 = human.
    score: Option<f64>,
    level: Option<f64>,
}

/// The author's record on the site.
#[derive(ToSchema)]
pub(super) struct Author {
    approved: i64,
    rejected: i64,
    spam: i64,
    first_seen: Option<String>,
    /// By a device token; else by a typed e-mail, which anybody can type.
    verified: bool,
}

/// An entry of the audit log.
#[derive(ToSchema)]
pub(super) struct Entry {
    id: Uuid,
    at: String,
    site: String,
    actor: String,
    actor_kind: String,
    action: String,
    comment: Option<Uuid>,
    from: Option<String>,
    to: Option<String>,
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    undoes: Option<Uuid>,
}

/// A page of the audit log.
#[derive(ToSchema)]
pub(super) struct Audit {
    entries: Vec<Entry>,
    next: Option<Uuid>,
}

/// A decision about one comment.
#[derive(ToSchema)]
pub(super) struct Decision {
    /// The version it is made on; without it, whatever is there.
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    /// For undo: the decision to take back.
    of: Option<Uuid>,
}

/// 1 to 100 decisions.
#[derive(ToSchema)]
pub(super) struct Decisions {
    decisions: Vec<KeyedDecision>,
}

/// One of many decisions.
#[derive(ToSchema)]
pub(super) struct KeyedDecision {
    /// A repeat with the same key changes nothing.
    key: String,
    comment: Uuid,
    /// approve, reject, spam, restore, hold or undo.
    action: String,
    version: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    of: Option<Uuid>,
}

/// What became of many decisions, in their order.
#[derive(ToSchema)]
pub(super) struct Results {
    results: Vec<DecisionResult>,
}

/// What became of one of many decisions.
#[derive(ToSchema)]
pub(super) struct DecisionResult {
    key: Option<String>,
    comment: String,
    /// applied, conflict, replayed or `not_found`.
    result: String,
    decision: Option<Uuid>,
    item: Option<Item>,
}

/// What the publisher says of a thread.
#[derive(ToSchema)]
pub(super) struct ThreadSettings {
    title: Option<String>,
    /// On one of the site's origins.
    url: Option<String>,
    open: Option<bool>,
}

/// A report of a public comment.
#[derive(ToSchema)]
pub(super) struct Report {
    reason: String,
}

/// What the scores of a site say.
#[derive(ToSchema)]
pub(super) struct Evidence {
    site: String,
    provider: String,
    days: i64,
    levels: Vec<Level>,
    /// Comments by verdict.
    verdicts: HashMap<String, i64>,
    /// The version in force.
    policy: Option<Policy>,
}

/// One score that was really returned.
#[derive(ToSchema)]
pub(super) struct Level {
    level: f64,
    total: i64,
    outcomes: BandCounts,
    /// By moderators.
    approved: i64,
    rejected: i64,
    spam: i64,
    /// People (approved or rejected) among the decided ones.
    share: f64,
    /// Wilson's 95 % interval.
    low: f64,
    high: f64,
}

/// Comments by what happens to them.
#[derive(ToSchema)]
pub(super) struct BandCounts {
    publish: i64,
    hold: i64,
    step_up: i64,
    refuse: i64,
}

/// Three cuts, 0 to 1 with at most three places; null is absent.
#[derive(ToSchema)]
pub(super) struct Cuts {
    publish_from: Option<f64>,
    step_up_below: Option<f64>,
    refuse_below: Option<f64>,
}

/// Cuts to try.
#[derive(ToSchema)]
pub(super) struct Trial {
    cuts: Cuts,
    /// 1 to 365, default 30.
    days: Option<i64>,
    /// `next` of the page before.
    after: Option<Uuid>,
}

/// What other cuts would have done to the same comments.
#[derive(ToSchema)]
pub(super) struct Preview {
    cuts: Cuts,
    counts: BeforeAfter,
    changed: i64,
    /// Applying asks for the site's id in `confirm`.
    confirm_needed: bool,
    comments: Vec<Changed>,
    next: Option<Uuid>,
}

/// Counts with the cuts in force and with the others.
#[derive(ToSchema)]
pub(super) struct BeforeAfter {
    before: BandCounts,
    after: BandCounts,
}

/// A comment whose outcome would differ.
#[derive(ToSchema)]
pub(super) struct Changed {
    id: Uuid,
    before: String,
    after: String,
    level: f64,
    status: String,
    label: Option<String>,
    name: String,
    excerpt: String,
    created_at: String,
}

/// The versions of a policy, newest first.
#[derive(ToSchema)]
pub(super) struct Policies {
    policies: Vec<Policy>,
}

/// An immutable version.
#[derive(ToSchema)]
pub(super) struct Policy {
    version: i64,
    base: i64,
    cuts: Cuts,
    explore: Option<f64>,
    author: String,
    note: String,
    forecast: HashMap<String, i64>,
    from: String,
    at: String,
}

/// A version that is wanted.
#[derive(ToSchema)]
pub(super) struct NewPolicy {
    /// The newest version; 0 when there is none.
    base: i64,
    cuts: Cuts,
    explore: Option<f64>,
    note: Option<String>,
    /// In force from then on; default now.
    from: Option<String>,
    /// The site's id, where it is asked for.
    confirm: Option<String>,
}

/// A version to go back to.
#[derive(ToSchema)]
pub(super) struct Revert {
    base: i64,
    note: Option<String>,
}

/// How the check of a site holds.
#[derive(ToSchema)]
pub(super) struct Defence {
    site: String,
    /// The provider in force; all figures but `by_day` and `hosts` are its own.
    provider: String,
    /// 1 to 90.
    days: i64,
    since: String,
    /// unseen, works, partly or down.
    standing: String,
    /// Comments of the period.
    total: i64,
    /// With a score, a yes or a no.
    answered: i64,
    /// Without a token that counts: there was nothing to ask about.
    without_token: i64,
    /// The provider gave no usable answer.
    unavailable: i64,
    /// The provider did not accept our set-up.
    misconfigured: i64,
    /// Comments whose token was missing, 0 to 1.
    missing_share: f64,
    /// Comments whose token had expired, 0 to 1.
    expired_share: f64,
    latency: Option<Latency>,
    /// Newest first, one entry for each provider of a day.
    by_day: Vec<DefenceDay>,
    /// Why comments have no answer, most frequent first.
    causes: Vec<Cause>,
    /// Foreign hosts that tokens were minted on: ten at most, most frequent first; empty = not named.
    hosts: Vec<ForeignHost>,
    /// Calls to the provider in this calendar month (UTC).
    calls_this_month: i64,
    /// Calls a month that cost nothing; null where the provider names no figure.
    free_calls: Option<i64>,
    /// open while calls to the provider pause; null where nobody outside is asked.
    breaker: Option<String>,
    /// What is wrong with the set-up now.
    faults: Vec<Fault>,
    /// Scores that were really returned, rising.
    levels: Vec<f64>,
    /// Levels of the last week that the key did not return before.
    new_levels: Vec<f64>,
}

/// How long the provider was waited for, in steps of ten milliseconds.
#[derive(ToSchema)]
pub(super) struct Latency {
    count: i64,
    p50_ms: i64,
    p95_ms: i64,
}

/// One day (UTC) of one provider.
#[derive(ToSchema)]
pub(super) struct DefenceDay {
    /// 2026-11-24
    day: String,
    provider: String,
    total: i64,
    answered: i64,
    /// Comments by verdict.
    verdicts: HashMap<String, i64>,
    /// Comments by what the verdict leaves open: missing, expired, timeout, quota…
    details: HashMap<String, i64>,
    latency: Option<Latency>,
}

/// Why comments have no answer.
#[derive(ToSchema)]
pub(super) struct Cause {
    verdict: String,
    detail: Option<String>,
    /// reader, sender, provider or ours.
    side: String,
    count: i64,
}

/// A host that is not the site's.
#[derive(ToSchema)]
pub(super) struct ForeignHost {
    host: String,
    count: i64,
}

/// What is wrong with the set-up of a site now.
#[derive(ToSchema)]
pub(super) struct Fault {
    /// misconfigured (within the last hour) or `test_key`.
    code: String,
    /// What the provider named.
    detail: Option<String>,
    /// Comments it touched.
    count: Option<i64>,
    /// The newest of them.
    at: Option<String>,
}

/// What the provider said to a token that nobody minted.
#[derive(ToSchema)]
pub(super) struct KeyTest {
    site: String,
    provider: String,
    /// accepted, `accepts_anything`, misconfigured, unavailable or `not_needed`.
    result: String,
    /// What the provider named, or why it could not be asked.
    detail: Option<String>,
    /// The same in words.
    message: String,
}

/// Somebody who works on a site.
#[derive(ToSchema)]
pub(super) struct Moderator {
    id: Uuid,
    name: String,
    email: String,
    /// `owner` or `moderator` by site; `*` stands for every site.
    roles: HashMap<String, String>,
    /// active, invited (has not come in yet) or disabled.
    status: String,
    /// Whether a code is asked for after the passphrase.
    second_step: bool,
    created_at: String,
}

#[derive(ToSchema)]
pub(super) struct Moderators {
    moderators: Vec<Moderator>,
}

/// Somebody to be given a role.
#[derive(ToSchema)]
pub(super) struct NewModerator {
    email: String,
    name: String,
    /// owner or moderator.
    role: String,
    /// A site; or `sites`, or `all_sites`.
    site: Option<String>,
    sites: Option<Vec<String>>,
    all_sites: Option<bool>,
}

/// Somebody who was invited.
#[derive(ToSchema)]
pub(super) struct Invited {
    id: Uuid,
    /// Good once, and shown here alone.
    link: Option<String>,
}

/// A change of a role on a site, or of who may come in.
#[derive(ToSchema)]
pub(super) struct ModeratorChange {
    /// A site, or `*` for every site.
    site: Option<String>,
    /// owner or moderator; null takes it away.
    role: Option<String>,
    disabled: Option<bool>,
}

/// A bearer token, without its secret.
#[derive(ToSchema)]
pub(super) struct Token {
    id: Uuid,
    name: String,
    /// owner or moderator.
    role: String,
    /// Null: every site.
    sites: Option<Vec<String>>,
    created_at: String,
    expires_at: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct Tokens {
    tokens: Vec<Token>,
}

/// A token to be made.
#[derive(ToSchema)]
pub(super) struct NewToken {
    /// What the audit log calls it.
    name: Option<String>,
    /// owner or moderator.
    role: String,
    /// A site; or `sites`, or `all_sites`.
    site: Option<String>,
    sites: Option<Vec<String>>,
    all_sites: Option<bool>,
    /// In how many days, 1 to 3650; without it, when it is revoked.
    expires: Option<i64>,
}

/// A token that was made.
#[derive(ToSchema)]
pub(super) struct MadeToken {
    id: Uuid,
    /// The secret, shown here alone.
    token: String,
}

/// One of one's own sessions.
#[derive(ToSchema)]
pub(super) struct Session {
    id: Uuid,
    /// What kind of browser.
    device: String,
    created_at: String,
    seen_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

#[derive(ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<Session>,
}

/// A site on which one has a role.
#[derive(ToSchema)]
pub(super) struct SiteEntry {
    id: String,
    name: String,
    language: String,
    origins: Vec<String>,
    /// owner or moderator.
    role: String,
}

#[derive(ToSchema)]
pub(super) struct Sites {
    sites: Vec<SiteEntry>,
}

/// The captcha of a site as it is in force.
#[expect(clippy::struct_excessive_bools, reason = "yes and no, as JSON has them")]
#[derive(ToSchema)]
pub(super) struct SiteCaptcha {
    provider: String,
    site_key: Option<String>,
    /// The secret itself is never given out.
    secret_set: bool,
    verify_url: Option<String>,
    project: Option<String>,
    recaptcha_net: bool,
    /// The provider is told the reader's address.
    send_address: bool,
    /// The provider is told, some days later, what moderators decided.
    feedback: bool,
    /// focus or ask.
    consent: String,
    action: String,
    hostnames: Vec<String>,
    /// The interactive provider of the second check; null without one.
    second: Option<SecondCheck>,
}

/// The interactive provider of a site's second check.
#[derive(ToSchema)]
pub(super) struct SecondCheck {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo.
    provider: String,
    site_key: Option<String>,
    /// The secret itself is never given out.
    secret_set: bool,
    verify_url: Option<String>,
}

/// A site's settings as they are in force.
#[derive(ToSchema)]
pub(super) struct SiteSettings {
    id: String,
    name: String,
    language: String,
    /// Of IANA: `Africa/Ouagadougou`.
    time_zone: String,
    origins: Vec<String>,
    /// before or after.
    moderation: String,
    /// open or signed.
    threads: String,
    body_max: i64,
    cdn_max_age: i64,
    captcha: SiteCaptcha,
    /// Keys that `config.toml` sets, such as `captcha.provider`: they are changed there alone.
    set_in_file: Vec<String>,
}

/// New values of a site's captcha.
#[derive(ToSchema)]
pub(super) struct SiteCaptchaChange {
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    verify_url: Option<String>,
    project: Option<String>,
    recaptcha_net: Option<bool>,
    send_address: Option<bool>,
    feedback: Option<bool>,
    consent: Option<String>,
    action: Option<String>,
    hostnames: Option<Vec<String>>,
    second: Option<SecondCheckChange>,
}

/// New values of the second check's provider.
#[derive(ToSchema)]
pub(super) struct SecondCheckChange {
    /// turnstile, `recaptcha_v2`, hcaptcha, friendly or prosopo; null offers none.
    provider: Option<String>,
    site_key: Option<String>,
    /// Stored encrypted; null removes it.
    secret: Option<String>,
    verify_url: Option<String>,
}

/// New values of a site's settings; null takes a key back to its default.
#[derive(ToSchema)]
pub(super) struct SiteChange {
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    captcha: Option<SiteCaptchaChange>,
}

/// A site to be made.
#[derive(ToSchema)]
pub(super) struct NewSite {
    /// 1 to 64 lower-case letters, digits and hyphens; part of addresses.
    id: String,
    name: Option<String>,
    language: Option<String>,
    time_zone: Option<String>,
    origins: Option<Vec<String>>,
    moderation: Option<String>,
    threads: Option<String>,
    body_max: Option<i64>,
    cdn_max_age: Option<i64>,
    captcha: Option<SiteCaptchaChange>,
}
