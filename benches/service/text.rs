//! Texts as readers write them: some three hundred characters, no two the same.

const SENTENCES: [&str; 16] = [
    "Merci pour cet article, on parle trop peu du marché de nuit.",
    "Je ne suis pas d’accord avec le maire : la place était plus vivante avant.",
    "Quelqu’un sait-il si les vendeuses de beignets reviendront **aussi** ?",
    "Chez nous, à Bobo, le même chantier a duré quatre ans.",
    "Le stationnement reste un problème, surtout le samedi vers midi.",
    "J’y étais hier : belle lumière, mais beaucoup de bruit jusqu’à 23 h.",
    "Pourquoi le budget n’est-il publié nulle part ?",
    "Voir aussi https://www.example.org/archives/marche-2019 pour l’histoire.",
    "« Tout est prêt », disait-on déjà l’an dernier…",
    "Ma grand-mère y vendait du soumbala dans les années 70.",
    "Un grand bravo aux équipes qui ont travaillé pendant l’hivernage !",
    "Il manque encore des toilettes et un point d’eau.",
    "*À relire* : le deuxième paragraphe se contredit avec le titre.",
    "L’éclairage solaire, c’est bien ; l’entretien, c’est mieux.",
    "Les prix ont doublé, et personne n’en parle 😕",
    "Je propose qu’on y retourne ensemble dimanche, qui vient ?",
];

const NAMES: [&str; 12] = [
    "Aïcha",
    "Boukary",
    "Clément",
    "Djénéba",
    "Émile",
    "Fatou",
    "Gaël",
    "Habibou",
    "Inès",
    "Jérôme",
    "Kadi",
    "Léa",
];

/// The text of the comment of that number: five sentences and the number, in two paragraphs.
pub(crate) fn body(number: usize) -> String {
    let sentence =
        |place: usize| SENTENCES[(number / 16_usize.pow(u32::try_from(place % 4).unwrap_or(0)) + place * 5) % 16];
    format!(
        "{} {} {}\n\n{} {} (message {number})",
        sentence(0),
        sentence(1),
        sentence(2),
        sentence(3),
        sentence(4)
    )
}

/// The name of its author.
pub(crate) fn name(number: usize) -> String {
    let initial = char::from(b'A' + u8::try_from(number / NAMES.len() % 26).unwrap_or(0));
    format!("{} {initial}.", NAMES[number % NAMES.len()])
}
