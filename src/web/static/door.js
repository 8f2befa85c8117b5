// Adds to each passphrase the button that shows what was typed, to what is shown once a button that copies
// it; proposes the browser's time zone where none is typed.

for (const field of document.querySelectorAll("[data-passphrase]")) {
  const input = field.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet show";
  button.setAttribute("aria-controls", input.id);
  const label = () => {
    const isShown = input.type === "text";
    button.setAttribute("aria-pressed", String(isShown));
    button.textContent = isShown ? field.dataset.hide : field.dataset.show;
  };
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    label();
  });
  // What was shown is sent as a passphrase, so that the browser keeps it as one.
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
  label();
  field.append(button);
}

for (const input of document.querySelectorAll("[data-time-zone] input")) {
  if (input.value === "") input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (navigator.clipboard === undefined) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.querySelector("[data-copy-status]").textContent = button.dataset.done;
  });
}
