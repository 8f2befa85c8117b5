# What moderators and owners see, in English. The same keys and variables stand in admin.fr.ftl.

## Frame
nav-label = Navigation
nav-queue = Review queue
nav-captcha = Thresholds
nav-demo = Demonstration article
nav-docs = API documentation
sign-out = Sign out

## Home, the door, the first run
home-explanation = Palabre takes readers’ comments, checks them and has them read before they appear.
home-demo = an article, its comments and its form
home-queue = the comments that wait for a decision
home-captcha-of = Thresholds of { $site }
home-captcha = what the scores are worth, and the thresholds that follow
home-docs = every call, its fields and its answers
home-sign-in = Sign in
home-sign-in-why = to review and to tune
login-title = Sign in
login-button = Sign in
login-lost = Forgot your passphrase
login-again = Start again
login-insecure = Sign-in is refused: this address is not https, so others could read a passphrase or a session on the way. Set up https, then set server.public_url.
login-paused = Too many tries. Try again in { $wait }. A browser with which you came in before does not have to wait.
field-email = Email address
field-passphrase = Passphrase
field-code = Code
hint-code = The six digits of your app, or a recovery code.
code-title = Second step
code-explanation = Your passphrase is right. The code of your app is left.
retype-title = Your passphrase, once more
retype-explanation = This gives power to somebody, or changes whom the site trusts. The passphrase shows that it is you; it counts for ten minutes. Nothing of what you typed is lost.
retype-button = Continue
recovery-title = Choose a new passphrase
recovery-explanation = A recovery code lets you choose a new passphrase. Your other sessions end.
recovery-button = Change and sign in
recovery-otherwise = Without a recovery code, whoever runs the site makes you a new link, or this command prints it:
field-recovery_code = Recovery code
hint-recovery_code = One of the ten codes shown when the account was opened, for example K7QM2-X9D5A. Each works once.
field-second = Code of your app
hint-second = Only if your account has a second step; another recovery code can stand in for it.
field-new_passphrase = New passphrase
hint-passphrase = At least 12 characters. Several words with spaces do very well.
hint-own_email = You sign in with it. Readers never see it.
passphrase-show = Show
passphrase-hide = Hide
invitation-title = Welcome, { $name }
invitation-sign-in = The address { $email } has an account already. Sign in with it to answer the invitation. If that account is not yours, tell the person who invites you: whoever runs the service can give it back to you.
invitation-explanation = Choose your passphrase. This link works once; from then on you sign in with your email address and this passphrase.
codes-title = Your recovery codes
codes-explanation = Keep these ten codes in a safe place: they will not be shown again. Should you forget your passphrase, one of them lets you choose another; each works once.
codes-download = Download
codes-next = Continue
setup-title = First opening
setup-step = Step { $step } of 4
setup-explanation = This button begins the set-up in this browser. The link works once.
setup-button = Begin
setup-next = Continue
setup-where = Nobody runs this service yet. A link and a code, good for ten minutes, are printed in the terminal at the start; this command prints a new one:
field-setup_code = Set-up code
hint-setup_code = What follows “code=” in the link.
setup-code-bad = This code no longer counts: it is more than ten minutes old, or was used. Print a new one with “palabre setup-code”.
setup-paused = Too many tries. Try again in { $wait }.
setup-you-title = You
setup-you-explanation = Your account runs all sites of this service: you tune, review and invite.
field-your_name = Your name
hint-your_name = Your team sees it beside your decisions. No reader can take a name that looks like it.

## The way in: errors
sign_in_failed = The email address and the passphrase do not go together.
session_ended = Five tries in a row were wrong: this session has ended. Sign in again.
retype_needed = This asks for your passphrase, typed at most ten minutes ago.
code_missing = Type the code of your app, or a recovery code.
code_needed = This account asks for a code as well.
code_bad = This code does not count, or was used before.
second_step_unreadable = Your second step cannot be checked at present: the key that it was made with is gone. Type one of your recovery codes, or ask an owner for a new link.
pass_ended = The five minutes are over, or your passphrase has changed. Start again.
recovery_failed = These do not go together.
link_has_account = This email address has an account already: sign in to answer the invitation.
link_ended = This link no longer counts: it was used, is too old, or another one has replaced it. Whoever runs the site can make a new one.
https_needed = Sign-in is refused: this address is not https, so others could read a passphrase or a session on the way. Set up https, then set server.public_url.
setup_over = The set-up is done already.
passphrase_missing = Choose a passphrase.
passphrase_short = This passphrase is too short: it needs at least 12 characters.
passphrase_long = This passphrase has more than 1,000 characters.
passphrase_common = This passphrase would be among the first to be guessed. Add a word or two that have nothing to do with it.
passphrase_wrong = This is not your current passphrase.
last_owner = This is the last person who runs this site: give that role to somebody else first.
works_elsewhere = This account also works on a site that you do not run. You can change its role on yours.
tokens_full = This site has 1,000 tokens already, as many as it may: revoke those that no program uses.
invitations_full = 2,000 people were invited and have not come in yet, as many as may be: remove those who will not.
name_taken = Somebody here has that name, or one that looks like it: add a word that tells the two apart, such as an initial or the desk.
account_exists = This email address has just been invited.
second_step_on = The second step is in place already.
site_missing = Choose at least one site.

