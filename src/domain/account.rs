//! Accounts: what somebody may do, and what a passphrase must be.
//!
//! [`Rights`] is the one answer to « may they »: a role on a site, or none, in which case the site is as
//! if it were not there. A [`Passphrase`] is compared as typed but for Unicode's compatibility forms, so
//! that another keyboard gives the same one; none that somebody can have is cut, and none is printed. What is
//! read of a text, and what the estimate of its strength costs, is bounded whatever was sent.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization as _;

use super::{code::Code, word::words};

/// What somebody may do on a site.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Role {
    /// Decides about comments.
    Moderator,
    /// Sets the cuts, the site and who works on it as well.
    Owner,
}

words!(Role);

/// The word that stands for every site, where a role is given; no site has it as its id.
pub const EVERY_SITE: &str = "*";

/// The roles of somebody, by site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights(BTreeMap<String, Role>);

impl Rights {
    /// One role on some sites; [`EVERY_SITE`] stands for all.
    pub fn on<S: Into<String>>(role: Role, sites: impl IntoIterator<Item = S>) -> Self {
        sites.into_iter().map(|site| (site.into(), role)).collect()
    }

    /// The role on a site; `None`: the site is as if it were not there.
    #[must_use]
    pub fn at(&self, site: &str) -> Option<Role> {
        let here = self.0.get(site).copied();
        here.max(self.everywhere())
    }

    /// The role on every site, also those to come.
    #[must_use]
    pub fn everywhere(&self) -> Option<Role> {
        self.0.get(EVERY_SITE).copied()
    }

    /// Whether somebody is an owner of anything.
    #[must_use]
    pub fn owns_something(&self) -> bool {
        self.0.values().any(|role| *role == Role::Owner)
    }

    /// Whether somebody owns every site on which `other` has a role: then they may do to `other`'s
    /// account whatever an owner may.
    #[must_use]
    pub fn own_all_of(&self, other: &Self) -> bool {
        other.0.keys().all(|site| match site.as_str() {
            EVERY_SITE => self.everywhere() == Some(Role::Owner),
            site => self.at(site) == Some(Role::Owner),
        })
    }

    /// Whether somebody stands above an account with `other`: they own all that it works on, and something it
    /// is; one that works nowhere is left to who owns every site.
    #[must_use]
    pub fn stand_above(&self, other: &Self) -> bool {
        self.everywhere() == Some(Role::Owner) || self.own_all_of(other) && !other.is_empty()
    }

    /// The roles that an owner with `owner` may know: those on sites of theirs. One on every site is one on theirs
    /// too.
    #[must_use]
    pub fn seen_by(&self, owner: &Self) -> Self {
        let roles = self.iter().filter(|(site, _)| match *site {
            EVERY_SITE => owner.owns_something(),
            site => owner.at(site) == Some(Role::Owner),
        });
        roles.map(|(site, role)| (site.to_owned(), role)).collect()
    }

    /// What is left of these where nobody may more than `bound`: on each site the lower role of both.
    #[must_use]
    pub fn within(&self, bound: &Self) -> Self {
        let sites = self.0.keys().chain(bound.0.keys());
        sites
            .filter_map(|site| {
                let role = self.at(site)?.min(bound.at(site)?);
                Some((site.clone(), role))
            })
            .collect()
    }

    /// The same with a role on one more site, or another one there.
    #[must_use]
    pub fn with(mut self, site: &str, role: Role) -> Self {
        self.0.insert(site.to_owned(), role);
        self
    }

    /// Sites and roles as they were given, by site.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Role)> {
        self.0.iter().map(|(site, role)| (site.as_str(), *role))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Role)> for Rights {
    fn from_iter<I: IntoIterator<Item = (String, Role)>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

/// Unicode scalar values of a passphrase, at least and at most.
pub const PASSPHRASE_CHARS: std::ops::RangeInclusive<usize> = 12..=1000;

/// Fewer guesses than that, by the estimate of `zxcvbn`, and it is among the first that anybody would
/// try: dictionary words, keys in a row, repetitions, the person's own name.
const GUESSES_LOG10: f64 = 7.0;

/// Characters of a passphrase that are estimated: the estimate takes more than linear time.
const ESTIMATED_CHARS: usize = 40;

/// Bytes of each of the person's own words that are looked for in it: no e-mail is longer.
const WORD_BYTES: usize = 254;

/// The signs that `zxcvbn` reads as a letter, by letter. It tries all readings one by one, and their
/// number multiplies with the signs that stand for one letter. Those that stand for two count twice
/// (`matching/mod.rs` of zxcvbn 3.1).
const SIGNS_BY_LETTER: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "11||77", "0", "$5", "+7", "%", "2"];

