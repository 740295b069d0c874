// Reading aloud and asking by voice. An answer is fetched sentence by sentence and played as it comes, the next sentence
// while one is heard. The microphone is Chainlit's; what was understood comes in a message of the window and is put into
// the message box. With free hands it is sent, the answer is read aloud, and the microphone opens again.

import { say } from "./answers.js";
import { findText } from "./find-text.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
const ICONS = {
  play: '<path d="M6 3 20 12 6 21Z"/>',
  pause: '<path d="M8 4v16M16 4v16"/>',
  stop: '<path d="M6 6h12v12H6Z"/>',
  hands: '<path d="M3 14v-2a9 9 0 0 1 18 0v2M21 15a2 2 0 0 1-2 2h-1v-6h1a2 2 0 0 1 2 2ZM3 15a2 2 0 0 0 2 2h1v-6H5a2 2 0 0 0-2 2Z"/>',
};

let words = {};
// What is being read: its id, sentences, the number of the present one from 0, voice and speed.
let reading;
let player;
// Whether the answer to what was said is to be read aloud.
let isAwaited = false;

const audio = Object.assign(new Audio(), { id: "cloister-audio", preservesPitch: true });

// --- What the browser remembers ---

function remembered(name) {
  try {
    return localStorage.getItem(`cloister-${name}`);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`cloister-${name}`, value);
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

// --- Fetching ---

function address(path, { format } = {}) {
  const wanted = new URLSearchParams({ voice: reading.voice, speed: reading.speed, ...(format && { format }) });
  return `/api/v1/speech/${encodeURIComponent(reading.id)}/${path}?${wanted}`;
}

async function ask(url) {
  const answer = await fetch(url, { cache: "no-store" });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? words.not_read);
}

// The sound of a sentence, fetched once for each voice and speed.
function fetchSound(n) {
  const url = address(`${n + 1}.wav`);
  const { sounds } = reading;
  if (!sounds.has(url)) {
    const sound = ask(url).then(async (answer) => URL.createObjectURL(await answer.blob()));
    sound.catch(() => sounds.delete(url));
    sounds.set(url, sound);
  }
  return sounds.get(url);
}

// --- Playing ---

async function start(id) {
  stop();
  const mine = (reading = { id, sentences: [], n: 0, sounds: new Map(), isPlaying: true, anchor: findAnchor(id) });
  mine.speed = Number(remembered("speed")) || 1;
  openPlayer();
  try {
    const told = await (await ask(`/api/v1/speech/${encodeURIComponent(id)}`)).json();
    if (reading !== mine) return;
    mine.sentences = told.sentences;
    mine.speed = Number(remembered("speed")) || told.speed;
    const own = remembered(`voice-${told.language}`);
    mine.voice = told.voices.some((voice) => voice.id === own) ? own : told.voice;
    mine.language = told.language;
    fillChoices(told.voices);
    if (!told.sentences.length) throw new Error(words.not_read);
    await play(0);
  } catch (error) {
    if (reading === mine) fail(error);
  }
}

async function play(n) {
  const mine = reading;
  Object.assign(mine, { n, isPlaying: true });
  dressPlayer();
  const speed = mine.speed;
  try {
    const sound = await fetchSound(n);
    if (reading !== mine || mine.n !== n || !mine.isPlaying) return;
    audio.src = sound;
    mine.spokenAt = speed;
    audio.playbackRate = mine.speed / speed;
    mark();
    if (n + 1 < mine.sentences.length) fetchSound(n + 1).catch(() => {});
    await audio.play();
  } catch (error) {
    if (reading !== mine || error.name === "AbortError") return;
    fail(error.name === "NotAllowedError" ? new Error(words.press_play) : error);
  }
}

function goOn() {
  if (!reading) return;
  if (reading.n + 1 < reading.sentences.length) return void play(reading.n + 1);
  if (isHandsFree()) {
    stop();
    openMicrophone();
    return;
  }
  Object.assign(reading, { n: 0, isPlaying: false });
  unmark();
  audio.removeAttribute("src");
  dressPlayer();
}

function toggle() {
  if (reading.isPlaying) {
    reading.isPlaying = false;
    audio.pause();
  } else if (audio.getAttribute("src")) {
    reading.isPlaying = true;
    audio.play().catch(fail);
  } else {
    return void play(reading.n);
  }
  dressPlayer();
}

function stop() {
  if (!reading) return;
  for (const sound of reading.sounds.values()) sound.then(URL.revokeObjectURL, () => {});
  audio.pause();
  audio.removeAttribute("src");
  reading = undefined;
  unmark();
  player.hidden = true;
}

// The person has had enough: with free hands, the microphone stays closed too.
function stopByHand() {
  const button = document.getElementById(`read_aloud-${reading.id}`);
  stop();
  if (isHandsFree()) setHandsFree(false);
  (button ?? document.getElementById("chat-input"))?.focus();
}

function fail(error) {
  reading.isPlaying = false;
  dressPlayer();
  player.querySelector(".problem").textContent = error.message || words.not_read;
}