## Accounts: one’s own, those of others, tokens
nav-moderators = Team
nav-tokens = Tokens
save = Save
copy = Copy
copied = Copied.
every-site = all sites
account-title = Your account
account-back = Back to your account
account-way-in = How you sign in
account-passphrase-title = Change passphrase
account-passphrase-explanation = Your other sessions end; this one goes on.
account-passphrase-button = Change
account-second-step-title = Add a second step
account-second-step-explanation = After the passphrase Palabre will ask for a six-digit code from an app on your phone. A stolen passphrase is then not enough.
account-second-step-button = Continue
account-second-step-remove-title = Remove the second step
account-second-step-remove-explanation = The passphrase alone will let you in again.
account-second-step-remove-button = Remove
account-codes-title = Make new recovery codes
account-codes-explanation = Ten new codes, shown once. The old ones will no longer count.
account-codes-button = Make ten codes
field-current = Present passphrase
second-step-on = Second step: in place.
second-step-off = Second step: none.
second-step-scan = Scan this square with your code app.
second-step-qr = Code to be scanned; the same is written below
second-step-type = Or type into it:
second-step-open = Open in an app on this device
second-step-confirm = Put in place
hint-first_code = The first code that the app shows. The second step counts only then.
codes-left = { $count ->
    [0] Recovery codes: none left.
    [one] Recovery codes: { $count } left.
   *[other] Recovery codes: { $count } left.
 }
sessions-title = Open sessions
session-current = this session
session-opened = signed in
session-seen = last seen
session-end = End
session-end-others = End all others
account-done-renamed = Name saved.
account-done-passphrase = Passphrase changed; your other sessions have ended.
account-done-second-step-on = The second step is in place.
account-done-second-step-off = The second step is removed.
account-done-sessions = Session ended.
account-done-accepted = Role accepted: you now work on this site too.
account-done-refused = Offer refused.
moderators-title = Team
role-owner = runs the site
role-moderator = reviews
role-none = no role any more
role-on = Role: { $site }
role-offered = offered, not accepted yet
role-offered-on = Role offered, not accepted yet: { $site }
role-offer-none = take the offer back
offers-title = Offers
offers-explanation = Nothing changes until you accept. From then on the owners of the site count you among their team.
offer-owner = The team of “{ $site }” invites you to run the site with them.
offer-moderator = The team of “{ $site }” invites you to review its comments.
offer-accept = Accept
offer-refuse = Refuse
person-self = you
person-since = since
person-second_step = second step
person-link = New sign-in link
person-disable = Suspend
person-enable = Let back in
person-remove = Remove…
person-remove-explanation = The account goes with its sessions and the tokens that it made; its name stays beside its decisions. This is final.
person-remove-button = Remove { $name }
standing-active = active
standing-invited = invited, has not come yet
standing-disabled = suspended
invite-title = Invite somebody
invite-explanation = You get a link to pass on yourself: good for seven days, and once. People who have an account get the role without a link. If they work on a site that you do not run, they are asked first.
field-their_name = Name
field-role = Role
field-site = Site
invite-button = Invite
link-title = Sign-in link of { $name }
link-explanation = Pass this link on in a safe way: what you give goes to whoever opens it. It is not shown again, works once, and takes the place of the one you made before.
moderators-done-given = This person has an account already, and now has this role.
moderators-done-offered = This person works elsewhere already: the role is offered on their account page, and counts once they accept it.
moderators-done-role = Role saved.
moderators-done-disabled = Account suspended; its sessions and the tokens that this person made have ended.
moderators-done-enabled = This person may come back. Tokens are made anew.
moderators-done-removed = Account removed.
tokens-title = Tokens
tokens-explanation = A token opens the API to a program, with a role on a site. It may never do more than the person who made it, and ends with their account.
tokens-none = There is no token.
token-made = made on
token-ends = until
token-endless = no end
token-revoke = Revoke
token-new = Make a token
token-new-button = Make the token
field-token_name = Name of the token
hint-token_name = The audit log shows it. One is made up if this stays empty.
field-expires = Good for how many days
hint-expires = 1 to 3650; empty: until it is revoked.
token-once-title = Your new token
token-once-explanation = Copy it now: it is not shown again. Palabre keeps only a hash of it.
token-done-revoked = Token revoked.
role_missing = Say which role, too, or null to take it away.
change_missing = Say what changes: site and role, or disabled.
role_bad = Choose a role.
expires_bad = Between 1 and 3650 days, or nothing.

