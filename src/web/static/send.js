// Sends a comment and shows what came of it; loaded by comments.js on the first focus.
//
// A try's key is kept until an answer came, so that the same text sent again stays one comment.
// Nodes are made with createElement only. Another outcome: its branch in `present`.

/**
 * @typedef {{form: HTMLFormElement, api: string, texts: Record<string, any>, names: Record<string, string>,
 *   status: HTMLElement, counter: HTMLElement, remember: HTMLInputElement,
 *   field: (name: string) => HTMLInputElement | HTMLTextAreaElement, bodyText: () => string,
 *   say: (message: string, receipt?: string, isProblem?: boolean) => void,
 *   thank: (message: string, receipt?: string) => void, hasPosted: boolean,
 *   showErrors: (errors: {field: string, message: string}[], heading?: string) => void,
 *   startAnew: () => void, settle: () => void,
 *   element: (name: string, attributes: Record<string, string>, ...children: (string | Node)[]) => HTMLElement,
 *   fill: (node: HTMLElement, ...children: (string | Node)[]) => void,
 *   request: (url: string, options?: RequestInit) => Promise<Response>,
 *   soon: (promise: Promise<any>, milliseconds: number) => Promise<any>, read: (key: string) => string | null,
 *   write: (key: string, value: string) => void, forget: (key: string) => void,
 *   parse: (json: string | null) => Record<string, string>}} Page
 * @typedef {{data: Promise<{form: string}>, check: Promise<any>, stop: AbortController}} Prepared
 */

const CHECK_WAIT_MS = 8 * 1000;
const STEP_UP_WAIT_MS = 120 * 1000;

/**
 * Sends what stands in the form; what came of it is on the page when this resolves.
 * @param {Page} page
 * @param {Prepared} prepared
 * @returns {Promise<void>} rejects when no answer came
 */
export async function send(page, prepared) {
  const { form, api } = page;
  /** @type {Record<string, string>} */
  const comment = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string") comment[name] = value;
  comment.body = page.bodyText();
  const key = keyFor(page, comment);
  const solved = prepared.check.then((check) => check?.answer()).catch(() => null);
  const parts = [solved, prepared.data.then((data) => ({ form: data.form })).catch(() => null)];
  const [given, got] = await Promise.all(parts.map((part) => page.soon(part, CHECK_WAIT_MS)));
  if (given?.unsolved) return unsolved(page);
  Object.assign(comment, got, given);
  const device = page.read(page.names.device);
  if (device) comment.device = device;
  page.hasPosted = true;
  const response = await page.request(`${api}/comments`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key },
    body: JSON.stringify(comment),
  });
  const answer = await response.json().catch(() => ({}));
  // What stands between may answer in our place.
  if (!answer.id && !answer.code) throw new Error("send: not our answer");
  present(page, response, answer);
  if (response.ok && answer.step_up && answer.receipt_url) stepUp(page, prepared, answer).catch(() => {}).finally(() => prepared.stop.abort());
  else prepared.stop.abort();
}

/** Said beside an outside check that waits for the reader. @param {Page} page */
function unsolved({ form, texts, status, element, fill }) {
  const without = element("button", { type: "button", "data-consent": "no" }, texts.consent_no);
  const send = /** @type {HTMLElement} */ (form.querySelector(".palabre-send"));
  without.addEventListener("click", () => setTimeout(() => send.click())); // after the form heard of it
  fill(status);
  const notice = /** @type {HTMLElement} */ (form.querySelector("#palabre-check"));
  fill(notice, element("p", { class: "palabre-problem" }, texts.captcha_failed), element("p", { class: "palabre-choice" }, without));
  notice.scrollIntoView({ block: "nearest" });
}

/**
 * One more check while the reader may go on writing; where it does not pass, the one that the site names for that
 * (outside.js). Whatever comes of it, the comment waits for a person.
 * @param {Page} page @param {Prepared} prepared @param {any} answer
 */
async function stepUp(page, prepared, answer) {
  const { form, status, texts, say, thank, request, soon } = page;
  const { kind, challenge, second } = answer.step_up;
  say(texts.step_up_running, answer.receipt_url);
  const line = status.firstChild;
  /** @param {Record<string, string | null>} solved @returns {Promise<any>} */
  const give = async (solved) => {
    if (!Object.values(solved)[0]) return {};
    const response = await request(`${answer.receipt_url}/step-up`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(solved),
    });
    return response.ok ? response.json() : {};
  };
  /** @returns {Promise<Record<string, string | null>>} */
  const solve = async () => {
    const check = await prepared.check;
    return kind === "proof" ? { proof: await check.solve(challenge) } : { captcha: await check.renew(), form: (await prepared.data).form };
  };
  const { status: now, passed } = (await soon(solve().then(give).catch(() => null), STEP_UP_WAIT_MS)) ?? {};
  const mark = document.getElementById(`c${answer.id}`)?.querySelector(".palabre-mark");
  if (now === "approved" && mark) mark.textContent = texts.own_published;
  if (!line?.isConnected) return;
  thank((now === "approved" ? texts.own_published : answer.message) ?? "", answer.receipt_url);
  if (!second || passed || now === "approved") return;
  await (await import(`${form.dataset.base ?? ""}${second.module}`)).offer(page, prepared, answer, give);
}

