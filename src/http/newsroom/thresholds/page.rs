//! The owner's page of a site's cuts: figures, preview, apply, history and the way back.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::policy::Revert;
use crate::{
    actions::{
        identify::{Identity, Role},
        thresholds::{self, Evidence, NewPolicy, Trial},
    },
    app::App,
    domain::{
        code::Code,
        evidence::{self, LevelCounts},
        language::Language,
        markup,
        policy::{Band, Cuts},
        refusal::Rule,
        score::Score,
        site::Moderation,
    },
    error::Error,
    http::{
        error::Problem,
        newsroom::{
            defence::page as defence,
            insider::{Visitor, frame},
        },
        page::{PageResult, admin_page, see_other},
        request::{
            body::Fields,
            extract::{Path, Query, RequestLanguage},
        },
    },
    store::PolicyRow,
    web::{
        captcha as web,
        captcha::{
            CaptchaPage, Change, ChangedComment, CutError, CutFields, CutsView, Interval, LevelRow, Preview, Summary,
        },
        frame::Place,
        moment::Moment,
        texts::Say as _,
    },
};

const DAYS: i64 = 30;

/// Characters of a changed comment that are shown.
const EXCERPT: usize = 140;

/// The page, with a preview when cuts are asked about.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    query: Query,
) -> PageResult {
    let mut page = Draft::new(&app, &who, &site, language).await?;
    if query.0.first_of(&["preview"])?.is_some() {
        page.typed(&query.0)?;
        page.preview().await?;
    } else if let Some(version) = query.0.integer("revert")? {
        page.goes_back(version).await?;
        page.preview().await?;
    }
    page.applied(query.0.integer("applied")?);
    page.answer().await
}

/// Applies the typed cuts as a new version.
pub(crate) async fn apply(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path(site): Path<String>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let mut page = Draft::new(&app, &who, &site, language).await?;
    page.typed(&fields)?;
    page.note = fields.text("note")?;
    let Some(trial) = page.trial else {
        return page.answer().await;
    };
    let wanted = NewPolicy {
        base: fields.integer("base")?.unwrap_or(0),
        cuts: trial.cuts,
        explore_ppm: None,
        note: page.note.clone(),
        from: None,
        confirm: fields.first_of(&["confirm"])?,
    };
    let result = thresholds::apply(&app, &who, &site, wanted).await;
    page.after(result).await
}

/// Makes a new version with the rules of an earlier one.
pub(crate) async fn revert(
    State(app): State<Arc<App>>,
    Visitor(who): Visitor,
    Path((site, n)): Path<(String, String)>,
    RequestLanguage(language): RequestLanguage,
    request: Request,
) -> PageResult {
    let fields = Fields::read(request).await?;
    let version = n.parse().map_err(|_| Error::not_found())?;
    let mut page = Draft::new(&app, &who, &site, language).await?;
    let wanted = fields.typed::<Revert>()?.parse(version);
    page.note.clone_from(&wanted.note);
    let result = thresholds::revert(&app, &who, &site, wanted).await;
    if matches!(&result, Err(error) if [Code::ConfirmNeeded, Code::Conflict].contains(&error.code())) {
        page.goes_back(version).await?;
    }
    page.after(result).await
}

/// The page while it is put together.
struct Draft<'a> {
    app: &'a App,
    who: &'a Identity,
    language: Language,
    evidence: Evidence,
    fields: CutFields,
    /// What is tried: the typed cuts, when each is readable, or those of an earlier version.
    trial: Option<Trial>,
    /// That version.
    revert: Option<i64>,
    errors: Vec<CutError>,
    preview: Option<Preview>,
    note: String,
    flash: Option<String>,
}