/// Readings that are tried, some 0.2 ms each: the digits and the signs above them on a keyboard give as many.
/// No common passphrase has more.
const READINGS: usize = 64;

/// What French keyboards and this house add to the words that are tried first.
const TRIED_FIRST: [&str; 9] = [
    "motdepasse",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "palabre",
    "administrateur",
    "moderateur",
    "redaction",
    "bonjour",
];

/// A passphrase in the form in which it is hashed.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// What somebody typed to come in: any text. Beyond the longest that can be chosen nothing is read: it
    /// is wrong already.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        // No character is made of more than four (Unicode, annex 15, stability of composition).
        let read = text.chars().take(4 * (PASSPHRASE_CHARS.end() + 1));
        let typed: String = read.nfkc().take(PASSPHRASE_CHARS.end() + 1).collect();
        Self(typed.into())
    }

    /// What somebody chose: 12 to 1,000 characters that are not easily guessed, also not from the
    /// person's own `words` (name, e-mail). Takes up to some 10 ms, more than an async thread may give.
    ///
    /// # Errors
    /// `passphrase_missing`, `passphrase_short`, `passphrase_long`, `passphrase_common`.
    pub fn choose(text: &str, words: &[&str]) -> Result<Self, Code> {
        let chosen = Self::typed(text);
        let characters = chosen.expose().chars().count();
        if characters == 0 {
            return Err(Code::PassphraseMissing);
        }
        if characters < *PASSPHRASE_CHARS.start() {
            return Err(Code::PassphraseShort);
        }
        if characters > *PASSPHRASE_CHARS.end() {
            return Err(Code::PassphraseLong);
        }
        if guesses_log10(chosen.expose(), words) < GUESSES_LOG10 {
            return Err(Code::PassphraseCommon);
        }
        Ok(chosen)
    }

    /// The text, for the hash.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(redacted)")
    }
}

/// How many guesses it takes, by its first characters.
fn guesses_log10(passphrase: &str, words: &[&str]) -> f64 {
    let words = words.iter().map(|word| &word[..word.floor_char_boundary(WORD_BYTES)]);
    let parts = words
        .clone()
        .flat_map(|word| word.split(|char: char| !char.is_alphanumeric()))
        .filter(|part| part.chars().count() > 2);
    let tried_first: Vec<&str> = TRIED_FIRST.into_iter().chain(words.clone()).chain(parts).collect();
    let estimated: String = passphrase.chars().take(ESTIMATED_CHARS).collect();
    zxcvbn::zxcvbn(&without_too_many_readings(estimated), &tried_first).guesses_log10()
}

/// The same text, with other signs for those that `zxcvbn` reads as letters where it would try too many
/// readings. What repeats goes on repeating.
fn without_too_many_readings(text: String) -> String {
    let readings: usize = SIGNS_BY_LETTER
        .iter()
        .map(|signs| signs.chars().filter(|sign| text.contains(*sign)).count().max(1))
        .product();
    if readings <= READINGS {
        return text;
    }
    let is_sign = |char: char| SIGNS_BY_LETTER.iter().any(|signs| signs.contains(char));
    let other = |char: char| char::from_u32(0xE000 + u32::from(char)).unwrap_or(char);
    text.chars()
        .map(|char| if is_sign(char) { other(char) } else { char })
        .collect()
}

