//! Readers' pages: a thread with its form, the demonstration's article, the fragment that a publisher
//! includes, the feed. What a posted form leads to is told in `posted_form`.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use url::form_urlencoded::byte_serialize;
use uuid::Uuid;

use super::thread_query::{thread_key, wanted};
use crate::{
    actions::thread::{self, Page},
    app::{App, DEMO_SITE, SiteInForce},
    domain::{draft::ThreadKey, language::Language, markup, site::Moderation, status::Status, timestamp::Timestamp},
    error::Error,
    http::{
        page::{PageResult, form_page, reader_page},
        request::{
            self, cursor,
            extract::{Client, Query},
        },
    },
    store::{PublicComment, ThreadRow},
    web::{
        feed::{Feed, FeedEntry, xml_text},
        frame::ReaderFrame,
        moment::Moment,
        texts::Say as _,
        thread::{CommentView, DemoPage, Discussion, FormValues, FormView, FragmentPage, ThreadPage},
        widget::CheckNotice,
    },
};

/// The thread of the demonstration's article.
const DEMO_THREAD: &str = "/demo";

/// A page on which a thread is shown.
pub(crate) struct Place<'a> {
    pub(crate) site: &'a SiteInForce,
    pub(crate) key: &'a ThreadKey,
    pub(crate) language: Language,
    /// Path and query without any of the page's own parameters: `/t/demo?thread=%2Fdemo`.
    pub(crate) path: String,
    /// In front of paths: empty, or our own address in a fragment.
    pub(crate) base: String,
    /// Not the first page of the thread.
    pub(crate) is_later: bool,
}

impl Place<'_> {
    fn with(&self, name: &str, value: &str) -> String {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let value: String = byte_serialize(value.as_bytes()).collect();
        format!("{}{}{sign}{name}={value}", self.base, self.path)
    }

    pub(crate) fn action(&self) -> String {
        format!("{}{}", self.base, thread_path(&self.site.site.id, self.key.as_str()))
    }
}

fn is_later(query: &Query) -> bool {
    query.0.first_of(&["after"]).is_ok_and(|after| after.is_some())
}

/// The path of a thread's plain page.
pub(crate) fn thread_path(site: &str, key: &str) -> String {
    let key: String = byte_serialize(key.as_bytes()).collect();
    format!("/t/{site}?thread={key}")
}

/// The plain page of a thread.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    query: Query,
) -> PageResult {
    let in_force = app.site(&site).await?;
    let language = request::language();
    let key = thread_key(&query.0)?;
    let row = thread::look(&app, &in_force, &key, client).await?;
    let place = Place {
        path: thread_path(&site, key.as_str()),
        base: String::new(),
        is_later: is_later(&query),
        site: &in_force,
        key: &key,
        language,
    };
    let page = thread::page(&app, row, wanted(&query.0)?).await?;
    let form = fresh_form(&app, &place, reply_to(&app, &query).await);
    Ok(thread_page(&place, page, form))
}

/// The demonstration's article.
pub(crate) async fn demo(State(app): State<Arc<App>>, Client(client): Client, query: Query) -> PageResult {
    if !app.has_demo {
        return Err(Error::not_found().into());
    }
    let in_force = app.site(DEMO_SITE).await?;
    let key = ThreadKey::parse(DEMO_THREAD).ok_or_else(Error::not_found)?;
    let row = thread::look(&app, &in_force, &key, client).await?;
    let place = Place {
        path: DEMO_THREAD.to_owned(),
        base: String::new(),
        is_later: is_later(&query),
        site: &in_force,
        key: &key,
        language: Language::Fr,
    };
    let page = thread::page(&app, row, wanted(&query.0)?).await?;
    let mut form = fresh_form(&app, &place, reply_to(&app, &query).await);
    form.values.thread_url = format!("{}{DEMO_THREAD}", app.config.public_url());
    DemoPage::ARTICLE_TITLE.clone_into(&mut form.values.thread_title);
    let page = DemoPage {
        frame: ReaderFrame {
            language: Language::Fr,
            title: DemoPage::ARTICLE_TITLE.to_owned(),
            is_error: false,
        },
        site: DEMO_SITE.to_owned(),
        discussion: discussion(&place, page, Some(form)),
    };
    Ok(form_page(&page, &in_force.site.captcha))
}

