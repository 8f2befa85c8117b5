//! Enums that are words outside the program: in the store, on the wire, in addresses and in the names of texts.
//!
//! The word of a variant is its name in snake case, by `strum`; [`words!`] gives such an enum what all of them have.
//! `tests/it/words.rs` pins the words, and that those of `serde` are the same.

/// All variants, the word of one, and the one of a word, for an enum that derives `EnumString`, `IntoStaticStr` (with
/// `const_into_str`) and `VariantArray`.
macro_rules! words {
    ($name:ident) => {
        impl $name {
            /// All of them, in their order.
            pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

            /// The word in the store and on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                self.into_str()
            }

            /// The one of that word, `None` for any other word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                word.parse().ok()
            }
        }
    };
}
pub(crate) use words;
