# What moderators and owners see, in French. The same keys and variables stand in admin.en.ftl.

## Frame
nav-label = Navigation
nav-queue = File de relecture
nav-captcha = Seuils
nav-demo = Article de démonstration
nav-docs = Documentation de l’API
sign-out = Se déconnecter

## Home, the door, the first run
home-explanation = Palabre reçoit les commentaires des lecteurs, les vérifie et les fait relire avant publication.
home-demo = un article, ses commentaires et son formulaire
home-queue = les commentaires qui attendent une décision
home-captcha-of = Seuils de { $site }
home-captcha = ce que valent les scores, et les seuils qui en découlent
home-docs = chaque appel, ses champs et ses réponses
home-sign-in = Se connecter
home-sign-in-why = pour relire et régler
login-title = Se connecter
login-button = Se connecter
login-lost = Phrase secrète oubliée
login-again = Recommencer
login-insecure = L’entrée est refusée : cette adresse n’est pas en https, une phrase secrète ou une session y serait lisible par d’autres. Mettez en place https, puis réglez server.public_url.
login-paused = Trop d’essais. Réessayez dans { $wait }. Si vous êtes déjà entré avec un autre navigateur, il n’attend pas.
field-email = Adresse e-mail
field-passphrase = Phrase secrète
field-code = Code
hint-code = Les six chiffres de votre application, ou un code de secours.
code-title = Deuxième étape
code-explanation = Votre phrase secrète est juste. Il reste le code de votre application.
retype-title = Votre phrase secrète, encore une fois
retype-explanation = Ce geste donne du pouvoir à quelqu’un, ou change à qui le site fait confiance. La phrase secrète montre que c’est bien vous ; elle vaut dix minutes. Rien de ce que vous avez saisi n’est perdu.
retype-button = Continuer
recovery-title = Choisir une nouvelle phrase secrète
recovery-explanation = Un code de secours permet de choisir une nouvelle phrase secrète. Vos autres sessions prennent fin.
recovery-button = Changer et entrer
recovery-otherwise = Sans code de secours, la personne qui tient le site vous fait un nouveau lien, ou cette commande l’affiche :
field-recovery_code = Code de secours
hint-recovery_code = Un des dix codes montrés à l’ouverture du compte, par exemple K7QM2-X9D5A. Chacun sert une fois.
field-second = Code de l’application
hint-second = Seulement si votre compte a une deuxième étape ; un autre code de secours le remplace.
field-new_passphrase = Nouvelle phrase secrète
hint-passphrase = Au moins 12 caractères. Plusieurs mots avec des espaces conviennent très bien.
hint-own_email = Vous entrerez avec elle. Elle n’est jamais montrée aux lecteurs.
passphrase-show = Afficher
passphrase-hide = Masquer
invitation-title = Bienvenue, { $name }
invitation-sign-in = L’adresse { $email } a déjà un compte. Connectez-vous avec lui pour répondre à l’invitation. Si ce compte n’est pas le vôtre, dites-le à la personne qui vous invite : l’hébergeur du service peut vous le rendre.
invitation-explanation = Choisissez votre phrase secrète. Ce lien ne sert qu’une fois ; ensuite vous entrerez avec votre adresse e-mail et cette phrase.
codes-title = Vos codes de secours
codes-explanation = Gardez ces dix codes en lieu sûr : ils ne seront plus montrés. Si vous oubliez votre phrase secrète, un code permet d’en choisir une autre ; chacun sert une fois.
codes-download = Télécharger
codes-next = Continuer
setup-title = Première ouverture
setup-step = Étape { $step } sur 4
setup-explanation = Ce bouton commence l’installation sur ce navigateur. Le lien ne sert qu’une fois.
setup-button = Commencer
setup-next = Continuer
setup-where = Personne ne tient encore ce service. Un lien et un code, valables dix minutes, sont affichés dans le terminal au démarrage ; cette commande en affiche un nouveau :
field-setup_code = Code d’installation
hint-setup_code = Ce qui suit « code= » dans le lien.
setup-code-bad = Ce code n’est plus valable : il a plus de dix minutes, ou il a déjà servi. Affichez-en un nouveau avec « palabre setup-code ».
setup-paused = Trop d’essais. Réessayez dans { $wait }.
setup-you-title = Vous
setup-you-explanation = Votre compte gère tous les sites de ce service : vous réglez, relisez et invitez.
field-your_name = Votre nom
hint-your_name = L’équipe le voit à côté des décisions. Aucun lecteur ne peut prendre un nom qui lui ressemble.

## The way in: errors
sign_in_failed = L’adresse e-mail et la phrase secrète ne vont pas ensemble.
session_ended = Cinq essais de suite étaient faux : cette session a pris fin. Connectez-vous de nouveau.
retype_needed = Ce geste demande votre phrase secrète, tapée il y a dix minutes au plus.
code_missing = Tapez le code de votre application, ou un code de secours.
code_needed = Ce compte demande aussi un code.
code_bad = Ce code n’est pas valable, ou il a déjà servi.
second_step_unreadable = Votre seconde étape ne peut plus être vérifiée : la clé avec laquelle elle a été faite n’est plus là. Saisissez un code de secours, ou demandez un nouveau lien à un propriétaire.
pass_ended = Les cinq minutes sont passées, ou votre phrase secrète a changé. Recommencez.
recovery_failed = Ces renseignements ne vont pas ensemble.
link_has_account = Cette adresse e-mail a déjà un compte : connectez-vous pour répondre à l’invitation.
link_ended = Ce lien n’est plus valable : il a déjà servi, il est trop ancien, ou un autre l’a remplacé. La personne qui tient le site peut en faire un nouveau.
https_needed = L’entrée est refusée : cette adresse n’est pas en https, une phrase secrète ou une session y serait lisible par d’autres. Mettez en place https, puis réglez server.public_url.
setup_over = L’installation est déjà faite.
passphrase_missing = Choisissez une phrase secrète.
passphrase_short = Cette phrase secrète est trop courte : il faut au moins 12 caractères.
passphrase_long = Cette phrase secrète dépasse 1 000 caractères.
passphrase_common = Cette phrase secrète serait devinée parmi les premières. Ajoutez un ou deux mots sans rapport.
passphrase_wrong = Ce n’est pas votre phrase secrète actuelle.
last_owner = C’est la dernière personne qui tient ce site : donnez d’abord ce rôle à quelqu’un d’autre.
works_elsewhere = Ce compte travaille aussi sur un site que vous ne tenez pas. Vous pouvez changer son rôle sur les vôtres.
tokens_full = Ce site a déjà 1 000 jetons, le plus qu’il peut avoir : révoquez ceux dont aucun programme ne se sert.
invitations_full = 2 000 personnes invitées ne sont pas encore venues, le plus qu’il peut y en avoir : retirez celles qui ne viendront pas.
name_taken = Quelqu’un porte déjà ce nom ici, ou un nom qui lui ressemble : ajoutez un mot qui les distingue, comme une initiale ou la rubrique.
account_exists = Cette adresse e-mail vient d’être invitée.
second_step_on = La deuxième étape est déjà en place.
site_missing = Choisissez au moins un site.

