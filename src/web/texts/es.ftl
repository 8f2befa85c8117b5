# What readers see, in Spanish. The same keys and variables stand in fr, en, pt and ar.

## Frame
skip = Ir al contenido
error_prefix = Error:
error_title = Algunos campos necesitan atención
invalid = Algunos campos necesitan atención

## Thread
comments_count = { $count ->
    [0] Ningún comentario
    [one] { $count } comentario
   *[other] { $count } comentarios
}
comments_empty = Nadie ha escrito aquí todavía.
comments_more = Ver { $count } más
comments_first = Volver a los primeros
comments_closed = Los comentarios están cerrados en este artículo.
pages_label = Más comentarios
replies_more = Ver las demás respuestas
replies_more_to = Ver las demás respuestas a { $name }
reply = Responder
reply_to = Responder a { $name }
in_reply_to = En respuesta a { $name }
thread_untitled = Comentarios
thread_read_article = Leer el artículo

## Form
form_heading = Su comentario
form_reply_heading = Responder a { $name }
form_cancel_reply = Comentar mejor el artículo
field_body = Comentario
field_name = Nombre
field_email = Correo electrónico (no se publica)
field_website = Sitio web (opcional)
field_trap = Asunto (deje este campo vacío)
remember = Guardar mi nombre y mi correo en este dispositivo
notice_before = Los comentarios se leen antes de publicarse.
notice_at_once = Los comentarios pueden leerse después de publicarse.
notice_check = Una comprobación automática ({ $company }) se carga cuando empieza a escribir.
notice_check_asked = Una comprobación automática ({ $company }) se carga solo si usted la activa.
notice_details = Más información
notice_details_of = Más información sobre la comprobación de { $company }
consent_yes = Activar la comprobación { $company }
consent_no = Continuar sin ella
check_on = La comprobación está activada.
send = Publicar el comentario
sending = Enviando…
offline = Sin conexión. Su texto está guardado.
network = No se pudo enviar. Su texto está guardado; inténtelo de nuevo cuando vuelva la conexión.
draft_restored = Borrador recuperado.
draft_clear = Borrar
characters_left = { $count ->
    [one] Queda { $count } carácter
   *[other] Quedan { $count } caracteres
}
body_too_long_script = { $count ->
    [one] Sobra { $count } carácter. Acorte su comentario.
   *[other] Sobran { $count } caracteres. Acorte su comentario.
}
own_waiting = Visible solo para usted, a la espera de lectura
own_published = Su comentario está publicado
own_erased = Este comentario se ha borrado.
receipt_link = Seguir mi comentario
check_running = Hay una comprobación automática en curso. No tiene que hacer nada.

## Outcomes
published = Gracias, su comentario está publicado.
held = Gracias. Su comentario ha llegado; una persona lo leerá antes de publicarlo. No tiene que hacer nada más. Referencia { $reference }.
held_within = Gracias. Su comentario ha llegado; una persona lo leerá antes de publicarlo, por lo general en { $delay }. No tiene que hacer nada más. Referencia { $reference }.
form_expired = Se ha tomado su tiempo, mejor así. Mientras tanto caducó el pase de la página; su texto está abajo, pulse una vez más «Publicar».
step_up = { $count ->
    [one] Una comprobación automática más, alrededor de { $count } segundo. No tiene que hacer nada.
   *[other] Una comprobación automática más, alrededor de { $count } segundos. No tiene que hacer nada.
}
step_up_running = Una comprobación automática más… No tiene que hacer nada.
second_offer = Su comentario está guardado. Una verificación de { $company } puede confirmar que no es un robot; solo se carga si usted quiere.
second_accept = Hacer la verificación de { $company }
second_decline = No, gracias
second_done = Gracias, la verificación está hecha.
second_failed = La verificación no ha funcionado; su comentario sigue guardado y una persona lo leerá.
check_own = No hay problema: usamos nuestra propia comprobación, nada se envía a terceros.
check_down = Nuestro servicio de comprobación no responde. Su comentario está guardado y lo leerá una persona. Referencia { $reference }.
refused = Su comentario no pudo aceptarse automáticamente. El filtro a veces se equivoca. Su texto se guarda hasta el { $date }. Referencia { $reference }.
captcha_refused = Su comentario no pudo aceptarse automáticamente. Su texto se guarda hasta el { $date }.
captcha_refused_short = Su comentario no pudo aceptarse automáticamente.
captcha_failed = La comprobación no ha terminado. Inténtelo de nuevo, o envíe sin ella: un moderador leerá su comentario.
appeal_button = Pedir que lo relea una persona
appeal_sent = Hecho. Una persona lo releerá; la página de seguimiento dará la respuesta, sin cuenta.
duplicate = Ya lo hemos recibido, no hace falta enviarlo dos veces.