## Sites and their settings
nav-sites = Sites
sites-title = Sites
sites-new = Add a site
sites-new-button = Add the site
sites-made = Site added.
settings-link = Site settings
settings-title = Settings of { $site }
settings-about = The site
settings-review = Review
settings-robots = Robots
settings-second = Second check
settings-second-about = A comment that the captcha is not sure about first asks the browser for a calculation, in silence. Where the browser cannot do it, the page may offer the reader one more check: nothing of it loads without a yes, and saying no changes nothing.
settings-saved-dropped = Saved. The secret key that was kept belonged to another service or address: it was erased.
settings-saved = Settings saved.
settings-test = Save and test the keys
setting-fixed = Set in config.toml, and changed there.
secret-hidden = a secret, which is not shown
field-id = Identifier
hint-id = Lower-case letters, digits and hyphens. It is part of addresses and does not change any more.
field-name = Name of the site
hint-name = Readers and the newsroom see it.
field-origins = Addresses of the pages
hint-origins = Where the form is, one a line: https://www.example.org. Empty: this service’s own pages alone.
field-language = Readers’ language
field-time_zone = Time zone
hint-time_zone = For example Africa/Ouagadougou or Europe/Paris. Empty: universal time (UTC).
field-moderation = Publication
moderation-before = Review everything before it appears
moderation-after = Publish by the thresholds, review the rest
field-body_max = Length of a comment
hint-body_max = In characters, 1 to 20000. Empty: 5000.
field-threads = New discussions
threads-open = Any page may open one
threads-signed = Only with the site’s signature
field-cdn_max_age = Kept in caches
hint-cdn_max_age = In seconds. A withdrawn comment may be seen that much longer. Empty: 0.
field-provider = Check
field-site_key = Site key
hint-site_key = The public key that the provider gives. Empty for the built-in check.
field-secret = Secret key
hint-secret = Kept encrypted, never shown. Empty for the built-in check.
hint-secret_kept = A key is kept, encrypted, since { $date }. Empty: it stays.
field-secret_remove = Remove the secret key
field-verify_url = Address of verification
hint-verify_url = Empty: the provider’s own. Needed for Cap, mCaptcha and compatible services.
field-project = Google Cloud project
hint-project = For reCAPTCHA Enterprise alone.
field-consent = Loading the script
consent- = As the provider asks for
consent-focus = When the reader begins to write
consent-ask = After the reader’s yes
field-hostnames = Allowed hosts
hint-hostnames = Where a token may be minted, one a line. Empty: those of the pages’ addresses.
field-action = Action
hint-action = What a token is minted for. Empty: “comment”.
field-recaptcha_net = reCAPTCHA from recaptcha.net
recaptcha_net-no = no
recaptcha_net-yes = yes, where google.com is blocked
field-send_address = The reader’s IP address
send_address-no = is not told to the provider
send_address-yes = is told to the provider: tell your readers
field-feedback = Your decisions, seven days later
feedback-no = not told
feedback-yes = told to reCAPTCHA Enterprise
field-second_provider = Check on offer
second-none = none
field-second_site_key = Site key
hint-second_site_key = The public key that the provider gives.
field-second_verify_url = Address of verification
hint-second_verify_url = Empty: the provider’s own.
field-second_secret = Secret key
hint-second_secret = Kept encrypted, never shown.
language-fr = French
language-en = English
language-pt = Portuguese
language-es = Spanish
language-ar = Arabic
setup-go-on = Finish setting up
setup-site-title = Your site
setup-site-skip = Skip: try it with the demonstration’s site
setup-robots-title = Robots
setup-robots-explanation = The built-in check is enough to begin with: no account elsewhere, and nothing asked of the reader. “Continue” keeps it. Or choose a provider and give its two keys.
setup-robots-skip = Skip: keep the built-in check
setup-try-title = A first comment
setup-try-explanation = Here is your site’s page of comments. Try it as a reader, then as the newsroom.
setup-try-post = Post a test comment, under another name than your own (new tab).
setup-try-review = Publish it in the review queue.
setup-try-see = See it in place (new tab).
setup-try-nothing = No comment yet.
setup-try-waiting = A comment waits in the queue.
setup-try-published = Your first comment is published.
setup-try-again = Look again
setup-try-done = Finish
moderators-done-setup = Setting up is done. Now invite who will review with you.
value_bad = This value is not possible.
id_bad = 1 to 64 lower-case letters, digits and hyphens.
site_exists = There is a site of that identifier.
site_name_missing = Give the site a name.
origin_bad = One address a line, such as https://www.example.org, with nothing after the name.
body_max_bad = A number from 1 to 20000.
time_zone_bad = There is no such time zone. For example Africa/Ouagadougou.
secret_missing = This provider needs its secret key.
verify_url_missing = This provider has no address of its own: give the one that verifies tokens.
site_key_missing = This provider needs the site key.
project_bad = Give the id of the Google Cloud project.
second_provider_bad = This provider asks a reader nothing: choose Turnstile, reCAPTCHA v2, hCaptcha, Friendly Captcha or Prosopo.
test_key_public = This is the provider’s published test key: it accepts anything and cannot guard a public address.
verify_url_bad = An https address with a plain host name, without a user name; http only on private addresses, where config.toml allows those.
verify_url_forbidden = This address would reach the pages of other sites’ readers, or send a token’s calls elsewhere: only an owner of every site, or config.toml, gives it. Nothing was changed.
set_in_file = This setting is fixed in config.toml.
settings_changed = Somebody else has just changed these settings. Look at them, then try again.