## Accounts: one’s own, those of others, tokens
nav-moderators = Équipe
nav-tokens = Jetons
save = Enregistrer
copy = Copier
copied = Copié.
every-site = tous les sites
account-title = Votre compte
account-back = Retour à votre compte
account-way-in = Comment vous entrez
account-passphrase-title = Changer de phrase secrète
account-passphrase-explanation = Vos autres sessions se terminent ; celle-ci continue.
account-passphrase-button = Changer
account-second-step-title = Ajouter une deuxième étape
account-second-step-explanation = Après la phrase secrète, Palabre demandera un code à six chiffres d’une application de votre téléphone. Une phrase secrète volée ne suffit plus.
account-second-step-button = Continuer
account-second-step-remove-title = Retirer la deuxième étape
account-second-step-remove-explanation = La phrase secrète suffira de nouveau pour entrer.
account-second-step-remove-button = Retirer
account-codes-title = Faire de nouveaux codes de secours
account-codes-explanation = Dix nouveaux codes, montrés une seule fois. Les anciens ne vaudront plus rien.
account-codes-button = Faire dix codes
field-current = Phrase secrète actuelle
second-step-on = Deuxième étape : en place.
second-step-off = Deuxième étape : aucune.
second-step-scan = Photographiez ce carré avec votre application de codes.
second-step-qr = Code à photographier ; le même est écrit en dessous
second-step-type = Ou tapez-y :
second-step-open = Ouvrir dans une application de cet appareil
second-step-confirm = Mettre en place
hint-first_code = Le premier code que montre l’application. La deuxième étape ne compte qu’ensuite.
codes-left = { $count ->
    [0] Codes de secours : il n’en reste aucun.
    [one] Codes de secours : il en reste { $count }.
   *[other] Codes de secours : il en reste { $count }.
 }
sessions-title = Sessions ouvertes
session-current = cette session
session-opened = entrée
session-seen = vue
session-end = Terminer
session-end-others = Terminer toutes les autres
account-done-renamed = Nom enregistré.
account-done-passphrase = Phrase secrète changée ; vos autres sessions sont terminées.
account-done-second-step-on = La deuxième étape est en place.
account-done-second-step-off = La deuxième étape est retirée.
account-done-sessions = Session terminée.
account-done-accepted = Rôle accepté : vous travaillez maintenant aussi sur ce site.
account-done-refused = Proposition refusée.
moderators-title = Équipe
role-owner = propriétaire
role-moderator = modération
role-none = plus aucun rôle
role-on = Rôle : { $site }
role-offered = proposé, pas encore accepté
role-offered-on = Rôle proposé, pas encore accepté : { $site }
role-offer-none = retirer la proposition
offers-title = Propositions
offers-explanation = Rien ne change tant que vous n’avez pas accepté. Ensuite, les propriétaires du site vous comptent dans leur équipe.
offer-owner = L’équipe de « { $site } » vous propose le rôle de propriétaire.
offer-moderator = L’équipe de « { $site } » vous propose le rôle de modération.
offer-accept = Accepter
offer-refuse = Refuser
person-self = vous
person-since = depuis le
person-second_step = deuxième étape
person-link = Nouveau lien d’entrée
person-disable = Suspendre
person-enable = Laisser revenir
person-remove = Retirer…
person-remove-explanation = Le compte disparaît avec ses sessions et les jetons qu’il a faits ; son nom reste à côté de ses décisions. C’est définitif.
person-remove-button = Retirer { $name }
standing-active = actif
standing-invited = invité, n’est pas encore venu
standing-disabled = suspendu
invite-title = Inviter quelqu’un
invite-explanation = Vous recevrez un lien à lui transmettre vous-même : il vaut sept jours et ne sert qu’une fois. Qui a déjà un compte reçoit le rôle, sans lien ; une personne qui travaille sur un site que vous ne tenez pas doit d’abord accepter.
field-their_name = Nom
field-role = Rôle
field-site = Site
invite-button = Inviter
link-title = Lien d’entrée de { $name }
link-explanation = Transmettez ce lien à cette personne, par un moyen sûr : ce que vous lui donnez revient à qui l’ouvre. Il ne sera plus montré, ne sert qu’une fois, et remplace celui que vous aviez fait avant.
moderators-done-given = Cette personne a déjà un compte : elle a maintenant ce rôle.
moderators-done-offered = Cette personne travaille déjà ailleurs : le rôle lui est proposé sur la page de son compte, et ne compte qu’une fois accepté.
moderators-done-role = Rôle enregistré.
moderators-done-disabled = Compte suspendu ; ses sessions et les jetons que cette personne a faits sont terminés.
moderators-done-enabled = Cette personne peut revenir. Ses jetons sont à refaire.
moderators-done-removed = Compte retiré.
tokens-title = Jetons
tokens-explanation = Un jeton ouvre l’API à un programme, avec un rôle sur un site. Il ne peut jamais plus que la personne qui l’a fait, et finit avec son compte.
tokens-none = Il n’y a pas de jeton.
token-made = fait le
token-ends = jusqu’au
token-endless = sans fin
token-revoke = Révoquer
token-new = Faire un jeton
token-new-button = Faire le jeton
field-token_name = Nom du jeton
hint-token_name = Le journal le montre. Un nom est fait pour vous si ce champ reste vide.
field-expires = Durée en jours
hint-expires = De 1 à 3650 ; vide : jusqu’à sa révocation.
token-once-title = Votre nouveau jeton
token-once-explanation = Copiez-le maintenant : il ne sera plus montré. Palabre n’en garde qu’une empreinte.
token-done-revoked = Jeton révoqué.
role_missing = Dites aussi quel rôle, ou null pour le retirer.
change_missing = Dites ce qui change : site et role, ou disabled.
role_bad = Choisissez un rôle.
expires_bad = Entre 1 et 3650 jours, ou rien.

