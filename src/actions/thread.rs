//! A reader reads a thread: approved comments, counts, the feed; and what a reader may report.

use uuid::Uuid;

use super::identify::{Identity, Role};
use crate::{
    app::{App, SiteInForce},
    domain::{
        address::ClientAddress,
        audit::AuditDetail,
        code::Code,
        draft::{self, ThreadKey},
        status::Status,
    },
    error::Error,
    keys::{Purpose, hex},
    limits::{Action, Demand},
    store::{NewAudit, PublicComment, PublicThread, TakenBack, ThreadRow},
};

/// Top-level comments on a page at most.
pub const PAGE_MAX: i64 = 100;

/// Replies shown under one comment at most.
pub const REPLIES: i64 = 50;

/// Threads counted in one request at most.
pub const COUNTS_MAX: usize = 100;

/// Comments in a feed.
const FEED: i64 = 50;

/// One page of a thread, or what stands for it while nobody commented.
#[derive(Debug)]
pub struct Page {
    /// `None`: no comment was ever stored there.
    pub thread: Option<ThreadRow>,
    pub content: PublicThread,
    /// The key of the next page; `None` on the last.
    pub next: Option<(i64, Uuid)>,
}

/// What is asked of a thread.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub after: Option<(i64, Uuid)>,
    /// 1..=100.
    pub limit: i64,
    pub newest_first: bool,
}

/// The thread's row: enough to tell whether a reader's copy is still good.
///
/// # Errors
/// [`Error::RateLimited`]; errors of the store.
pub async fn look(
    app: &App,
    site: &SiteInForce,
    thread: &ThreadKey,
    client: ClientAddress,
) -> Result<Option<ThreadRow>, Error> {
    app.limits.check(&[Demand::by_address(Action::Read, client)])?;
    Ok(app.store.thread(&site.site.id, thread.as_str()).await?)
}

/// The row of a thread on which somebody wrote, and may go on to.
///
/// # Errors
/// [`Code::ThreadClosed`]; errors of the store.
pub async fn open(app: &App, site: &SiteInForce, thread: &ThreadKey) -> Result<Option<ThreadRow>, Error> {
    let row = app.store.thread(&site.site.id, thread.as_str()).await?;
    match row {
        Some(row) if !row.open => Err(Error::Code(Code::ThreadClosed)),
        row => Ok(row),
    }
}

/// A comment that may be answered: its id and its author. What is no such comment's id is as good as none.
pub async fn answerable(app: &App, id: &str) -> Option<(Uuid, String)> {
    let comment = app.store.comment(Uuid::parse_str(id).ok()?).await.ok().flatten()?;
    (comment.status == Status::Approved).then_some((comment.id, comment.name))
}

/// A page of the thread.
pub async fn page(app: &App, thread: Option<ThreadRow>, wanted: Wanted) -> Result<Page, Error> {
    let Some(row) = thread else {
        return Ok(Page {
            thread: None,
            content: PublicThread::default(),
            next: None,
        });
    };
    let mut content = app
        .store
        .public_thread(row.id, wanted.after, wanted.limit + 1, wanted.newest_first, REPLIES)
        .await?;
    let limit = usize::try_from(wanted.limit).unwrap_or(0);
    let more = content.comments.len() > limit;
    content.comments.truncate(limit);
    Ok(Page {
        next: content
            .comments
            .last()
            .filter(|_| more)
            .map(|comment| (comment.created_at, comment.id)),
        thread: Some(row),
        content,
    })
}

/// Further replies under `root`, and the key of the page after them.
///
/// # Errors
/// [`Error::RateLimited`]; errors of the store.
pub async fn replies(
    app: &App,
    root: Uuid,
    after: (i64, Uuid),
    client: ClientAddress,
) -> Result<(Vec<PublicComment>, Option<(i64, Uuid)>), Error> {
    app.limits.check(&[Demand::by_address(Action::Read, client)])?;
    let mut found = app.store.replies_after(root, after, REPLIES + 1).await?;
    let limit = usize::try_from(REPLIES).unwrap_or(0);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|comment| (comment.created_at, comment.id));
    Ok((found, next))
}

