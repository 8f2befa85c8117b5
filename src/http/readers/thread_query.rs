//! Which thread is asked for, and which page of it.

use crate::{
    actions::thread::{self, Wanted},
    domain::{code::Code, draft::ThreadKey},
    error::Error,
    http::request::{body::Fields, cursor},
};

/// Top-level comments on a page unless the client says otherwise.
const PAGE: i64 = 20;

/// The thread of a query.
///
/// # Errors
/// `thread_bad`.
pub(crate) fn thread_key(fields: &Fields) -> Result<ThreadKey, Error> {
    ThreadKey::parse(&fields.text("thread")?).ok_or_else(|| Error::field("thread", Code::ThreadBad))
}

/// What page of a thread a query asks for.
///
/// # Errors
/// `limit_bad`, `order_bad`, `after_bad`.
pub(crate) fn wanted(fields: &Fields) -> Result<Wanted, Error> {
    let limit = match fields.integer("limit") {
        Ok(limit) => limit.unwrap_or(PAGE),
        Err(_) => 0,
    };
    if !(1..=thread::PAGE_MAX).contains(&limit) {
        return Err(Error::field("limit", Code::LimitBad));
    }
    let order = fields.text("order")?;
    let newest_first = match order.as_str() {
        "" | "newest" => true,
        "oldest" => false,
        _ => return Err(Error::field("order", Code::OrderBad)),
    };
    let after = match fields.first_of(&["after"])? {
        None => None,
        Some(key) => Some(cursor::decode_place(&key).ok_or_else(|| Error::field("after", Code::AfterBad))?),
    };
    Ok(Wanted {
        after,
        limit,
        newest_first,
    })
}