## Statuses
status-pending = To review
status-approved = Published
status-rejected = Rejected
status-spam = Spam
status-refused = Refused automatically
status-erased = Erased
tab-pending = To review
tab-approved = Published
tab-rejected = Rejected
tab-spam = Spam
tab-refused = Refused automatically

## Actions
act-approve = Publish
act-reject = Reject
act-spam = Spam
act-restore = Back to review
act-hold = Set aside
undo = Undo
done-approve = Published: { $name }
done-reject = Rejected: { $name }
done-spam = Spam: { $name }
done-restore = Back to review: { $name }
done-hold = Set aside: { $name }
done-undo = Undone: { $name }
undo-failed = There is nothing left to undo: something changed since.
own_decision = The reader appeals against your decision: somebody else has to look at it. Nothing was changed.
decided-approve = Published by { $person }, { $time }
decided-reject = Rejected by { $person }, { $time }
decided-spam = Marked as spam by { $person }, { $time }
decided-restore = Put back to review by { $person }, { $time }
decided-hold = Set aside by { $person }, { $time }
decided-undo = Decision undone by { $person }, { $time }
conflict-pending = Already put back to review by { $person } at { $time }. Nothing was changed.
conflict-approved = Already published by { $person } at { $time }. Nothing was changed.
conflict-rejected = Already rejected by { $person } at { $time }. Nothing was changed.
conflict-spam = Already marked as spam by { $person } at { $time }. Nothing was changed.
conflict-refused = Already refused automatically by { $person } at { $time }. Nothing was changed.
conflict-erased = Already erased by { $person } at { $time }. Nothing was changed.

## What happened to a comment, each beside its time
history-received = received
history-published = received and published
history-refused = received, turned away by the filter
history-scored = { $said }, score { $score }
history-approve = published by { $person }
history-reject = rejected by { $person }
history-spam = spam, says { $person }
history-restore = put back to review by { $person }
history-hold = set aside by { $person }
history-undo = decision undone by { $person }
history-appeal = the reader asks for a review
history-step_up = second check passed
history-reported = reported
history-reported-as = reported, { $reason }

## Queue
queue-tabs = States of comments
live-one = { $n } new
live-other = { $n } new
live-reading = { $name } is reading
live-done = { $said }: { $name }. { $left } left. U to undo.
live-undone = Decision undone: { $name }.
live-waits-one = Offline: { $n } decision waiting
live-waits-other = Offline: { $n } decisions waiting
live-changed = Changed meanwhile
live-over = Your session is over. What waits is kept, and sent when you sign in again.
live-no-line = Offline: nothing is decided yet. Try when the line is back.
queue-replies-to = In reply to { $name }
queue-erased = Text erased.
queue-next = More
queue-search-on = Search further on
queue-empty-so-far = Nothing found so far
sites-switch = Site: { $site }
choose-captcha = Thresholds of which site?
choose-defence = Defence of which site?
choose-none = You have no role on any site.
filter-all-sites = All sites
filter-order = Order
filter-apply = Show
order-article = By article
order-oldest = Oldest
order-newest = Newest
order-score = By score
order-doubt = Most doubtful
order-reports = Most reported
order-mixed = Mixed
record-first = first comment
record-none = no decision yet
record-approved = { $count ->
    [one] { $count } published
   *[other] { $count } published
}
record-rejected = { $count ->
    [one] { $count } rejected
   *[other] { $count } rejected
}
record-spam = { $count ->
    [one] { $count } spam
   *[other] { $count } spam
}
record-since = first time { $ago }
record-verified = { $record } (same device)
record-unverified = { $record } (typed address)

