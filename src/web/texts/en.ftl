# What readers see, in English. The same keys and variables stand in fr, pt, es and ar.

## Frame
skip = Skip to content
error_prefix = Error:
error_title = Some fields need attention
invalid = Some fields need attention

## Thread
comments_count = { $count ->
    [0] No comments
    [one] { $count } comment
   *[other] { $count } comments
}
comments_empty = Nobody has written here yet.
comments_more = Show { $count } more
comments_first = Back to the first ones
comments_closed = Comments are closed on this article.
pages_label = More comments
replies_more = Show the remaining replies
replies_more_to = Show the remaining replies to { $name }
reply = Reply
reply_to = Reply to { $name }
in_reply_to = In reply to { $name }
thread_untitled = Comments
thread_read_article = Read the article

## Form
form_heading = Your comment
form_reply_heading = Reply to { $name }
form_cancel_reply = Comment on the article instead
field_body = Comment
field_name = Name
field_email = Email address (not published)
field_website = Website (optional)
field_trap = Subject (leave this field empty)
remember = Remember my name and email on this device
notice_before = Comments are read before they appear.
notice_at_once = Comments may be read after they appear.
notice_check = An automatic check ({ $company }) loads when you start to write.
notice_check_asked = An automatic check ({ $company }) loads only if you turn it on.
notice_details = Learn more
notice_details_of = Learn more about the check by { $company }
consent_yes = Turn on the { $company } check
consent_no = Go on without it
check_on = The check is on.
send = Publish the comment
sending = Sending…
offline = Offline. Your text is kept.
network = Could not send. Your text is kept; try again when you are back online.
draft_restored = Draft restored.
draft_clear = Clear
characters_left = { $count ->
    [one] { $count } character left
   *[other] { $count } characters left
}
body_too_long_script = { $count ->
    [one] { $count } character too many. Please shorten your comment.
   *[other] { $count } characters too many. Please shorten your comment.
}
own_waiting = Visible to you only, waiting to be read
own_published = Your comment is online
own_erased = This comment has been erased.
receipt_link = Follow my comment
check_running = An automatic check is running. You do not need to do anything.

## Outcomes
published = Thank you — your comment is online.
held = Thank you. Your comment has arrived and a person will read it before it appears. Nothing more to do. Reference { $reference }.
held_within = Thank you. Your comment has arrived and a person will read it before it appears, usually within { $delay }. Nothing more to do. Reference { $reference }.
form_expired = You took your time — good. The page’s pass expired meanwhile; your text is below, press “Publish” once more.
step_up = { $count ->
    [one] One more automatic check, about { $count } second. You don’t need to do anything.
   *[other] One more automatic check, about { $count } seconds. You don’t need to do anything.
}
step_up_running = One more automatic check… You don’t need to do anything.
second_offer = Your comment is safely stored. A check by { $company } can confirm that you are not a robot; it loads only if you want it.
second_accept = Do the { $company } check
second_decline = No thanks
second_done = Thank you, the check is done.
second_failed = The check did not work out; your comment stays stored and a person will read it.
check_own = No problem: we’ll use our own check instead, nothing is sent to anyone else.
check_down = Our checking service isn’t answering. Your comment is saved and will be read by a person. Reference { $reference }.
refused = Your comment could not be accepted automatically. The filter is sometimes wrong. Your text is kept until { $date }. Reference { $reference }.
captcha_refused = Your comment could not be accepted automatically. Your text is kept until { $date }.
captcha_refused_short = Your comment could not be accepted automatically.
captcha_failed = The check did not finish. Try again, or send without it: a moderator will read your comment.
appeal_button = Ask a person to look again
appeal_sent = Done. A person will look at it; the follow-up page shows the answer, no account needed.
duplicate = We already have it — no need to send it twice.

## Two-step page
confirm_title = One more press to publish
confirm_why_first = This page makes sure that you sent it yourself. Read your text again, then press “Publish”.
confirm_why_origin = The form came from another address than the site’s. If it was you, read your text again, then press “Publish”.
confirm_your_text = Your text
confirm_send = Publish
confirm_back = Go back without publishing

## A form that was not taken
returned_title = Your comment was not sent
returned_text = Your text, to copy

## Receipt
receipt_title = Your comment
receipt_waiting = Your comment has arrived. A person will read it before it appears.
receipt_appealed = A person will look at your comment again. This page will show the answer.
receipt_published = Your comment is online.
receipt_not_published = Your comment was not published.
receipt_erased = Your comment is erased. None of its text is left.
receipt_reference = Reference
receipt_sent = Sent
receipt_thread = Back to the comments
erase_summary = Erase this comment
erase_warning = The text, the name and the email address will be erased for good.
erase_button = Erase for good

## Errors of the form
body_missing = Write your comment.
body_too_long = { $surplus ->
    [one] Your comment is { $surplus } character too long.
   *[other] Your comment is { $surplus } characters too long.
}
name_missing = Enter your name.
name_too_long = That name is too long: 80 characters at most.
name_reserved = That name looks like that of a member of the newsroom. Choose another one.
email_missing = Enter your email address.
email_bad = That email address looks incomplete. Example: name@example.com
website_left_out = The website address was not kept: it is not an http or https address.
parent_missing = The comment you are replying to is no longer there. Your text is kept.
parent_gone = The comment you were replying to is no longer there. Your text is kept: send it once more, and it will be a comment of its own.
thread_bad = The page of this article has no valid address. Please tell the site.
thread_unknown = This article does not take comments yet.

## Other errors
site_unknown = There is no such site here.
step_up_closed = This check is over; you have nothing more to do.
appeal_answered = A person has looked at your comment again already; their answer stands.
thread_closed = Comments are closed on this article.
origin_forbidden = This page may not send comments to this site.
rate_limited = Many comments in a short time from your connection. Try again in { $wait }; your text is kept.
idempotency_mismatch = This request carries the same key as another one, with other content.
bad_type = A field is not of the expected type.
bad_host = The address asked for cannot be read.
bad_json = The content sent is not readable JSON.
duplicate_key = The content sent names the same field twice.
bad_encoding = The content sent is not UTF-8.
bad_character = The text holds a character that cannot be stored.
too_deep = The content sent is nested too deeply.
too_large = The content sent is too large.
unsupported_media_type = This type of content is not accepted here.
timeout = Sending took too long. Try again.
unavailable = The service cannot store anything right now. Your text is kept; try again in a moment.
not_found = This page does not exist, or no longer does.
unauthenticated = Please sign in first.
forbidden = Your role does not allow this.
csrf = This request does not come from one of our pages.
conflict = Somebody was faster. Nothing was changed.
erased = This comment has been erased.
cuts_cross = The cuts cross: refusing must stay under the second check, and that under publishing.
confirm_needed = Type the site’s id to confirm.
internal = Something went wrong on our side. It has been noted.
method_not_allowed = This address does not take that method.
limit_bad = That number per page is not allowed.
order_bad = There is no such order.
after_bad = There is no such page, or not any more. Start again from the first.
error_code = Code
error_request = Request
error_kept_text = Your text
retry = Try again

## Times
date-long = { $day } { $month } { $year }
date-and-time = { $date } at { $time }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
duration-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
duration-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
duration-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
