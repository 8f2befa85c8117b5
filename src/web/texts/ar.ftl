# What readers see, in Arabic. The same keys and variables stand in fr, en, pt and es.

## Frame
skip = انتقل إلى المحتوى
error_prefix = خطأ:
error_title = بعض الحقول تحتاج إلى مراجعة
invalid = بعض الحقول تحتاج إلى مراجعة

## Thread
comments_count = { $count ->
    [zero] لا توجد تعليقات
    [one] تعليق واحد
    [two] تعليقان
    [few] { $count } تعليقات
    [many] { $count } تعليقًا
   *[other] { $count } تعليق
}
comments_empty = لم يكتب أحد هنا بعد.
comments_more = عرض { $count } أخرى
comments_first = العودة إلى الأولى
comments_closed = التعليقات مغلقة على هذا المقال.
pages_label = المزيد من التعليقات
replies_more = عرض بقية الردود
replies_more_to = عرض بقية الردود على { $name }
reply = رد
reply_to = رد على { $name }
in_reply_to = ردًا على { $name }
thread_untitled = التعليقات
thread_read_article = قراءة المقال

## Form
form_heading = تعليقك
form_reply_heading = الرد على { $name }
form_cancel_reply = التعليق على المقال بدلًا من ذلك
field_body = التعليق
field_name = الاسم
field_email = البريد الإلكتروني (لا يُنشر)
field_website = الموقع الإلكتروني (اختياري)
field_trap = الموضوع (اترك هذا الحقل فارغًا)
remember = احفظ اسمي وبريدي على هذا الجهاز
notice_before = تُقرأ التعليقات قبل نشرها.
notice_at_once = قد تُقرأ التعليقات بعد نشرها.
notice_check = يُحمَّل فحص تلقائي ({ $company }) عندما تبدأ الكتابة.
notice_check_asked = لا يُحمَّل الفحص التلقائي ({ $company }) إلا إذا فعّلته.
notice_details = معرفة المزيد
notice_details_of = معرفة المزيد عن فحص { $company }
consent_yes = تفعيل فحص { $company }
consent_no = المتابعة بدونه
check_on = الفحص مفعّل.
send = نشر التعليق
sending = جارٍ الإرسال…
offline = لا يوجد اتصال. نصك محفوظ.
network = تعذر الإرسال. نصك محفوظ؛ حاول مجددًا عند عودة الاتصال.
draft_restored = استُعيدت المسودة.
draft_clear = مسح
characters_left = { $count ->
    [zero] لم يبق أي حرف
    [one] بقي حرف واحد
    [two] بقي حرفان
    [few] بقيت { $count } أحرف
    [many] بقي { $count } حرفًا
   *[other] بقي { $count } حرف
}
body_too_long_script = { $count ->
    [zero] تعليقك أطول من اللازم. اختصره.
    [one] حرف واحد زائد. اختصر تعليقك.
    [two] حرفان زائدان. اختصر تعليقك.
    [few] { $count } أحرف زائدة. اختصر تعليقك.
    [many] { $count } حرفًا زائدًا. اختصر تعليقك.
   *[other] { $count } حرف زائد. اختصر تعليقك.
}
own_waiting = ظاهر لك وحدك، في انتظار القراءة
own_published = تعليقك منشور
own_erased = حُذف هذا التعليق.
receipt_link = متابعة تعليقي
check_running = يجري فحص تلقائي. لا يلزمك فعل شيء.

