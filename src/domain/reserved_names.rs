//! The names that no reader may take: those who decide on a site, the newsroom, the site and the service.
//!
//! A name is refused when it looks like one of them ([`Looks`]), when it says in other words that it is theirs (« La
//! rédaction du Sahel », `Ana Alpha (moderator)`), or when it holds the title of somebody who moderates. A word that is
//! a family name somewhere (Staff) counts only where nothing else stands beside it.
//!
//! To add a language: the newsroom's words to `TITLES` and `ROLES`, the small words between them to `FILLERS`.

use std::{collections::HashSet, sync::LazyLock};

use super::{look_alike::Looks, person::Name};

/// What the service is called.
const SERVICE: &str = "Palabre";

/// Who moderates, by title: no reader's name holds one.
const TITLES: &[&str] = &[
    "modérateur",
    "modératrice",
    "modérateurs",
    "modératrices",
    "moderator",
    "moderators",
    "moderador",
    "moderadora",
    "moderadores",
    "moderadoras",
    "moderatore",
    "moderatrice",
    "administrateur",
    "administratrice",
    "administrateurs",
    "administrator",
    "administrators",
    "administrador",
    "administradora",
    "administradores",
    "admin",
    "admins",
    "webmaster",
    "webmestre",
    "модератор",
    "администратор",
];

/// The newsroom and its parts: nobody's whole name, nor what stands beside a name as a label.
const ROLES: &[&str] = &[
    "modération",
    "moderation",
    "moderación",
    "moderação",
    "rédaction",
    "rédacteur",
    "rédactrice",
    "redacción",
    "redactor",
    "redactora",
    "redação",
    "redacção",
    "redator",
    "redatora",
    "redaktion",
    "redazione",
    "administration",
    "administración",
    "administração",
    "editor",
    "editors",
    "editora",
    "editorial",
    "newsroom",
    "staff",
    "team",
    "équipe",
    "equipo",
    "equipa",
    "support",
    "officiel",
    "officielle",
    "official",
    "oficial",
    "редакция",
    "модерация",
    "администрация",
    "الإدارة",
    "إدارة",
    "المشرف",
    "المشرفون",
    "الإشراف",
    "المراقب",
    "التحرير",
];

/// Words that change nothing beside them.
const FILLERS: &[&str] = &[
    "the", "of", "an", "and", "by", "from", "in", "chief", "account", "le", "la", "les", "un", "une", "de", "du",
    "des", "en", "et", "chef", "compte", "journal", "service", "site", "el", "los", "las", "lo", "del", "jefe",
    "cuenta", "sitio", "da", "das", "do", "dos", "os", "as", "chefe", "conta", "web", "www", "com", "net", "org",
    "هيئة", "فريق", "رئيس",
];

static TITLE_LOOKS: LazyLock<HashSet<String>> = LazyLock::new(|| readings(TITLES));
static ROLE_LOOKS: LazyLock<HashSet<String>> = LazyLock::new(|| readings(ROLES).union(&TITLE_LOOKS).cloned().collect());
static FILLER_LOOKS: LazyLock<HashSet<String>> = LazyLock::new(|| readings(FILLERS));

fn readings(words: &[&str]) -> HashSet<String> {
    let readings = words.iter().flat_map(|word| Looks::of(word).into_readings());
    readings.collect()
}

/// The names that readers of one site may not take.
#[derive(Debug, Clone, Default)]
pub struct ReservedNames {
    /// Looks of those who decide.
    people: HashSet<String>,
    /// Looks of the site's name, its id and the service's name.
    own: HashSet<String>,
}

