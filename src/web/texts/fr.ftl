# What readers see, in French. The same keys and variables stand in en, pt, es and ar.

## Frame
skip = Aller au contenu
error_prefix = Erreur :
error_title = Quelques champs sont à revoir
invalid = Quelques champs sont à revoir

## Thread
comments_count = { $count ->
    [0] Aucun commentaire
    [one] { $count } commentaire
   *[other] { $count } commentaires
}
comments_empty = Personne n’a encore écrit ici.
comments_more = Voir { $count } de plus
comments_first = Revenir aux premiers
comments_closed = Les commentaires sont fermés sur cet article.
pages_label = Suite des commentaires
replies_more = Voir la suite des réponses
replies_more_to = Voir la suite des réponses à { $name }
reply = Répondre
reply_to = Répondre à { $name }
in_reply_to = En réponse à { $name }
thread_untitled = Commentaires
thread_read_article = Lire l’article

## Form
form_heading = Votre commentaire
form_reply_heading = Répondre à { $name }
form_cancel_reply = Écrire plutôt un commentaire sur l’article
field_body = Commentaire
field_name = Nom
field_email = Adresse e-mail (non publiée)
field_website = Site web (facultatif)
field_trap = Sujet (laissez ce champ vide)
remember = Enregistrer mon nom et mon e-mail sur cet appareil
notice_before = Les commentaires sont relus avant publication.
notice_at_once = Les commentaires peuvent être relus après publication.
notice_check = Une vérification automatique ({ $company }) se charge quand vous commencez à écrire.
notice_check_asked = Une vérification automatique ({ $company }) se charge seulement si vous l’activez.
notice_details = En savoir plus
notice_details_of = En savoir plus sur la vérification de { $company }
consent_yes = Activer la vérification { $company }
consent_no = Continuer sans
check_on = La vérification est activée.
send = Publier le commentaire
sending = Envoi en cours…
offline = Hors ligne. Votre texte est conservé.
network = Envoi impossible. Votre texte est conservé ; réessayez quand la connexion revient.
draft_restored = Brouillon rétabli.
draft_clear = Effacer
characters_left = { $count ->
    [one] { $count } caractère restant
   *[other] { $count } caractères restants
}
body_too_long_script = { $count ->
    [one] { $count } caractère de trop. Raccourcissez votre commentaire.
   *[other] { $count } caractères de trop. Raccourcissez votre commentaire.
}
own_waiting = Visible par vous seulement, en attente de relecture
own_published = Votre commentaire est en ligne
own_erased = Ce commentaire a été effacé.
receipt_link = Suivre mon commentaire
check_running = Une vérification automatique est en cours. Vous n’avez rien à faire.

## Outcomes
published = Merci, votre commentaire est en ligne.
held = Merci. Votre commentaire est bien arrivé ; une personne le lira avant publication. Vous n’avez rien d’autre à faire. Référence { $reference }.
held_within = Merci. Votre commentaire est bien arrivé ; une personne le lira avant publication, en général sous { $delay }. Vous n’avez rien d’autre à faire. Référence { $reference }.
form_expired = Vous avez pris le temps d’écrire, tant mieux. Le laissez-passer de la page a expiré entre-temps ; votre texte est ci-dessous, appuyez encore une fois sur « Publier ».
step_up = { $count ->
    [one] Encore une vérification automatique, environ { $count } seconde. Vous n’avez rien à faire.
   *[other] Encore une vérification automatique, environ { $count } secondes. Vous n’avez rien à faire.
}
step_up_running = Encore une vérification automatique… Vous n’avez rien à faire.
second_offer = Votre commentaire est bien enregistré. Une vérification de { $company } peut confirmer que vous n’êtes pas un robot ; elle ne se charge que si vous le voulez.
second_accept = Faire la vérification { $company }
second_decline = Non merci
second_done = Merci, la vérification est faite.
second_failed = La vérification n’a pas abouti ; votre commentaire reste enregistré et une personne le lira.
check_own = Aucun souci : nous utilisons notre propre vérification, rien n’est transmis à un tiers.
check_down = Notre service de vérification ne répond pas. Votre commentaire est enregistré et sera lu par une personne. Référence { $reference }.
refused = Votre commentaire n’a pas pu être accepté automatiquement. Il arrive au filtre de se tromper. Votre texte est conservé jusqu’au { $date }. Référence { $reference }.
captcha_refused = Votre commentaire n’a pas pu être accepté automatiquement. Votre texte est conservé jusqu’au { $date }.
captcha_refused_short = Votre commentaire n’a pas pu être accepté automatiquement.
captcha_failed = La vérification n’a pas abouti. Réessayez, ou envoyez sans : un modérateur lira votre commentaire.
appeal_button = Demander une relecture par une personne
appeal_sent = C’est fait. Une personne va relire ; la page de suivi donnera la réponse, sans compte.
duplicate = Nous l’avons déjà reçu, inutile de l’envoyer deux fois.

