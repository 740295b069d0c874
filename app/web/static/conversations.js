// Conversations on the chat page: branching, comparing, pinning, taking away. Chainlit draws the buttons below answers
// and the list of chats; this adds a menu to the header and the pinned ones above the list, both nodes of our own.

const API = "/api/v1/conversations";
let words = {};
let pinned = [];
let shownFor = "";
let answeredIn = "";

function build(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function put(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// The address names the chat, but on a phone not one that was just begun.
function currentId() {
  return location.pathname.match(/^\/thread\/([0-9a-f-]{36})$/)?.[1] ?? answeredIn;
}

// What the service answers, or undefined once it was said why not: what nobody asked for is said in the console alone.
async function ask(path, method = "GET", body = undefined) {
  const complain = method === "GET" ? console.warn : tell;
  const headers = { "accept-language": document.documentElement.lang || navigator.language };
  try {
    const response = await fetch(path, {
      method,
      headers: body ? { ...headers, "content-type": "application/json" } : headers,
      body: body && JSON.stringify(body),
    });
    const answer = response.status === 204 ? {} : await response.json();
    if (response.ok) return answer;
    complain(answer.detail ?? words.not_done);
  } catch {
    complain(words.not_done);
  }
  return undefined;
}

// Said to everybody, and to screen readers; it goes by itself.
function tell(sentence) {
  const notice = document.getElementById("conversation-notice") ?? build("p", { id: "conversation-notice" });
  notice.setAttribute("role", "alert");
  document.body.append(notice);
  notice.textContent = sentence ?? "";
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => notice.remove(), 8000);
}

// --- Below an answer ---

function press(event) {
  const button = event.target.closest?.("button[id]");
  const [, name, id] = button?.id.match(/^(branch_here|compare_models)-(.+)$/) ?? [];
  if (!name) return;
  // Done here: the chat itself is not asked.
  event.stopPropagation();
  event.preventDefault();
  if (!button.disabled) leave(button, name === "branch_here" ? "branch" : "compare", id);
}

async function leave(button, way, stepId) {
  button.disabled = true;
  const made = await ask(`${API}/${currentId()}/${way}`, "POST", { step_id: stepId });
  button.disabled = false;
  if (made?.path.startsWith("/")) location.assign(made.path);
}

// --- The menu of this conversation ---

const toggle = build("button", { type: "button", id: "conversation-menu-button" });
const menu = build("div", { id: "conversation-menu", hidden: true });
toggle.setAttribute("aria-controls", menu.id);
toggle.setAttribute("aria-expanded", "false");
const entries = {
  pin: build("button", { type: "button" }),
  markdown: build("a", { download: "" }),
  json: build("a", { download: "" }),
};
menu.append(entries.pin, entries.markdown, entries.json);
const place = build("div", { id: "conversation-place" }, toggle, menu);

function dressMenu() {
  const right = document.querySelector("#header > :last-child");
  const id = currentId();
  if (!right || !words.pin || !id) return place.remove();
  if (place.parentElement !== right) right.prepend(place);
  if (shownFor === `${id} ${isPinned(id)} ${words.pin}`) return;
  shownFor = `${id} ${isPinned(id)} ${words.pin}`;
  put(toggle, "aria-label", words.this_conversation);
  toggle.title = words.this_conversation;
  entries.pin.textContent = isPinned(id) ? words.unpin : words.pin;
  for (const [format, label] of [["markdown", words.export_markdown], ["json", words.export_json]]) {
    entries[format].textContent = label;
    entries[format].href = `${API}/${id}/export?format=${format}`;
  }
}

function open(isOpen) {
  menu.hidden = !isOpen;
  toggle.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) entries.pin.focus();
}

toggle.addEventListener("click", () => open(menu.hidden));
menu.addEventListener("click", () => open(false));
place.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menu.hidden) return;
  event.stopPropagation();
  open(false);
  toggle.focus();
});
document.addEventListener("pointerdown", ({ target }) => !menu.hidden && !place.contains(target) && open(false));
entries.pin.addEventListener("click", async () => {
  const id = currentId();
  if (await ask(`${API}/${id}/pin`, isPinned(id) ? "DELETE" : "PUT")) await refresh();
});

// --- The pinned ones, above the list ---

const list = build("ul", {});
const heading = build("h2", { id: "pinned-heading" });
const section = build("section", { id: "pinned-conversations" }, heading, list);
section.setAttribute("aria-labelledby", heading.id);

function isPinned(id) {
  return pinned.some((each) => each.id === id);
}

async function refresh() {
  const found = await ask(`${API}?pinned=true`);
  if (!found) return;
  pinned = found;
  list.replaceChildren(...pinned.map((each) => build("li", {}, link(each))));
  schedule();
}

function link({ id, name }) {
  const anchor = build("a", { href: `/thread/${id}`, textContent: name, title: name });
  anchor.addEventListener("click", (event) => {
    // Where the list below has it too, its link opens it without loading the page anew.
    const theirs = document.querySelector(`#thread-${CSS.escape(id)} a`) ?? document.getElementById(`thread-${id}`)?.closest("a");
    if (!theirs || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    theirs.click();
  });
  return anchor;
}

function dressHistory() {
  const history = document.getElementById("thread-history");
  if (!history || !words.pinned || !pinned.length) return section.remove();
  if (heading.textContent !== words.pinned) heading.textContent = words.pinned;
  if (history.firstElementChild !== section) history.prepend(section);
  const id = currentId();
  for (const anchor of list.querySelectorAll("a")) {
    const isHere = anchor.pathname === `/thread/${id}`;
    if (isHere !== anchor.hasAttribute("aria-current")) anchor.toggleAttribute("aria-current", isHere);
  }
  for (const row of history.querySelectorAll("[id^='thread-']:not(#thread-options)")) {
    const isMarked = isPinned(row.id.slice("thread-".length));
    if (isMarked !== row.hasAttribute("data-pinned")) row.toggleAttribute("data-pinned", isMarked);
  }
}

// A chat that was renamed or deleted in the list is so among the pinned too.
function notice(event) {
  if (event.target.closest?.("[role='alertdialog'], [role='dialog']")) setTimeout(() => pinned.length && refresh(), 700);
}

// --- Editing a question ---

function dressEditing() {
  const field = document.getElementById("edit-chat-input");
  if (field && words.edit_hint) put(field.parentElement, "data-edit-hint", words.edit_hint);
}

let schedule = () => {};

async function findModels() {
  const found = await ask("/api/v1/comparisons/models");
  document.documentElement.toggleAttribute("data-compares", (found?.length ?? 0) > 1);
}

function listen({ source, data }) {
  if (source === window && data?.kind === "cloister-answer" && data.thread) answeredIn = data.thread;
  if (source !== window || data?.kind !== "cloister-words" || !data.conversation) return;
  const isFirst = !words.pin;
  answeredIn = "";
  words = data.conversation;
  // The chat says its words once somebody is signed in.
  if (isFirst) {
    refresh();
    findModels();
  }
  schedule();
}

const LABELS = { branch_here: "branch", compare_models: "compare" };

function dressButtons() {
  for (const [name, word] of Object.entries(LABELS)) {
    if (words[word]) document.querySelectorAll(`button[id^="${name}-"]`).forEach((each) => put(each, "aria-label", words[word]));
  }
}

// `again` makes the page be dressed at the next frame.
export function begin(again) {
  schedule = again;
  window.addEventListener("message", listen);
  document.addEventListener("click", press, true);
  document.addEventListener("click", notice, true);
  return () => {
    dressMenu();
    dressHistory();
    dressButtons();
    dressEditing();
  };
}