/**
 * A retry of the same text keeps its key, other content gets a new one.
 * @param {Page} page
 * @param {Record<string, string>} comment
 * @returns {string}
 */
function keyFor(page, comment) {
  const content = [comment.parent, comment.name, comment.email, comment.body].join("\n");
  const kept = page.parse(page.read(page.names.key));
  if (kept.content === content && kept.key) return kept.key;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  page.write(page.names.key, JSON.stringify({ content, key }));
  return key;
}

/** @param {Page} page @param {Response} response @param {any} answer */
function present(page, response, answer) {
  const { texts } = page;
  if (response.ok) return accepted(page, answer);
  page.startAnew();
  if (answer.code === "captcha_refused") return refused(page, answer);
  /** @type {{field: string, message: string}[]} */
  const errors = Array.isArray(answer.errors) ? answer.errors : [];
  if (errors.length) return page.showErrors(errors.map((error) => alone(page, error)));
  if (response.status >= 500) return page.say(texts.unavailable, "", true);
  page.showErrors([], answer.detail ?? answer.title ?? texts.network);
}

/**
 * A comment that is answered no more must not keep the text out: the next press sends it by itself.
 * @param {Page} page @param {{field: string, message: string}} error
 */
function alone({ form, texts }, error) {
  if (error.field !== "parent") return error;
  const parent = form.elements.namedItem("parent");
  if (parent instanceof HTMLInputElement) parent.remove();
  form.querySelector(".palabre-cancel")?.remove();
  const heading = form.querySelector("#palabre-form-heading");
  if (heading) heading.textContent = texts.form_heading;
  return { ...error, message: texts.parent_gone };
}

/** @param {Page} page @param {any} answer */
function accepted(page, answer) {
  const { form, names, remember } = page;
  const body = page.bodyText();
  const name = page.field("name").value.trim();
  const parent = form.elements.namedItem("parent");
  page.settle();
  if (answer.device) page.write(names.device, answer.device);
  if (remember.checked) page.write(names.person, JSON.stringify({ name, email: page.field("email").value.trim() }));
  else page.forget(names.person);
  page.field("body").value = "";
  page.counter.textContent = "";
  page.thank(answer.message ?? "", answer.receipt_url);
  if (!answer.id || !["pending", "approved"].includes(answer.status)) return;
  const own = ownComment(page, answer, name, body);
  place(page, own, parent instanceof HTMLInputElement ? parent.value : "");
  own.focus();
}

/** @param {Page} page @param {any} answer */
function refused(page, answer) {
  const { texts, status, say, element } = page;
  page.settle();
  const ask = element("button", { type: "button" }, texts.appeal_button);
  ask.addEventListener("click", async () => {
    try {
      const response = await page.request(answer.appeal, { method: "POST", headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`appeal: ${response.status}`);
      page.field("body").value = "";
      page.thank(texts.appeal_sent, answer.receipt_url);
    } catch {
      offer(texts.network);
    }
  });
  /** @param {string} message */
  const offer = (message) => {
    say(message, answer.receipt_url, true);
    status.firstChild?.appendChild(element("p", {}, ask));
  };
  offer(answer.detail ?? answer.title ?? "");
}

/** @param {Page} page @param {any} answer @param {string} name @param {string} body @returns {HTMLElement} */
function ownComment({ texts, element }, answer, name, body) {
  document.getElementById(`c${answer.id}`)?.closest("li")?.remove();
  const own = element("article", { class: "palabre-comment", id: `c${answer.id}`, tabindex: "-1", "aria-labelledby": `palabre-n${answer.id}` });
  const heading = element("h3", { class: "palabre-name", id: `palabre-n${answer.id}` }, element("bdi", {}, name));
  own.append(element("header", { class: "palabre-head" }, heading),
    element("p", { class: "palabre-mark" }, answer.status === "approved" ? texts.own_published : texts.own_waiting),
    element("div", { class: "palabre-body palabre-typed", dir: "auto" }, body));
  return own;
}

/** @param {Page} page @param {HTMLElement} own @param {string} parent */
function place({ form, element }, own, parent) {
  const section = form.closest(".palabre");
  const answered = parent ? document.getElementById(`c${parent}`) : null;
  let list = answered ? answered.closest("li")?.querySelector(".palabre-replies") : section?.querySelector(".palabre-list");
  if (!list) {
    list = element("ol", { class: answered ? "palabre-replies" : "palabre-list" });
    section?.querySelector(".palabre-empty")?.remove();
    if (answered) answered.after(list);
    else form.before(list);
  }
  if (answered) list.append(element("li", {}, own));
  else list.prepend(element("li", {}, own));
}
