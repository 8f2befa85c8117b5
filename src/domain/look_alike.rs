//! What a name looks like, so that two names which could be taken for one another are found.
//!
//! [`Looks`] of two names meet where a reader could take one for the other. They stand on the skeletons of UTS #39
//! (confusables), which know neither case nor small capitals, leave marks and signs where they are, and do not know that
//! `w` is drawn as `vv`. Not for display, and never stored: the tables may grow.
//!
//! Vowel signs of Indic scripts and the voicing marks of kana are letters of a name and stay; accents go.
//!
//! To add a look-alike: its row in `latin` (a small letter) or `latin_of_capital`.

use std::collections::HashSet;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::person::is_accent;

/// How a name may be read: one reading or a few, in small Latin letters as far as its letters resemble them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks(Vec<String>);

impl Looks {
    /// What `name` looks like. Linear in its length; nothing of white space, punctuation, marks and emoji counts but in
    /// a name without letters and digits, which looks like its signs.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let mut readings = Vec::with_capacity(1);
        let mut add = |reading: String| {
            if !reading.is_empty() && !readings.contains(&reading) {
                readings.push(reading);
            }
        };
        add(read(name, Capitals::AsDrawn, Signs::AsOrnament));
        if !name.is_ascii() {
            // Н is drawn as H and н as h, but Ν as N and ν as v: who writes a name in other capitals is found by the
            // one, who puts a capital of another script into it by the other.
            add(read(name, Capitals::AsSmall, Signs::AsOrnament));
        }
        // A sign may be a letter (P@labre) or an ornament (@palabre, Paul|Palabre).
        if name.contains(|char| sign(char).is_some()) {
            let inner = name.trim_matches(|char: char| !char.is_alphanumeric() && !is_regional(char));
            add(read(inner, Capitals::AsDrawn, Signs::AsLetters));
        }
        if readings.is_empty() {
            readings.push(signs_alone(name));
        }
        Self(readings)
    }

    /// Whether one of the readings is among these.
    #[must_use]
    pub fn is_in(&self, readings: &HashSet<String>) -> bool {
        self.0.iter().any(|reading| readings.contains(reading))
    }

    /// The readings, to be kept for [`Looks::is_in`].
    #[must_use]
    pub fn into_readings(self) -> Vec<String> {
        self.0
    }

    /// Whether one could be taken for the other.
    #[must_use]
    pub fn meet(&self, other: &Self) -> bool {
        self.0.iter().any(|reading| other.0.contains(reading))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Capitals {
    AsDrawn,
    AsSmall,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signs {
    AsOrnament,
    AsLetters,
}

fn read(name: &str, capitals: Capitals, signs: Signs) -> String {
    let mut looks = String::with_capacity(name.len());
    let mut base = '\0';
    // Decomposed, the lunate sigma would be another letter than it is drawn as.
    let drawn = name.chars().map(|char| match char {
        'Ϲ' | 'ϲ' => 'c',
        char => char,
    });
    for char in drawn.nfkd() {
        if char.is_ascii_alphanumeric() {
            push_letter(char.to_ascii_lowercase(), &mut looks);
            base = char;
        } else if is_combining_mark(char) || is_accent(char) {
            if belongs(char, base) {
                looks.push(char);
            }
        } else if signs == Signs::AsLetters && sign(char).is_some() {
            looks.extend(sign(char));
            base = char;
        } else if char.is_alphanumeric() {
            push_other(char, capitals, &mut looks);
            base = char;
        }
    }
    looks
}

/// A letter or digit outside ASCII.
fn push_other(char: char, capitals: Capitals, looks: &mut String) {
    if capitals == Capitals::AsDrawn && char.is_uppercase() {
        if let Some(letter) = latin_of_capital(char) {
            return push_all(letter, looks);
        }
        let drawn = prototype(char);
        if drawn.is_ascii() {
            return push_all(&drawn.to_ascii_lowercase(), looks);
        }
    }
    for small in char.to_lowercase() {
        if let Some(letters) = latin(small) {
            push_all(letters, looks);
            continue;
        }
        for drawn in prototype(small).nfkd().flat_map(char::to_lowercase) {
            if is_combining_mark(drawn) || is_accent(drawn) {
                if belongs(drawn, char) {
                    looks.push(drawn);
                }
            } else if drawn.is_alphanumeric() && !is_spacing_accent(drawn) {
                push_all(latin(drawn).unwrap_or(drawn.encode_utf8(&mut [0; 4])), looks);
            }
        }
    }
}

/// The sequence that UTS #39 has for a character.
fn prototype(char: char) -> String {
    unicode_security::skeleton(char.encode_utf8(&mut [0; 4])).collect()
}

fn push_all(letters: &str, looks: &mut String) {
    for letter in letters.chars() {
        push_letter(letter, looks);
    }
}

/// A small letter or a digit, as the shapes go that one cannot tell apart.
fn push_letter(letter: char, looks: &mut String) {
    match letter {
        // A capital I that posed as a small l is an i after folding.
        'i' | 'ı' | '1' => looks.push('l'),
        '0' => looks.push('o'),
        '3' => looks.push('e'),
        '4' => looks.push('a'),
        '5' => looks.push('s'),
        'm' => looks.push_str("rn"),
        'w' => looks.push_str("vv"),
        letter => looks.push(letter),
    }
}

/// Whether a mark is a letter of its word: a vowel sign or voicing mark of its letter's own script, whose blocks lie
/// side by side.
fn belongs(mark: char, letter: char) -> bool {
    !is_accent(mark) && u32::from(mark) >> 8 == u32::from(letter) >> 8
}

/// Accents that stand for themselves, and are letters by their properties.
fn is_spacing_accent(char: char) -> bool {
    matches!(char, '\u{2B0}'..='\u{2FF}' | '\u{559}' | '\u{A700}'..='\u{A721}' | '\u{A788}'..='\u{A78C}')
}

fn is_regional(char: char) -> bool {
    matches!(char, '\u{1F1E6}'..='\u{1F1FF}')
}

/// The letter that a sign may be read as, between letters.
fn sign(char: char) -> Option<char> {
    Some(match char {
        '@' => 'a',
        '$' => 's',
        '€' => 'e',
        '|' | '¡' | '∣' | '│' => 'l',
        '¢' => 'c',
        '\u{1F1E6}'..='\u{1F1FF}' => nth_letter(u32::from(char) - 0x1_F1E6)?,
        _ => return None,
    })
}

fn nth_letter(index: u32) -> Option<char> {
    char::from_u32(u32::from('a') + index)
}

/// The Latin letters that a small letter resembles, beyond those that UTS #39 has.
#[expect(clippy::match_same_arms, reason = "one table for each script, to be read by itself")]
fn latin(small: char) -> Option<&'static str> {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
    let boxed = |first: u32| {
        let index = usize::try_from(u32::from(small) - first).ok()?;
        LETTERS.get(index..=index)
    };
    Some(match small {
        // Small capitals.
        'ᴀ' => "a",
        'ʙ' | 'ᴃ' => "b",
        'ᴄ' => "c",
        'ᴅ' | 'ᴆ' => "d",
        'ᴇ' | 'ⱻ' => "e",
        'ꜰ' => "f",
        'ɢ' | 'ʛ' => "g",
        'ʜ' => "h",
        'ɪ' | 'ᵻ' => "i",
        'ᴊ' => "j",
        'ᴋ' => "k",
        'ʟ' | 'ᴌ' => "l",
        'ᴍ' => "m",
        'ɴ' | 'ᴎ' => "n",
        'ᴏ' => "o",
        'ᴘ' => "p",
        'ꞯ' => "q",
        'ʀ' | 'ᴙ' => "r",
        'ꜱ' => "s",
        'ᴛ' => "t",
        'ᴜ' => "u",
        'ᴠ' => "v",
        'ᴡ' => "w",
        'ʏ' => "y",
        'ᴢ' => "z",
        'ᴁ' | 'æ' => "ae",
        'ɶ' | 'œ' => "oe",
        // Latin letters of some languages only.
        'ß' => "ss",
        'þ' => "p",
        'ð' => "d",
        'ǝ' | 'ə' | 'ɛ' => "e",
        'ɐ' => "a",
        'ɔ' => "c",
        'ŋ' => "n",
        'ſ' => "s",
        'ɹ' => "r",
        'ı' => "i",
        // Greek.
        'α' => "a",
        'β' => "b",
        'ε' => "e",
        'η' | 'π' | 'ᴨ' => "n",
        'κ' | 'ĸ' => "k",
        'μ' | 'µ' => "u",
        'ς' => "o",
        'τ' => "t",
        'χ' => "x",
        'ω' => "w",
        // Cyrillic.
        'б' | 'в' | 'ь' | 'ъ' | 'ѣ' => "b",
        'г' | 'ґ' | 'я' | 'ᴦ' => "r",
        'д' => "a",
        'є' | 'э' | 'з' => "e",
        'и' | 'п' | 'л' | 'ᴫ' => "n",
        'к' | 'қ' => "k",
        'м' => "m",
        'н' | 'ң' | 'ћ' | 'ђ' => "h",
        'т' => "t",
        'ц' => "u",
        'ш' | 'щ' | 'ѡ' => "w",
        'ы' => "bi",
        'ө' => "o",
        // Letters in black circles and boxes.
        '\u{1F150}'..='\u{1F169}' => boxed(0x1_F150)?,
        '\u{1F170}'..='\u{1F189}' => boxed(0x1_F170)?,
        _ => return None,
    })
}

/// The same of capitals that resemble another letter than their small ones do.
fn latin_of_capital(capital: char) -> Option<&'static str> {
    Some(match capital {
        'Λ' | 'Δ' => "a",
        'Σ' | 'Ξ' => "e",
        'Θ' => "o",
        'Я' => "r",
        _ => return None,
    })
}

/// A name without letters: its signs, whether as text or as emoji, of whatever skin.
fn signs_alone(name: &str) -> String {
    let is_form = |char: char| {
        char.is_whitespace()
            || is_combining_mark(char)
            || matches!(char, '\u{200C}' | '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}')
    };
    name.nfkd().filter(|char| !is_form(*char)).collect()
}
