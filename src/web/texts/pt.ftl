# What readers see, in Portuguese. The same keys and variables stand in fr, en, es and ar.

## Frame
skip = Ir para o conteúdo
error_prefix = Erro:
error_title = Alguns campos precisam de atenção
invalid = Alguns campos precisam de atenção

## Thread
comments_count = { $count ->
    [0] Nenhum comentário
    [one] { $count } comentário
   *[other] { $count } comentários
}
comments_empty = Ainda ninguém escreveu aqui.
comments_more = Ver mais { $count }
comments_first = Voltar aos primeiros
comments_closed = Os comentários estão fechados neste artigo.
pages_label = Mais comentários
replies_more = Ver as restantes respostas
replies_more_to = Ver as restantes respostas a { $name }
reply = Responder
reply_to = Responder a { $name }
in_reply_to = Em resposta a { $name }
thread_untitled = Comentários
thread_read_article = Ler o artigo

## Form
form_heading = O seu comentário
form_reply_heading = Responder a { $name }
form_cancel_reply = Comentar antes o artigo
field_body = Comentário
field_name = Nome
field_email = Endereço de e-mail (não publicado)
field_website = Site (facultativo)
field_trap = Assunto (deixe este campo vazio)
remember = Guardar o meu nome e e-mail neste dispositivo
notice_before = Os comentários são lidos antes de serem publicados.
notice_at_once = Os comentários podem ser lidos depois de publicados.
notice_check = Uma verificação automática ({ $company }) é carregada quando começa a escrever.
notice_check_asked = Uma verificação automática ({ $company }) só é carregada se a ativar.
notice_details = Saber mais
notice_details_of = Saber mais sobre a verificação de { $company }
consent_yes = Ativar a verificação { $company }
consent_no = Continuar sem ela
check_on = A verificação está ativada.
send = Publicar o comentário
sending = A enviar…
offline = Sem ligação. O seu texto está guardado.
network = Não foi possível enviar. O seu texto está guardado; tente de novo quando a ligação voltar.
draft_restored = Rascunho recuperado.
draft_clear = Apagar
characters_left = { $count ->
    [one] { $count } carácter restante
   *[other] { $count } caracteres restantes
}
body_too_long_script = { $count ->
    [one] { $count } carácter a mais. Encurte o seu comentário.
   *[other] { $count } caracteres a mais. Encurte o seu comentário.
}
own_waiting = Visível só para si, à espera de leitura
own_published = O seu comentário está publicado
own_erased = Este comentário foi apagado.
receipt_link = Acompanhar o meu comentário
check_running = Está em curso uma verificação automática. Não precisa de fazer nada.

## Outcomes
published = Obrigado, o seu comentário está publicado.
held = Obrigado. O seu comentário chegou; uma pessoa vai lê-lo antes de ser publicado. Não precisa de fazer mais nada. Referência { $reference }.
held_within = Obrigado. O seu comentário chegou; uma pessoa vai lê-lo antes de ser publicado, em geral dentro de { $delay }. Não precisa de fazer mais nada. Referência { $reference }.
form_expired = Escreveu com calma, ainda bem. Entretanto a autorização da página expirou; o seu texto está abaixo, carregue mais uma vez em «Publicar».
step_up = { $count ->
    [one] Mais uma verificação automática, cerca de { $count } segundo. Não precisa de fazer nada.
   *[other] Mais uma verificação automática, cerca de { $count } segundos. Não precisa de fazer nada.
}
step_up_running = Mais uma verificação automática… Não precisa de fazer nada.
second_offer = O seu comentário está guardado. Uma verificação de { $company } pode confirmar que não é um robô; só é carregada se quiser.
second_accept = Fazer a verificação de { $company }
second_decline = Não, obrigado
second_done = Obrigado, a verificação está feita.
second_failed = A verificação não resultou; o seu comentário continua guardado e uma pessoa vai lê-lo.
check_own = Sem problema: usamos a nossa própria verificação, nada é enviado a terceiros.
check_down = O nosso serviço de verificação não responde. O seu comentário está guardado e será lido por uma pessoa. Referência { $reference }.
refused = O seu comentário não pôde ser aceite automaticamente. O filtro às vezes engana-se. O seu texto fica guardado até { $date }. Referência { $reference }.
captcha_refused = O seu comentário não pôde ser aceite automaticamente. O seu texto fica guardado até { $date }.
captcha_refused_short = O seu comentário não pôde ser aceite automaticamente.
captcha_failed = A verificação não terminou. Tente de novo, ou envie sem ela: um moderador vai ler o seu comentário.
appeal_button = Pedir a uma pessoa que releia
appeal_sent = Está feito. Uma pessoa vai reler; a página de acompanhamento dará a resposta, sem conta.
duplicate = Já o recebemos, não é preciso enviá-lo duas vezes.