/// What kind of browser a user agent names, for the owner of a session: `Firefox, Android`. Nothing of
/// the text itself is kept.
#[must_use]
pub fn device_of(user_agent: &str) -> String {
    // The first that fits: Edge and Opera also say Chrome, Chrome also says Safari.
    let first = |known: &[(&str, &str)]| {
        known
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| (*name).to_owned())
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    let known: Vec<String> = browser.into_iter().chain(system).collect();
    known.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_on_every_site_counts_on_each() {
        let rights: Rights = [
            (EVERY_SITE.to_owned(), Role::Moderator),
            ("faso".to_owned(), Role::Owner),
        ]
        .into_iter()
        .collect();
        assert_eq!(rights.at("faso"), Some(Role::Owner));
        assert_eq!(rights.at("mali"), Some(Role::Moderator));
        assert_eq!(Rights::on(Role::Owner, ["faso"]).at("mali"), None);
        assert!(rights.owns_something());
    }

    #[test]
    fn only_who_owns_all_of_anothers_sites_stands_above_them() {
        let one = Rights::on(Role::Owner, ["faso"]);
        let both = Rights::on(Role::Owner, ["faso", "mali"]);
        let all = Rights::on(Role::Owner, [EVERY_SITE]);
        let moderators = Rights::on(Role::Moderator, [EVERY_SITE]);
        assert!(both.own_all_of(&one) && all.own_all_of(&both) && all.own_all_of(&all));
        assert!(!one.own_all_of(&both) && !both.own_all_of(&all) && !moderators.own_all_of(&one));
        let none = Rights::default();
        assert!(one.stand_above(&one) && all.stand_above(&none));
        assert!(!one.stand_above(&none) && !one.stand_above(&one.clone().with("mali", Role::Moderator)));
        assert!(!moderators.stand_above(&none) && !none.stand_above(&none));
    }

    #[test]
    fn h17_an_owner_knows_the_roles_on_their_own_sites() {
        let other = Rights::on(Role::Moderator, ["faso", "mali"]);
        let everywhere = Rights::on(Role::Moderator, [EVERY_SITE]);
        let faso = Rights::on(Role::Owner, ["faso"]).with("mali", Role::Moderator);
        assert_eq!(other.seen_by(&faso), Rights::on(Role::Moderator, ["faso"]));
        assert_eq!(other.seen_by(&Rights::on(Role::Owner, [EVERY_SITE])), other);
        assert_eq!(everywhere.seen_by(&faso), everywhere);
        assert!(everywhere.seen_by(&other).is_empty() && other.seen_by(&other).is_empty());
    }

    #[test]
    fn nobody_may_more_than_the_bound() {
        let on = |roles: &[(&str, Role)]| -> Rights {
            let roles = roles.iter().map(|(site, role)| ((*site).to_owned(), *role));
            roles.collect()
        };
        let all = Rights::on(Role::Owner, [EVERY_SITE]);
        let mixed = on(&[(EVERY_SITE, Role::Moderator), ("faso", Role::Owner)]);
        let faso = Rights::on(Role::Owner, ["faso"]);
        assert_eq!(all.within(&mixed), mixed);
        assert_eq!(mixed.within(&all), mixed);
        assert_eq!(faso.within(&mixed), faso);
        assert_eq!(all.within(&faso), faso);
        let both = Rights::on(Role::Owner, ["faso", "mali"]);
        assert_eq!(
            both.within(&mixed),
            on(&[("faso", Role::Owner), ("mali", Role::Moderator)])
        );
        let moderators = Rights::on(Role::Moderator, [EVERY_SITE]);
        assert_eq!(both.within(&moderators).at("faso"), Some(Role::Moderator));
        assert_eq!(moderators.within(&faso), Rights::on(Role::Moderator, ["faso"]));
        assert!(both.within(&Rights::default()).is_empty() && Rights::default().within(&all).is_empty());
        assert!(faso.within(&Rights::on(Role::Owner, ["mali"])).is_empty());
    }

    #[test]
    fn a_passphrase_is_long_and_not_the_first_that_is_tried() {
        let words = ["Awa Ouédraogo", "awa.ouedraogo@exemple.test"];
        for (text, code) in [
            ("", Code::PassphraseMissing),
            ("onze lettre", Code::PassphraseShort),
            ("password1234", Code::PassphraseCommon),
            ("motdepasse123", Code::PassphraseCommon),
            ("azertyuiop12", Code::PassphraseCommon),
            ("aaaaaaaaaaaaaaaaaaaa", Code::PassphraseCommon),
            ("            ", Code::PassphraseCommon),
            ("123456789012", Code::PassphraseCommon),
            ("abcabcabcabc", Code::PassphraseCommon),
            ("qwertyuiop123", Code::PassphraseCommon),
            ("awa.ouedraogo", Code::PassphraseCommon),
            ("Awa Ouédraogo", Code::PassphraseCommon),
        ] {
            assert_eq!(Passphrase::choose(text, &words).err(), Some(code), "{text:?}");
        }
        assert_eq!(
            Passphrase::choose(&"é".repeat(1001), &[]).err(),
            Some(Code::PassphraseLong)
        );
        for text in [
            "le marché de Koudougou",
            "cheval agrafe pile",
            "شجرة المانجو في الفناء",
            "🥭🌳🪑📻🐐🛖🌾🐓🥁🔥🌙⭐",
            &"mangue sauvage ".repeat(60),
        ] {
            assert!(Passphrase::choose(text, &words).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn h1_a_hostile_passphrase_is_estimated_by_few_readings_of_few_characters() {
        let signs = "4@8({[<369!1|0$57+%2".repeat(5);
        let read = without_too_many_readings(signs.chars().take(ESTIMATED_CHARS).collect());
        assert!(
            read.chars().all(|char| ('\u{E000}'..'\u{E100}').contains(&char)),
            "{read:?}"
        );
        assert!(Passphrase::choose(&signs, &[]).is_ok(), "and it is a good one");
        // What people type stays as it is, and so does what is wrong with it.
        for text in [
            "p4$$w0rd!2024",
            "M0td3p@sse!123",
            "1234567890!@#$%^&*()",
            "qwertyuiop[]{}",
        ] {
            assert_eq!(without_too_many_readings(text.to_owned()), text);
        }
        for (text, is_common) in [
            ("p4$$w0rd!123", true),
            ("m0td3p@sse12", true),
            // Each sign that stands for a letter, and twelve times the same two.
            (&"|[".repeat(30), true),
            (&format!("{}{}", "4@({[<69!1|7$5+", "4@({[<69!1|7$5+"), false),
            // Beyond the fortieth character nothing helps.
            (&format!("{}{}", "a".repeat(40), "cheval agrafe pile"), true),
        ] {
            assert_eq!(Passphrase::choose(text, &[]).is_err(), is_common, "{text:?}");
        }
        // The person's words may be of any length: what is read of them is not.
        let long = "koudougou ".repeat(13_000);
        assert_eq!(
            Passphrase::choose("koudougou123", &[&long]).err(),
            Some(Code::PassphraseCommon)
        );
        assert!(Passphrase::choose("le marché de Koudougou", &[&"é".repeat(65_000)]).is_ok());
    }

    #[test]
    fn h1_nothing_is_read_of_a_passphrase_that_is_too_long_to_be_one() {
        for text in [
            "x",
            "\u{FDFA}",
            "\u{300}",
            "e\u{300}",
            "\u{1F82}",
            "\u{3b1}\u{313}\u{300}\u{345}",
        ] {
            let typed = Passphrase::typed(&text.repeat(128 * 1024 / text.len()));
            assert_eq!(typed.expose().chars().count(), 1001, "{text:?}");
        }
        let longest = "\u{3b1}\u{313}\u{300}\u{345}".repeat(1000);
        assert_eq!(Passphrase::typed(&longest).expose(), "\u{1f82}".repeat(1000));
        assert_ne!(
            Passphrase::typed(&(longest.clone() + "x")).expose(),
            Passphrase::typed(&longest).expose()
        );
    }

    #[test]
    fn another_keyboard_gives_the_same_passphrase() {
        let composed = Passphrase::typed("caf\u{e9} au lait");
        let decomposed = Passphrase::typed("cafe\u{301} au lait");
        assert_eq!(composed.expose(), decomposed.expose());
        assert_ne!(
            composed.expose(),
            Passphrase::typed("café au lait ").expose(),
            "nothing is cut"
        );
        assert_eq!(format!("{composed:?}"), "Passphrase(redacted)");
    }

    #[test]
    fn a_browser_is_told_in_two_words() {
        let firefox = "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0";
        assert_eq!(device_of(firefox), "Firefox, Android");
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0";
        assert_eq!(device_of(edge), "Edge, Windows");
        assert_eq!(device_of("curl/8.5.0"), "");
    }
}