## Sites and their settings
nav-sites = Sites
sites-title = Sites
sites-new = Ajouter un site
sites-new-button = Ajouter le site
sites-made = Site ajouté.
settings-link = Réglages du site
settings-title = Réglages : { $site }
settings-about = Le site
settings-review = Relecture
settings-robots = Robots
settings-second = Seconde vérification
settings-second-about = Un commentaire sur lequel le captcha hésite demande d’abord au navigateur un calcul, en silence. Là où le navigateur n’y arrive pas, la page peut proposer au lecteur une vérification de plus : rien n’en est chargé sans son accord, et refuser ne change rien pour lui.
settings-saved-dropped = Enregistré. La clé secrète gardée était celle d’un autre service ou d’une autre adresse : elle a été effacée.
settings-saved = Réglages enregistrés.
settings-test = Enregistrer et tester les clés
setting-fixed = Fixé dans config.toml : il se change là.
secret-hidden = un secret, qui n’est pas montré
field-id = Identifiant
hint-id = Lettres minuscules, chiffres et traits d’union. Il fait partie des adresses et ne change plus.
field-name = Nom du site
hint-name = Les lecteurs et la rédaction le voient.
field-origins = Adresses des pages
hint-origins = Où se trouve le formulaire, une par ligne : https://www.exemple.bf. Vide : seulement les pages de ce service.
field-language = Langue des lecteurs
field-time_zone = Fuseau horaire
hint-time_zone = Par exemple Africa/Ouagadougou ou Europe/Paris. Vide : temps universel (UTC).
field-moderation = Publication
moderation-before = Tout relire avant publication
moderation-after = Publier d’après les seuils, relire le reste
field-body_max = Longueur d’un commentaire
hint-body_max = En caractères, de 1 à 20000. Vide : 5000.
field-threads = Nouvelles discussions
threads-open = Toute page peut en ouvrir une
threads-signed = Seulement avec la signature du site
field-cdn_max_age = Garde dans les caches
hint-cdn_max_age = En secondes. Un commentaire retiré peut être vu aussi longtemps de plus. Vide : 0.
field-provider = Vérification
field-site_key = Clé du site
hint-site_key = La clé publique que donne le fournisseur. Vide pour la vérification intégrée.
field-secret = Clé secrète
hint-secret = Gardée chiffrée, jamais montrée. Vide pour la vérification intégrée.
hint-secret_kept = Une clé est gardée, chiffrée, depuis le { $date }. Vide : elle reste.
field-secret_remove = Retirer la clé secrète
field-verify_url = Adresse de vérification
hint-verify_url = Vide : celle du fournisseur. À remplir pour Cap, mCaptcha et les services compatibles.
field-project = Projet Google Cloud
hint-project = Seulement pour reCAPTCHA Enterprise.
field-consent = Chargement du script
consent- = Selon le fournisseur
consent-focus = Quand le lecteur commence à écrire
consent-ask = Après l’accord du lecteur
field-hostnames = Hôtes admis
hint-hostnames = Où un jeton peut être fait, un par ligne. Vide : ceux des adresses des pages.
field-action = Action
hint-action = Celle pour laquelle un jeton est fait. Vide : « comment ».
field-recaptcha_net = reCAPTCHA par recaptcha.net
recaptcha_net-no = non
recaptcha_net-yes = oui, là où google.com est bloqué
field-send_address = Adresse IP du lecteur
send_address-no = n’est pas transmise au fournisseur
send_address-yes = est transmise au fournisseur : dites-le aux lecteurs
field-feedback = Vos décisions, sept jours après
feedback-no = non transmises
feedback-yes = transmises à reCAPTCHA Enterprise
field-second_provider = Vérification proposée
second-none = aucune
field-second_site_key = Clé du site
hint-second_site_key = La clé publique que donne le fournisseur.
field-second_verify_url = Adresse de vérification
hint-second_verify_url = Vide : celle du fournisseur.
field-second_secret = Clé secrète
hint-second_secret = Gardée chiffrée, jamais montrée.
language-fr = français
language-en = anglais
language-pt = portugais
language-es = espagnol
language-ar = arabe
setup-go-on = Finir l’installation
setup-site-title = Votre site
setup-site-skip = Passer : essayer avec le site de démonstration
setup-robots-title = Les robots
setup-robots-explanation = La vérification intégrée suffit pour commencer : sans compte ailleurs, et sans rien demander au lecteur. « Continuer » la garde. Vous pouvez aussi prendre un fournisseur et donner ses deux clés.
setup-robots-skip = Passer : garder la vérification intégrée
setup-try-title = Un premier commentaire
setup-try-explanation = Voici la page de commentaires de votre site. Essayez-la comme un lecteur, puis comme la rédaction.
setup-try-post = Postez un commentaire d’essai, sous un autre nom que le vôtre (nouvel onglet).
setup-try-review = Publiez-le dans la file de relecture.
setup-try-see = Regardez-le en place (nouvel onglet).
setup-try-nothing = Pas encore de commentaire.
setup-try-waiting = Un commentaire attend dans la file.
setup-try-published = Votre premier commentaire est publié.
setup-try-again = Actualiser
setup-try-done = Terminer
moderators-done-setup = L’installation est finie. Invitez maintenant qui relira avec vous.
value_bad = Cette valeur n’est pas possible.
id_bad = De 1 à 64 lettres minuscules, chiffres et traits d’union.
site_exists = Il y a déjà un site de cet identifiant.
site_name_missing = Donnez un nom au site.
origin_bad = Une adresse par ligne, comme https://www.exemple.bf, sans rien après le nom.
body_max_bad = Un nombre de 1 à 20000.
time_zone_bad = Ce fuseau horaire n’existe pas. Par exemple Africa/Ouagadougou.
secret_missing = Ce fournisseur a besoin de sa clé secrète.
verify_url_missing = Ce fournisseur n’a pas d’adresse à lui : donnez celle qui vérifie les jetons.
site_key_missing = Ce fournisseur a besoin de la clé du site.
project_bad = Donnez l’identifiant du projet Google Cloud.
second_provider_bad = Ce fournisseur ne demande rien au lecteur : choisissez Turnstile, reCAPTCHA v2, hCaptcha, Friendly Captcha ou Prosopo.
test_key_public = C’est la clé d’essai publiée par le fournisseur : elle accepte tout et ne peut pas garder une adresse publique.
verify_url_bad = Une adresse https dont l’hôte est simple, sans nom d’utilisateur ; http seulement vers des adresses privées, si config.toml les permet.
verify_url_forbidden = Cette adresse atteindrait les pages des lecteurs d’autres sites, ou enverrait ailleurs les appels d’un jeton : seul un propriétaire de tous les sites, ou config.toml, la donne. Rien n’a été changé.
set_in_file = Ce réglage est fixé dans config.toml.
settings_changed = Quelqu’un d’autre vient de changer ces réglages. Regardez-les, puis recommencez.

