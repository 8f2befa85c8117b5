//! How far a text's ink may reach: a letter is shown with a few marks, not with hundreds.
//!
//! Combining marks stand over and under the letter before them, each further out, so that a pile of them is drawn
//! over other people's words. What is stored stays as it was sent; this is for what is shown. Invariant: no
//! letter of a language loses a mark (Vietnamese and Thai write two, Hebrew and Arabic three or four, Tibetan and
//! Burmese five), joiners stay, and no sign that cannot be seen begins a new pile.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;

/// Marks on one letter that are shown.
const MARKS: usize = 4;

/// The same of the scripts that write vowels, medials and tones as marks on one consonant: လျှို့ is one word's
/// first letter, with five.
const MARKS_OF_STACKING_SCRIPTS: usize = 6;

/// Before this there is neither a mark nor a sign that cannot be seen, but for the soft hyphen, which begins no
/// harm by itself.
const FIRST_MARK: char = '\u{300}';

/// Which signs of a running text are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ink {
    marks: usize,
}

impl Ink {
    /// Whether `char`, the next sign, is shown.
    #[must_use]
    pub fn shows(&mut self, char: char) -> bool {
        if char == '\u{ad}' {
            return true;
        }
        if char < FIRST_MARK {
            self.marks = 0;
            return true;
        }
        if is_combining_mark(char) {
            self.marks += 1;
            let most = match char {
                // Tibetan to Myanmar.
                '\u{f00}'..='\u{109f}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' => MARKS_OF_STACKING_SCRIPTS,
                _ => MARKS,
            };
            return self.marks <= most;
        }
        if !is_unseen(char) {
            self.marks = 0;
        }
        true
    }

    /// The next sign begins anew, as in another paragraph.
    pub fn begin(&mut self) {
        self.marks = 0;
    }
}

/// Whether `text` is shown as it is wherever it stands: it holds no mark and no sign that cannot be seen.
///
/// Nearly every text of a Latin script is so, and need not be written anew each time it is shown.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let mut rest = text;
    // Only a sign whose first byte says that it may be one is looked at: of « é » and « e » nothing is.
    while let Some(at) = first_suspect(rest.as_bytes()) {
        let mut chars = rest[at..].chars();
        let is_held_back = chars.next().is_some_and(|char| match char {
            '\u{ad}' => true,
            // The dashes, quotes and spaces between Latin letters are known without a look into the tables.
            '\u{2010}'..='\u{2027}' | '\u{202f}'..='\u{205f}' => false,
            _ => char >= FIRST_MARK && (is_combining_mark(char) || is_unseen(char)),
        });
        if is_held_back {
            return false;
        }
        rest = chars.as_str();
    }
    true
}

/// Where the first byte stands with which a sign that is held back may begin. Whole pieces are asked first: that is
/// one comparison of the processor for many bytes.
fn first_suspect(bytes: &[u8]) -> Option<usize> {
    const PIECE: usize = 32;
    let is_suspect = |byte: &u8| *byte == 0xc2 || *byte >= 0xcc;
    let clean = bytes
        .chunks_exact(PIECE)
        .take_while(|piece| !piece.iter().fold(false, |any, byte| any | is_suspect(byte)))
        .count();
    let at = clean * PIECE;
    bytes[at..].iter().position(is_suspect).map(|further| at + further)
}

/// Joiners, direction signs, tags and the like: what follows still stands on the letter before.
fn is_unseen(char: char) -> bool {
    matches!(
        char,
        '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// `text` with at most a few marks on each letter.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut ink = Ink::default();
    let hidden = text.char_indices().find(|(_, char)| !ink.shows(*char));
    let Some((start, _)) = hidden else {
        return Cow::Borrowed(text);
    };
    let mut shown = text[..start].to_owned();
    // The pile goes on where it was found.
    shown.extend(text[start..].chars().filter(|char| ink.shows(*char)));
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f8_a_letter_is_shown_with_a_few_marks_and_no_more() {
        let pile = "\u{301}\u{316}\u{489}\u{310}".repeat(100);
        assert_eq!(shown(&format!("a{pile}b")), "a\u{301}\u{316}\u{489}\u{310}b");
        // What cannot be seen begins no new pile.
        for unseen in [
            "\u{200d}",
            "\u{200c}",
            "\u{200b}",
            "\u{2060}",
            "\u{34f}",
            "\u{feff}",
            "\u{ad}",
            "\u{e0061}",
            "\u{2066}",
        ] {
            let text = format!("a{}", format!("\u{301}\u{302}{unseen}").repeat(50));
            let marks = shown(&text)
                .chars()
                .filter(|char| matches!(char, '\u{301}' | '\u{302}'))
                .count();
            assert!(marks <= 4, "{unseen:?}: {marks}");
        }
        // Without a letter, and letters of any script with their own marks.
        assert_eq!(shown(&"\u{301}".repeat(50)).chars().count(), 4);
        assert_eq!(shown(&format!("ส{}", "\u{e47}".repeat(50))).chars().count(), 5);
        assert_eq!(shown(&format!("ဂ{}", "\u{1036}".repeat(50))).chars().count(), 7);
        assert_eq!(shown(&format!("ab{}", "\u{20dd}\u{fe0f}".repeat(9))).chars().count(), 6);
    }

    #[test]
    fn f8_a_plain_text_holds_no_sign_that_may_be_left_out() {
        for text in [
            "L’été à 20 h 30 : « oui » – non…",
            "Việt Nam",
            "Привет",
            "مرحبا",
            "中文，可以",
            "👍",
        ] {
            assert!(is_plain(text), "{text}");
        }
        for sign in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let is_held_back = is_combining_mark(sign) || is_unseen(sign) || sign == '\u{ad}';
            assert_eq!(is_plain(sign.encode_utf8(&mut [0; 4])), !is_held_back, "{sign:?}");
        }
    }

    #[test]
    fn f8_words_of_all_languages_stay_whole() {
        for word in [
            "Việt Nam, Nguyễn Thị Hằng, kỷ niệm đặc biệt",
            "Vie\u{302}\u{323}t, Nguye\u{302}\u{303}n, ho\u{31b}\u{300}",
            "شُكْرًا جَزِيلًا، مُحَمَّدٌ رَسُولُ اللَّهِ",
            "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים, שָּׁ֑מַיִם",
            "हिन्दी में टिप्पणी, क्षत्रिय, र्त्स्न्यि, श्रृंखला",
            "ที่นี่ น้ำ เพื่อน กตัญญู ผู้ใหญ่",
            "Yorùbá: Ọ̀rọ̀, ẹ̀yìn, ọmọ́, ò̩ré̩",
            "လျှို့ဝှက်၊ မြို့တော်၊ ကျွန်ုပ်",
            "བསྒྲུབས་པ་ ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ",
            "ខ្ញុំ ស្ត្រី ភ្នំពេញ",
            "தமிழ் க்ஷௌரம், മലയാളം ക്ത്ര്യം, বাংলা স্ত্রী",
            "한글 각, か\u{3099}き\u{3099}, Ȍ ṩ ǭ",
            "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣ ❤️ 👍🏿 क्‌ष",
        ] {
            assert!(matches!(shown(word), Cow::Borrowed(_)), "{word}: {}", shown(word));
        }
    }
}
