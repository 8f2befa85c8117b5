//! The words of the queue's query, which the page, its program and a bulk share.

use crate::{
    actions::{new_key, review},
    app::App,
    domain::{
        actor::Scope,
        code::Code,
        person::fold_search,
        queue::{Filter, Order, Pile},
        reason::Reason,
        score::Score,
        status::Status,
        timestamp::Timestamp,
    },
    error::Error,
    http::request::{body::Fields, cursor},
};

/// The filter that a query names.
///
/// # Errors
/// 422 with the field that cannot be understood.
pub(crate) fn filter(app: &App, query: &Fields) -> Result<Filter, Error> {
    let pile = pile(query)?;
    let order = match query.first_of(&["order"])? {
        None => match pile {
            Pile::Pending => Order::Article,
            Pile::SetAside => Order::Oldest,
            Pile::Reported => Order::Reports,
            _ => Order::Newest,
        },
        Some(word) => Order::parse(&word).ok_or_else(|| Error::field("order", Code::OrderBad))?,
    };
    let score_max = match query.first_of(&["score_max"])? {
        None => None,
        Some(text) => Some(
            Score::parse(&text)
                .ok_or_else(|| Error::field("score_max", Code::ScoreBad))?
                .thousandths(),
        ),
    };
    let since = match query.first_of(&["since"])? {
        None => None,
        Some(text) => Some(Timestamp::parse_rfc3339(&text).ok_or_else(|| Error::field("since", Code::SinceBad))?),
    };
    let after = match query.first_of(&["after"])? {
        None => None,
        Some(key) => Some(cursor::decode(&key).ok_or_else(|| Error::field("after", Code::AfterBad))?),
    };
    let limit = match query.integer("limit").unwrap_or(Some(0)) {
        None => 50,
        Some(limit) if (1..=review::PAGE_MAX).contains(&limit) => limit,
        Some(_) => return Err(Error::field("limit", Code::LimitBad)),
    };
    let reason = query.first_of(&["reason"])?;
    if let Some(code) = &reason
        && !<Reason as strum::VariantNames>::VARIANTS.contains(&code.as_str())
    {
        return Err(Error::field("reason", Code::ValueBad));
    }
    let words = query.text("q")?;
    Ok(Filter {
        scope: Scope::All,
        site: query.first_of(&["site"])?,
        pile,
        order,
        words: words.split_whitespace().take(8).map(fold_search).collect(),
        thread: query.first_of(&["thread"])?,
        author: query
            .first_of(&["author"])?
            .map(|author| (fold_search(&author), new_key::email_key(app, &author))),
        reason,
        score_max,
        links: query
            .integer("links")
            .map_err(|_| Error::field("links", Code::LinksBad))?,
        since,
        places: Vec::new(),
        after,
        limit,
    })
}

/// The pile that `status`, `aside` and `reported` name together.
fn pile(query: &Fields) -> Result<Pile, Error> {
    let status = match query.first_of(&["status"])? {
        None => None,
        Some(word) => Some(Status::parse(&word).ok_or_else(|| Error::field("status", Code::StatusBad))?),
    };
    for (name, pile) in [("aside", Pile::SetAside), ("reported", Pile::Reported)] {
        match query.text(name)?.as_str() {
            "" | "0" => {}
            "1" if status.is_none_or(|status| status == pile.status()) => return Ok(pile),
            _ => return Err(Error::field(name, Code::StatusBad)),
        }
    }
    Ok(status.unwrap_or(Status::Pending).into())
}