tab-reported = Reported
tab-set_aside = Set aside
tab-decided = Decided
nav-menu = Menu
act-keep = Leave published
queue-empty-pending = Nothing to review.
queue-empty-reported = No published comment was reported.
queue-empty-set_aside = Nothing is set aside. What is set aside comes back to review after 24 hours.
queue-empty-spam = No spam.
queue-empty-approved = Nothing is published.
queue-empty-rejected = Nothing was rejected by a person.
queue-empty-refused = Nothing was refused automatically.
queue-empty-erased = Nothing was erased.
queue-last = Last comment received { $ago }.
queue-oldest = the oldest { $ago }
queue-on = on
queue-more = More
queue-pick = Select { $name }
queue-read-all = Read all
queue-appeals = Requests for another look
queue-plea = The reader asks for another look.
queue-plea-own = It is against your own decision: somebody else answers.
bulk-label = Decide together
bulk-all = Decide about all of this filter
bulk-back = Back to the list
bulk-fits = { $count ->
    [0] No comment fits this filter.
    [one] { $count } comment fits this filter.
   *[other] { $count } comments fit this filter.
}
bulk-fits-more = More than 10,000 comments fit this filter, and one decision is about 10,000 at most. Narrow it.
bulk-choose-site = One decision is about one site. Which one?
bulk-what = { $count ->
    [one] What to do with this comment?
   *[other] What to do with these { $count }?
}
bulk-type = Type { $count } to confirm
bulk-type-hint = Asked above 50. If the count has changed meanwhile, nothing is done.
bulk-button = { $count ->
    [one] Decide
   *[other] Decide about { $count }
}
bulk-one-step = One decision: “Undo” takes all of it back.
bulk-choose = Choose a decision.
bulk-typed = Type the exact number: { $count }.
bulk-known = Look at these first: authors you have published
bulk-known-hint = Publish or set aside what should not be decided with the others.
bulk-among = Among them
bulk-others = Among the others
bulk-see-all = See the whole list
bulk-see = See the decision that is running
bulk-again = Refresh
bulk-state-running = { $word }: { $done } of { $count }, the rest follows.
bulk-state-done = { $word }: { $done } of { $count }.
bulk-state-undoing = Taking back: { $done } of { $count }, the rest follows.
bulk-state-undone = Taken back: { $done } of { $count } are as before.
bulk-none = None
bulk-done = { $count ->
    [one] { $count } decision made.
   *[other] { $count } decisions made.
}
bulk-left = { $count ->
    [one] { $count } had changed meanwhile.
   *[other] { $count } had changed meanwhile.
}
word-approve = Published
word-reject = Rejected
word-spam = Spam
word-restore = Back to review
word-hold = Set aside
word-undo = Decision undone
already-approve = Already published
already-reject = Already rejected
already-spam = Already spam
already-restore = Already back to review
already-hold = Already set aside
already-undo = Decision undone
live-own = by you, just now
live-by = by { $person }, { $time }
live-keep = Keep
live-empty = Nothing left to review.
live-nothing = There is nothing left to undo.
live-full = Too many decisions wait for the connection: wait until it is back.
live-taken = { $said }. Go on to the next one with j.
live-not-here = That cannot be done here.
live-picked = { $n } selected
panel-context = Context
panel-talk = Conversation
panel-open = Open the article
panel-story = History of this comment
panel-past = Their latest comments
panel-latest = Your latest decisions
panel-here = this comment
panel-author = Author
panel-close = Close
help-title = Keys
help-close = Close
help-move = Next, previous comment
help-move-all = The same, also those that are decided
help-undo = Undo your latest decision
help-pick = Select this one, all
help-picked = Publish, reject, mark as spam what is selected
help-context = Read the context
help-author = Read the author’s latest comments
help-keys = Single letters as keys, on this device
help-article = Open the article
help-search = Search
help-fresh = Add the new ones below
help-go = Then r, s, c, i, d: To review, Reported, Set aside, Spam, Decided
help-help = These keys
filter-words = Search
filter-words-hint = Words, or author:, article:, reason:
filter-add = Filter
filter-drop = Remove the filter:
filter-reason = Reason
filter-score = Score at most
filter-links = Links, at least
filter-days = Last days
filter-author = Author
filter-thread = Key of the article
chip-words = Words: { $value }
chip-author = Author: { $value }
chip-thread = Article: { $value }
chip-reason = { $value }
chip-score = Score at most { $value }
chip-links = { $count ->
    [one] { $count } link or more
   *[other] { $count } links or more
}
chip-days = { $count ->
    [one] Last day
   *[other] Last { $count } days
}
chip-since = Since { $value }
ago-now = just now
ago-minutes = { $count } min ago
ago-hours = { $count } h ago
ago-days = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
ago-weeks = { $count ->
    [one] { $count } week ago
   *[other] { $count } weeks ago
}
ago-months = { $count ->
    [one] { $count } month ago
   *[other] { $count } months ago
}
ago-years = { $count ->
    [one] { $count } year ago
   *[other] { $count } years ago
}
reason-name-score_below = Score under the cut of publication
reason-name-score_held = Nothing is published by score
reason-name-score_at_least = Score at the cut of publication
reason-name-score_refused = Score under the cut of refusal
reason-name-step_up = Second check wanted
reason-name-links = Links
reason-name-wrong_action = Token made for another action
reason-name-link_disguised = Disguised link
reason-name-wrong_host = Token made on another site
reason-name-not_run = Check that did not run
reason-name-misconfigured = Check misconfigured
reason-name-unavailable = Check unreachable
reason-name-provider_says = Remark of the check
reason-name-too_fast = Sent too fast
reason-name-checked_here = Our own check

