// Evidence on the chat page. Chainlit draws the chips and the pane; this says where each chip leads, shows its
// quote and marks the quoted words in a passage. It adds attributes and classes only. Below: the form for a password.

import { begin, findSource, isOfWeb } from "./answers.js";
import "./approval.js";
import { begin as beginConversations } from "./conversations.js";
import { findText } from "./find-text.js";
import { begin as beginSignIn } from "./sign-in.js";
import { begin as beginSpeech } from "./speech.js";

const chosen = { place: "", quote: "" };

// "[2]" in a list of sources -> where it stands, its quote, and whether it is in doubt.
function readSources(message) {
  const sources = new Map();
  for (const row of message.querySelectorAll("h6 + ul > li")) {
    const chip = row.querySelector(".element-link");
    const quote = row.querySelector(".italic")?.textContent ?? "";
    if (!chip || sources.has(chip.textContent)) continue;
    const text = row.textContent.slice(chip.textContent.length);
    const [before, after] = quote ? text.split(quote) : [text];
    sources.set(chip.textContent, { place: before.replace(/\s*—\s*$/, "").trim(), quote, doubt: after?.trim() ?? "" });
  }
  return sources;
}

// A passage in the list under "Found … passages": the bold place after the chip, the quotation below.
function readPassage(chip) {
  const line = chip.closest("[role=article]");
  const quotation = line?.nextElementSibling;
  const isPassage = quotation?.tagName === "BLOCKQUOTE";
  return isPassage ? { place: line.querySelector(".font-bold")?.textContent ?? "", quote: "", doubt: "" } : undefined;
}

// A quote that the answer itself consists of is not repeated in the list: it stands before its chip in the answer.
function readBefore(chips, name) {
  const chip = [...chips].find((each) => each.textContent === name && !each.closest("h6 + ul"));
  const block = chip?.closest("blockquote, li, p, [role=article]");
  if (!block) return "";
  const earlier = [...block.querySelectorAll(".element-link")];
  const previous = earlier[earlier.indexOf(chip) - 1];
  const range = document.createRange();
  range.setStart(block, 0);
  if (previous) range.setStartAfter(previous);
  range.setEndBefore(chip);
  return range.toString().trim();
}

function dressChips() {
  for (const message of document.querySelectorAll(".message-content")) {
    const chips = message.querySelectorAll(".element-link");
    if (!chips.length) continue;
    const sources = readSources(message);
    for (const chip of chips) {
      const source = sources.get(chip.textContent) ?? findSource(chip) ?? readPassage(chip) ?? { place: "", quote: "", doubt: "" };
      const isListed = Boolean(chip.closest("h6 + ul"));
      chip.dataset.n = chip.textContent.replace(/\D/g, "");
      chip.dataset.place = source.place;
      chip.dataset.quote = isListed ? "" : [source.quote, source.doubt].filter(Boolean).join(" ");
      chip.dataset.words = source.quote || readBefore(isListed ? chips : [chip], chip.textContent);
      chip.toggleAttribute("data-doubt", Boolean(source.doubt));
      chip.toggleAttribute("data-web", isOfWeb(source.place));
      chip.setAttribute("aria-label", `${chip.textContent} ${source.place} ${chip.dataset.quote}`.trim());
    }
  }
}

// The quote appears above its chip and stays inside the window.
function placeQuote(event) {
  const chip = event.target.closest?.(".element-link[data-n]");
  if (!chip) return;
  const { left, width } = chip.getBoundingClientRect();
  const half = Math.min(352, window.innerWidth - 32) / 2;
  const middle = left + width / 2;
  const inside = Math.max(half + 16, Math.min(middle, window.innerWidth - half - 16));
  chip.style.setProperty("--shift", `${inside - middle}px`);
}

function choose(event) {
  const chip = event.target.closest?.(".element-link[data-n]");
  if (!chip) return;
  // The link's address is "#": following it would put it into the history.
  event.preventDefault();
  Object.assign(chosen, { place: chip.dataset.place, quote: chip.dataset.words });
  schedule();
}

function dressPane() {
  const title = document.getElementById("side-view-title");
  const content = document.getElementById("side-view-content");
  if (!title || !content) return;
  title.dataset.place = chosen.place;
  title.setAttribute("aria-label", chosen.place);
  markQuote(content.querySelector(".side-text"));
}

// How far a job is, as a bar below its heading.
function dressProgress() {
  for (const heading of document.querySelectorAll(".message-content h5")) {
    const percent = heading.textContent.match(/(\d+) %$/)?.[1];
    if (percent) heading.style.setProperty("--done", `${percent}%`);
  }
}

// The quote is marked without touching the page's elements, which are Chainlit's.
function markQuote(root) {
  if (!root || !window.Highlight || marked.isFor(root)) return;
  CSS.highlights.delete("quote");
  const range = findText(root, chosen.quote);
  Object.assign(marked, { root, text: root.textContent, quote: chosen.quote });
  if (!range) return;
  CSS.highlights.set("quote", new Highlight(range));
  range.startContainer.parentElement.scrollIntoView({ block: "center" });
}

const marked = {
  root: undefined,
  text: "",
  quote: "",
  isFor(root) {
    return root === this.root && root.textContent === this.text && chosen.quote === this.quote;
  },
};

let isScheduled = false;
function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    dressChips();
    dressPane();
    dressProgress();
    dressAnswers();
    dressSpeech();
    dressConversations();
    dressSignIn();
  });
}

const dressAnswers = begin(schedule);
const dressSpeech = beginSpeech(schedule);
const dressConversations = beginConversations(schedule);
const dressSignIn = beginSignIn(schedule);

new MutationObserver(schedule).observe(document.documentElement, { childList: true, characterData: true, subtree: true });
window.addEventListener("resize", schedule);
document.addEventListener("click", choose, true);
document.addEventListener("mouseover", placeQuote);
document.addEventListener("focusin", placeQuote);

// A password goes from this form to the API and nowhere else: not into the chat, not into its tables.
async function retry(job, password) {
  const response = await fetch(`/api/v1/jobs/${encodeURIComponent(job)}/retry`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ password }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer.id;
}

function build(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function askPassword({ job, labels }, callback) {
  const field = build("input", { type: "password", autocomplete: "off", required: true, maxLength: 1000 });
  const problem = build("p", { className: "problem", role: "alert" });
  const cancel = build("button", { type: "button", textContent: labels.cancel });
  const submit = build("button", { type: "submit", textContent: labels.submit });
  const form = build(
    "form",
    {},
    build("h2", { id: "unlock-title", textContent: labels.title }),
    build("label", {}, build("span", { textContent: labels.field }), field),
    build("p", { className: "hint", textContent: labels.hint }),
    problem,
    build("div", { className: "row" }, cancel, submit),
  );
  const dialog = build("dialog", { id: "unlock" }, form);
  dialog.setAttribute("aria-labelledby", "unlock-title");
  let answer = {};
  cancel.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      answer = { job: await retry(job, field.value) };
      dialog.close();
    } catch (error) {
      problem.textContent = error.message;
      submit.disabled = false;
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    callback(answer);
  });
  document.body.append(dialog);
  dialog.showModal();
}

window.addEventListener("chainlit-call-fn", ({ detail }) => {
  if (detail?.name === "cloister-unlock") askPassword(detail.args, detail.callback);
});