## Outcomes
published = شكرًا، تعليقك منشور الآن.
held = شكرًا. وصل تعليقك وسيقرؤه شخص قبل نشره. لا يلزمك فعل شيء آخر. المرجع { $reference }.
held_within = شكرًا. وصل تعليقك وسيقرؤه شخص قبل نشره، عادةً خلال { $delay }. لا يلزمك فعل شيء آخر. المرجع { $reference }.
form_expired = أخذت وقتك في الكتابة، وهذا حسن. انتهت صلاحية الصفحة في هذه الأثناء؛ نصك أدناه، اضغط «نشر» مرة أخرى.
step_up = { $count ->
    [zero] فحص تلقائي آخر. لا يلزمك فعل شيء.
    [one] فحص تلقائي آخر، نحو ثانية واحدة. لا يلزمك فعل شيء.
    [two] فحص تلقائي آخر، نحو ثانيتين. لا يلزمك فعل شيء.
    [few] فحص تلقائي آخر، نحو { $count } ثوانٍ. لا يلزمك فعل شيء.
   *[other] فحص تلقائي آخر، نحو { $count } ثانية. لا يلزمك فعل شيء.
}
step_up_running = فحص تلقائي آخر… لا يلزمك فعل شيء.
second_offer = تعليقك محفوظ. يمكن لفحص من { $company } أن يؤكد أنك لست روبوتًا، ولا يُحمَّل إلا إذا أردت.
second_accept = إجراء فحص { $company }
second_decline = لا، شكرًا
second_done = شكرًا، تم الفحص.
second_failed = لم ينجح الفحص؛ يبقى تعليقك محفوظًا وسيقرؤه شخص.
check_own = لا بأس: نستخدم فحصنا الخاص، ولا يُرسل شيء إلى أي جهة أخرى.
check_down = خدمة الفحص لا تجيب. تعليقك محفوظ وسيقرؤه شخص. المرجع { $reference }.
refused = تعذر قبول تعليقك تلقائيًا. المرشح يخطئ أحيانًا. نصك محفوظ حتى { $date }. المرجع { $reference }.
captcha_refused = تعذر قبول تعليقك تلقائيًا. نصك محفوظ حتى { $date }.
captcha_refused_short = تعذر قبول تعليقك تلقائيًا.
captcha_failed = لم يكتمل الفحص. حاول مجددًا، أو أرسل بدونه: سيقرأ مشرف تعليقك.
appeal_button = اطلب من شخص أن يعيد القراءة
appeal_sent = تم. سيعيد شخص القراءة؛ وستُظهر صفحة المتابعة الجواب، بلا حساب.
duplicate = وصلنا من قبل، لا داعي لإرساله مرتين.

## Two-step page
confirm_title = ضغطة واحدة أخرى للنشر
confirm_why_first = تتأكد هذه الصفحة من أنك أنت من أرسل. أعد قراءة نصك ثم اضغط «نشر».
confirm_why_origin = جاء النموذج من عنوان غير عنوان الموقع. إن كنت أنت من أرسله، فأعد قراءة نصك ثم اضغط «نشر».
confirm_your_text = نصك
confirm_send = نشر
confirm_back = العودة دون نشر

## A form that was not taken
returned_title = لم يُرسل تعليقك
returned_text = نصك، لتنسخه

## Receipt
receipt_title = تعليقك
receipt_waiting = وصل تعليقك. سيقرؤه شخص قبل نشره.
receipt_appealed = سيعيد شخص قراءة تعليقك. ستُظهر هذه الصفحة الجواب.
receipt_published = تعليقك منشور.
receipt_not_published = لم يُنشر تعليقك.
receipt_erased = حُذف تعليقك. لم يبق منه أي نص.
receipt_reference = المرجع
receipt_sent = أُرسل
receipt_thread = العودة إلى التعليقات
erase_summary = حذف هذا التعليق
erase_warning = سيُحذف النص والاسم والبريد الإلكتروني نهائيًا.
erase_button = حذف نهائي

## Errors of the form
body_missing = اكتب تعليقك.
body_too_long = { $surplus ->
    [zero] تعليقك أطول من اللازم.
    [one] تعليقك أطول من اللازم بحرف واحد.
    [two] تعليقك أطول من اللازم بحرفين.
    [few] تعليقك أطول من اللازم بـ { $surplus } أحرف.
    [many] تعليقك أطول من اللازم بـ { $surplus } حرفًا.
   *[other] تعليقك أطول من اللازم بـ { $surplus } حرف.
}
name_missing = أدخل اسمك.
name_too_long = هذا الاسم أطول من اللازم: 80 حرفًا على الأكثر.
name_reserved = يشبه هذا الاسم اسم أحد أعضاء التحرير. اختر اسمًا آخر.
email_missing = أدخل بريدك الإلكتروني.
email_bad = يبدو هذا البريد الإلكتروني ناقصًا. مثال: name@example.com
website_left_out = لم يُحفظ عنوان الموقع: ليس عنوانًا يبدأ بـ http أو https.
parent_missing = التعليق الذي ترد عليه لم يعد موجودًا. نصك محفوظ.
parent_gone = التعليق الذي كنت ترد عليه لم يعد موجودًا. نصك محفوظ: أرسله مرة أخرى وسيكون تعليقًا مستقلًا.
thread_bad = صفحة هذا المقال ليس لها عنوان صالح. أبلغ الموقع بذلك.
thread_unknown = لا يقبل هذا المقال التعليقات بعد.