## What the check said
check-scored = Score { $score }
check-passed = Check: passed, without a score
check-failed = Check: failed, without a score
check-bad_token = Check: token not valid
check-not_run = Check: did not run
check-misconfigured = Check: misconfigured
check-unavailable = Check: service unreachable
check-off = Check: none

## Reasons of an automatic outcome
reason-observe = Observation: everything is reviewed
reason-moderation_before = This site publishes nothing without review
reason-score_below = Score { $score }: under the cut { $cut }
reason-score_held = Score { $score }: nothing is published by score
reason-score_at_least = Score { $score }: reaches the cut { $cut }
reason-score_refused = Score { $score }: turned away, under the cut { $cut }
reason-step_up = Score { $score }: second check asked for under { $cut }
reason-step_up_passed = Second check passed
reason-links = { $count ->
    [one] { $count } link
   *[other] { $count } links
}
reason-many_links = Three links or more: always read by a person
reason-trust_without_proof = Known device, but without proof of work
reason-check_off = This site asks for no check
reason-captcha_passed = Check passed
reason-captcha_failed = Check failed
reason-token_missing = No check token received
reason-token_malformed = Check token unreadable or forged
reason-token_expired = Check token expired
reason-token_duplicate = Check token already used by this very request
reason-token_foreign = Check token already used by another request
reason-wrong_action = Token made for another action: “{ $seen }”
reason-link_disguised = A link shows “{ $shown }” and leads to “{ $host }”
reason-wrong_host = Token made on another host: “{ $seen }”
reason-wrong_site = Token made for another site or article
reason-not_run = { $why ->
    [no_script] Check missing: no JavaScript
    [blocked] Check missing: script blocked in the browser
    [consent_refused] Check missing: the reader did not accept it
    [browser_error] Check missing: error in the browser
   *[other] Check missing
}
reason-misconfigured = Check misconfigured: { $detail }
reason-unavailable = { $why ->
    [timeout] Check service too slow
    [connect] Check service unreachable
    [server_error] Check service failing
    [quota] Quota of the check service used up
    [garbage] Unreadable answer of the check service
    [ambiguous_duplicate] Lost answer of the check service
    [breaker_open] Check service failing, paused
    [busy] Check service too busy, not asked
   *[other] Check service unavailable
}
reason-provider_says = The check service remarks: { $words }
reason-form_missing = Sent without our form
reason-form_expired = Form open for too long
reason-form_forged = Forged form token
reason-form_reused = Form already used for another text
reason-honeypot = Invisible field filled in
reason-too_fast = { $seconds ->
    [one] Sent { $seconds } second after the form was opened
   *[other] Sent { $seconds } seconds after the form was opened
}
reason-proof_missing = Without proof of work
reason-proof_forged = Proof of work forged or already used
reason-checked_here = Our own check: score { $score }
reason-email_rate = Many comments with this email address
reason-device_rate = Many comments from this device
reason-site_surge = Unusual surge on the site
reason-origin_unknown = Unknown origin of the request
reason-appealed = The reader asks for a review
reason-set_aside = Set aside
reason-reported = { $count ->
    [one] Reported { $count } time
   *[other] Reported { $count } times
}
reason-lease_lost = Check interrupted, outcome unknown
reason-provider_busy = Too many comments were waiting for the check service: it was not asked about this one

