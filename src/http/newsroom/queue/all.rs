//! The page on which a moderator decides about all that fits a filter: it says how much that is and whom one might
//! regret, takes the decision with the number that was seen, and then says how far it went. All of it by forms.

use std::sync::Arc;

use axum::extract::{Request, State};

use super::{
    done::done,
    list::{List, address_of},
    rows::Rows,
};
use crate::{
    actions::{
        bulk::{self, Preview},
        identify::Identity,
        review,
    },
    app::App,
    domain::{bulk::BulkState, code::Code, decision::Act, language::Language, queue::Pile},
    error::Error,
    http::{
        newsroom::{
            form::{at_field, sentence, with_status},
            insider::{Visitor, frame},
        },
        page::{PageResult, admin_page, see_other},
        request::{
            body::Fields,
            extract::{Path, Query, RequestLanguage},
            fields::parse_id,
        },
    },
    store::Bulk,
    web::{
        bulk::{BulkPage, BulkProgressPage},
        form::FormErrors,
        frame::Place as Entry,
        moment::Moment,
        queue::{QueueItem, acts_on},
        texts::Say as _,
    },
};
/// The page's path.
pub(super) const PATH: &str = "/queue/all";

/// Comments that the page shows.
const SAMPLE: i64 = 10;

/// Sites to choose from that are shown at most.
const SITES: usize = 100;

/// The page of all that fits a list.
pub(super) fn address(list: &List) -> String {
    of_all(&list.address())
}

/// The page of all that fits the list at an address.
fn of_all(href: &str) -> String {
    href.replacen("/queue", PATH, 1)
}

/// How much fits a filter, and what may be done with it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let list = List::of(&app, &query.0)?;
    let mut page = Draft::new(&app, &who, language, list).page().await?;
    page.flash = done(&app, &who, &query, language).await.map(|done| done.flash);
    Ok(admin_page(&page))
}

/// Decides about all of it, if it is still as many.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let list = List::of(&app, &fields)?;
    let act = Act::parse(&fields.text("action")?).filter(|act| *act != Act::Undo);
    let draft = Draft::new(&app, &who, language, list);
    let Some(act) = act else {
        let errors = at_field("action", language.say("bulk-choose"));
        return draft
            .wrong(None, &Error::field("action", Code::ActionBad), errors)
            .await;
    };
    let counted = fields.integer("counted")?.unwrap_or_default();
    let typed = fields.text("expect")?.split_whitespace().collect::<String>();
    if typed.parse() != Ok(counted) {
        let errors = at_field("expect", language.say_count("bulk-typed", &counted));
        return draft
            .wrong(Some(act), &Error::field("expect", Code::ExpectMissing), errors)
            .await;
    }
    match bulk::start(&app, &who, draft.list.filter.clone(), act, counted).await {
        Ok(bulk) => Ok(see_other(&format!("{PATH}/{}", bulk.id))),
        Err(error) => draft.wrong(Some(act), &error, FormErrors::default()).await,
    }
}

/// How far a bulk went.
pub(crate) async fn progress(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    Path(id): Path<String>,
) -> PageResult {
    let bulk = bulk::progress(&app, &who, parse_id(&id)?).await?;
    Ok(admin_page(&progress_page(&app, &who, language, &bulk).await?))
}

/// « Annuler ».
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    RequestLanguage(language): RequestLanguage,
    Path(id): Path<String>,
) -> PageResult {
    let id = parse_id(&id)?;
    let error = match bulk::undo(&app, &who, id).await {
        Ok(_) => return Ok(see_other(&format!("{PATH}/{id}"))),
        Err(error) if error.is_not_found() => return Err(error.into()),
        Err(error) => error,
    };
    let bulk = bulk::progress(&app, &who, id).await?;
    let mut page = progress_page(&app, &who, language, &bulk).await?;
    page.problem = Some(sentence(&error, language)?);
    Ok(with_status(admin_page(&page), &error))
}

/// What the page is made of.
struct Draft<'a> {
    app: &'a App,
    who: &'a Identity,
    language: Language,
    list: List,
}

impl<'a> Draft<'a> {
    fn new(app: &'a App, who: &'a Identity, language: Language, list: List) -> Self {
        Self {
            app,
            who,
            language,
            list,
        }
    }