## Other errors
site_unknown = هذا الموقع غير موجود هنا.
step_up_closed = انتهى هذا التحقق، وليس عليك فعل أي شيء آخر.
appeal_answered = سبق أن أعاد شخص قراءة تعليقك بطلب منك، ويبقى جوابه قائمًا.
thread_closed = التعليقات مغلقة على هذا المقال.
origin_forbidden = لا يحق لهذه الصفحة إرسال تعليقات إلى هذا الموقع.
rate_limited = رسائل كثيرة في وقت قصير من اتصالك. حاول مجددًا بعد { $wait }؛ نصك محفوظ.
idempotency_mismatch = يحمل هذا الطلب مفتاح طلب آخر بمحتوى مختلف.
bad_type = أحد الحقول ليس من النوع المتوقع.
bad_host = تعذّرت قراءة العنوان المطلوب.
bad_json = المحتوى المرسل ليس JSON صالحًا.
duplicate_key = المحتوى المرسل يذكر الحقل نفسه مرتين.
bad_encoding = المحتوى المرسل ليس بترميز UTF-8.
bad_character = في النص حرف لا يمكن حفظه.
too_deep = المحتوى المرسل متداخل أكثر من اللازم.
too_large = المحتوى المرسل كبير جدًا.
unsupported_media_type = هذا النوع من المحتوى غير مقبول هنا.
timeout = استغرق الإرسال وقتًا طويلًا. حاول مجددًا.
unavailable = لا تستطيع الخدمة حفظ شيء الآن. نصك محفوظ؛ حاول مجددًا بعد لحظات.
not_found = هذه الصفحة غير موجودة، أو لم تعد موجودة.
unauthenticated = يجب الدخول أولًا.
forbidden = دورك لا يسمح بذلك.
csrf = هذا الطلب لا يأتي من إحدى صفحاتنا.
conflict = سبقك شخص آخر. لم يتغير شيء.
erased = حُذف هذا التعليق.
cuts_cross = الحدود متقاطعة: يجب أن يبقى حد الرفض تحت حد الفحص الثاني، وهذا تحت حد النشر.
confirm_needed = اكتب معرّف الموقع للتأكيد.
internal = حدث خطأ من جهتنا. وقد سُجِّل.
method_not_allowed = لا يقبل هذا العنوان هذه الطريقة.
limit_bad = هذا العدد في الصفحة غير مسموح به.
order_bad = هذا الترتيب غير موجود.
after_bad = هذه الصفحة غير موجودة أو لم تعد موجودة. ابدأ من جديد.
error_code = الرمز
error_request = الطلب
error_kept_text = نصك
retry = حاول مجددًا

## Times
date-long = { $day } { $month } { $year }
date-and-time = { $date } في { $time }
month-1 = يناير
month-2 = فبراير
month-3 = مارس
month-4 = أبريل
month-5 = مايو
month-6 = يونيو
month-7 = يوليو
month-8 = أغسطس
month-9 = سبتمبر
month-10 = أكتوبر
month-11 = نوفمبر
month-12 = ديسمبر
duration-seconds = { $count ->
    [zero] لحظات
    [one] ثانية واحدة
    [two] ثانيتين
    [few] { $count } ثوانٍ
   *[other] { $count } ثانية
}
duration-minutes = { $count ->
    [zero] أقل من دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $count } دقائق
   *[other] { $count } دقيقة
}
duration-hours = { $count ->
    [zero] أقل من ساعة
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $count } ساعات
   *[other] { $count } ساعة
}
duration-days = { $count ->
    [zero] أقل من يوم
    [one] يوم واحد
    [two] يومين
    [few] { $count } أيام
   *[other] { $count } يومًا
}
