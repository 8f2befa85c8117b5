//! The machine codes of errors: the stable words that clients act on, each with the HTTP status that it is told with.
//!
//! To add one: its name under its status, its sentence in each file of `web/texts/`, and its word in
//! `tests/it/words.rs`. The words never change.

use super::word::words;

/// Makes [`Code`] of one table: under each status its codes.
macro_rules! codes {
    ($($status:literal { $($(#[$doc:meta])* $code:ident,)* })*) => {
        /// What is wrong, as a word: the name in snake case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[derive(strum::Display, strum::EnumString, strum::IntoStaticStr, strum::VariantArray)]
        #[strum(serialize_all = "snake_case", const_into_str)]
        pub enum Code {
            $($($(#[$doc])* $code,)*)*
        }

        impl Code {
            /// The HTTP status of an answer that tells it. As the code of a field it is told within a 422, whatever
            /// its own status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $($(Self::$code)|* => $status,)*
                }
            }
        }
    };
}

codes! {
    400 { BadEncoding, BadHost, BadJson, DuplicateKey, }
    401 {
        /// Also of a field.
        CodeBad,
        CodeNeeded,
        PassEnded,
        RecoveryFailed,
        /// Also of a field.
        SecondStepUnreadable,
        SessionEnded,
        SignInFailed,
        Unauthenticated,
    }
    403 {
        CaptchaRefused,
        Csrf,
        Forbidden,
        HttpsNeeded,
        OriginForbidden,
        RetypeNeeded,
        VerifyUrlForbidden,
        WorksElsewhere,
    }
    404 { LinkEnded, NotFound, SiteUnknown, }
    405 { MethodNotAllowed, }
    408 { Timeout, }
    409 {
        AccountExists,
        AppealAnswered,
        BulkRunning,
        Conflict,
        CountChanged,
        Erased,
        InvitationsFull,
        LastOwner,
        LinkHasAccount,
        OwnDecision,
        SecondStepOn,
        SetInFile,
        SettingsChanged,
        SetupOver,
        SiteExists,
        StepUpClosed,
        ThreadClosed,
        TokensFull,
    }
    413 { TooLarge, }
    415 { UnsupportedMediaType, }
    422 {
        BadCharacter,
        /// Also of a field.
        BadType,
        BulkTooLarge,
        ConfirmNeeded,
        CutsCross,
        IdempotencyMismatch,
        /// Fields are to be corrected; each has one of the codes that follow.
        Invalid,
        TooDeep,

        ActionBad,
        AfterBad,
        BodyMaxBad,
        BodyMissing,
        BodyTooLong,
        ChangeMissing,
        CodeMissing,
        CutsBad,
        DaysBad,
        DecisionsBad,
        EmailBad,
        EmailMissing,
        ExpectMissing,
        ExpiresBad,
        FromBad,
        IdBad,
        IdsBad,
        LimitBad,
        LinksBad,
        NameMissing,
        NameReserved,
        NameTaken,
        NameTooLong,
        OrderBad,
        OriginBad,
        ParentMissing,
        PassphraseCommon,
        PassphraseLong,
        PassphraseMissing,
        PassphraseShort,
        PassphraseWrong,
        ProjectBad,
        RoleBad,
        RoleMissing,
        ScoreBad,
        SecondProviderBad,
        SecretMissing,
        SinceBad,
        SiteKeyMissing,
        SiteMissing,
        SiteNameMissing,
        StatusBad,
        TestKeyPublic,
        ThreadBad,
        ThreadUnknown,
        TimeZoneBad,
        UrlBad,
        ValueBad,
        VerifyUrlBad,
        VerifyUrlMissing,
    }
    429 { RateLimited, }
    500 { Internal, }
    503 { SearchSlow, StreamsFull, Unavailable, }
}

words!(Code);