## Statuses
status-pending = À relire
status-approved = Publié
status-rejected = Refusé
status-spam = Indésirable
status-refused = Refusé d’office
status-erased = Effacé
tab-pending = À relire
tab-approved = Publiés
tab-rejected = Refusés
tab-spam = Indésirables
tab-refused = Refusés d’office

## Actions
act-approve = Publier
act-reject = Refuser
act-spam = Indésirable
act-restore = Remettre à relire
act-hold = Mettre de côté
undo = Annuler
done-approve = Publié : { $name }
done-reject = Refusé : { $name }
done-spam = Indésirable : { $name }
done-restore = Remis à relire : { $name }
done-hold = Mis de côté : { $name }
done-undo = Annulé : { $name }
undo-failed = Il n’y a plus rien à annuler : quelque chose a changé depuis.
own_decision = Le lecteur conteste votre décision : à quelqu’un d’autre de la revoir. Rien n’a été changé.
decided-approve = Publié par { $person }, { $time }
decided-reject = Refusé par { $person }, { $time }
decided-spam = Classé indésirable par { $person }, { $time }
decided-restore = Remis à relire par { $person }, { $time }
decided-hold = Mis de côté par { $person }, { $time }
decided-undo = Décision annulée par { $person }, { $time }
conflict-pending = Déjà remis à relire par { $person } à { $time }. Rien n’a été changé.
conflict-approved = Déjà publié par { $person } à { $time }. Rien n’a été changé.
conflict-rejected = Déjà refusé par { $person } à { $time }. Rien n’a été changé.
conflict-spam = Déjà rangé en indésirable par { $person } à { $time }. Rien n’a été changé.
conflict-refused = Déjà refusé d’office par { $person } à { $time }. Rien n’a été changé.
conflict-erased = Déjà effacé par { $person } à { $time }. Rien n’a été changé.

## What happened to a comment, each beside its time
history-received = reçu
history-published = reçu et publié
history-refused = reçu, écarté par le filtre
history-scored = { $said }, score { $score }
history-approve = publié par { $person }
history-reject = refusé par { $person }
history-spam = indésirable, dit { $person }
history-restore = remis à relire par { $person }
history-hold = mis de côté par { $person }
history-undo = décision annulée par { $person }
history-appeal = le lecteur demande une relecture
history-step_up = seconde vérification réussie
history-reported = signalé
history-reported-as = signalé, { $reason }

## Queue
queue-tabs = États des commentaires
live-one = { $n } nouveau
live-other = { $n } nouveaux
live-reading = { $name } relit
live-done = { $said } : { $name }. Reste { $left }. U pour annuler.
live-undone = Décision annulée : { $name }.
live-waits-one = Hors ligne : { $n } décision en attente
live-waits-other = Hors ligne : { $n } décisions en attente
live-changed = Changé entre-temps
live-over = Votre session est terminée. Ce qui attend est gardé et part quand vous revenez.
live-no-line = Hors ligne : rien n’est encore décidé. Essayez quand la ligne revient.
queue-replies-to = En réponse à { $name }
queue-erased = Texte effacé.
queue-next = La suite
queue-search-on = Chercher plus loin
queue-empty-so-far = Rien trouvé jusqu’ici
sites-switch = Site : { $site }
choose-captcha = Seuils de quel site ?
choose-defence = Défense de quel site ?
choose-none = Vous n’avez de rôle sur aucun site.
filter-all-sites = Tous les sites
filter-order = Ordre
filter-apply = Afficher
order-article = Par article
order-oldest = Plus anciens
order-newest = Plus récents
order-score = Par score
order-doubt = Les plus douteux
order-reports = Les plus signalés
order-mixed = Mélangés
record-first = premier commentaire
record-none = aucune décision encore
record-approved = { $count ->
    [one] { $count } publié
   *[other] { $count } publiés
}
record-rejected = { $count ->
    [one] { $count } refusé
   *[other] { $count } refusés
}
record-spam = { $count ->
    [one] { $count } indésirable
   *[other] { $count } indésirables
}
record-since = première fois { $ago }
record-verified = { $record } (même appareil)
record-unverified = { $record } (adresse tapée)