    async fn page(&self) -> Result<BulkPage, Error> {
        let title = self.language.say("bulk-label");
        let mut chips = self.list.chips(self.language);
        for chip in &mut chips {
            chip.href = of_all(&chip.href);
        }
        let mut page = BulkPage {
            frame: frame(self.app, Some(self.who), self.language, Entry::Queue, title),
            chips,
            back_href: self.list.address(),
            here: address(&self.list),
            kept: self.list.kept_by(&[]),
            acts: acts_on(self.list.filter.pile),
            ..BulkPage::default()
        };
        match bulk::preview(self.app, self.who, self.list.filter.clone(), SAMPLE).await {
            Ok(preview) => {
                page.count = preview.count;
                page.more = preview.more;
                (page.known, page.rest) = self.sample(&preview).await?;
            }
            Err(error) if names_no_site(&error) => page.sites = self.sites().await?,
            Err(error) => return Err(error),
        }
        Ok(page)
    }

    /// The page again, with what is wrong.
    async fn wrong(&self, act: Option<Act>, error: &Error, errors: FormErrors) -> PageResult {
        let mut page = self.page().await?;
        page.act = act;
        page.frame.is_error = true;
        if errors.is_empty() {
            page.problem = Some(sentence(error, self.language)?);
        }
        if error.code() == Code::BulkRunning {
            let open = bulk::open(self.app, self.who, self.list.filter.site.as_deref()).await?;
            page.open_href = open.map(|open| format!("{PATH}/{open}"));
        }
        page.errors = errors;
        Ok(with_status(admin_page(&page), error))
    }

    /// The comments of authors with something published, and the others.
    async fn sample(&self, preview: &Preview) -> Result<(Vec<QueueItem>, Vec<QueueItem>), Error> {
        let rows = Rows {
            language: self.language,
            now: self.app.clock.now(),
            says_site: false,
        };
        let mut shown = Vec::new();
        for item in review::items(self.app, self.who, &preview.sample).await? {
            let site = self.app.site(&item.row.comment.site).await?;
            shown.push(rows.row(&item, &site.site));
        }
        Ok(shown.into_iter().partition(|item| item.record.approved > 0))
    }

    /// The sites that one of has to be chosen.
    async fn sites(&self) -> Result<Vec<(String, String)>, Error> {
        let mut sites = Vec::new();
        for id in self.who.sites(self.app).await?.into_iter().take(SITES) {
            let name = self.app.site(&id).await?.site.name.clone();
            sites.push((of_all(&self.list.on_site(&id)), name));
        }
        Ok(sites)
    }
}

/// A filter that is about several sites, of which one has to be chosen.
fn names_no_site(error: &Error) -> bool {
    matches!(error, Error::Invalid(wrong) if wrong.iter().any(|wrong| wrong.code == Code::SiteMissing))
}

async fn progress_page(app: &App, who: &Identity, language: Language, bulk: &Bulk) -> Result<BulkProgressPage, Error> {
    let site = app.site(&bulk.site_id).await?;
    let is_back = matches!(bulk.state, BulkState::Undoing | BulkState::Undone);
    let mut left = Vec::new();
    if bulk.skipped > 0 && !is_back {
        left.push(language.say_count("bulk-left", &bulk.skipped));
    }
    if bulk.not_undone > 0 {
        left.push(language.say_count("bulk-left", &bulk.not_undone));
    }
    let at = Moment::in_zone(language, bulk.at, &site.site.time_zone);
    let is_alone = who.sites(app).await?.len() == 1;
    Ok(BulkProgressPage {
        frame: frame(app, Some(who), language, Entry::Queue, language.say("bulk-label")),
        id: bulk.id.to_string(),
        act: bulk.action,
        state: bulk.state,
        done: if is_back { bulk.undone } else { bulk.done },
        count: if is_back { bulk.done } else { bulk.expect },
        left,
        made: format!("{}, {}", bulk.actor, at.long),
        is_own: bulk.actor_id == who.actor.id,
        problem: None,
        back_href: address_of(Pile::Pending, Some(bulk.site_id.as_str()).filter(|_| !is_alone)),
    })
}