impl ReservedNames {
    /// Of a site with this id and name, on which `people` decide.
    #[must_use]
    pub fn new<'a>(site_id: &str, site_name: &str, people: impl IntoIterator<Item = &'a str>) -> Self {
        let people = people.into_iter().flat_map(|name| Looks::of(name).into_readings());
        let own = [site_id, site_name, SERVICE];
        Self {
            people: people.filter(|reading| !reading.is_empty()).collect(),
            own: own
                .into_iter()
                .flat_map(|name| Looks::of(name).into_readings())
                .filter(|reading| !reading.is_empty())
                .collect(),
        }
    }

    /// Whether a reader of that name could be taken for somebody or something of the site. Linear in its length.
    #[must_use]
    pub fn refuse(&self, name: &Name) -> bool {
        let name = name.as_str();
        let whole = Looks::of(name);
        let is = |looks: &HashSet<String>| whole.is_in(looks);
        is(&self.people)
            || is(&self.own)
            || is(&ROLE_LOOKS)
            || words(name).any(|word| Looks::of(word).is_in(&TITLE_LOOKS))
            || self.says_ours(name, Beside::Nothing)
            || labels(name).any(|label| self.says_ours(label, Beside::Name))
    }

    /// Whether a text speaks of the newsroom, the site or the service, and of nothing else. As a label beside a name,
    /// a site's own name is not enough: it may be a place (« Awa, Dakar »).
    fn says_ours(&self, text: &str, beside: Beside) -> bool {
        let mut has_role = false;
        // What else it says, and the same without small words.
        let (mut others, mut names) = (String::new(), String::new());
        for word in words(text).filter(|word| !word.is_empty()) {
            let looks = Looks::of(word);
            if looks.is_in(&ROLE_LOOKS) {
                has_role = true;
                continue;
            }
            others.push_str(word);
            if !looks.is_in(&FILLER_LOOKS) {
                names.push_str(word);
            }
        }
        if names.is_empty() {
            return has_role;
        }
        let (others, names) = (Looks::of(&others), Looks::of(&names));
        let is_own = names.is_in(&self.own) || others.is_in(&self.own);
        names.is_in(&ROLE_LOOKS)
            || (has_role || beside == Beside::Nothing) && is_own
            || has_role && others.is_in(&self.people)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Name,
}

/// What stands in brackets, behind a comma or a dash; a name without such signs has none.
fn labels(name: &str) -> impl Iterator<Item = &str> {
    let is_apart = name.contains(separates);
    name.split(separates).filter(move |label| is_apart && !label.is_empty())
}

/// The words of a text, without what French puts before a vowel (« l’équipe »).
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|char: char| char.is_whitespace() || separates(char) || char == '.');
    words.map(|word| {
        let mut chars = word.chars();
        let is_elided = matches!(chars.next(), Some('l' | 'L' | 'd' | 'D'))
            && matches!(chars.next(), Some('\'' | '’' | '‘' | 'ʼ' | '`' | '´'));
        if is_elided { chars.as_str() } else { word }
    })
}