tab-reported = Signalés
tab-set_aside = De côté
tab-decided = Décidés
nav-menu = Menu
act-keep = Laisser publié
queue-empty-pending = Rien à relire.
queue-empty-reported = Aucun commentaire publié n’a été signalé.
queue-empty-set_aside = Rien n’est de côté. Ce qu’on met de côté revient à relire après 24 h.
queue-empty-spam = Aucun indésirable.
queue-empty-approved = Rien n’est publié.
queue-empty-rejected = Rien n’a été refusé par une personne.
queue-empty-refused = Rien n’a été refusé d’office.
queue-empty-erased = Rien n’a été effacé.
queue-last = Dernier commentaire reçu { $ago }.
queue-oldest = le plus ancien { $ago }
queue-on = sur
queue-more = Plus
queue-pick = Choisir { $name }
queue-read-all = Tout lire
queue-appeals = Demandes de relecture
queue-plea = Le lecteur demande une relecture.
queue-plea-own = C’est votre décision qui est en cause : une autre personne répond.
bulk-label = Décider ensemble
bulk-all = Décider de tout ce filtre
bulk-back = Retour à la liste
bulk-fits = { $count ->
    [0] Aucun commentaire ne répond à ce filtre.
    [one] { $count } commentaire répond à ce filtre.
   *[other] { $count } commentaires répondent à ce filtre.
}
bulk-fits-more = Plus de 10 000 commentaires répondent à ce filtre : une décision groupée en touche 10 000 au plus. Précisez-le.
bulk-choose-site = Une décision groupée porte sur un seul site. Lequel ?
bulk-what = { $count ->
    [one] Que faire de ce commentaire ?
   *[other] Que faire des { $count } ?
}
bulk-type = Tapez { $count } pour confirmer
bulk-type-hint = Demandé au-delà de 50. Si le compte a changé entre-temps, rien n’est fait.
bulk-button = { $count ->
    [one] Décider
   *[other] Décider des { $count }
}
bulk-one-step = Une seule décision : « Annuler » la reprend entière.
bulk-choose = Choisissez une décision.
bulk-typed = Tapez le nombre exact : { $count }.
bulk-known = À regarder d’abord : des auteurs déjà publiés
bulk-known-hint = Publiez ou mettez de côté ce que vous ne voulez pas dans le lot.
bulk-among = Parmi eux
bulk-others = Parmi les autres
bulk-see-all = Voir toute la liste
bulk-see = Voir la décision en cours
bulk-again = Actualiser
bulk-state-running = { $word } : { $done } sur { $count }, le reste suit.
bulk-state-done = { $word } : { $done } sur { $count }.
bulk-state-undoing = Annulation : { $done } sur { $count }, le reste suit.
bulk-state-undone = Annulé : { $done } sur { $count } comme avant.
bulk-none = Aucun
bulk-done = { $count ->
    [one] { $count } décision prise.
   *[other] { $count } décisions prises.
}
bulk-left = { $count ->
    [one] { $count } avait changé entre-temps.
   *[other] { $count } avaient changé entre-temps.
}
word-approve = Publié
word-reject = Refusé
word-spam = Indésirable
word-restore = Remis à relire
word-hold = Mis de côté
word-undo = Décision annulée
already-approve = Déjà publié
already-reject = Déjà refusé
already-spam = Déjà indésirable
already-restore = Déjà remis à relire
already-hold = Déjà mis de côté
already-undo = Décision annulée
live-own = par vous, à l’instant
live-by = par { $person }, { $time }
live-keep = Garder
live-empty = Plus rien à relire.
live-nothing = Il n’y a plus rien à annuler.
live-full = Trop de décisions attendent la connexion : attendez qu’elle revienne.
live-taken = { $said }. Passez au suivant avec j.
live-not-here = Cela ne se fait pas ici.
live-picked = { $n } choisis
panel-context = Contexte
panel-talk = Conversation
panel-open = Ouvrir l’article
panel-story = Histoire de ce commentaire
panel-past = Ses derniers commentaires
panel-latest = Vos dernières décisions
panel-here = ce commentaire
panel-author = Auteur
panel-close = Fermer
help-title = Touches
help-close = Fermer
help-move = Commentaire suivant, précédent
help-move-all = De même, aussi ceux qui sont décidés
help-undo = Annuler votre dernière décision
help-pick = Choisir celui-ci, tous
help-picked = Publier, refuser, classer indésirable ce qui est choisi
help-context = Lire le contexte
help-author = Lire les derniers commentaires de l’auteur
help-keys = Lettres seules comme touches, sur cet appareil
help-article = Ouvrir l’article
help-search = Rechercher
help-fresh = Ajouter les nouveaux au bas
help-go = Puis r, s, c, i, d : À relire, Signalés, De côté, Indésirables, Décidés
help-help = Ces touches
filter-words = Rechercher
filter-words-hint = Des mots, ou auteur :, article :, motif :
filter-add = Filtrer
filter-drop = Retirer le filtre :
filter-reason = Motif
filter-score = Score au plus
filter-links = Liens, au moins
filter-days = Derniers jours
filter-author = Auteur
filter-thread = Clé de l’article
chip-words = Mots : { $value }
chip-author = Auteur : { $value }
chip-thread = Article : { $value }
chip-reason = { $value }
chip-score = Score au plus { $value }
chip-links = { $count ->
    [one] { $count } lien ou plus
   *[other] { $count } liens ou plus
}
chip-days = { $count ->
    [one] Dernier jour
   *[other] { $count } derniers jours
}
chip-since = Depuis { $value }
ago-now = à l’instant
ago-minutes = il y a { $count } min
ago-hours = il y a { $count } h
ago-days = { $count ->
    [one] il y a { $count } jour
   *[other] il y a { $count } jours
}
ago-weeks = { $count ->
    [one] il y a { $count } semaine
   *[other] il y a { $count } semaines
}
ago-months = il y a { $count } mois
ago-years = { $count ->
    [one] il y a { $count } an
   *[other] il y a { $count } ans
}
reason-name-score_below = Score sous le seuil de publication
reason-name-score_held = Rien n’est publié par le score
reason-name-score_at_least = Score au seuil de publication
reason-name-score_refused = Score sous le seuil de refus
reason-name-step_up = Seconde vérification demandée
reason-name-links = Liens
reason-name-wrong_action = Jeton fait pour une autre action
reason-name-link_disguised = Lien déguisé
reason-name-wrong_host = Jeton fait sur un autre site
reason-name-not_run = Vérification qui n’a pas eu lieu
reason-name-misconfigured = Vérification mal configurée
reason-name-unavailable = Service de vérification injoignable
reason-name-provider_says = Remarque du service de vérification
reason-name-too_fast = Envoyé trop vite
reason-name-checked_here = Notre propre vérification

## What the check said
check-scored = Score { $score }
check-passed = Vérification : réussie, sans score
check-failed = Vérification : échouée, sans score
check-bad_token = Vérification : jeton non valable
check-not_run = Vérification : n’a pas eu lieu
check-misconfigured = Vérification : mal configurée
check-unavailable = Vérification : service injoignable
check-off = Vérification : aucune