## Thresholds
captcha-title = Thresholds of { $site }
captcha-no-data = No verdicts yet. The careful defaults are in force.
captcha-no-verdicts = No comment has received a score yet.
captcha-summary = { $scored ->
    [one] In the last { $days } days { $scored } comment was scored: { $outcomes }.
   *[other] In the last { $days } days { $scored } comments were scored: { $outcomes }.
}
summary-published = { $count } published at once
summary-held = { $count } held for review
summary-step_up = { $count } asked for a second check
summary-refused = { $count } turned away
captcha-held-then-approved = { $held ->
    [one] Of { $held } held for review, moderators published { $approved }.
   *[other] Of the { $held } held for review, moderators published { $approved }.
}
captcha-unscored = { $count ->
    [one] { $count } comment received no score; it was held for review.
   *[other] { $count } comments received no score; they were held for review.
}
captcha-in-force = Rules in force: { $cuts }.
captcha-moderates-before = This site reviews everything first: a sufficient score alone does not publish.
cuts-observe = observation, everything is held for review
cut-publish = publish from { $cut }
cut-step-up = second check under { $cut }
cut-refuse = turn away under { $cut }
levels-title = Scores and decisions
levels-caption = Comments of the last { $count } days, by score. 1: certainly a person.
level = Score
level-total = Received
level-outcomes = Automatic outcome
level-verdicts = Moderators’ decisions
level-approved-share = Published by you
level-human-share = Written by a person
level-human-share-explanation = “Written by a person”: published and rejected, without spam. The shares are counted on the comments that you have read.
outcome-published = Published
outcome-held = Held
outcome-step_up = Second check
outcome-refused = Turned away
verdict-approved = Published
verdict-rejected = Rejected
verdict-spam = Spam
share = { $share } in 100 ({ $low } to { $high })
share-unknown = { $count ->
    [one] { $count } decision: too few to tell
   *[other] { $count } decisions: too few to tell
}
try-title = Try other cuts
try-explanation = An empty field means: never. A score exactly on a cut goes to the gentler side. Trying changes nothing.
field-publish_from = Publish from
hint-publish_from = A score at least that high publishes without review, where the site allows it.
field-step_up_below = Second check under
hint-step_up_below = A lower score asks for one more silent check.
field-refuse_below = Turn away under
hint-refuse_below = A lower score turns the comment away; its text is kept 30 days and the reader can ask for a review.
cut-bad = A number from 0 to 1, with three decimals at most.
preview-button = Show the effect
preview-title = What would have changed
preview-changed = { $count ->
    [0] No comment would have had another outcome.
    [one] { $count } comment would have had another outcome.
   *[other] { $count } comments would have had another outcome.
}
preview-refused = Would be refused automatically: { $count }. Your moderators published { $approved } of them, rejected { $rejected }, marked { $spam } as spam; { $undecided } not read yet.
preview-comments = These comments
preview-decision = Now: { $status }
preview-score = score { $score }
change = { $before } → { $after } ({ $difference })
change-none = { $before }, unchanged
apply-title = Put into force
apply-note = Note (optional)
apply-confirm = To confirm, type the site’s id: { $site }
doubt-published = Your moderators publish more than one comment in twenty at a score that this rule would refuse.
doubt-most = This rule would refuse more than half of the comments that come in.
doubt-few_verdicts = Turning away on so few decisions can silence readers.
doubt-unread = Nobody would read a share of these refusals: nothing would tell whether they were right.
apply-button = Apply these cuts
apply-refuses-by-day = { $count ->
    [one] Refuse automatically about { $count } comment a day
   *[other] Refuse automatically about { $count } comments a day
}
apply-refuses = { $count ->
    [one] Refuse automatically about { $count } comment in { $days } days
   *[other] Refuse automatically about { $count } comments in { $days } days
}
apply-refuses-published = { $refuses }, { $count } of which you would have published
applied = Version { $count } is in force.
base-stale = Somebody changed the cuts meanwhile. This is the effect of your cuts on the version in force; nothing was applied.
history-title = Versions
history-empty = No version yet. The first will be the one you apply.
version = Version { $count }
version-current = in force
version-observe = Observation: everything is reviewed
observe-button = Go back to observation
revert-button = Go back to version { $count }
policy-from-file = config.toml

