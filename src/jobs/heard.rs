//! What comes back from a receiver of the outbox.

/// What a receiver made of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    /// There is nothing to be told, or nobody to tell it to.
    Needless,
}