## Reasons of an automatic outcome
reason-observe = Mode observation : tout est relu
reason-moderation_before = Ce site ne publie rien sans relecture
reason-score_below = Score { $score } : sous le seuil { $cut }
reason-score_held = Score { $score } : rien n’est publié par le score
reason-score_at_least = Score { $score } : atteint le seuil { $cut }
reason-score_refused = Score { $score } : écarté, sous le seuil { $cut }
reason-step_up = Score { $score } : seconde vérification demandée sous { $cut }
reason-step_up_passed = Seconde vérification réussie
reason-links = { $count ->
    [one] { $count } lien
   *[other] { $count } liens
}
reason-many_links = Trois liens ou plus : toujours lu par une personne
reason-trust_without_proof = Appareil connu, mais sans preuve de calcul
reason-check_off = Ce site ne demande aucune vérification
reason-captcha_passed = Vérification réussie
reason-captcha_failed = Vérification échouée
reason-token_missing = Aucun jeton de vérification reçu
reason-token_malformed = Jeton de vérification illisible ou faux
reason-token_expired = Jeton de vérification expiré
reason-token_duplicate = Jeton de vérification déjà utilisé par ce même envoi
reason-token_foreign = Jeton de vérification déjà utilisé par un autre envoi
reason-wrong_action = Jeton fait pour une autre action : « { $seen } »
reason-link_disguised = Un lien montre « { $shown } » et mène à « { $host } »
reason-wrong_host = Jeton fait sur un autre site : « { $seen } »
reason-wrong_site = Jeton fait pour un autre site ou un autre article
reason-not_run = { $why ->
    [no_script] Vérification absente : pas de JavaScript
    [blocked] Vérification absente : script bloqué dans le navigateur
    [consent_refused] Vérification absente : le lecteur ne l’a pas acceptée
    [browser_error] Vérification absente : erreur dans le navigateur
   *[other] Vérification absente
}
reason-misconfigured = Vérification mal configurée : { $detail }
reason-unavailable = { $why ->
    [timeout] Service de vérification trop lent
    [connect] Service de vérification injoignable
    [server_error] Service de vérification en panne
    [quota] Quota du service de vérification épuisé
    [garbage] Réponse illisible du service de vérification
    [ambiguous_duplicate] Réponse perdue du service de vérification
    [breaker_open] Service de vérification en panne, mis en pause
    [busy] Service de vérification trop sollicité, pas interrogé
   *[other] Service de vérification indisponible
}
reason-provider_says = Remarque du service de vérification : { $words }
reason-form_missing = Envoyé sans passer par notre formulaire
reason-form_expired = Formulaire ouvert depuis trop longtemps
reason-form_forged = Jeton de formulaire faux
reason-form_reused = Formulaire déjà utilisé pour un autre texte
reason-honeypot = Champ invisible rempli
reason-too_fast = { $seconds ->
    [one] Envoyé { $seconds } seconde après l’ouverture du formulaire
   *[other] Envoyé { $seconds } secondes après l’ouverture du formulaire
}
reason-proof_missing = Sans preuve de calcul
reason-proof_forged = Preuve de calcul fausse ou déjà utilisée
reason-checked_here = Notre propre vérification : score { $score }
reason-email_rate = Beaucoup d’envois avec cette adresse e-mail
reason-device_rate = Beaucoup d’envois depuis cet appareil
reason-site_surge = Afflux inhabituel sur le site
reason-origin_unknown = Origine de l’envoi inconnue
reason-appealed = Le lecteur demande une relecture
reason-set_aside = Mis de côté
reason-reported = { $count ->
    [one] Signalé { $count } fois
   *[other] Signalé { $count } fois
}
reason-lease_lost = Vérification interrompue, résultat inconnu
reason-provider_busy = Trop de commentaires attendaient le service de vérification : celui-ci ne lui a pas été soumis