## Two-step page
confirm_title = Mais um clique para publicar
confirm_why_first = Esta página verifica que foi mesmo você quem enviou. Releia o seu texto e carregue em «Publicar».
confirm_why_origin = O formulário veio de um endereço diferente do do site. Se foi mesmo você, releia o seu texto e carregue em «Publicar».
confirm_your_text = O seu texto
confirm_send = Publicar
confirm_back = Voltar sem publicar

## A form that was not taken
returned_title = O seu comentário não foi enviado
returned_text = O seu texto, para copiar

## Receipt
receipt_title = O seu comentário
receipt_waiting = O seu comentário chegou. Uma pessoa vai lê-lo antes de ser publicado.
receipt_appealed = Uma pessoa vai reler o seu comentário. Esta página dará a resposta.
receipt_published = O seu comentário está publicado.
receipt_not_published = O seu comentário não foi publicado.
receipt_erased = O seu comentário foi apagado. Não resta nenhum texto dele.
receipt_reference = Referência
receipt_sent = Enviado
receipt_thread = Voltar aos comentários
erase_summary = Apagar este comentário
erase_warning = O texto, o nome e o endereço de e-mail serão apagados para sempre.
erase_button = Apagar para sempre

## Errors of the form
body_missing = Escreva o seu comentário.
body_too_long = { $surplus ->
    [one] O seu comentário tem { $surplus } carácter a mais.
   *[other] O seu comentário tem { $surplus } caracteres a mais.
}
name_missing = Indique o seu nome.
name_too_long = Esse nome é demasiado longo: 80 caracteres no máximo.
name_reserved = Esse nome parece o de um membro da redação. Escolha outro.
email_missing = Indique o seu endereço de e-mail.
email_bad = Esse endereço de e-mail parece incompleto. Exemplo: nome@exemplo.com
website_left_out = O endereço do site não foi guardado: não é um endereço em http ou https.
parent_missing = O comentário a que responde já não está aqui. O seu texto está guardado.
parent_gone = O comentário a que respondia já não está aqui. O seu texto está guardado: envie-o mais uma vez e será um comentário à parte.
thread_bad = A página deste artigo não tem um endereço válido. Avise o site.
thread_unknown = Este artigo ainda não aceita comentários.

## Other errors
site_unknown = Esse site não existe aqui.
step_up_closed = Esta verificação terminou; não precisa de fazer mais nada.
appeal_answered = Uma pessoa já releu o seu comentário a seu pedido; a resposta mantém-se.
thread_closed = Os comentários estão fechados neste artigo.
origin_forbidden = Esta página não pode enviar comentários a este site.
rate_limited = Muitos envios em pouco tempo a partir da sua ligação. Tente de novo dentro de { $wait }; o seu texto está guardado.
idempotency_mismatch = Este envio tem a mesma chave que outro, com conteúdo diferente.
bad_type = Um campo não é do tipo esperado.
bad_host = O endereço pedido não é legível.
bad_json = O conteúdo enviado não é JSON legível.
duplicate_key = O conteúdo enviado indica duas vezes o mesmo campo.
bad_encoding = O conteúdo enviado não está em UTF-8.
bad_character = O texto contém um carácter que não pode ser guardado.
too_deep = O conteúdo enviado tem demasiados níveis.
too_large = O conteúdo enviado é demasiado grande.
unsupported_media_type = Este tipo de conteúdo não é aceite aqui.
timeout = O envio demorou demasiado. Tente de novo.
unavailable = O serviço não consegue guardar nada neste momento. O seu texto está guardado; tente de novo daqui a pouco.
not_found = Esta página não existe, ou já não existe.
unauthenticated = É preciso entrar primeiro.
forbidden = A sua função não permite isto.
csrf = Este pedido não vem de uma das nossas páginas.
conflict = Alguém foi mais rápido. Nada foi alterado.
erased = Este comentário foi apagado.
cuts_cross = Os limites cruzam-se: recusar deve ficar abaixo da segunda verificação, e esta abaixo da publicação.
confirm_needed = Escreva o identificador do site para confirmar.
internal = Ocorreu um erro do nosso lado. Ficou registado.
method_not_allowed = Este endereço não aceita esse método.
limit_bad = Esse número por página não é permitido.
order_bad = Essa ordem não existe.
after_bad = Essa página não existe ou já não existe. Recomece do início.
error_code = Código
error_request = Pedido
error_kept_text = O seu texto
retry = Tentar de novo

## Times
date-long = { $day } de { $month } de { $year }
date-and-time = { $date } às { $time }
month-1 = janeiro
month-2 = fevereiro
month-3 = março
month-4 = abril
month-5 = maio
month-6 = junho
month-7 = julho
month-8 = agosto
month-9 = setembro
month-10 = outubro
month-11 = novembro
month-12 = dezembro
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
    [one] { $count } dia
   *[other] { $count } dias
}