/// Public comments of each of `threads`, in their order.
///
/// # Errors
/// [`Error::RateLimited`]; errors of the store.
pub async fn counts(
    app: &App,
    site: &SiteInForce,
    threads: Vec<String>,
    client: ClientAddress,
) -> Result<Vec<(String, i64)>, Error> {
    app.limits.check(&[Demand::by_address(Action::Read, client)])?;
    let counts = app.store.counts(&site.site.id, &threads).await?;
    Ok(threads
        .into_iter()
        .map(|thread| {
            let count = counts.get(&thread).copied().unwrap_or(0);
            (thread, count)
        })
        .collect())
}

/// The newest public comments of a thread or of the site.
///
/// # Errors
/// [`Error::RateLimited`]; errors of the store.
pub async fn feed(
    app: &App,
    site: &SiteInForce,
    thread: Option<&ThreadKey>,
    client: ClientAddress,
) -> Result<Vec<(PublicComment, ThreadRow)>, Error> {
    app.limits.check(&[Demand::by_address(Action::Read, client)])?;
    Ok(app
        .store
        .feed(&site.site.id, thread.map(ThreadKey::as_str), FEED)
        .await?)
}

/// What the publisher says of a thread.
#[derive(Debug, Default)]
pub struct Settings {
    /// `None`: as it is.
    pub title: Option<Said>,
    /// `None`: as it is.
    pub url: Option<Said>,
    /// `None`: as it is; a new thread is open.
    pub open: Option<bool>,
}

/// A title or an address as the publisher says it.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Is(String),
    /// What was said is taken back: the next comment that is approved names the thread, as before.
    Nothing,
}

impl Said {
    fn text(said: Option<&Self>) -> Option<&str> {
        match said {
            Some(Self::Is(text)) => Some(text),
            Some(Self::Nothing) | None => None,
        }
    }
}

/// Sets what the publisher says of a thread.
///
/// # Errors
/// Role and site; 422 for a bad key, or an address that is none of the site's; errors of the store.
pub async fn set(app: &App, who: &Identity, site: &str, key: &str, settings: &Settings) -> Result<ThreadRow, Error> {
    who.may(Role::Moderator, site)?;
    let in_force = app.site(site).await?;
    let key = ThreadKey::parse(key).ok_or_else(|| Error::field("thread", Code::ThreadBad))?;
    let url = Said::text(settings.url.as_ref());
    if let Some(url) = url {
        let origin = url::Url::parse(url).map(|url| url.origin().ascii_serialization());
        if !origin.is_ok_and(|origin| in_force.site.origins.contains(&origin) || app.is_own_origin(&origin)) {
            return Err(Error::field("url", Code::UrlBad));
        }
    }
    let current = app.store.thread(site, key.as_str()).await?;
    let row = ThreadRow {
        id: app.clock.new_id(),
        thread_key: key.as_str().to_owned(),
        title: Said::text(settings.title.as_ref()).and_then(draft::title),
        url: url.map(str::to_owned),
        open: settings.open.unwrap_or(current.is_none_or(|row| row.open)),
        content_version: 1,
    };
    let detail = AuditDetail::Thread {
        open: row.open,
        thread: &row.thread_key,
    };
    let audit = NewAudit {
        id: app.clock.new_id(),
        site: site.to_owned(),
        at: app.clock.now(),
        actor: who.actor.clone(),
        action: "thread",
        comment: None,
        from_status: None,
        to_status: None,
        detail: Some(detail.text()),
    };
    let taken_back = TakenBack {
        title: settings.title == Some(Said::Nothing),
        url: settings.url == Some(Said::Nothing),
    };
    app.store
        .set_thread(site, row, taken_back, audit, app.clock.now())
        .await?;
    app.store.thread(site, key.as_str()).await?.ok_or_else(Error::not_found)
}

/// Counts a reader's report of a public comment, one for each device or address.
///
/// # Errors
/// 404 when it is not public, [`Error::RateLimited`]; errors of the store.
pub async fn report(app: &App, comment: Uuid, reason: &str, client: ClientAddress) -> Result<(), Error> {
    app.limits.check(&[Demand::by_address(Action::Report, client)])?;
    let found = app.store.comment(comment).await?;
    if found.is_none_or(|comment| comment.status != Status::Approved) {
        return Err(Error::not_found());
    }
    let now = app.clock.now();
    let narrow = client.narrow().to_string();
    let month = now.month();
    let reporters = app.keys.digests(Purpose::Client, &month, narrow.as_bytes());
    let reporters: Vec<String> = reporters.map(|(_, reporter)| hex(&reporter[..16])).collect();
    app.store.report(comment, &reporters, reason, now).await?;
    Ok(())
}
