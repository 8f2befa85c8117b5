// Adds to each passphrase the button that shows what was typed, to what is shown once a button that copies
// it; proposes the browser's time zone where none is typed.

/** @type {NodeListOf<HTMLElement>} */
const passphrases = document.querySelectorAll("[data-passphrase]");
for (const field of passphrases) {
  const input = field.querySelector("input");
  if (input === null) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet show";
  button.setAttribute("aria-controls", input.id);
  const label = () => {
    const isShown = input.type === "text";
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = (isShown ? field.dataset.hide : field.dataset.show) ?? "";
  };
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    label();
  });
  // What was shown is sent as a passphrase, so that the browser keeps it as one.
  input.form?.addEventListener("submit", () => {
    input.type = "password";
  });
  label();
  field.append(button);
}

/** @type {NodeListOf<HTMLInputElement>} */
const zones = document.querySelectorAll("[data-time-zone] input");
for (const input of zones) {
  if (input.value === "") input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

/** @type {NodeListOf<HTMLElement>} */
const copied = document.querySelectorAll("[data-copy]");
for (const button of copied) {
  if (navigator.clipboard === undefined) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    const status = document.querySelector("[data-copy-status]");
    if (status !== null) status.textContent = button.dataset.done ?? "";
  });
}
