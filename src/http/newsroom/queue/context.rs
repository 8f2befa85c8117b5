//! What stands around comments, for the panel beside the queue.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::item::Author;
use crate::{
    actions::context::{self, COMMENTS_MAX, Context, Happening, What},
    app::App,
    domain::{
        code::Code, ink, language::Language, markup, person::one_line, score::Score, status::Status,
        timestamp::Timestamp, triage::Action,
    },
    error::Error,
    http::{
        error::Problem,
        page::no_store,
        request::{
            body::Fields,
            extract::{Query, RequestLanguage, Who},
        },
    },
    store::{NearComment, PastComment},
    web::{
        queue::status_word,
        texts::{self, Arg, Say as _},
    },
};

/// Characters that are shown of a text.
const EXCERPT: usize = 140;

/// What stands around 1 to 3 comments: the conversation, the author's last comments on the site, what happened. Those
/// that are erased, unknown or of another's site are left out.
#[utoipa::path(get, path = "/moderation/context", tag = "moderators",
    params(("ids" = String, Query, description = "1 to 3 ids of comments, with commas between them")),
    responses((status = 200, description = "items, in the order of the ids", body = Contexts<'_>),
        (status = 401, description = "unauthenticated"), (status = 422, description = "ids_bad"),
        (status = 503, description = "unavailable")))]
pub(crate) async fn context(
    State(app): State<Arc<App>>,
    Who(who): Who,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> Result<Response, Problem> {
    let ids = ids(&query.0)?;
    let contexts = context::around(&app, &who, &ids).await?;
    let items = contexts
        .iter()
        .map(|context| ItemContext::of(context, language))
        .collect();
    Ok(no_store(Json(Contexts { items }).into_response()))
}

fn ids(query: &Fields) -> Result<Vec<Uuid>, Error> {
    let given = query.text("ids")?;
    let ids: Result<Vec<Uuid>, _> = given.split(',').take(COMMENTS_MAX + 1).map(Uuid::parse_str).collect();
    ids.ok()
        .filter(|ids| ids.len() <= COMMENTS_MAX)
        .ok_or_else(|| Error::field("ids", Code::IdsBad))
}

/// What stands around comments.
#[derive(Serialize, ToSchema)]
struct Contexts<'a> {
    items: Vec<ItemContext<'a>>,
}

/// What stands around a comment.
#[derive(Serialize, ToSchema)]
struct ItemContext<'a> {
    author: KnownAuthor<'a>,
    /// At most 8, in the order of the thread: what the comment answers, itself, and what stands next to it.
    conversation: Vec<ConversationRow<'a>>,
    /// At most 20, oldest first.
    history: Vec<HistoryLine>,
    id: Uuid,
    thread: ArticleOfContext<'a>,
}

impl<'a> ItemContext<'a> {
    fn of(context: &'a Context, language: Language) -> Self {
        let (row, comment) = (&context.row, &context.row.comment);
        Self {
            author: KnownAuthor {
                email: &comment.email,
                last: context
                    .last
                    .iter()
                    .map(|past| EarlierComment::of(past, language))
                    .collect(),
                record: Author::of(&context.record),
                verified: context.record.verified,
            },
            conversation: context
                .conversation
                .iter()
                .map(|other| ConversationRow::of(other, comment.id, language))
                .collect(),
            history: context
                .history
                .iter()
                .filter_map(|happening| HistoryLine::of(happening, language))
                .collect(),
            id: comment.id,
            thread: ArticleOfContext {
                title: title(
                    row.thread_title.as_deref(),
                    row.claimed_title.as_deref(),
                    &row.thread_key,
                ),
                url: row.thread_url.as_deref(),
            },
        }
    }
}

/// The article's title, else what a reader's page says it is, else its key.
fn title<'a>(known: Option<&'a str>, claimed: Option<&'a str>, key: &'a str) -> Cow<'a, str> {
    ink::shown(known.or(claimed).unwrap_or(key))
}