/// Signs that set one part of a name apart from another.
fn separates(char: char) -> bool {
    matches!(
        char,
        '(' | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '«'
            | '»'
            | '“'
            | '”'
            | '„'
            | '"'
            | ','
            | ';'
            | ':'
            | '/'
            | '\\'
            | '|'
            | '-'
            | '\u{2010}'
            ..='\u{2015}'
                | '−'
                | '_'
                | '~'
                | '='
                | '+'
                | '*'
                | '&'
                | '·'
                | '•'
                | '‹'
                | '›'
                | '،'
                | '؛'
                | '、'
                | '（'
                | '）'
                | '【'
                | '】'
                | '「'
                | '」'
                | '，'
                | '：'
                | '；'
                | '／'
                | '｜'
                | '－'
                | '＿'
                | '・'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SITE: &str = "« Démonstration »";
    const PEOPLE: &[&str] = &[
        "Mariam Sawadogo",
        "Ana Alpha",
        "Paul Admin",
        "Zoé 0",
        "Henri Noël",
        "Carmen Arrow",
        "Marie-Ève Œuvrard",
        "Søren Łukasz",
        "🙂",
        "❤",
        "Нина Петрова",
        "Νίκος Ρήγας",
        "राम कुमार",
        "やまざき さくら",
        "สมชาย ใจดี",
        "محمد بن علي",
        "김민준",
        "李伟",
    ];

    fn reserved() -> ReservedNames {
        ReservedNames::new("le-faso", SITE, PEOPLE.iter().copied())
    }

    fn refuses(reserved: &ReservedNames, typed: &str) -> bool {
        reserved.refuse(&Name::parse(typed).expect(typed))
    }

    /// Those of the names that are not refused.
    fn passing<'a>(reserved: &ReservedNames, lines: &[&'a str]) -> Vec<&'a str> {
        let names = lines.iter().flat_map(|line| line.split(" ; "));
        names.filter(|name| !refuses(reserved, name)).collect()
    }

    #[test]
    fn h25_no_name_looks_like_somebody_who_decides() {
        let reserved = reserved();
        let attacks = [
            // Case, marks, widths, spaces, punctuation.
            "paul admin ; PAUL ADMIN ; P a u l_Admin ; Ｐａｕｌ Ａｄｍｉｎ ; Paul\u{2003}Admin",
            "Paul\u{A0}\u{3000}Admin ; (Paul Admin) ; — Ana Alpha — ; …Ana Alpha!!! ; ¡Ana Alpha!",
            "Ana Alpha. ; @Ana Alpha ; #Ana|Alpha ; |Ana Alpha| ; “Ana Alpha” ; Ána Älphå",
            "A\u{336}n\u{336}a\u{336} A\u{336}l\u{336}p\u{336}h\u{336}a\u{336}",
            "Ana\u{301}\u{20DD} Alpha\u{489} ; Ana Alphaˇ ; Ana Alphaʼ ; HENRI NOEL ; redactiοn",
            "Ana Alpha\u{94D} ; Marie Eve Oeuvrard ; MARIE ÈVE ŒUVRARD ; Soren Lukasz",
            // Nothing to see.
            "A\u{200B}na\u{202E} \u{2066}Al\u{FEFF}pha\u{AD}\u{2060}",
            "Ana\u{180E} Alpha\u{1D173}\u{1BCA0} ; An\u{200D}a Alpha ; Ana\u{115F} Alpha\u{3164}",
            "Ana\u{2800}Alpha ; Ana Alpha\u{E0061}\u{E007F}\u{E01F0} ; A\u{FE0F}na Al\u{E0101}pha",
            // Letters drawn as others.
            "PauI.Adm1n ; Pau|Admin ; Paul Ádrnin ; P@ul Adm1n ; P4ul Admin ; ZOE O ; Zoé O",
            "Mariam Savvadogo ; mariarn savvad0go ; ᴀɴᴀ ᴀʟᴘʜᴀ ; ᴘᴀᴜʟ ᴀᴅᴍɪɴ ; ᴹᵃʳⁱᵃᵐ ˢᵃʷᵃᵈᵒᵍᵒ ; 𝐀𝐧𝐚 𝒜𝓁𝓅𝒽𝒶",
            "Ⓐⓝⓐ Ⓐⓛⓟⓗⓐ ; 🅰🅽🅰 🅰🅻🅿🅷🅰 ; 🅐🅝🅐 🅐🅛🅟🅗🅐 ; 🄰🄽🄰 🄰🄻🄿🄷🄰 ; 🇦🇳🇦 🇦🇱🇵🇭🇦 ; Рaul Аdmin ; Раul Аdмin",
            "Pаul Aԁmin ; Апа Аlрhа ; Аиа Аlрhа ; ΑΝΑ ΑLΡΗΑ ; Λna Λlpha ; Неnri Noel ; СAЯMEИ AЯЯOШ",
            "Carmen Arrovv ; Carrnen Arrow ; Ϲаrmеn Αrrоѡ ; Ꭺna Ꭺlpha ; ꓮna ꓮlpha ; Ana ΑIpha ; ΖΟE O",
            "M𝖆riam Sawadogo",
            // With a flower on it.
            "Ana Alpha 🙂 ; ★ Ana Alpha ★ ; Ana ✓ Alpha ; 👩\u{200D}🚀 Ana Alpha ; 🙂\u{FE0F} ; 🙂🏽",
            "❤\u{FE0F} ;  ❤ ",
            // Those of other scripts, too.
            "нина петрова ; НИНА ПЕТРОВА ; Нина  Петровa ; Hина Пeтpoвa ; νίκος ρήγας ; ΝΙΚΟΣ ΡΗΓΑΣ",
            "Νίκος Ρηγας ; राम\u{200D}कुमार ; やまさ\u{3099}き さくら ; สมชายใจดี ; مُحَمَّد بن علي",
            "محمـــد بن علي ; محمد بن علی\u{200F} ; ᄀ\u{1175}ᆷ민준 ; 李 伟 ; 李·伟",
            // Theirs with the newsroom's word beside it.
            "Ana Alpha (rédaction) ; Ana Alpha rédaction ; Staff Ana Alpha ; Ana Alpha – La Modération",
        ];
        assert_eq!(passing(&reserved, &attacks), Vec::<&str>::new());
    }

    #[test]
    fn h25_no_name_speaks_for_the_site_or_its_newsroom() {
        let reserved = reserved();
        let attacks = [
            "Demonstration ; démonstration ; « Démonstration » ; La Démonstration ; DÉMONSTRATION.",
            "Dernonstration ; demonstratiоn ; le faso ; Le-Faso ; le_faso ; LeFaso ; lefaso.net",
            "Équipe Le Faso ; Site Démonstration ; L’équipe de Démonstration ; Palabre ; palabre",
            "PALABRE! ; Pa1abre ; PaIabre ; ᴘᴀʟᴀʙʀᴇ ; раӏаЬге ; РАLАBRE ; P@labre ; @Palabre ; Pal@bre",
            "Ⲣalabre ; Ｐａｌａｂｒｅ ; 🅿🅰🅻🅰🅱🆁🅴 ; 🇵🇦🇱🇦🇧🇷🇪 ; P.a.l.a.b.r.e ; Palabre ✓ ; Palabre (officiel)",
            "Þalabre ; Palabre.org ; Team Palabre ; Modérateur ; modératrice ; MODERATION ; Modération",
            "Moderator ; Mod erator ; M o d é r a t e u r ; Modérateur Paul ; Paul, modérateur",
            "Awa (Modératrice) ; Admin ; ADM1N ; Αdmin ; Administrateur ; Webmaster ; Awa Admin",
            "rnoderator ; ᴍᴏᴅᴇʀᴀᴛᴏʀ ; Мoderator ; m0derat0r ; Moderador ; Moderación ; Moderação",
            "Модератор ; МОДЕРАТОР ; Rédaction ; La rédaction ; la Redaction ; RÉDACTION",
            "L’équipe de la rédaction ; Awa (rédaction) ; Awa, rédaction ; Awa – la rédaction",
            "Awa | Rédaction ; [Rédaction] Awa ; Rédaction en chef ; Rédacteur en chef ; Redacción",
            "Jefe de redacción ; Redação ; Editor ; Editor-in-chief ; The Editors ; Awa (editor)",
            "Newsroom ; Staff ; Awa (staff) ; The team ; L'équipe ; Support ; Compte officiel ; Редакция",
            "الإدارة ; المشرف ; هيئة التحرير ; فريق التحرير",
        ];
        assert_eq!(passing(&reserved, &attacks), Vec::<&str>::new());
    }

    /// Given names and surnames as people have them, in many languages; nobody in particular.
    const ORDINARY: &[&str] = &[
        // West Africa, French, Portuguese, Spanish.
        "Awa Diallo, Aminata Traoré, Moussa Ouédraogo, Issa Kaboré, Rokia Coulibaly, Adama Sanogo, N'Golo Keïta, Fatou N’Diaye, Mamadou Bâ, Aïssatou Sow, \
         Ousmane Sané, Mariam Sawadogho, Mariama Sawadogo, Mariam, Salif Zongo, Koffi Mensah, Abla Agbéko, Ngozi Okonkwọ, Ṣọlá Adébáyọ̀, Ɗanladi Musa",
        "Jean-François Lefèvre, Anaïs Le Goff, Noël Bérénger, Zoé Œillet, Loïc Guéguen, Maëlle Dûment, Françoise d’Aubigny, L’Hermitte, Paul, Paula Admiral, \
         Éloïse Lamoderie, Modeste Rédon, Henri Noëlle, Rémi Desmoulins, Édith Palabra, Odette Le Faou, Faso Sanou, Ana Alphand, Anna Alfa, Avec modération",
        "João Gonçalves, Inês Conceição, Antônio Simões, Luísa Araújo, Tomás Muñoz, Íñigo Ibáñez, José Ángel Peña, Begoña Zúñiga, María del Mar Ruiz, \
         Núria Coll i Bosch, Xosé Martínez, Ximena Ordóñez, Andrés Editorez, Nuno Moderno, Lia Lima, Alida Sow, Alicia Sow, Iara Illa",
        // The rest of Latin.
        "Jürgen Weiß, Bjørn Åkesson, Frans Staff, Anna Staff, Łucja Wójcik, Żaneta Święch, Čeněk Dvořák, Ľubomír Šťastný, Győző Szűcs, Ștefan Țurcanu, \
         Đorđe Kovačević, Žiga Čopič, Ēriks Bērziņš, Žydrūnė Šimkutė, Õnne Mägi, Þórdís Ægisdóttir, Niamh Ó Súilleabháin, Siân Llŷr, Aoife O'Shea, Gülşen Yıldız",
        "İbrahim Çelik, Leyla Məmmədova, Nguyễn Thị Hương, Trần Văn Đức, Lê Minh, Đỗ Hồng, Phạm Quỳnh, Keone Kaʻuhane, Tāne Ngāta, Siti Nurhaliza binti Ali, \
         Wayan Putra, Ji-woo Park, Wei Zhang, Lǐ Wěi, Rajesh Iyer, Team Nguyen, Kofi Amoako, Will Williams, Jill Hill, Ted Mod, Redd Action, Cher, J. R. Smith Jr.",
        // Cyrillic, Greek, Armenian, Georgian.
        "Андрей Иванов, Нина Петренко, Ніна Петрова-Коваль, Сергей Щербаков, Юлия Жукова, Олексій Їжак, Ґалина Шевчук, Дзмітры Каваленка, Айгуль Нұрланқызы, \
         Өнөр Эсенов, Ђорђе Јовановић, Љиљана Његош, Гоце Ѓорѓиев, Мария Димитрова, Бат-Эрдэнэ Ганболд, Вера, Раиса Модестова, Адмир Палабаев",
        "Νίκη Ρήγα, Γιώργος Παπάς, Ελένη Αλεξίου, Κωνσταντίνος Ξύδης, Ψάλτης Θωμάς, Αικατερίνη Λάμπρου, Σοφία Ωραίου, Χρήστος Δήμου, \
         Անահիտ Պետրոսյան, Հայկ Սարգսյան, Գայանե Հովհաննիսյան, Տիգրան Ղազարյան, Շուշան Մկրտչյան, Արամ Ջանոյան, \
         ნინო ბერიძე, გიორგი მაისურაძე, თამარ კაპანაძე, ლევან ჯავახიშვილი, ქეთევან წიკლაური, ჭაბუკა ხარაზი",
        // Arabic, Persian, Urdu, Hebrew.
        "محمد علي, فاطمة الزهراء, عبد الرحمن بن خالد, أحمد مصطفى, خديجة إبراهيم, يوسف مشرف, ليلى التحريري, عمر الفاروق حسن, هدى الإدريسي, آمنة رئيسي, \
         زهرا میرزایی, علی\u{200C}رضا کریمی, شیرین گل\u{200C}محمدی, پرویز مشرف زاده, چنگیز ژاله, بانو ٹھاکر, نواز چودھری, \
         דוד כהן, רחל לוי, יַעֲקֹב מזרחי, שרה פרידמן, צ'רלי בן־דוד, נועה ג׳ברין, אורי סוסו",
        // Indic, Thai, Lao, Khmer, Myanmar, Tibetan.
        "रमा कुमार, रीमा कुमारी, राम कुमारी, प्रिया शर्मा, अनिल ज्ञवाली, कृष्णा क्षीरसागर, সুমন দাশ, রীতা চট্টোপাধ্যায়, ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ, કિરણ પટેલ, \
         ପ୍ରଭାତ ମହାନ୍ତି, தமிழ்ச்செல்வி முருகன், கண்ணன் ராமன், వెంకట రావు, లక్ష్మి రెడ్డి, ಕಾವ್ಯಾ ಗೌಡ, മീര നായർ, അനിൽ കുമാർ, නිමාලි පෙරේරා, \
         สมชาย ใจดำ, สมชาย ใจด, วิภา ทองดี, ณัฐพล ศรีสุข, ບຸນມີ ສີສະຫວັດ, សុខា ចាន់, အောင်မြင့်, ခင်မာ, བསྟན་འཛིན, ᠪᠠᠲᠤ",
        // Ethiopic, Han, kana, Hangul, and others.
        "አበበ ተስፋዬ, ሐና ገብረማርያም, ሰላማዊት ኃይሉ, ዮሐንስ መኮንን, ትዕግስት ወልደ, ጸሐይ ብርሃኑ, \
         李伟民, 李玮, 王芳, 张敏, 陳大文, 歐陽菲菲, 司马静, 山田太郎, 高橋美咲, 髙橋みさき, 佐々木 健, 渡邉 結衣, \
         やまさき さくら, やまだ はな, さとう ゆい, ヤマダ ハナコ, アンナ・シュミット, メアリー・スー, ジョン ロー, ニコ・エロ, カロ, \
         김민재, 박서연, 이도윤, 최지우, 제갈량희, 남궁민수, 강하늘, ⵢⵓⴱⴰ ⴰⵎⵖⴰⵔ, ߞߐߣߌ ߘߊ߲ߓߟߋ, 𞤀𞤥𞤢𞤣𞤵 𞤁𞤭𞤢𞤤𞤮, ᏣᎳᎩ ᎠᏂ, ދިވެހި އަލީ",
        // And as readers write them.
        "awa, A., MOUSSA, jean dupont, J-P, K., le voisin, une lectrice, Un Lecteur, La Fouine, Awa (Dakar), Awa, Jean - Paris, Moussa / Bobo, Anonyme, \
         Awa 🙂, 🙁, ❤\u{FE0F}\u{200D}🔥, 👩\u{200D}🚀, 🇧🇫 Issa, Zoé 1, Zoé 8, Lecteur 3, x, _, ..., M. et Mme Sow, Dr Ba, Ex-abonné, Vieux de la vieille, Démon, Faso",
    ];

    #[test]
    fn h25_ordinary_names_of_all_languages_pass() {
        let reserved = reserved();
        let usual = ReservedNames::new("faso", "Le Sahel", ["Awa Ouédraogo", "Serveur du Sahel", "Issa"]);
        let names: Vec<&str> = ORDINARY.iter().flat_map(|line| line.split(", ")).collect();
        assert!(names.len() > 250, "{}", names.len());
        let refused = |by: &ReservedNames| {
            names
                .iter()
                .copied()
                .filter(|name| refuses(by, name))
                .collect::<Vec<_>>()
        };
        assert_eq!(refused(&reserved), Vec::<&str>::new());
        // A flag beside a name is an ornament, and Faso is the id.
        assert_eq!(refused(&usual), ["🇧🇫 Issa", "Faso"]);
        // Nor are two of them taken for one another, but where accents or case are all that differs.
        let looks: Vec<Looks> = names.iter().map(|name| Looks::of(name)).collect();
        let mut alike = Vec::new();
        for (index, one) in looks.iter().enumerate() {
            let others = looks.iter().zip(&names).skip(index + 1);
            alike.extend(
                others
                    .filter(|(other, _)| one.meet(other))
                    .map(|(_, name)| format!("{} {name}", names[index])),
            );
        }
        assert_eq!(alike, ["awa Awa", "awa Awa 🙂", "Awa Awa 🙂"]);
    }

    #[test]
    fn a_site_that_is_named_after_a_place_leaves_the_place_to_readers() {
        let reserved = ReservedNames::new("dakar", "Dakar", []);
        assert!(refuses(&reserved, "Dakar") && refuses(&reserved, "Awa (équipe Dakar)"));
        assert!(!refuses(&reserved, "Awa (Dakar)") && !refuses(&reserved, "Awa de Dakar"));
        assert!(!refuses(&ReservedNames::default(), "Dakar"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_stands_around_a_reserved_name_it_is_refused(
            before in "[ .!?_«\u{301}\u{200B}🙂★]{0,8}",
            after in "[ .!?_»\u{301}\u{20DD}\u{FE0F}🙂★]{0,8}",
        ) {
            let typed = format!("{before}Ana Alpha{after}");
            prop_assert!(refuses(&reserved(), &typed));
        }

        #[test]
        fn a_name_looks_like_itself_and_like_its_capitals(typed: String) {
            if let Ok(name) = Name::parse(&typed) {
                let looks = Looks::of(name.as_str());
                prop_assert!(looks.meet(&looks) && looks.meet(&Looks::of(&name.as_str().to_lowercase())));
                let _ = reserved().refuse(&name);
            }
        }
    }
}