impl<'a> Draft<'a> {
    async fn new(app: &'a App, who: &'a Identity, site: &str, language: Language) -> Result<Draft<'a>, Problem> {
        let evidence = thresholds::evidence(app, who, site, DAYS).await?;
        let current = evidence.site.policy.as_ref().map(|row| row.policy.cuts);
        Ok(Self {
            fields: cut_fields(&current.unwrap_or_default()),
            app,
            who,
            language,
            evidence,
            trial: None,
            revert: None,
            errors: Vec::new(),
            preview: None,
            note: String::new(),
            flash: None,
        })
    }

    /// Reads the three fields.
    fn typed(&mut self, fields: &Fields) -> Result<(), Error> {
        self.fields = CutFields {
            publish_from: fields.text("publish_from")?,
            step_up_below: fields.text("step_up_below")?,
            refuse_below: fields.text("refuse_below")?,
        };
        let mut cut = |field: &str, text: &str| {
            let read = Score::parse(text);
            if read.is_none() && !text.trim().is_empty() {
                self.errors.push(CutError {
                    field: field.to_owned(),
                    message: self.language.say("cut-bad"),
                });
            }
            read
        };
        let cuts = Cuts {
            publish_from: cut("publish_from", &self.fields.publish_from),
            step_up_below: cut("step_up_below", &self.fields.step_up_below),
            refuse_below: cut("refuse_below", &self.fields.refuse_below),
        };
        if !self.errors.is_empty() {
            return Ok(());
        }
        match cuts.check() {
            Ok(()) => {
                self.trial = Some(Trial {
                    cuts,
                    ..Trial::default()
                });
            }
            Err(_) => self.errors.push(CutError {
                field: "refuse_below".to_owned(),
                message: self.language.say("cuts_cross"),
            }),
        }
        Ok(())
    }

    /// Takes the rules of an earlier version.
    async fn goes_back(&mut self, version: i64) -> Result<(), Problem> {
        let site = &self.evidence.site.site.id;
        let trial = thresholds::rule_of(self.app, self.who, site, version).await?;
        self.fields = cut_fields(&trial.cuts);
        self.trial = Some(trial);
        self.revert = Some(version);
        Ok(())
    }

    /// Says that a version is in force, where that is so.
    fn applied(&mut self, version: Option<i64>) {
        let language = self.language;
        let in_force = self.evidence.site.policy.as_ref().map(|row| &row.policy);
        let Some(policy) = in_force.filter(|policy| Some(policy.version) == version) else {
            return;
        };
        let mut said = language.say_count("applied", &policy.version);
        if policy.cuts == Cuts::default() {
            said = format!("{said} {}.", language.say("version-observe"));
        }
        self.flash = Some(said);
    }

    async fn preview(&mut self) -> Result<(), Problem> {
        let Some(trial) = &self.trial else { return Ok(()) };
        let preview = thresholds::preview(self.app, &self.evidence, trial, None).await?;
        let newest = thresholds::history(self.app, self.who, &self.evidence.site.site.id).await?;
        let change = |before: i64, after: i64| Change { before, after };
        let (before, after) = (preview.before, preview.after);
        self.preview = Some(Preview {
            published: change(before.publish, after.publish),
            held: change(before.hold, after.hold),
            step_up: change(before.step_up, after.step_up),
            refused: change(before.refuse, after.refuse),
            changed: preview.changed,
            comments: preview
                .comments
                .iter()
                .map(|(changed, before, after)| ChangedComment {
                    name: changed.name.clone(),
                    moment: Moment::new(self.language, changed.created_at.0),
                    score: Some(changed.level.thousandths()),
                    before: band_word(*before).to_owned(),
                    after: band_word(*after).to_owned(),
                    status: changed.status.clone(),
                    excerpt: markup::excerpt(&changed.body, EXCERPT),
                    href: None,
                })
                .collect(),
            base: newest.first().map_or(0, |row| row.policy.version),
            revert: self.revert,
            turned_away: preview.refusal.refused,
            price: preview.refusal.price,
            doubts: match self.revert {
                None => preview.refusal.doubts,
                Some(_) => thresholds::doubts_of_going_back(&preview.refusal),
            },
            note: self.note.clone(),
        });
        Ok(())
    }

    /// Where a wish for a new version leads: on to the page with it, or back with what is wrong.
    async fn after(&mut self, result: Result<PolicyRow, Error>) -> PageResult {
        let field = match result {
            Ok(row) => {
                let site = &self.evidence.site.site.id;
                return Ok(see_other(&format!(
                    "/sites/{site}/captcha?applied={}",
                    row.policy.version
                )));
            }
            Err(Error::Code(Code::ConfirmNeeded)) => "confirm",
            Err(Error::Code(Code::Conflict)) => "base",
            Err(error) => return Err(error.into()),
        };
        let key = if field == "base" {
            "base-stale"
        } else {
            "confirm_needed"
        };
        if field == "base" {
            // The version in force is another one now: show the effect on that.
            let site = self.evidence.site.site.id.clone();
            self.evidence = thresholds::evidence(self.app, self.who, &site, DAYS).await?;
        }
        self.errors.push(CutError {
            field: field.to_owned(),
            message: self.language.say(key),
        });
        self.preview().await?;
        let mut response = self.answer().await?;
        *response.status_mut() = if field == "base" {
            StatusCode::CONFLICT
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        Ok(response)
    }

    fn version(&self) -> i64 {
        self.evidence.site.policy.as_ref().map_or(0, |row| row.policy.version)
    }

    async fn answer(&mut self) -> Result<Response, Problem> {
        let (app, who, language) = (self.app, self.who, self.language);
        let site = &self.evidence.site.site;
        let current = self.evidence.site.policy.as_ref();
        let history = thresholds::history(app, who, &site.id).await?;
        let mut frame = frame(
            app,
            Some(who),
            language,
            Place::Captcha,
            language.say_with("captcha-title", "site", &site.name),
        );
        frame.is_error = !self.errors.is_empty();
        frame.alarms = defence::alarms(app, who, site, language).await?;
        let page = CaptchaPage {
            frame,
            site: site.id.clone(),
            site_name: site.name.clone(),
            provider: site.captcha.provider.as_str().to_owned(),
            days: DAYS,
            summary: summary(app, &self.evidence).await?,
            levels: self.evidence.levels.iter().map(level_row).collect(),
            version: self.version(),
            cuts: current.map(|row| cuts_view(&row.policy.cuts)).unwrap_or_default(),
            moderates_before: site.moderation == Moderation::Before,
            fields: self.fields.clone(),
            errors: std::mem::take(&mut self.errors),
            preview: self.preview.take(),
            history: history
                .iter()
                .map(|row| web::PolicyRow {
                    version: row.policy.version,
                    author: row.author.clone(),
                    moment: Moment::new(language, row.at.0),
                    note: row.note.clone(),
                    cuts: cuts_view(&row.policy.cuts),
                    is_current: row.policy.version == self.version(),
                    is_asked_about: is_asked_about(row, &self.evidence.levels),
                })
                .collect(),
            may_observe: [current, history.first()]
                .into_iter()
                .flatten()
                .any(|row| row.policy.cuts != Cuts::default()),
            may_apply: who.may(Role::Owner, &site.id).is_ok(),
            flash: self.flash.take(),
        };
        Ok(admin_page(&page))
    }
}

