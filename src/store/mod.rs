//! The only place that knows SQL, on both engines.
//!
//! [`Store`] is an enum with inherent async methods; each holds its SQL once, with `$1` placeholders,
//! and sends it through `on_pool!` (one read) or `in_tx!` (one write transaction), which expand the same
//! expression for SQLite and for PostgreSQL; a row of several columns is a struct in `from_row!`. One method is one
//! atomic unit; no connection and no transaction leaves this module, so no network call can happen inside one.
//!
//! Invariant: text is folded in Rust, never by SQL; times are `BIGINT` milliseconds; lists are
//! bounded and page by key; a read-then-write is one guarded statement or stands behind a row lock.
//! What the engines do not share goes behind a `match` on the engine. To add a query: a method in the
//! file of its noun, and a test in `tests/it/store.rs`, which runs on both engines.
//!
//! Tried before: `sqlx::Any` has no BOOLEAN on SQLite and no UUID; generics over `Database` need nine
//! growing bounds a block; a trait with two implementations drifts apart.

mod access;
mod account_changes;
mod accounts;
mod appeals;
mod audit;
mod bulk;
mod bulks;
mod changes;
mod claims;
mod comments;
mod context;
mod counts;
mod credentials;
mod decision_facts;
mod defence;
mod earlier;
mod engines;
mod error;
mod events;
mod evidence;
mod feedback;
mod from_row;
mod housekeeping;
mod invitations;
mod leases;
mod lock;
mod names;
mod new_key;
mod offers;
mod open;
mod outbox;
mod person;
mod postgres;
mod queue;
mod role_changes;
mod roles;
mod rows;
mod schema;
mod sessions;
mod signals;
mod sites;
mod sqlite;
mod step_up;
mod threads;
mod tokens;
mod units;
mod view_sql;
mod views;
mod waiting;
mod walk;
mod writes;

pub use self::{
    accounts::{Account, AccountAdded, AccountChange, AccountsWanted, Giver, NewAccount},
    appeals::AppealSeen,
    audit::{AuditEntry, NewAudit, SealFault},
    bulk::{Bulk, BulkBegun, BulkPart, NewBulk},
    changes::Arrival,
    claims::Claim,
    comments::{AuthorRecord, Parent},
    context::{NearComment, PastComment, Report},
    counts::SiteCounts,
    decision_facts::DecisionFacts,
    defence::Hosts,
    earlier::{Before, Repeat},
    error::{Defect, OpenError, StoreError},
    evidence::Changed,
    feedback::Untold,
    invitations::{Invitation, LiveLink},
    leases::Lease,
    new_key::{Kept, Sealed},
    open::Store,
    outbox::{Delivered, Delivery, Receiver},
    queue::{Listed, QueueRow},
    rows::Comment,
    sessions::{LiveSession, NewSession, SessionEntry},
    sites::{PolicyRow, Secrets, StoredSite},
    sqlite::{
        backup::{check_place, left_copies},
        connection::Opening,
        copies::{CheckedCopy, Restored, check_copy},
        files::{files, folder_of, sync_folder_of},
        log_file::beside,
    },
    threads::{PublicComment, PublicThread, TakenBack, ThreadRow},
    tokens::{Bounded, LiveToken, TokenRow, TokensWanted},
    units::{Decide, Inserted, NewComment},
    views::View,
    walk::READ_MAX,
};