## Two-step page
confirm_title = Encore un clic pour publier
confirm_why_first = Cette page vérifie que l’envoi vient bien de vous. Relisez votre texte, puis appuyez sur « Publier ».
confirm_why_origin = Le formulaire venait d’une autre adresse que celle du site. Si c’est bien vous, relisez votre texte, puis appuyez sur « Publier ».
confirm_your_text = Votre texte
confirm_send = Publier
confirm_back = Revenir sans publier

## A form that was not taken
returned_title = Votre commentaire n’a pas été envoyé
returned_text = Votre texte, pour le copier

## Receipt
receipt_title = Votre commentaire
receipt_waiting = Votre commentaire est bien arrivé. Une personne le lira avant publication.
receipt_appealed = Une personne va relire votre commentaire. Cette page donnera la réponse.
receipt_published = Votre commentaire est en ligne.
receipt_not_published = Votre commentaire n’a pas été publié.
receipt_erased = Votre commentaire est effacé. Il n’en reste aucun texte.
receipt_reference = Référence
receipt_sent = Envoyé
receipt_thread = Revenir aux commentaires
erase_summary = Effacer ce commentaire
erase_warning = Le texte, le nom et l’adresse e-mail seront effacés pour toujours.
erase_button = Effacer pour toujours

## Errors of the form
body_missing = Écrivez votre commentaire.
body_too_long = { $surplus ->
    [one] Votre commentaire a { $surplus } caractère de trop.
   *[other] Votre commentaire a { $surplus } caractères de trop.
}
name_missing = Indiquez votre nom.
name_too_long = Ce nom est trop long : 80 caractères au plus.
name_reserved = Ce nom ressemble à celui d’un membre de la rédaction. Choisissez-en un autre.
email_missing = Indiquez votre adresse e-mail.
email_bad = Cette adresse e-mail semble incomplète. Exemple : nom@exemple.com
website_left_out = L’adresse du site web n’a pas été gardée : ce n’est pas une adresse en http ou https.
parent_missing = Le commentaire auquel vous répondez n’est plus là. Votre texte est conservé.
parent_gone = Le commentaire auquel vous répondiez n’est plus là. Votre texte est conservé : envoyez-le encore une fois, il sera un commentaire à part.
thread_bad = La page de cet article n’a pas d’adresse valable. Prévenez le site.
thread_unknown = Cet article n’accepte pas encore de commentaires.

## Other errors
site_unknown = Ce site n’existe pas ici.
step_up_closed = Cette vérification est terminée, vous n’avez plus rien à faire.
appeal_answered = Une personne a déjà relu votre commentaire à votre demande ; sa réponse reste.
thread_closed = Les commentaires sont fermés sur cet article.
origin_forbidden = Cette page n’a pas le droit d’envoyer des commentaires à ce site.
rate_limited = Beaucoup d’envois en peu de temps depuis votre connexion. Réessayez dans { $wait } ; votre texte est conservé.
idempotency_mismatch = Cet envoi porte la même clé qu’un autre, avec un contenu différent.
bad_type = Un champ n’est pas du type attendu.
bad_host = L’adresse demandée n’est pas lisible.
bad_json = Le contenu envoyé n’est pas du JSON lisible.
duplicate_key = Le contenu envoyé nomme deux fois le même champ.
bad_encoding = Le contenu envoyé n’est pas en UTF-8.
bad_character = Le texte contient un caractère qui ne peut pas être enregistré.
too_deep = Le contenu envoyé est trop imbriqué.
too_large = Le contenu envoyé est trop grand.
unsupported_media_type = Ce type de contenu n’est pas accepté ici.
timeout = L’envoi a pris trop de temps. Réessayez.
unavailable = Le service ne peut rien enregistrer pour le moment. Votre texte est conservé ; réessayez dans un instant.
not_found = Cette page n’existe pas, ou n’existe plus.
unauthenticated = Il faut d’abord entrer.
forbidden = Votre rôle ne permet pas cela.
csrf = Cette demande ne vient pas d’une de nos pages.
conflict = Quelqu’un a été plus rapide. Rien n’a été changé.
erased = Ce commentaire a été effacé.
cuts_cross = Les seuils se croisent : écarter doit rester sous la seconde vérification, et celle-ci sous la publication.
confirm_needed = Tapez l’identifiant du site pour confirmer.
internal = Une erreur est survenue de notre côté. Elle a été notée.
method_not_allowed = Cette adresse n’accepte pas cette méthode.
limit_bad = Le nombre demandé par page n’est pas permis.
order_bad = Cet ordre n’existe pas.
after_bad = Cette suite n’existe pas ou n’existe plus. Reprenez au début.
error_code = Code
error_request = Demande
error_kept_text = Votre texte
retry = Réessayer

## Times
date-long = { $day } { $month } { $year }
date-and-time = { $date } à { $time }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
duration-seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
duration-days = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