/// The markup alone, for a publisher's server to include. It carries no token, so it may be cached.
pub(crate) async fn fragment(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    query: Query,
) -> PageResult {
    let in_force = app.site(&site).await?;
    let language = request::language();
    let key = thread_key(&query.0)?;
    let row = thread::look(&app, &in_force, &key, client).await?;
    let place = Place {
        path: thread_path(&site, key.as_str()),
        base: app.config.public_url(),
        is_later: is_later(&query),
        site: &in_force,
        key: &key,
        language,
    };
    let page = thread::page(&app, row, wanted(&query.0)?).await?;
    let form = FormView {
        token: None,
        ..form_view(&place, FormValues::default())
    };
    let mut response = reader_page(&FragmentPage {
        discussion: discussion(&place, page, Some(form)),
    });
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The page of a thread with a form, fresh or with what to correct.
pub(crate) fn thread_page(place: &Place<'_>, page: Page, form: FormView) -> Response {
    let row = page.thread.clone();
    let title = row.as_ref().and_then(|row| row.title.clone()).unwrap_or_default();
    let page = ThreadPage {
        frame: ReaderFrame {
            language: place.language,
            title: if title.is_empty() {
                place.language.say("thread_untitled")
            } else {
                title.clone()
            },
            is_error: !form.errors.is_empty() || form.problem.is_some(),
        },
        site_name: place.site.site.name.clone(),
        article_title: title,
        article_href: row.and_then(|row| row.url),
        discussion: discussion(place, page, Some(form)),
    };
    form_page(&page, &place.site.site.captcha)
}

/// The comment that is answered: its id and its author.
async fn reply_to(app: &App, query: &Query) -> Option<(Uuid, String)> {
    public_comment(app, &query.0.first_of(&["reply"]).ok().flatten()?).await
}

/// A comment that may be answered: its id and its author.
pub(crate) async fn public_comment(app: &App, id: &str) -> Option<(Uuid, String)> {
    let comment = app.store.comment(Uuid::parse_str(id).ok()?).await.ok().flatten()?;
    (comment.status == Status::Approved).then_some((comment.id, comment.name))
}

fn fresh_form(app: &App, place: &Place<'_>, reply_to: Option<(Uuid, String)>) -> FormView {
    let now = app.clock.now();
    FormView {
        token: Some(app.captcha.issue_form(&place.site.site, place.key.as_str(), None, now)),
        reply_to: reply_to.as_ref().map(|(_, name)| name.clone()),
        ..form_view(
            place,
            FormValues {
                parent: reply_to.map(|(id, _)| id.to_string()).unwrap_or_default(),
                ..FormValues::default()
            },
        )
    }
}

/// A form without a token.
pub(crate) fn form_view(place: &Place<'_>, mut values: FormValues) -> FormView {
    place.key.as_str().clone_into(&mut values.thread);
    let site = &place.site.site;
    let publishes = place
        .site
        .policy
        .as_ref()
        .is_some_and(|row| row.policy.cuts.publish_from.is_some());
    FormView {
        site: site.id.clone(),
        action: place.action(),
        values,
        cancel_reply_href: format!("{}{}#form", place.base, place.path),
        body_max: i64::from(site.body_max),
        publishes_at_once: publishes && site.moderation == Moderation::After,
        check: CheckNotice::of(&site.captcha),
        ..FormView::default()
    }
}

fn discussion(place: &Place<'_>, page: Page, form: Option<FormView>) -> Discussion {
    let is_open = page.thread.as_ref().is_none_or(|row| row.open);
    let shown = usize::try_from(thread::REPLIES).unwrap_or(0);
    let content = page.content;
    let mut replies = content.replies;
    let comments: Vec<CommentView> = content
        .comments
        .into_iter()
        .map(|comment| {
            let mut below = replies.remove(&comment.id).unwrap_or_default();
            let more = below.len() > shown;
            below.truncate(shown);
            let names: HashMap<Uuid, String> = below.iter().map(|reply| (reply.id, reply.name.clone())).collect();
            let next = below
                .last()
                .filter(|_| more)
                .map(|last| cursor::encode_place((last.created_at, last.id)));
            CommentView {
                replies_next: next
                    .map(|key| format!("{}/api/v1/comments/{}/replies?after={key}", place.base, comment.id)),
                replies: below
                    .into_iter()
                    .map(|reply| {
                        let answered = reply.parent_id.and_then(|parent| names.get(&parent)).cloned();
                        comment_view(place, reply, answered, is_open)
                    })
                    .collect(),
                ..comment_view(place, comment, None, is_open)
            }
        })
        .collect();
    Discussion {
        language: place.language,
        base: place.base.clone(),
        count: content.count,
        more_href: page
            .next
            .map(|key| format!("{}#palabre", place.with("after", &cursor::encode_place(key)))),
        more_count: 20,
        first_href: place.is_later.then(|| format!("{}{}#palabre", place.base, place.path)),
        comments,
        form: form.filter(|_| is_open),
    }
}

fn comment_view(place: &Place<'_>, comment: PublicComment, in_reply_to: Option<String>, is_open: bool) -> CommentView {
    let id = comment.id.to_string();
    CommentView {
        reply_href: is_open.then(|| format!("{}#form", place.with("reply", &id))),
        permalink: format!("{}{}#c{id}", place.base, place.path),
        name: comment.name,
        website_host: comment.website.as_deref().and_then(host_of),
        website: comment.website,
        moment: Moment::in_zone(place.language, comment.created_at, &place.site.site.time_zone),
        html: markup::shown(&comment.html).into_owned(),
        in_reply_to,
        replies: Vec::new(),
        replies_next: None,
        id,
    }
}

/// The host of an address, in ASCII.
fn host_of(address: &str) -> Option<String> {
    url::Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// The newest public comments, as Atom.
pub(crate) async fn feed(
    State(app): State<Arc<App>>,
    Path(site): Path<String>,
    Client(client): Client,
    query: Query,
) -> PageResult {
    let in_force = app.site(&site).await?;
    let language = request::language();
    let key = match query.0.first_of(&["thread"])? {
        None => None,
        Some(_) => Some(thread_key(&query.0)?),
    };
    let entries = thread::feed(&app, &in_force, key.as_ref(), client).await?;
    let base = app.config.public_url();
    let encoded = key
        .as_ref()
        .map(|key| byte_serialize(key.as_str().as_bytes()).collect::<String>());
    let self_href = match &encoded {
        Some(key) => format!("{base}/t/{site}/feed.atom?thread={key}"),
        None => format!("{base}/t/{site}/feed.atom"),
    };
    let newest = entries
        .first()
        .map_or(app.clock.now(), |(comment, _)| Timestamp(comment.created_at));
    let feed = Feed {
        language,
        id: self_href.clone(),
        title: in_force.site.name.clone(),
        html_href: encoded.map_or_else(|| base.clone(), |key| format!("{base}/t/{site}?thread={key}")),
        self_href,
        updated: newest.to_rfc3339(),
        entries: entries
            .iter()
            .map(|(comment, thread)| feed_entry(&base, &site, comment, thread))
            .collect(),
    };
    let xml = askama::Template::render(&feed).map_err(|error| Error::Internal(format!("render the feed: {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, "application/atom+xml; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, xml).into_response())
}

fn feed_entry(base: &str, site: &str, comment: &PublicComment, thread: &ThreadRow) -> FeedEntry {
    let about = thread.title.as_deref().unwrap_or(&thread.thread_key);
    let page = thread
        .url
        .clone()
        .unwrap_or_else(|| format!("{base}{}", thread_path(site, &thread.thread_key)));
    let at = Timestamp(comment.created_at).to_rfc3339();
    FeedEntry {
        id: format!("urn:uuid:{}", comment.id),
        title: xml_text(&format!("{} — {about}", comment.name)),
        author: xml_text(&comment.name),
        published: at.clone(),
        updated: at,
        href: format!("{page}#c{}", comment.id),
        html: xml_text(&markup::shown(&comment.html)),
    }
}