## Two-step page
confirm_title = Un clic más para publicar
confirm_why_first = Esta página comprueba que lo ha enviado usted. Relea su texto y pulse «Publicar».
confirm_why_origin = El formulario venía de una dirección distinta de la del sitio. Si ha sido usted, relea su texto y pulse «Publicar».
confirm_your_text = Su texto
confirm_send = Publicar
confirm_back = Volver sin publicar

## A form that was not taken
returned_title = Su comentario no se ha enviado
returned_text = Su texto, para copiar

## Receipt
receipt_title = Su comentario
receipt_waiting = Su comentario ha llegado. Una persona lo leerá antes de publicarlo.
receipt_appealed = Una persona releerá su comentario. Esta página dará la respuesta.
receipt_published = Su comentario está publicado.
receipt_not_published = Su comentario no se ha publicado.
receipt_erased = Su comentario se ha borrado. No queda ningún texto.
receipt_reference = Referencia
receipt_sent = Enviado
receipt_thread = Volver a los comentarios
erase_summary = Borrar este comentario
erase_warning = El texto, el nombre y el correo electrónico se borrarán para siempre.
erase_button = Borrar para siempre

## Errors of the form
body_missing = Escriba su comentario.
body_too_long = { $surplus ->
    [one] A su comentario le sobra { $surplus } carácter.
   *[other] A su comentario le sobran { $surplus } caracteres.
}
name_missing = Indique su nombre.
name_too_long = Ese nombre es demasiado largo: 80 caracteres como máximo.
name_reserved = Ese nombre se parece al de un miembro de la redacción. Elija otro.
email_missing = Indique su correo electrónico.
email_bad = Ese correo electrónico parece incompleto. Ejemplo: nombre@ejemplo.com
website_left_out = La dirección del sitio no se ha guardado: no es una dirección http o https.
parent_missing = El comentario al que responde ya no está. Su texto está guardado.
parent_gone = El comentario al que respondía ya no está. Su texto está guardado: envíelo otra vez y será un comentario aparte.
thread_bad = La página de este artículo no tiene una dirección válida. Avise al sitio.
thread_unknown = Este artículo todavía no admite comentarios.

## Other errors
site_unknown = Ese sitio no existe aquí.
step_up_closed = Esta comprobación ha terminado; no tiene que hacer nada más.
appeal_answered = Una persona ya ha releído su comentario a petición suya; su respuesta se mantiene.
thread_closed = Los comentarios están cerrados en este artículo.
origin_forbidden = Esta página no puede enviar comentarios a este sitio.
rate_limited = Muchos envíos en poco tiempo desde su conexión. Inténtelo de nuevo en { $wait }; su texto está guardado.
idempotency_mismatch = Este envío lleva la misma clave que otro, con otro contenido.
bad_type = Un campo no es del tipo esperado.
bad_host = La dirección pedida no es legible.
bad_json = El contenido enviado no es JSON legible.
duplicate_key = El contenido enviado nombra dos veces el mismo campo.
bad_encoding = El contenido enviado no está en UTF-8.
bad_character = El texto contiene un carácter que no se puede guardar.
too_deep = El contenido enviado tiene demasiados niveles.
too_large = El contenido enviado es demasiado grande.
unsupported_media_type = Este tipo de contenido no se admite aquí.
timeout = El envío tardó demasiado. Inténtelo de nuevo.
unavailable = El servicio no puede guardar nada en este momento. Su texto está guardado; inténtelo de nuevo en un momento.
not_found = Esta página no existe, o ya no existe.
unauthenticated = Primero hay que entrar.
forbidden = Su función no permite esto.
csrf = Esta petición no viene de una de nuestras páginas.
conflict = Alguien fue más rápido. No se ha cambiado nada.
erased = Este comentario se ha borrado.
cuts_cross = Los límites se cruzan: rechazar debe quedar por debajo de la segunda comprobación, y esta por debajo de publicar.
confirm_needed = Escriba el identificador del sitio para confirmar.
internal = Se ha producido un error por nuestra parte. Ha quedado anotado.
method_not_allowed = Esta dirección no admite ese método.
limit_bad = Ese número por página no está permitido.
order_bad = Ese orden no existe.
after_bad = Esa página no existe o ya no existe. Empiece desde el principio.
error_code = Código
error_request = Petición
error_kept_text = Su texto
retry = Intentar de nuevo

## Times
date-long = { $day } de { $month } de { $year }
date-and-time = { $date } a las { $time }
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
duration-seconds = { $count ->
    [one] { $count } segundo
   *[other] { $count } segundos
}
duration-minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
duration-hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}
duration-days = { $count ->
    [one] { $count } día
   *[other] { $count } días
}
