# What moderators and owners see, in English. The same keys and variables stand in admin.fr.ftl.

## Frame
nav-label = Navigation
nav-queue = Review queue
nav-captcha = Thresholds
nav-demo = Demonstration article
nav-docs = API documentation
sign-out = Sign out

## Home, sign-in, set-up
home-explanation = Palabre takes in readers’ comments, checks them and has them read before they appear.
home-demo = an article, its comments and its form
home-queue = the comments that wait for a decision
home-captcha-of = Thresholds of { $site }
home-captcha = what the scores are worth, and the cuts that follow
home-docs = each call, its fields and its answers
home-sign-in = Sign in
home-sign-in-why = to review and to set thresholds
login-title = Sign in
login-explanation = You enter Palabre by a personal one-time link. There is no password to type here.
login-first-title = First time
login-first = Open the set-up link printed in the terminal at the start. It lasts ten minutes; this command prints a new one:
login-link-title = You have an account
login-link = Open the link you got from the person who runs the site. They can make a new one at any time.
login-insecure = Sign-in is refused: this address is not https, so a password or a session could be read by others. Set up https, then set server.public_url.
setup-title = Open the set-up session
setup-explanation = This button opens the demonstration’s session in this browser. The link works once.
setup-button = Open the session
setup-again = Print a new link with this command:
setup-code-bad = This link is no longer valid: it is older than ten minutes, or it was used already.
setup-paused = Too many tries. Try again in { $wait }.
demonstration-person = Demonstration

## Statuses
status-pending = To review
status-approved = Published
status-rejected = Rejected
status-spam = Spam
status-refused = Turned away by the filter
status-erased = Erased
tab-pending = To review
tab-approved = Published
tab-rejected = Rejected
tab-spam = Spam
tab-refused = Turned away

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
decided-approve = Published by { $person }, { $time }
decided-reject = Rejected by { $person }, { $time }
decided-spam = Spam, says { $person }, { $time }
decided-restore = Put back to review by { $person }, { $time }
decided-hold = Set aside by { $person }, { $time }
decided-undo = Decision undone by { $person }, { $time }
conflict-pending = Already put back to review by { $person } at { $time }. Nothing was changed.
conflict-approved = Already published by { $person } at { $time }. Nothing was changed.
conflict-rejected = Already rejected by { $person } at { $time }. Nothing was changed.
conflict-spam = Already marked as spam by { $person } at { $time }. Nothing was changed.
conflict-refused = Already turned away by { $person } at { $time }. Nothing was changed.
conflict-erased = Already erased by { $person } at { $time }. Nothing was changed.

## Queue
queue-title = Review queue
queue-tabs = States of comments
queue-empty = Nothing to review.
queue-empty-tab = Nothing here.
queue-last = Last comment received:
queue-article = Article:
queue-replies-to = In reply to { $name }
queue-reasons = Reasons
queue-erased = Text erased.
queue-next = Next page
filter-site = Site
filter-all-sites = All sites
filter-order = Order
filter-apply = Show
order-article = By article, oldest first
order-oldest = Oldest first
order-newest = Newest first
order-score = By score
order-doubt = Most doubtful first
order-reports = Most reported first
order-mixed = Mixed
record-first = First comment
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
record-since = first comment on { $date }
record-unverified = { $record } (by the typed email address)

## What the check said
check-scored = Check: score { $score }
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
reason-check_off = This site asks for no check
reason-captcha_passed = Check passed
reason-captcha_failed = Check failed
reason-token_missing = No check token received
reason-token_malformed = Check token unreadable or forged
reason-token_expired = Check token expired
reason-token_duplicate = Check token already used by this very request
reason-token_foreign = Check token already used by another request
reason-wrong_action = Token made for another action: “{ $seen }”
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
reason-site_surge = Unusual surge on the site
reason-origin_unknown = Unknown origin of the request
reason-appealed = The reader asks for a review
reason-set_aside = Set aside
reason-reported = { $count ->
    [one] Reported { $count } time
   *[other] Reported { $count } times
}
reason-lease_lost = Check interrupted, outcome unknown

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
level-share = Publishable
outcome-published = Published
outcome-held = Held
outcome-step_up = Second check
outcome-refused = Turned away
verdict-approved = Published
verdict-rejected = Rejected
verdict-spam = Spam
share = of 100 like these, about { $share } ({ $low } to { $high })
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
preview-comments = These comments
preview-decision = Now: { $status }
preview-score = score { $score }
change = { $before } → { $after } ({ $difference })
change-none = { $before }, unchanged
apply-title = Put into force
apply-note = Note (optional)
apply-confirm = To confirm, type the site’s id: { $site }
apply-confirm-why = Turning away on so few decisions can silence readers.
apply-button = Apply these cuts
applied = Version { $count } is in force.
base-stale = Somebody changed the cuts meanwhile. This is the effect of your cuts on the version in force; nothing was applied.
history-title = Versions
history-empty = No version yet. The first will be the one you apply.
version = Version { $count }
version-current = in force
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
decisions_bad = A batch has 1 to 100 decisions, each with its comment and action.
url_bad = That address is not on this site.
search_slow = The search took too long. Narrow it and try again.

## Other
back-to-queue = Back to the queue
not_found_title = Page not found
problem_title = That could not be done
internal_title = An error on our side
