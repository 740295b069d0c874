// What stands below an answer and on its sentences. Chainlit draws the buttons; the service tells the rest in messages
// to the window: reasons for doubt, timings, the text to copy. In Chainlit's elements this adds attributes, and one
// line of timings at the end of the row of buttons.

const faces = new Map();
let words = {};

function listen({ source, data }, schedule) {
  if (source !== window || typeof data?.kind !== "string") return;
  if (data.kind === "cloister-words") words = data;
  if (data.kind === "cloister-answer") faces.set(data.id, { ...faces.get(data.id), ...data });
  schedule();
}

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function dressAnswers() {
  for (const face of faces.values()) {
    const message = document.getElementById(`step-${face.id}`);
    if (!message) continue;
    dressDoubts(message, face.reasons);
    dressRow(face);
  }
  dressFolds();
  dressLabels();
}

// Struck-through text is what a sentence in doubt is written as: it is no deletion.
function dressDoubts(message, reasons) {
  message.querySelectorAll(".message-content del").forEach((mark, n) => {
    if (reasons?.[n]) put(mark, { "data-why": reasons[n], role: "mark", tabindex: "0", "aria-description": reasons[n] });
  });
}

function dressRow({ id, search, timings }) {
  const evidence = document.getElementById(`show_evidence-${id}`);
  const trigger = findEvidence(search);
  if (evidence) {
    put(evidence, { "aria-expanded": trigger?.getAttribute("aria-expanded") ?? "false" });
    // What was not found cannot be shown.
    evidence.hidden = !trigger;
  }
  const row = document.getElementById(`copy_answer-${id}`)?.parentElement;
  if (row && timings && !row.querySelector(".timings")) {
    row.append(Object.assign(document.createElement("span"), { className: "timings", textContent: timings }));
  }
}

// SQL below a heading of the sixth rank is folded.
function dressFolds() {
  for (const heading of document.querySelectorAll(".message-content h6:has(+ * code.language-sql)")) {
    if (!heading.hasAttribute("aria-expanded")) put(heading, { role: "button", tabindex: "0", "aria-expanded": "false" });
  }
}

// Buttons of Chainlit's that are nothing but a picture.
const LABELS = {
  edit: ".edit-message",
  helpful: ":is(.positive-feedback-off, .positive-feedback-on)",
  not_helpful: ":is(.negative-feedback-off, .negative-feedback-on)",
};

function dressLabels() {
  for (const [name, selector] of Object.entries(LABELS)) {
    if (words[name]) document.querySelectorAll(selector).forEach((each) => put(each, { "aria-label": words[name] }));
  }
  for (const side of ["positive", "negative"]) {
    document.querySelectorAll(`.${side}-feedback-on`).forEach((each) => put(each, { "aria-pressed": "true" }));
    document.querySelectorAll(`.${side}-feedback-off`).forEach((each) => put(each, { "aria-pressed": "false" }));
  }
}

// --- Buttons ---

function press(event) {
  const button = event.target.closest?.("button[id]");
  const [, name, id] = button?.id.match(/^(copy_answer|show_evidence)-(.+)$/) ?? [];
  const face = faces.get(id);
  if (!face) return;
  // These two are done here: the service is not asked.
  event.stopPropagation();
  event.preventDefault();
  if (name === "copy_answer") copy(button, face.copy);
  else toggleEvidence(face.search);
}

function findEvidence(search) {
  return search ? document.querySelector(`#step-${CSS.escape(search)} button[aria-expanded]`) : null;
}

function toggleEvidence(search) {
  const trigger = findEvidence(search);
  if (!trigger) return;
  const isClosed = trigger.getAttribute("aria-expanded") === "false";
  trigger.click();
  if (!isClosed) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  trigger.focus({ preventScroll: true });
  trigger.scrollIntoView({ block: "start", behavior: isCalm ? "auto" : "smooth" });
}

async function copy(button, text) {
  const isCopied = await write(text);
  say(isCopied ? words.copied : words.not_copied);
  if (!isCopied) return;
  button.dataset.done = words.copied;
  setTimeout(() => delete button.dataset.done, 2000);
}

// Browsers give pages without https no clipboard; they still obey the old command.
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
    field.style.cssText = "position: fixed; opacity: 0";
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    return isCopied;
  }
}

// For screen readers, and for everybody when something failed.
export function say(sentence) {
  status.textContent = "";
  status.toggleAttribute("data-seen", sentence === words.not_copied);
  requestAnimationFrame(() => (status.textContent = sentence ?? ""));
}

const status = Object.assign(document.createElement("p"), { id: "cloister-status" });
status.setAttribute("role", "status");

function fold(event) {
  const heading = event.target.closest?.("h6[aria-expanded]");
  if (!heading || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  put(heading, { "aria-expanded": String(heading.getAttribute("aria-expanded") === "false") });
}

// --- Why a sentence is in doubt ---

const why = Object.assign(document.createElement("p"), { id: "cloister-why", hidden: true });
// Screen readers have the description.
why.setAttribute("aria-hidden", "true");

function showWhy({ target, clientX }) {
  const mark = target.closest?.("del[data-why]");
  // A chip in the sentence shows its quote.
  if (!mark || target.closest(".element-link")) return hideWhy();
  why.textContent = mark.dataset.why;
  why.hidden = false;
  const lines = [...mark.getClientRects()];
  const line = lines.find(({ left, right }) => clientX >= left && clientX <= right) ?? lines[0];
  const { width, height } = why.getBoundingClientRect();
  const middle = clientX ?? line.left + Math.min(line.width, width) / 2;
  why.style.left = `${Math.max(16, Math.min(middle - width / 2, innerWidth - width - 16))}px`;
  why.style.top = `${lines[0].top - height - 8 > 0 ? lines[0].top - height - 8 : lines.at(-1).bottom + 8}px`;
}

function hideWhy() {
  why.hidden = true;
}

// --- Editing a question: Enter asks, Escape leaves it as it was ---

function edit(event) {
  if (event.target.id !== "edit-chat-input" || event.isComposing) return;
  const confirm = event.target.parentElement.querySelector(".confirm-edit");
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    confirm?.click();
  } else if (event.key === "Escape") {
    event.stopPropagation();
    confirm?.previousElementSibling?.click();
  }
}

// What a chip cites while the answer, and so its list of sources, is still being written.
export function findSource(chip) {
  const id = chip.closest("[id^='step-']")?.id.slice("step-".length);
  return faces.get(id)?.sources?.[chip.textContent];
}

// A page of the web, which is no document of anybody's: its place begins with the word, not with a name.
export function isOfWeb(place) {
  return Boolean(words.web) && place.startsWith(`${words.web} · `);
}

// `schedule` makes the page be dressed at the next frame.
export function begin(schedule) {
  document.body.append(status, why);
  window.addEventListener("message", (event) => listen(event, schedule));
  document.addEventListener("click", press, true);
  document.addEventListener("click", fold);
  document.addEventListener("keydown", fold);
  document.addEventListener("keydown", edit, true);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hideWhy());
  document.addEventListener("mouseover", showWhy);
  document.addEventListener("focusin", showWhy);
  document.addEventListener("focusout", hideWhy);
  document.addEventListener("scroll", hideWhy, true);
  return dressAnswers;
}
