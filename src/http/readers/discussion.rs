//! The public comments of a thread, written straight from the rows: a page of a hundred comments as a tree of values costs
//! twice the CPU.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actions::thread,
    domain::{draft::ThreadKey, ink, markup, timestamp::Timestamp},
    http::request::cursor,
    store::{PublicComment, ThreadRow},
};

/// A page of a thread.
#[derive(Serialize, ToSchema)]
pub(crate) struct ThreadPage<'a> {
    thread: Thread<'a>,
    comments: Vec<TopComment<'a>>,
    /// The key of the next page.
    next: Option<String>,
}

impl<'a> ThreadPage<'a> {
    pub(crate) fn of(page: &'a thread::Page, key: &'a ThreadKey) -> Self {
        let content = &page.content;
        let comments = content.comments.iter();
        Self {
            thread: Thread::of(page.thread.as_ref(), key, content.count),
            comments: comments
                .map(|comment| TopComment::of(comment, &content.replies))
                .collect(),
            next: page.next.map(cursor::encode_place),
        }
    }
}

/// A thread.
#[derive(Serialize, ToSchema)]
struct Thread<'a> {
    /// Public comments, replies included.
    count: i64,
    key: &'a str,
    open: bool,
    #[schema(value_type = Option<String>)]
    title: Option<Cow<'a, str>>,
    url: Option<&'a str>,
}

impl<'a> Thread<'a> {
    fn of(row: Option<&'a ThreadRow>, key: &'a ThreadKey, count: i64) -> Self {
        Self {
            count,
            key: key.as_str(),
            open: row.is_none_or(|row| row.open),
            title: row.and_then(|row| row.title.as_deref()).map(ink::shown),
            url: row.and_then(|row| row.url.as_deref()),
        }
    }
}

/// A public top-level comment.
#[derive(Serialize, ToSchema)]
struct TopComment<'a> {
    #[serde(flatten)]
    comment: Reply<'a>,
    /// At most 50, oldest first.
    replies: Vec<Reply<'a>>,
    /// The key of further replies.
    replies_next: Option<String>,
}

impl<'a> TopComment<'a> {
    fn of(comment: &'a PublicComment, replies: &'a HashMap<Uuid, Vec<PublicComment>>) -> Self {
        let shown = usize::try_from(thread::REPLIES).unwrap_or(0);
        let replies = replies.get(&comment.id).map_or(&[][..], Vec::as_slice);
        Self {
            comment: Reply::of(comment),
            replies: replies.iter().take(shown).map(Reply::of).collect(),
            replies_next: replies
                .get(shown.saturating_sub(1))
                .filter(|_| replies.len() > shown)
                .map(|last| cursor::encode_place((last.created_at, last.id))),
        }
    }
}

/// A public reply.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reply<'a> {
    id: Uuid,
    parent: Option<Uuid>,
    #[schema(value_type = String)]
    name: Cow<'a, str>,
    website: Option<&'a str>,
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// Sanitised; behind a link whose words are not its address stands its host: `<a …>here</a> (example.org)`.
    #[schema(value_type = String)]
    html: Cow<'a, str>,
}

impl<'a> Reply<'a> {
    pub(crate) fn of(comment: &'a PublicComment) -> Self {
        Self {
            id: comment.id,
            parent: comment.parent_id,
            name: ink::shown(&comment.name),
            website: comment.website.as_deref(),
            created_at: Timestamp(comment.created_at),
            html: markup::shown(&comment.html),
        }
    }
}

/// A page of replies.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replies<'a> {
    pub(crate) comments: Vec<Reply<'a>>,
    pub(crate) next: Option<String>,
}

/// A report of a public comment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Report {
    pub(crate) reason: String,
    /// fr, en, pt, es or ar.
    pub(crate) lang: Option<String>,
}

/// A report that counts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reported {
    pub(crate) id: Uuid,
    /// reported
    pub(crate) status: &'static str,
}
