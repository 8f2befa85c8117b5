//! What the bar of a staff page says of sites: the one that somebody is on, and those they can go to.
//!
//! A page of a site says it by its path, any other by `site` in its address, which the links of the bar and the
//! answers to forms carry on: no cookie, and nothing is kept. A form posts to an address of its own; the page it
//! stood on (`Referer`) names the site then. A site that is not theirs is none.

use std::sync::OnceLock;

use axum::{
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};

use crate::{
    actions::{
        identify::{Identity, Role},
        sites,
    },
    app::{App, DEMO_SITE},
    error::Error,
    web::frame::{SiteChoice, Sites},
};

/// Sites that are offered in the bar; all of them are on a page of their own.
const OFFERED: usize = 20;

tokio::task_local! {
    static BAR: Bar;
}

/// The page that a request is about, and what its bar says once it is known who asks.
#[derive(Debug)]
struct Bar {
    page: Page,
    sites: OnceLock<Sites>,
}

/// The address that a bar stands on.
#[derive(Debug, Clone, Default)]
struct Page {
    path: String,
    /// The site that it names, whether or not there is one.
    site: Option<String>,
    /// The list of the queue, as its address names it: (`status`, `spam`), (`aside`, `1`).
    list: Option<(&'static str, String)>,
    /// The page that a site is chosen for.
    chooses: Option<String>,
}

/// Around the staff pages: remembers which site the address names, and lets the answer to a form lead back to it.
pub(crate) async fn around(request: Request, next: Next) -> Response {
    let bar = Bar {
        page: page_of(&request),
        sites: OnceLock::new(),
    };
    let answering = async {
        let mut response = next.run(request).await;
        if response.status() == StatusCode::SEE_OTHER
            && let Some(location) = response.headers().get(header::LOCATION)
            && let Some(with_site) = location.to_str().ok().and_then(|location| sites().kept_in(location))
            && let Ok(with_site) = HeaderValue::from_str(&with_site)
        {
            response.headers_mut().insert(header::LOCATION, with_site);
        }
        response
    };
    BAR.scope(bar, answering).await
}

/// Fills in the sites of whoever came in.
pub(crate) async fn fill(app: &App, who: &Identity) -> Result<(), Error> {
    let Ok(page) = BAR.try_with(|bar| bar.page.clone()) else {
        return Ok(());
    };
    let sites = sites_of(app, who, &page).await?;
    let _ = BAR.try_with(|bar| bar.sites.set(sites));
    Ok(())
}

/// What the bar says; nothing while it is not known who came in.
pub(crate) fn sites() -> Sites {
    BAR.try_with(|bar| bar.sites.get().cloned())
        .ok()
        .flatten()
        .unwrap_or_default()
}

async fn sites_of(app: &App, who: &Identity, page: &Page) -> Result<Sites, Error> {
    let ids = sites::ids(app, who).await?;
    let asked = page.site.clone().filter(|asked| ids.contains(asked));
    let only = match ids.as_slice() {
        [only] => Some(only),
        [only, demo] if demo == DEMO_SITE => Some(only),
        _ => None,
    };
    let mut choices = Vec::new();
    if ids.len() > 1 {
        let beyond = ids.iter().skip(OFFERED).filter(|id| asked.as_ref() == Some(*id));
        for id in ids.iter().take(OFFERED).chain(beyond) {
            choices.push(SiteChoice {
                name: app.site(id).await?.site.name.clone(),
                href: page.of_site(id, who.may(Role::Owner, id).is_ok()),
                is_current: asked.as_ref() == Some(id),
            });
        }
    }
    Ok(Sites {
        has_any: !ids.is_empty(),
        site: asked.clone().or_else(|| only.cloned()),
        asked: asked.filter(|_| ids.len() > 1),
        choices,
        all_href: page.of_all(),
    })
}

fn page_of(request: &Request) -> Page {
    let own = Page::read(request.uri().path(), request.uri().query());
    if request.method() == Method::GET {
        return own;
    }
    let referer = request.headers().get(header::REFERER);
    let stood_on = referer
        .and_then(|referer| url::Url::parse(referer.to_str().ok()?).ok())
        .map(|url| Page::read(url.path(), url.query()));
    match (own.site.is_some(), stood_on) {
        (false, Some(stood_on)) => stood_on,
        _ => own,
    }
}

impl Page {
    fn read(path: &str, query: Option<&str>) -> Self {
        let named = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
            let found = pairs.find(|(own, _)| own == name).map(|(_, value)| value.into_owned());
            found.filter(|value| {
                !value.is_empty()
                    && value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            })
        };
        let in_path = path.strip_prefix("/sites/").and_then(|rest| rest.split('/').next());
        Self {
            path: path.to_owned(),
            site: in_path.map(str::to_owned).or_else(|| named("site")),
            list: ["status", "aside", "reported"]
                .into_iter()
                .find_map(|name| Some((name, named(name)?)))
                .filter(|_| path == "/queue"),
            chooses: named("page").filter(|_| path == "/sites"),
        }
    }

    /// The same page of another site; ids of sites need no escaping.
    fn of_site(&self, site: &str, is_owner: bool) -> String {
        match (self.of_sites(), &self.chooses) {
            (Some("settings"), _) if !is_owner => format!("/queue?site={site}"),
            (Some(name), _) => format!("/sites/{site}/{name}"),
            (None, Some(name)) if is_page_of_sites(name) => format!("/sites/{site}/{name}"),
            _ => format!("{}site={site}", self.open_query()),
        }
    }

    /// The same page of no site.
    fn of_all(&self) -> String {
        match (self.of_sites(), &self.chooses) {
            (Some("settings"), _) => "/sites".to_owned(),
            (Some(name), _) => format!("/sites?page={name}"),
            (None, Some(name)) if is_page_of_sites(name) => format!("/sites?page={name}"),
            _ => {
                let open = self.open_query();
                open.trim_end_matches(['?', '&']).to_owned()
            }
        }
    }

    /// `captcha` on `/sites/{site}/captcha/…`.
    fn of_sites(&self) -> Option<&str> {
        let (_, page) = self.path.strip_prefix("/sites/")?.split_once('/')?;
        page.split('/').next()
    }

    /// The address up to where `site=` goes.
    fn open_query(&self) -> String {
        match &self.list {
            Some((name, value)) => format!("{}?{name}={value}&", self.path),
            None => format!("{}?", self.path),
        }
    }
}

/// Whether each site has a page of that name in the menu.
pub(crate) fn is_page_of_sites(name: &str) -> bool {
    matches!(name, "captcha" | "defence")
}