## Thresholds
captcha-title = Seuils : { $site }
captcha-no-data = Pas encore de verdicts. Les réglages prudents sont actifs.
captcha-no-verdicts = Aucun commentaire n’a encore reçu de score.
captcha-summary = { $scored ->
    [one] Ces { $days } derniers jours, { $scored } commentaire a reçu un score : { $outcomes }.
   *[other] Ces { $days } derniers jours, { $scored } commentaires ont reçu un score : { $outcomes }.
}
summary-published = { $count ->
    [one] { $count } publié aussitôt
   *[other] { $count } publiés aussitôt
}
summary-held = { $count } en relecture
summary-step_up = { $count } soumis à une seconde vérification
summary-refused = { $count ->
    [one] { $count } écarté
   *[other] { $count } écartés
}
captcha-held-then-approved = { $held ->
    [one] Sur { $held } mis en relecture, les modérateurs en ont publié { $approved }.
   *[other] Sur les { $held } mis en relecture, les modérateurs en ont publié { $approved }.
}
captcha-unscored = { $count ->
    [one] { $count } commentaire n’a pas reçu de score ; il a été mis en relecture.
   *[other] { $count } commentaires n’ont pas reçu de score ; ils ont été mis en relecture.
}
captcha-in-force = Règles en vigueur : { $cuts }.
captcha-moderates-before = Ce site relit tout avant publication : un score suffisant ne publie pas à lui seul.
cuts-observe = observation, tout est mis en relecture
cut-publish = publier à partir de { $cut }
cut-step-up = seconde vérification sous { $cut }
cut-refuse = écarter sous { $cut }
levels-title = Scores et décisions
levels-caption = Commentaires des { $count } derniers jours, par score. 1 : certainement une personne.
level = Score
level-total = Reçus
level-outcomes = Suite automatique
level-verdicts = Décisions des modérateurs
level-approved-share = Publiés par vous
level-human-share = Écrits par une personne
level-human-share-explanation = « Écrits par une personne » : publiés et refusés, sans les indésirables. Les parts sont comptées sur les commentaires que vous avez lus.
outcome-published = Publiés
outcome-held = En relecture
outcome-step_up = Seconde vérification
outcome-refused = Écartés
verdict-approved = Publiés
verdict-rejected = Refusés
verdict-spam = Indésirables
share = { $share } sur 100 ({ $low } à { $high })
share-unknown = { $count ->
    [one] { $count } décision : trop peu pour conclure
   *[other] { $count } décisions : trop peu pour conclure
}
try-title = Essayer d’autres seuils
try-explanation = Un champ vide veut dire : jamais. Un score exactement sur un seuil va du côté le plus doux. L’essai ne change rien.
field-publish_from = Publier à partir de
hint-publish_from = Un score au moins égal publie sans relecture, si le site le permet.
field-step_up_below = Seconde vérification sous
hint-step_up_below = Un score plus bas demande une vérification silencieuse de plus.
field-refuse_below = Écarter sous
hint-refuse_below = Un score plus bas écarte le commentaire ; son texte est gardé 30 jours et le lecteur peut demander une relecture.
cut-bad = Un nombre de 0 à 1, avec trois décimales au plus.
preview-button = Voir l’effet
preview-title = Ce qui aurait changé
preview-changed = { $count ->
    [0] Aucun commentaire n’aurait eu une autre suite.
    [one] { $count } commentaire aurait eu une autre suite.
   *[other] { $count } commentaires auraient eu une autre suite.
}
preview-refused = Seraient refusés d’office : { $count }. Vos modérateurs en ont publié { $approved }, refusé { $rejected }, classé indésirables { $spam } ; { $undecided } pas encore lus.
preview-comments = Ces commentaires
preview-decision = Aujourd’hui : { $status }
preview-score = score { $score }
change = { $before } → { $after } ({ $difference })
change-none = { $before }, sans changement
apply-title = Mettre en vigueur
apply-note = Note (facultative)
apply-confirm = Pour confirmer, tapez l’identifiant du site : { $site }
doubt-published = Vos modérateurs publient plus d’un commentaire sur vingt à un score que cette règle refuserait.
doubt-most = Cette règle refuserait plus de la moitié des commentaires reçus.
doubt-few_verdicts = Écarter sur si peu de décisions peut faire taire des lecteurs.
doubt-unread = Personne ne relirait une part de ces refus : rien ne dirait s’ils étaient justes.
apply-button = Appliquer ces seuils
apply-refuses-by-day = { $count ->
    [one] Refuser d’office environ { $count } commentaire par jour
   *[other] Refuser d’office environ { $count } commentaires par jour
}
apply-refuses = { $count ->
    [one] Refuser d’office environ { $count } commentaire en { $days } jours
   *[other] Refuser d’office environ { $count } commentaires en { $days } jours
}
apply-refuses-published = { $count ->
    [one] { $refuses }, dont { $count } que vous auriez publié
   *[other] { $refuses }, dont { $count } que vous auriez publiés
}
applied = Version { $count } en vigueur.
base-stale = Quelqu’un a changé les seuils entre-temps. Voici l’effet de vos seuils sur la version en vigueur ; rien n’a été appliqué.
history-title = Versions
history-empty = Aucune version encore. La première sera celle que vous appliquerez.
version = Version { $count }
version-current = en vigueur
version-observe = Observation : tout est relu
observe-button = Revenir à l’observation
revert-button = Revenir à la version { $count }
policy-from-file = config.toml