// --- The player ---

function build(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function icon(name) {
  const picture = build("span", { className: "icon", ariaHidden: "true" });
  picture.innerHTML = `<svg viewBox="0 0 24 24">${ICONS[name]}</svg>`;
  return picture;
}

function buildPlayer() {
  const toggleButton = build("button", { type: "button", className: "toggle", onclick: toggle });
  const stopButton = build("button", { type: "button", className: "stop", onclick: stopByHand }, icon("stop"));
  stopButton.setAttribute("aria-label", words.stop_reading);
  stopButton.title = words.stop_reading;
  const bar = build("progress", { max: 1, value: 0 });
  bar.setAttribute("aria-hidden", "true");
  const speed = build("select", { className: "speed", onchange: changeSpeed });
  const voice = build("select", { className: "voice", onchange: changeVoice });
  for (const [select, name] of [[speed, words.speed], [voice, words.voice]]) {
    select.setAttribute("aria-label", name);
    select.title = name;
  }
  const made = build(
    "div",
    { id: "cloister-player", hidden: true },
    build("div", { className: "row" }, toggleButton, stopButton, bar, build("span", { className: "where" })),
    build(
      "div",
      { className: "row choices" },
      speed,
      voice,
      ...["wav", "ogg"].map((format) => buildDownload(format)),
    ),
    build("p", { className: "problem", role: "alert" }),
    audio,
  );
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", words.reading_aloud);
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.target.matches("select")) return;
    event.stopPropagation();
    stopByHand();
  });
  return made;
}

function buildDownload(format) {
  const link = build("a", { className: "download", textContent: format.toUpperCase(), download: `answer.${format}` });
  const name = words.download.replace("{format}", format.toUpperCase());
  link.dataset.format = format;
  link.title = name;
  link.setAttribute("aria-label", name);
  return link;
}

function openPlayer() {
  player ??= buildPlayer();
  player.hidden = false;
  player.querySelector(".problem").textContent = "";
  placePlayer();
  fillChoices([]);
  dressPlayer();
}

// Above the message box, wherever Chainlit puts that.
function placePlayer() {
  const composer = document.getElementById("message-composer");
  if (composer && player?.nextElementSibling !== composer) composer.before(player);
}

function fillChoices(voices) {
  const speeds = SPEEDS.includes(reading.speed) ? SPEEDS : [...SPEEDS, reading.speed].sort((a, b) => a - b);
  const locale = document.documentElement.lang || undefined;
  const shown = speeds.map((speed) => new Option(`${speed.toLocaleString(locale)}×`, speed, false, speed === reading.speed));
  player.querySelector(".speed").replaceChildren(...shown);
  const voice = player.querySelector(".voice");
  voice.replaceChildren(...voices.map(({ id, name }) => new Option(name, id, false, id === reading.voice)));
  voice.hidden = voices.length < 2;
}

function dressPlayer() {
  if (!reading) return;
  const { n, sentences, isPlaying } = reading;
  const name = isPlaying ? words.pause : words.play;
  const button = player.querySelector(".toggle");
  if (button.getAttribute("aria-label") !== name) {
    button.replaceChildren(icon(isPlaying ? "pause" : "play"));
    button.setAttribute("aria-label", name);
    button.title = name;
  }
  player.querySelector(".problem").textContent = "";
  Object.assign(player.querySelector("progress"), { max: sentences.length || 1, value: sentences.length ? n + 1 : 0 });
  const where = sentences.length ? words.sentence_of.replace("{n}", n + 1).replace("{total}", sentences.length) : "";
  player.querySelector(".where").textContent = where;
  for (const link of player.querySelectorAll(".download")) {
    link.hidden = !sentences.length;
    if (sentences.length) link.href = address("file", { format: link.dataset.format });
  }
}

// What plays goes on at the new speed; what is fetched from now on is spoken at it.
function changeSpeed({ target }) {
  reading.speed = Number(target.value);
  remember("speed", reading.speed);
  if (reading.spokenAt) audio.playbackRate = reading.speed / reading.spokenAt;
  dressPlayer();
}

function changeVoice({ target }) {
  reading.voice = target.value;
  remember(`voice-${reading.language}`, reading.voice);
  const wasPlaying = reading.isPlaying;
  audio.pause();
  audio.removeAttribute("src");
  if (wasPlaying) play(reading.n);
  else dressPlayer();
}

// --- The sentence that is heard ---

function mark() {
  const root = document.querySelector(`#step-${CSS.escape(reading.id)} .message-content`);
  const shown = reading.sentences[reading.n];
  const range = root && shown && window.Highlight ? findText(root, shown) : undefined;
  unmark();
  if (!range) return;
  CSS.highlights.set("spoken", new Highlight(range));
  const { top, bottom } = range.getBoundingClientRect();
  if (top < 80 || bottom > player.getBoundingClientRect().top) {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    range.startContainer.parentElement.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
  }
}

function unmark() {
  window.CSS?.highlights?.delete("spoken");
}

