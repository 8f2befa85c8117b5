//! A body as it is shown and found.

use crate::{
    app::App,
    domain::{
        draft::Draft,
        markup,
        person::{Website, fold_search},
        reason::Reason,
    },
    error::Error,
};

/// A body of so many bytes is rendered where it stands: whatever is in it takes a few milliseconds at most.
const SHORT_TEXT: usize = 4096;

/// A body as it is shown, what it is found by, and whether it pretends to lead elsewhere.
pub(super) struct Written {
    pub(super) rendered: markup::Rendered,
    pub(super) folded: String,
    pub(super) disguised: Option<Reason>,
}

/// Renders and folds a body; a long one where long texts are rendered.
///
/// # Errors
/// [`Error::Unavailable`] when too many long ones come at once.
pub(super) async fn write(app: &App, draft: &Draft) -> Result<Written, Error> {
    let written = |name: &str, website: Option<&str>, body: &str| {
        let rendered = markup::render(body);
        Written {
            disguised: disguised(name, website, &rendered.html),
            folded: fold_search(&format!("{name} {body}")),
            rendered,
        }
    };
    let website = draft.website.as_ref().map(Website::as_str);
    if draft.body.len() <= SHORT_TEXT {
        return Ok(written(draft.name.as_str(), website, &draft.body));
    }
    let (name, body) = (draft.name.as_str().to_owned(), draft.body.clone());
    let website = website.map(str::to_owned);
    app.rendering
        .run(move || written(&name, website.as_deref(), &body))
        .await
}

/// A link whose words look like another host; the author's name is the words of their website.
fn disguised(name: &str, website: Option<&str>, html: &str) -> Option<Reason> {
    let found = markup::Disguise::find(html).or_else(|| markup::Disguise::of(name, website?))?;
    Some(Reason::LinkDisguised {
        shown: found.shown,
        host: found.host,
    })
}