## Defence
nav-defence = Défense
defence-title = Défense : { $site }
defence-link = État de la vérification
defence-link-of = État de la vérification : { $site }
defence-thresholds = Seuils et scores
defence-periods = Période
defence-period = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
defence-off = Ce site ne demande aucune vérification : il n’y a rien à défendre.
defence-unseen = En { $period }, aucun commentaire à vérifier : rien ne dit encore si la vérification fonctionne.
defence-works = { $answered ->
    [one] La vérification fonctionne : en { $period }, { $answered } commentaire vérifié sur { $total }.
   *[other] La vérification fonctionne : en { $period }, { $answered } commentaires vérifiés sur { $total }.
}
defence-partly = { $answered ->
    [one] La vérification ne fonctionne qu’en partie : en { $period }, { $answered } commentaire vérifié sur { $total }.
   *[other] La vérification ne fonctionne qu’en partie : en { $period }, { $answered } commentaires vérifiés sur { $total }.
}
defence-down = { $total ->
    [one] La vérification ne fonctionne pas : en { $period }, aucune réponse pour { $total } commentaire.
   *[other] La vérification ne fonctionne pas : en { $period }, aucune réponse pour { $total } commentaires.
}
defence-nothing-lost = Aucun texte n’est perdu : un commentaire sans réponse est mis en relecture.
defence-provider = Service en place : { $provider }.
defence-levels = Scores reçus : { $levels }.
defence-new-levels = Cette clé renvoie depuis peu d’autres scores qu’avant : { $levels }. Regardez si vos seuils conviennent encore.
defence-seconds-under = moins de 0,01 s
defence-paused = Le service ne répond plus : les appels sont suspendus, un essai est fait toutes les 30 secondes.
defence-missing = dont jeton absent
defence-expired = dont jeton expiré
defence-waits = Attente habituelle
defence-waits-words = { $p50 }, et { $p95 } au plus pour 95 commentaires sur 100
defence-seconds = { $seconds } s
defence-of-total = { $count } ({ $share })
percent = { $count } %
percent-under-one = moins de 1 %
provider-house = vérification intégrée
provider-off = aucun
defence-days-title = Jour par jour
defence-days-caption = Jours en temps universel (UTC), du plus récent au plus ancien.
defence-day = Jour
defence-service = Service
defence-received = Reçus
defence-answered = Vérifiés
defence-without-token = Sans jeton valable
defence-unavailable = Service en panne
defence-misconfigured = Réglages refusés
defence-p50 = Attente médiane
defence-p95 = Attente, 95 %
defence-causes-title = Pourquoi il manque des réponses
defence-causes-none = Il n’en manque aucune.
defence-cause = Cause
defence-side = De quel côté
defence-comments = Commentaires
defence-share = Part
side-reader = Du côté du lecteur, sans faute de sa part
side-sender = Du côté de l’expéditeur
side-provider = Du côté du service
side-ours = De notre côté : à vérifier
cause-missing = Jeton absent
cause-malformed = Jeton illisible ou faux
cause-expired = Jeton expiré
cause-duplicate = Jeton déjà utilisé par le même envoi
cause-foreign = Jeton déjà utilisé par un autre envoi
cause-wrong_action = Jeton fait pour une autre action
cause-wrong_host = Jeton fait sur un autre hôte
cause-wrong_site = Jeton fait pour un autre site ou un autre article
cause-no_script = Pas de JavaScript
cause-blocked = Script bloqué dans le navigateur
cause-consent_refused = Vérification non acceptée
cause-browser_error = Erreur dans le navigateur
cause-timeout = Service trop lent
cause-connect = Service injoignable
cause-server_error = Service en panne
cause-quota = Quota épuisé
cause-garbage = Réponse illisible
cause-ambiguous_duplicate = Réponse perdue
cause-breaker_open = Service en panne, appels suspendus
cause-busy = Service trop lent pour le nombre d’envois
cause-misconfigured = Réglages refusés par le service
defence-hosts-title = Hôtes étrangers
defence-hosts-explanation = Des jetons ont été faits sur ces hôtes, qui ne sont pas ceux du site. Si l’un d’eux est le vôtre, ajoutez-le aux réglages (hostnames).
defence-hosts-newest = Compté sur les 2 000 plus récents.
defence-host = Hôte
defence-host-unnamed = (non indiqué)
defence-quota-title = Appels au service
defence-calls = { $count ->
    [one] { $count } appel depuis le début du mois (UTC).
   *[other] { $count } appels depuis le début du mois (UTC).
}
defence-quota = Quota gratuit utilisé : { $used } appels sur { $free } ce mois-ci ({ $share }).
defence-quota-near = Le quota gratuit touche à sa fin. Au-delà, le service ne répond plus et tout est mis en relecture.
defence-quota-over = Le quota gratuit est dépassé. Sans compte de facturation, le service ne répond plus et tout est mis en relecture.
test-title = Clés
test-explanation = L’essai envoie au service un jeton sans valeur : il doit répondre qu’il n’en est pas un.
test-button = Tester mes clés
test-owners-only = Seul un propriétaire du site peut tester les clés.
test-not_needed = Ce site n’interroge aucun service extérieur : il n’y a pas de clé à tester.
test-accepted = Tout va bien : { $provider } répond, connaît votre clé secrète et reconnaît un jeton sans valeur.
test-accepts_anything = { $provider } a accepté un jeton sans valeur. C’est ce que fait une clé d’essai : mettez votre propre clé.
test-misconfigured = { $provider } répond, mais refuse vos réglages : « { $detail } ». Vérifiez la clé secrète et son type.
test-unavailable = { $why ->
    [timeout] { $provider } n’a pas répondu en trois secondes. Réessayez dans quelques minutes.
    [connect] { $provider } est injoignable depuis ce serveur. Vérifiez le réseau et le pare-feu.
    [server_error] { $provider } est en panne. Réessayez plus tard.
    [quota] { $provider } répond que le quota est épuisé.
    [garbage] { $provider } a donné une réponse illisible. Vérifiez l’adresse de vérification (verify_url).
    [breaker_open] { $provider } ne répondait plus : les appels sont suspendus. Réessayez dans une minute.
   *[other] { $provider } n’a pas pu être interrogé.
}
alarm-label = À régler
alarm-misconfigured = { $count ->
    [one] { $site } : le service de vérification refuse nos réglages (« { $detail } »). Depuis une heure, { $count } commentaire a été mis en relecture sans vérification, à { $time }.
   *[other] { $site } : le service de vérification refuse nos réglages (« { $detail } »). Depuis une heure, { $count } commentaires ont été mis en relecture sans vérification, le dernier à { $time }.
}
alarm-test_key = { $site } : la clé secrète est une clé d’essai publique, qui accepte n’importe quoi. Mettez votre propre clé.
alarm-address_unvouched = { $site } : l’adresse de la vérification n’a pas été donnée par un propriétaire de tous les sites ; elle n’est donc pas utilisée, et les commentaires attendent sans vérification. Un propriétaire de tous les sites la redonne dans les réglages, ou config.toml la donne.
alarm-undelivered = { $count ->
    [one] { $site } : { $count } message n’a pas pu être remis après douze essais et a été abandonné. Vérifiez le serveur de courrier dans config.toml et les adresses des propriétaires.
   *[other] { $site } : { $count } messages n’ont pas pu être remis après douze essais et ont été abandonnés. Vérifiez le serveur de courrier dans config.toml et les adresses des propriétaires.
}
alarm-mail-subject = { $site } : la vérification des commentaires est à régler
alarm-mail-end = Aucun commentaire n’est perdu : ils attendent une relecture. Pour voir et régler : { $address }

## Documentation
docs-title = Documentation de l’API
docs-version = Version
docs-contents = Sommaire
docs-parameters = Paramètres
docs-required = obligatoire
docs-body = Corps :
docs-answers = Réponses

## Errors of the API
status_bad = Cet état n’existe pas.
score_bad = Un score est un nombre de 0 à 1.
links_bad = Le nombre de liens est un nombre entier.
since_bad = Ce n’est pas une date et heure au format RFC 3339.
from_bad = Ce n’est pas une date et heure au format RFC 3339.
days_bad = Ce nombre de jours n’est pas permis.
cuts_bad = Un seuil est un nombre de 0 à 1, avec trois décimales au plus.
action_bad = Cette action n’existe pas pour un lot.
expect_missing = Comptez d’abord : dites combien de commentaires la décision doit toucher.
count_changed = Le nombre de commentaires a changé entre-temps. Vérifiez-le, puis confirmez de nouveau.
bulk_running = Une décision groupée est déjà en cours sur ce site. Attendez sa fin, ou annulez-la.
bulk_too_large = Une décision groupée touche 10 000 commentaires au plus. Précisez le filtre.
decisions_bad = Un lot compte de 1 à 100 décisions, chacune avec son commentaire et son action.
ids_bad = Donnez de 1 à 3 identifiants de commentaires, séparés par des virgules.
url_bad = Cette adresse n’est pas sur ce site.
search_slow = La recherche a pris trop de temps. Précisez-la et réessayez.
streams_full = Trop de pages suivent la file en même temps. Fermez-en, ou réessayez dans un instant.

## Other
back-to-queue = Retour à la file
not_found_title = Page introuvable
problem_title = Cela n’a pas pu se faire
internal_title = Une erreur de notre côté
