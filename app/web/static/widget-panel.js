// The panel of a widget: asks, shows answers as they are written, and the passages behind them. The conversation is in
// this page only, and gone with it.

import { drawAnswer, drawPassage } from "./widget-answer.js";

const MOST_MESSAGES = 12;
const { widget, parent: home } = document.body.dataset;
const words = JSON.parse(document.body.dataset.words);
const log = document.getElementById("log");
const form = document.getElementById("ask");
const field = document.getElementById("question");
const send = document.getElementById("send");
const shown = document.getElementById("passage");
let visit = document.body.dataset.visit;
let history = [];

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(field.value.trim());
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

// Only the page that shows us is spoken to, and only it is heard.
const isFramed = window.parent !== window && home;
if (isFramed) {
  addEventListener("message", (event) => {
    if (event.source === window.parent && event.origin === home && event.data === "cloister:open") field.focus();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !shown.open) tell("close");
  });
  document.getElementById("close").addEventListener("click", () => tell("close"));
  tell("ready");
}

function tell(what) {
  if (isFramed) window.parent.postMessage(`cloister:${what}`, home);
}

async function ask(question) {
  if (!question || send.disabled) return;
  field.value = "";
  send.disabled = true;
  turn("question", words.you).append(question);
  const answer = turn("answer", words.answer);
  answer.setAttribute("aria-busy", "true");
  answer.append(line("p", "hint", words.searching));
  scroll();
  try {
    await follow(question, answer);
  } catch {
    fail(answer, words.away);
  }
  answer.setAttribute("aria-busy", "false");
  send.disabled = false;
  if (!shown.open) field.focus();
}

async function follow(question, place) {
  const response = await fetch(`/widget/${encodeURIComponent(widget)}/ask`, {
    method: "POST",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ visit, question, history }),
  });
  if (!response.ok) return refuse(place, response.status);
  let pieces = "";
  for await (const [name, data] of readEvents(response.body)) {
    if (name === "piece") pieces += data.text;
    if (name === "checked") pieces = data.text + data.pending;
    if (name === "piece" || name === "checked") place.replaceChildren(drawAnswer(pieces));
    if (name === "error") return fail(place, data.what === "busy" ? words.busy : words.failed);
    if (name === "answer") return finish(question, place, data);
    scroll();
  }
  return fail(place, words.away);
}

async function* readEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const whole = (waiting + value).split("\n\n");
    waiting = whole.pop();
    for (const event of whole) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event);
      yield [name, JSON.parse(data)];
    }
  }
}

function finish(question, place, answer) {
  visit = answer.visit;
  const turns = [...history, { role: "user", text: question }, { role: "assistant", text: answer.text, grounds: answer.grounds }];
  history = turns.slice(-MOST_MESSAGES);
  const doubts = answer.doubts.map(({ text, missing }) => ({
    text,
    why: missing.length ? words.missing.replace("{words}", missing.map((word) => `“${word}”`).join(", ")) : words.unverified,
  }));
  const byNumber = new Map(answer.citations.map((citation) => [citation.n, citation]));
  place.replaceChildren(drawAnswer(answer.text, (n) => (byNumber.has(n) ? chip(byNumber.get(n)) : null), doubts));
  for (const { why } of doubts) place.append(line("p", "hint doubted", why));
  if (answer.citations.length) place.append(sources(byNumber.values()));
  scroll();
}

function sources(citations) {
  const list = document.createElement("ul");
  list.className = "sources";
  list.setAttribute("aria-label", words.sources);
  for (const citation of citations) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(line("span", "n", String(citation.n)), line("span", "document", where(citation)), line("q", "", citation.quote));
    button.addEventListener("click", () => open(citation));
    list.appendChild(document.createElement("li")).append(button);
  }
  return list;
}

function chip(citation) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: citation.n });
  button.title = `${where(citation)}: “${citation.quote}”`;
  button.setAttribute("aria-label", `${words.source.replace("{n}", citation.n)}: ${where(citation)}`);
  button.addEventListener("click", () => open(citation));
  return button;
}

function open(citation) {
  document.getElementById("passage-title").textContent = citation.document;
  document.getElementById("passage-where").textContent = citation.page ? words.page.replace("{n}", citation.page) : "";
  const text = document.getElementById("passage-text");
  text.replaceChildren(drawPassage(citation.passage, citation.quote));
  shown.showModal();
  const mark = text.querySelector("mark");
  if (mark) text.scrollTop = mark.offsetTop - text.offsetTop - 24;
}

function where({ document: name, page }) {
  return page ? `${name}, ${words.page.replace("{n}", page)}` : name;
}

function refuse(place, status) {
  if (status === 429) return fail(place, words.too_many);
  if (status !== 403 && status !== 404) return fail(place, words.failed);
  fail(place, words.out_of_date);
  const again = Object.assign(document.createElement("button"), { type: "button", textContent: words.again });
  again.addEventListener("click", () => (isFramed ? tell("again") : location.reload()));
  place.append(again);
}

function fail(place, sentence) {
  place.replaceChildren(line("p", "problem", sentence));
}

function turn(kind, who) {
  const place = document.createElement("div");
  place.className = kind;
  const block = document.createElement("article");
  block.append(line("h2", "who", who), place);
  log.append(block);
  return place;
}

function line(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

function scroll() {
  log.scrollTop = log.scrollHeight;
}
