//! The fields of a submission: what is valid, and whether the comment may stand where it wants to.

use uuid::Uuid;

use super::path::Path;
use crate::{
    domain::{
        code::Code,
        draft::{Draft, RawDraft, Rules},
        site::Threads,
    },
    error::Error,
};

impl Path {
    pub(super) fn parse(&self, raw: RawDraft) -> Result<Draft, Error> {
        let rules = Rules {
            body_max: self.site.site.body_max,
            reserved_names: &self.site.reserved_names,
        };
        let mut draft = Draft::parse(raw, &rules).map_err(Error::Invalid)?;
        // An address that is not the site's own could send readers and moderators anywhere.
        draft.thread_url = draft.thread_url.filter(|url| self.is_site_url(url));
        Ok(draft)
    }

    fn is_site_url(&self, address: &str) -> bool {
        url::Url::parse(address).is_ok_and(|url| {
            let origin = url.origin().ascii_serialization();
            matches!(url.scheme(), "http" | "https")
                && (self.site.site.origins.contains(&origin) || self.app.is_own_origin(&origin))
        })
    }

    /// Whether the comment may stand where it wants to; gives the top-level comment above it, and
    /// whether it would open its thread.
    pub(super) async fn place(&self, draft: &Draft, thread_open: Option<bool>) -> Result<(Option<Uuid>, bool), Error> {
        let site = &self.site.site;
        let opens_thread = thread_open.is_none();
        if thread_open == Some(false) {
            return Err(Error::Code(Code::ThreadClosed));
        }
        if opens_thread && site.threads == Threads::Signed && !self.is_signed(draft) {
            return Err(Error::field("thread", Code::ThreadUnknown));
        }
        let Some(parent) = draft.parent else {
            return Ok((None, opens_thread));
        };
        let parent = self.app.store.parent(&site.id, draft.thread.as_str(), parent).await?;
        match parent {
            Some(parent) => Ok((Some(parent.root), opens_thread)),
            None => Err(Error::field("parent", Code::ParentMissing)),
        }
    }

    fn is_signed(&self, draft: &Draft) -> bool {
        let (site, thread) = (&self.site.site.id, draft.thread.as_str());
        let given = draft.thread_sig.as_deref();
        given.is_some_and(|given| self.app.keys.is_thread_signature(site, thread, given))
    }
}