/// The article that a comment is about.
#[derive(Serialize, ToSchema)]
struct ArticleOfContext<'a> {
    /// What a reader's page said, or the thread's key, where no title is known.
    #[schema(value_type = String)]
    title: Cow<'a, str>,
    /// Null unless it may be linked.
    url: Option<&'a str>,
}

/// Who wrote a comment, and what else.
#[derive(Serialize, ToSchema)]
struct KnownAuthor<'a> {
    email: &'a str,
    /// At most 10 other comments of the site, newest first.
    last: Vec<EarlierComment<'a>>,
    record: Author,
    /// Record and comments are of one device; else of a typed e-mail, which anybody can type.
    verified: bool,
}

/// Another comment of an author.
#[derive(Serialize, ToSchema)]
struct EarlierComment<'a> {
    #[schema(value_type = String)]
    at: Timestamp,
    /// Its first 140 characters, plain.
    excerpt: String,
    id: Uuid,
    #[schema(value_type = String)]
    status: Status,
    /// In the caller's language.
    status_word: String,
    #[schema(value_type = String)]
    thread_title: Cow<'a, str>,
}

impl<'a> EarlierComment<'a> {
    fn of(past: &'a PastComment, language: Language) -> Self {
        Self {
            at: past.created_at,
            excerpt: markup::excerpt(&past.body, EXCERPT),
            id: past.id,
            status: past.status,
            status_word: status_word(language, past.status),
            thread_title: title(
                past.thread_title.as_deref(),
                past.claimed_title.as_deref(),
                &past.thread_key,
            ),
        }
    }
}

/// A comment of a conversation.
#[derive(Serialize, ToSchema)]
struct ConversationRow<'a> {
    #[schema(value_type = String)]
    at: Timestamp,
    /// 0: a top-level comment, 1: answers it, 2: answers a reply.
    depth: u8,
    /// Its first 140 characters, plain; empty once erased.
    excerpt: String,
    /// It is the comment that was asked about.
    here: bool,
    id: Uuid,
    #[schema(value_type = String)]
    name: Cow<'a, str>,
    #[schema(value_type = String)]
    status: Status,
    /// In the caller's language.
    status_word: String,
}

impl<'a> ConversationRow<'a> {
    fn of(comment: &'a NearComment, asked: Uuid, language: Language) -> Self {
        Self {
            at: comment.created_at,
            depth: match comment.root {
                None => 0,
                root if root == comment.parent => 1,
                Some(_) => 2,
            },
            excerpt: markup::excerpt(&comment.body, EXCERPT),
            here: comment.id == asked,
            id: comment.id,
            name: ink::shown(&comment.name),
            status: comment.status,
            status_word: status_word(language, comment.status),
        }
    }
}

/// Something that happened to a comment.
#[derive(Serialize, ToSchema)]
struct HistoryLine {
    #[schema(value_type = String)]
    at: Timestamp,
    /// In the caller's language.
    sentence: String,
}

impl HistoryLine {
    /// `None`: there are no words for it.
    fn of(happening: &Happening, language: Language) -> Option<Self> {
        let sentence = match &happening.what {
            What::Received { score, outcome } => received(language, *score, *outcome),
            What::Done { action, actor } => {
                let key = format!("history-{action}");
                let sentence = language.say_with(&key, "person", &ink::shown(actor));
                if sentence == key {
                    return None;
                }
                sentence
            }
            // Nobody has looked at what a reader typed there.
            What::Reported { reason } => match markup::excerpt(&one_line(reason), EXCERPT) {
                reason if reason.is_empty() => language.say("history-reported"),
                reason => language.say_with("history-reported-as", "reason", &reason),
            },
        };
        Some(Self {
            at: happening.at,
            sentence,
        })
    }
}

fn received(language: Language, score: Option<Score>, outcome: Action) -> String {
    let said = language.say(match outcome {
        Action::Publish => "history-published",
        Action::Hold | Action::StepUp => "history-received",
        Action::Refuse => "history-refused",
    });
    match score {
        None => said,
        Some(score) => {
            let score = Arg::Thousandths(score.thousandths());
            texts::text(language, "history-scored", &[("said", said.into()), ("score", score)])
        }
    }
}