## Defence
nav-defence = Defence
defence-title = Defence: { $site }
defence-link = State of the check
defence-link-of = State of the check: { $site }
defence-thresholds = Thresholds and scores
defence-periods = Period
defence-period = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
defence-off = This site asks for no check: there is nothing to defend.
defence-unseen = In { $period } there was no comment to check: nothing says yet whether the check works.
defence-works = { $answered ->
    [one] The check works: in { $period }, { $answered } comment checked of { $total }.
   *[other] The check works: in { $period }, { $answered } comments checked of { $total }.
}
defence-partly = { $answered ->
    [one] The check works only in part: in { $period }, { $answered } comment checked of { $total }.
   *[other] The check works only in part: in { $period }, { $answered } comments checked of { $total }.
}
defence-down = { $total ->
    [one] The check does not work: in { $period }, no answer for { $total } comment.
   *[other] The check does not work: in { $period }, no answer for { $total } comments.
}
defence-nothing-lost = No text is lost: a comment without an answer is held for review.
defence-provider = Service in place: { $provider }.
defence-levels = Scores received: { $levels }.
defence-new-levels = For some days this key has returned scores that it did not return before: { $levels }. See whether your thresholds still fit.
defence-seconds-under = under 0.01 s
defence-paused = The service has stopped answering: calls pause, one is tried every 30 seconds.
defence-missing = of these, token missing
defence-expired = of these, token expired
defence-waits = Usual wait
defence-waits-words = { $p50 }, and at most { $p95 } for 95 comments in 100
defence-seconds = { $seconds } s
defence-of-total = { $count } ({ $share })
percent = { $count }%
percent-under-one = less than 1%
provider-house = built-in check
provider-off = none
defence-days-title = Day by day
defence-days-caption = Days in universal time (UTC), newest first.
defence-day = Day
defence-service = Service
defence-received = Received
defence-answered = Checked
defence-without-token = Without a valid token
defence-unavailable = Service down
defence-misconfigured = Settings refused
defence-p50 = Median wait
defence-p95 = Wait, 95%
defence-causes-title = Why answers are missing
defence-causes-none = None is missing.
defence-cause = Cause
defence-side = On whose side
defence-comments = Comments
defence-share = Share
side-reader = The reader’s, through no fault of theirs
side-sender = The sender’s
side-provider = The service’s
side-ours = Ours: to be looked at
cause-missing = Token missing
cause-malformed = Token unreadable or forged
cause-expired = Token expired
cause-duplicate = Token used before by the same sending
cause-foreign = Token used before by another sending
cause-wrong_action = Token made for another action
cause-wrong_host = Token made on another host
cause-wrong_site = Token made for another site or article
cause-no_script = No JavaScript
cause-blocked = Script blocked in the browser
cause-consent_refused = Check not agreed to
cause-browser_error = Error in the browser
cause-timeout = Service too slow
cause-connect = Service out of reach
cause-server_error = Service down
cause-quota = Quota used up
cause-garbage = Unreadable answer
cause-ambiguous_duplicate = Answer lost
cause-breaker_open = Service down, calls pause
cause-busy = Service too slow for the number of comments
cause-misconfigured = Settings refused by the service
defence-hosts-title = Foreign hosts
defence-hosts-explanation = Tokens were made on these hosts, which are not the site’s. If one of them is yours, add it to the settings (hostnames).
defence-hosts-newest = Counted over the newest 2,000.
defence-host = Host
defence-host-unnamed = (not named)
defence-quota-title = Calls to the service
defence-calls = { $count ->
    [one] { $count } call since the beginning of the month (UTC).
   *[other] { $count } calls since the beginning of the month (UTC).
}
defence-quota = Free quota used: { $used } calls of { $free } this month ({ $share }).
defence-quota-near = The free quota is nearly used up. Beyond it the service stops answering and everything is held for review.
defence-quota-over = The free quota is used up. Without a billing account the service stops answering and everything is held for review.
test-title = Keys
test-explanation = The test sends the service a worthless token: it must answer that it is none.
test-button = Test my keys
test-owners-only = Only an owner of the site can test the keys.
test-not_needed = This site asks no service outside: there is no key to test.
test-accepted = All is well: { $provider } answers, knows your secret key and recognises a worthless token.
test-accepts_anything = { $provider } accepted a worthless token. That is what a test key does: set your own key.
test-misconfigured = { $provider } answers, but refuses your settings: “{ $detail }”. Check the secret key and its type.
test-unavailable = { $why ->
    [timeout] { $provider } did not answer within three seconds. Try again in a few minutes.
    [connect] { $provider } is out of reach from this server. Check the network and the firewall.
    [server_error] { $provider } is down. Try again later.
    [quota] { $provider } answers that the quota is used up.
    [garbage] { $provider } gave an unreadable answer. Check the verify address (verify_url).
    [breaker_open] { $provider } had stopped answering: calls pause. Try again in a minute.
   *[other] { $provider } could not be asked.
}
alarm-label = To be mended
alarm-misconfigured = { $count ->
    [one] { $site }: the captcha service refuses our settings (“{ $detail }”). Within the last hour { $count } comment was held for review unchecked, at { $time }.
   *[other] { $site }: the captcha service refuses our settings (“{ $detail }”). Within the last hour { $count } comments were held for review unchecked, the last at { $time }.
}
alarm-test_key = { $site }: the secret key is a public test key, which accepts anything. Set your own key.
alarm-address_unvouched = { $site }: the address of the check was not given by an owner of every site, so it is not used and comments wait unchecked. An owner of every site gives it again in the settings, or config.toml does.
alarm-undelivered = { $count ->
    [one] { $site }: { $count } message could not be delivered after twelve tries and was given up. Check the mail server in config.toml and the owners’ addresses.
   *[other] { $site }: { $count } messages could not be delivered after twelve tries and were given up. Check the mail server in config.toml and the owners’ addresses.
}
alarm-mail-subject = { $site }: the check of comments is to be mended
alarm-mail-end = No comment is lost: they wait for review. To see and mend it: { $address }

## Documentation
docs-title = API documentation
docs-version = Version
docs-contents = Contents
docs-parameters = Parameters
docs-required = required
docs-body = Body:
docs-answers = Answers

## Errors of the API
status_bad = There is no such status.
score_bad = A score is a number from 0 to 1.
links_bad = The number of links is a whole number.
since_bad = That is not a date and time in RFC 3339.
from_bad = That is not a date and time in RFC 3339.
days_bad = That number of days is not allowed.
cuts_bad = A cut is a number from 0 to 1, with three decimals at most.
action_bad = There is no such action for a batch.
expect_missing = Count first: say how many comments the decision is about.
count_changed = The number of comments has changed meanwhile. Check it, then confirm again.
bulk_running = A decision about many comments is under way on this site. Wait for its end, or undo it.
bulk_too_large = One decision is about 10,000 comments at most. Narrow the filter.
decisions_bad = A batch has 1 to 100 decisions, each with its comment and action.
ids_bad = Give 1 to 3 ids of comments, with commas between them.
url_bad = That address is not on this site.
search_slow = The search took too long. Narrow it and try again.
streams_full = Too many pages follow the queue at the same time. Close some of them, or try again in a moment.

## Other
back-to-queue = Back to the queue
not_found_title = Page not found
problem_title = That could not be done
internal_title = An error on our side
