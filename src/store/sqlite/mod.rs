//! SQLite: the connections to its one file, and what a file brings with it: its log, its copies.

pub(super) mod backup;
pub(super) mod connection;
pub(super) mod copies;
pub(super) mod files;
pub(super) mod log_file;
pub(super) mod lookups;
mod read_pool;
mod recent;
pub(super) mod writer;