// What goes away when another chat is opened.
function findAnchor(id) {
  return document.getElementById(`step-${id}`) ?? [...document.querySelectorAll("[data-step-type]")].at(-1);
}

// --- By voice ---

function findMicrophone() {
  const composer = document.getElementById("message-composer");
  return composer?.querySelector("button:has(> svg):not([id]):not([aria-haspopup])") ?? null;
}

function openMicrophone() {
  if (!isListening()) findMicrophone()?.click();
}

// While it records, Chainlit draws bars beside its button.
function isListening() {
  return Boolean(findMicrophone()?.parentElement?.querySelector("canvas"));
}

function isHandsFree() {
  return Boolean(words.listens && words.speaks) && remembered("hands-free") === "on";
}

function setHandsFree(on) {
  remember("hands-free", on ? "on" : "off");
  if (!on) isAwaited = false;
  tellHandsFree();
  dressVoice();
  say(on ? words.hands_free_on : words.hands_free_off);
}

// Chainlit hands what is said in its window to the service.
function tellHandsFree() {
  window.postMessage({ kind: "cloister-hands-free", on: isHandsFree() }, location.origin);
}

const handsFree = build("button", { type: "button", id: "cloister-hands-free" });
handsFree.addEventListener("click", () => setHandsFree(!isHandsFree()));

function dressVoice() {
  const microphone = words.listens ? findMicrophone() : null;
  if (!microphone) return;
  const name = isListening() ? words.microphone_stop : words.microphone;
  if (microphone.getAttribute("aria-label") !== name) microphone.setAttribute("aria-label", name);
  if (!words.speaks) return;
  if (!handsFree.firstChild) handsFree.append(icon("hands"));
  const place = microphone.parentElement;
  if (handsFree.previousElementSibling !== place) place.after(handsFree);
  const pressed = String(isHandsFree());
  if (handsFree.getAttribute("aria-pressed") !== pressed || handsFree.title !== words.hands_free) {
    handsFree.setAttribute("aria-pressed", pressed);
    handsFree.setAttribute("aria-label", words.hands_free);
    handsFree.title = words.hands_free;
  }
}

// React takes a value only where it sees the event of somebody typing.
function fill(text) {
  const box = document.getElementById("chat-input");
  if (!box) return;
  const value = [box.value.trim(), text].filter(Boolean).join(" ");
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, value);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
  box.setSelectionRange(value.length, value.length);
}

function send(tries = 60) {
  const button = document.getElementById("chat-submit");
  if (button && !button.disabled) button.click();
  else if (tries) requestAnimationFrame(() => send(tries - 1));
}

function hear({ text, send: isToBeSent }) {
  say("");
  if (!text) return;
  fill(text);
  if (!isToBeSent || !isHandsFree()) return;
  isAwaited = true;
  requestAnimationFrame(() => send());
}

// --- What the service and the person do ---

function listen({ source, data }, schedule) {
  if (source !== window || typeof data?.kind !== "string") return;
  switch (data.kind) {
    case "cloister-speech-words":
      words = data;
      document.documentElement.toggleAttribute("data-speaks", words.speaks);
      tellHandsFree();
      break;
    case "cloister-speak":
      start(data.id);
      break;
    case "cloister-hearing":
      say(words.recognising);
      break;
    case "cloister-heard":
      hear(data);
      break;
    case "cloister-answer":
      awaitAnswer(data);
      break;
    default:
      return;
  }
  schedule();
}

// The finished answer to what was said; one that failed is seen, and the microphone stays closed.
function awaitAnswer({ id, copy }) {
  if (!isAwaited || copy === undefined) return;
  isAwaited = false;
  if (copy && isHandsFree()) start(id);
}

function press(event) {
  const microphone = event.target.closest?.("button") === findMicrophone();
  // What is read aloud would be heard as a question.
  if (microphone && words.listens && reading) stop();
  const [, id] = event.target.closest?.("button[id]")?.id.match(/^read_aloud-(.+)$/) ?? [];
  if (!id) return;
  event.stopPropagation();
  event.preventDefault();
  if (reading?.id === id) toggle();
  else start(id);
}

function dress() {
  if (reading?.anchor && !reading.anchor.isConnected && !findAgain()) stop();
  if (reading) placePlayer();
  for (const button of document.querySelectorAll("button[id^='read_aloud-']")) {
    const pressed = String(button.id === `read_aloud-${reading?.id}`);
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  }
  dressVoice();
}

// Chainlit may draw a message anew.
function findAgain() {
  reading.anchor = document.getElementById(`step-${reading.id}`);
  return reading.anchor;
}

// `schedule` makes the page be dressed at the next frame.
export function begin(schedule) {
  audio.addEventListener("ended", goOn);
  audio.addEventListener("error", () => audio.getAttribute("src") && reading && fail(new Error(words.not_read)));
  window.addEventListener("message", (event) => listen(event, schedule));
  document.addEventListener("click", press, true);
  return dress;
}
