//! What a moderator asks the queue for: which comments, in which order, from where on.

use uuid::Uuid;

use super::{actor::Scope, status::Status, timestamp::Timestamp, word::words};

/// Where a comment lies for those who review: what waits and what is public is parted once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Pile {
    /// Waits, and nobody set it aside.
    Pending,
    /// Waits, but not here and now: a moderator set it aside.
    SetAside,
    /// Public, and reported since somebody last decided about it. It lies among the approved ones too.
    Reported,
    Approved,
    Rejected,
    Spam,
    Refused,
    Erased,
}

words!(Pile);

impl Pile {
    /// The status of all that lies there.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Pending | Self::SetAside => Status::Pending,
            Self::Reported | Self::Approved => Status::Approved,
            Self::Rejected => Status::Rejected,
            Self::Spam => Status::Spam,
            Self::Refused => Status::Refused,
            Self::Erased => Status::Erased,
        }
    }
}

impl From<Status> for Pile {
    /// The pile of that name.
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Approved => Self::Approved,
            Status::Rejected => Self::Rejected,
            Status::Spam => Self::Spam,
            Status::Refused => Self::Refused,
            Status::Erased => Self::Erased,
        }
    }
}

/// In which order the queue is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Order {
    /// All waiting comments of the article with the oldest one, then the next article.
    Article,
    Oldest,
    Newest,
    /// Lowest score first; without a score last.
    Score,
    /// Nearest to 0.5 first: where the check is least sure.
    Doubt,
    /// Most reported first.
    Reports,
    /// In an order that has nothing to do with time or score.
    Mixed,
}

words!(Order);

impl Order {
    /// Whether what has the largest key comes first.
    #[must_use]
    pub fn descends(self) -> bool {
        matches!(self, Self::Newest | Self::Reports)
    }
}

/// What is listed.
#[derive(Debug, Clone)]
pub struct Filter {
    pub scope: Scope,
    pub site: Option<String>,
    pub pile: Pile,
    pub order: Order,
    /// Folded words that must occur.
    pub words: Vec<String>,
    /// The publisher's key of a thread.
    pub thread: Option<String>,
    /// Folded part of the author's name, or a whole e-mail's key.
    pub author: Option<(String, String)>,
    /// A reason's code.
    pub reason: Option<String>,
    /// Thousandths.
    pub score_max: Option<i64>,
    /// Links at least.
    pub links: Option<i64>,
    pub since: Option<Timestamp>,
    /// Articles that keep their place among what waits, whatever was decided meanwhile: thread, and when its
    /// oldest waiting comment came in as the list was made.
    pub places: Vec<Place>,
    /// The key of the last item of the page before.
    pub after: Option<Vec<String>>,
    /// 1..=100.
    pub limit: i64,
}

impl Filter {
    /// All of a pile, the oldest first, at most 100.
    #[must_use]
    pub fn all(scope: Scope, pile: impl Into<Pile>) -> Self {
        Self {
            scope,
            site: None,
            pile: pile.into(),
            order: Order::Oldest,
            words: Vec::new(),
            thread: None,
            author: None,
            reason: None,
            score_max: None,
            links: None,
            since: None,
            places: Vec::new(),
            after: None,
            limit: 100,
        }
    }

    /// Whether nothing narrows it but its pile and its sites.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.words.is_empty()
            && self.thread.is_none()
            && self.author.is_none()
            && self.reason.is_none()
            && self.score_max.is_none()
            && self.links.is_none()
            && self.since.is_none()
    }

    /// Whether the item with the page key `key` stands after the one with `other` in this order. A key of another
    /// order stands nowhere.
    #[must_use]
    pub fn stands_after(&self, key: &[String], other: &[String]) -> bool {
        let (Some(key), Some(other)) = (PageKey::of(self.order, key), PageKey::of(self.order, other)) else {
            return false;
        };
        // Appeals stand first, the longest waiting one before the others.
        if self.order.descends() && !key.is_appeal() && !other.is_appeal() {
            key < other
        } else {
            key > other
        }
    }

    /// Whether the page before ended behind the appeals, which stand before all else that waits.
    #[must_use]
    pub fn is_behind_appeals(&self) -> bool {
        self.page_key().is_some_and(|key| !key.is_appeal())
    }

    /// The places that are kept: those named, and that of the article in which the page before ended.
    #[must_use]
    pub fn kept_places(&self) -> Vec<Place> {
        if self.order != Order::Article || self.pile != Pile::Pending {
            return Vec::new();
        }
        let mut places = self.places.clone();
        if let Some(PageKey::Article(at, thread, ..)) = self.page_key()
            && places.iter().all(|(kept, _)| *kept != thread)
        {
            places.push((thread, at));
        }
        places
    }

    /// Where the page before ended; a key of another order begins from the start.
    #[must_use]
    pub fn page_key(&self) -> Option<PageKey> {
        PageKey::of(self.order, self.after.as_deref()?)
    }
}

/// A thread and when its oldest waiting comment came in.
pub type Place = (Uuid, i64);

/// What an appeal's key begins with.
const APPEAL: &str = "appeal";

/// Where an item stands in its list.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum PageKey {
    /// When the reader appealed, and the comment; in every order of what waits.
    Appeal(i64, Uuid),
    /// When the article's oldest waiting comment came in, the thread, when the comment came in, the comment.
    Article(i64, Uuid, i64, Uuid),
    /// What is sorted by, and the comment.
    Plain(i64, Uuid),
}

impl PageKey {
    /// Of a comment, no appeal, that is sorted by `sort` in an order.
    #[must_use]
    pub fn new(order: Order, sort: i64, thread: Uuid, created_at: i64, comment: Uuid) -> Self {
        match order {
            Order::Article => Self::Article(sort, thread, created_at, comment),
            _ => Self::Plain(sort, comment),
        }
    }

    /// Whether it is an appeal's.
    #[must_use]
    pub fn is_appeal(self) -> bool {
        matches!(self, Self::Appeal(..))
    }

    /// The key of those parts, if it is one of this order's.
    #[must_use]
    pub fn of(order: Order, parts: &[String]) -> Option<Self> {
        match (order, parts) {
            (_, [word, at, id]) if word == APPEAL => Some(Self::Appeal(at.parse().ok()?, id.parse().ok()?)),
            (Order::Article, [sort, thread, created, id]) => Some(Self::Article(
                sort.parse().ok()?,
                thread.parse().ok()?,
                created.parse().ok()?,
                id.parse().ok()?,
            )),
            (Order::Article, _) => None,
            (_, [sort, id]) => Some(Self::Plain(sort.parse().ok()?, id.parse().ok()?)),
            _ => None,
        }
    }

    /// Its parts, as [`PageKey::of`] reads them.
    #[must_use]
    pub fn parts(self) -> Vec<String> {
        match self {
            Self::Appeal(at, id) => vec![APPEAL.to_owned(), at.to_string(), id.to_string()],
            Self::Article(sort, thread, created, id) => {
                vec![
                    sort.to_string(),
                    thread.to_string(),
                    created.to_string(),
                    id.to_string(),
                ]
            }
            Self::Plain(sort, id) => vec![sort.to_string(), id.to_string()],
        }
    }
}