async fn summary(app: &App, evidence: &Evidence) -> Result<Summary, Error> {
    let sum = |figure: fn(&LevelCounts) -> i64| evidence.levels.iter().map(figure).sum::<i64>();
    let scored = sum(|row| row.total);
    // Scores of another provider count in none of the figures.
    let unscored = evidence.verdicts.iter().filter(|(class, _)| class != "scored");
    let unscored = unscored.map(|(_, count)| count).sum();
    Ok(Summary {
        scored,
        published: sum(|row| row.published),
        held: sum(|row| row.held),
        step_up: sum(|row| row.stepped_up),
        refused: sum(|row| row.refused),
        held_then_approved: thresholds::held_then_approved(app, evidence).await?,
        unscored,
    })
}

fn level_row(row: &LevelCounts) -> LevelRow {
    LevelRow {
        level: row.level.thousandths(),
        total: row.total,
        published: row.published,
        held: row.held,
        step_up: row.stepped_up,
        refused: row.refused,
        approved: row.approved,
        rejected: row.rejected,
        spam: row.spam,
        approved_share: interval(row.approved_share()),
        human_share: interval(row.human_share()),
    }
}

fn interval(share: evidence::Interval) -> Interval {
    Interval {
        share: thousandths(share.share),
        low: thousandths(share.low),
        high: thousandths(share.high),
    }
}

/// Whether going back to a version asks for the site's id.
fn is_asked_about(row: &PolicyRow, levels: &[LevelCounts]) -> bool {
    let rule = Rule {
        cuts: row.policy.cuts,
        explore_ppm: row.policy.explore_ppm,
    };
    !rule.doubts(levels).is_empty()
}

fn cut_fields(cuts: &Cuts) -> CutFields {
    let text = |cut: Option<Score>| cut.map(|cut| cut.to_string()).unwrap_or_default();
    CutFields {
        publish_from: text(cuts.publish_from),
        step_up_below: text(cuts.step_up_below),
        refuse_below: text(cuts.refuse_below),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share is within 0..=1")]
fn thousandths(share: f64) -> i64 {
    (share * 1000.0).round() as i64
}

fn cuts_view(cuts: &Cuts) -> CutsView {
    CutsView {
        publish_from: cuts.publish_from.map(Score::thousandths),
        step_up_below: cuts.step_up_below.map(Score::thousandths),
        refuse_below: cuts.refuse_below.map(Score::thousandths),
    }
}

fn band_word(band: Band) -> &'static str {
    match band {
        Band::Refuse => "refused",
        Band::StepUp => "step_up",
        Band::Hold => "held",
        Band::Publish => "published",
    }
}
