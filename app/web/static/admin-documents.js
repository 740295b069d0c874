// Uploads to a knowledge base: dropped or chosen files are sent with their progress; the page then follows the job that
// takes them in. And the rows of a list that are chosen.

const area = document.getElementById("upload");
const language = document.documentElement.lang;
const sendings = new Set();
// One request holds at most so much: what is sent need not wait for what is not.
const MOST_FILES = 200;
const MOST_BYTES = 500_000_000;
const SHOWN_EVERY_MS = 200;
const MIB = 1024 * 1024;

// --- which files ---------------------------------------------------------------------------------

async function droppedFiles(transfer) {
  // Both must be asked for at once: they are gone after the event.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  if (!entries.length) return files.map((file) => ({ file, path: file.name }));
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function filesBelow(entry) {
  if (entry.name.startsWith(".")) return []; // hidden files are passed over, as in folders of the server
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // 100 at a time
    if (!part.length) return found;
    for (const each of part) found.push(...(await filesBelow(each)));
  }
}

function chosenFiles(input) {
  const chosen = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
  return chosen.filter(({ path }) => !path.split("/").some((part) => part.startsWith(".")));
}

// --- sending them --------------------------------------------------------------------------------

function take(found) {
  const limit = Number(area.dataset.fileMb) * MIB;
  for (const { file, path } of found.filter(({ file }) => file.size > limit)) {
    say(fill(area.dataset.tooLarge, { name: path, size: number(file.size / MIB, 1), limit: number(limit / MIB) }));
  }
  const password = document.getElementById("password").value;
  for (const part of parts(found.filter(({ file }) => file.size <= limit))) enqueue(part, password);
}

function parts(found) {
  const all = [];
  let bytes = Infinity;
  for (const each of found) {
    if (bytes + each.file.size > MOST_BYTES || all.at(-1).length >= MOST_FILES) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1).push(each);
    bytes += each.file.size;
  }
  return all;
}

let before = Promise.resolve();

function enqueue(part, password) {
  const row = document.getElementById("sending").content.firstElementChild.cloneNode(true);
  const name = part.length === 1 ? part[0].path : fill(area.dataset.many, { n: number(part.length) });
  row.querySelector(".work-name").textContent = name;
  document.getElementById("uploads").append(row);
  const request = new XMLHttpRequest();
  const stop = new AbortController();
  sendings.add(request);
  row.querySelector("button").addEventListener("click", () => {
    stop.abort();
    request.abort();
    end(row, request, area.dataset.stopped);
  });
  before = before.then(() => (stop.signal.aborted ? undefined : send(request, row, part, password)));
}

function send(request, row, part, password) {
  return new Promise((done) => {
    const body = new FormData();
    for (const { file, path } of part) body.append("files", file, path);
    if (password) body.append("password", password);
    request.open("POST", area.dataset.action);
    request.setRequestHeader("X-CSRF-Token", JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRF-Token"]);
    request.setRequestHeader("HX-Request", "true"); // a part of a page is wanted, also where it does not work
    watch(request, row);
    request.addEventListener("load", () => arrive(request, row));
    request.addEventListener("error", () => {
      end(row, request, row.querySelector("button") ? area.dataset.broken : area.dataset.unsure);
    });
    request.addEventListener("loadend", done);
    request.send(body);
  });
}

function watch(request, row) {
  const began = performance.now();
  let shown = -Infinity;
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    if (performance.now() - shown < SHOWN_EVERY_MS) return;
    shown = performance.now();
    const rate = loaded / Math.max((shown - began) / 1000, 0.001);
    row.querySelector("progress").value = loaded / total;
    const left = seconds((total - loaded) / Math.max(rate, 1));
    const facts = { percent: percent(loaded / total), size: size(total), rate: size(rate), time: left };
    row.querySelector(".work-facts").textContent = fill(area.dataset.sending, facts);
  });
  request.upload.addEventListener("load", () => {
    row.querySelector("progress").removeAttribute("value");
    row.querySelector(".work-facts").textContent = area.dataset.stored;
    row.querySelector("button").remove(); // what is sent is stored; the job that follows can be cancelled
  });
}

function arrive(request, row) {
  const address = request.getResponseHeader("hx-redirect");
  if (address) {
    sendings.delete(request);
    location.assign(address); // signed out meanwhile
    return;
  }
  const answer = new DOMParser().parseFromString(request.responseText, "text/html").body.firstElementChild;
  if (!answer || !request.getResponseHeader("content-type")?.startsWith("text/html")) {
    end(row, request, area.dataset.unsure);
    return;
  }
  sendings.delete(request);
  row.replaceWith(answer);
  htmx.process(answer);
}

function end(row, request, sentence) {
  if (!sendings.delete(request)) return;
  row.remove();
  say(sentence);
}

function say(sentence) {
  const said = Object.assign(document.createElement("p"), { className: "warning", textContent: sentence });
  said.setAttribute("role", "status");
  document.getElementById("uploads").append(said);
}

// --- words and numbers ---------------------------------------------------------------------------

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < units.length - 1) [bytes, step] = [bytes / 1000, step + 1];
  return `${number(bytes, step && bytes < 100 ? 1 : 0)} ${units[step]}`;
}

function seconds(value) {
  return value < 100 ? `${number(value)} s` : `${number(value / 60)} min`;
}

// --- what a person does --------------------------------------------------------------------------

// Dropped beside the area, a file would be opened in place of the page.
for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => event.preventDefault());

const drop = area.querySelector(".drop");
document.addEventListener("dragover", ({ target }) => drop.classList.toggle("over", drop.contains(target)));
document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || drop.classList.remove("over"));
drop.addEventListener("drop", async ({ dataTransfer }) => {
  drop.classList.remove("over");
  take(await droppedFiles(dataTransfer));
});

for (const button of area.querySelectorAll("[data-chooses]")) {
  const input = document.getElementById(button.dataset.chooses);
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(chosenFiles(input));
    input.value = ""; // the same files may be chosen again
  });
}

addEventListener("beforeunload", (event) => {
  if (sendings.size) event.preventDefault();
});

// --- the list ------------------------------------------------------------------------------------

const contents = () => document.getElementById("contents");
const boxes = () => [...contents().querySelectorAll("input[name=chosen]")];

document.body.addEventListener("change", ({ target }) => {
  if (!contents().contains(target) || !target.closest(".choose")) return;
  if (target.matches(".choose-all")) for (const box of boxes()) box.checked = target.checked;
  tellChosen();
});

function tellChosen() {
  const actions = contents().querySelector(".chosen-actions");
  if (!actions) return;
  const n = boxes().filter((box) => box.checked).length;
  const told = actions.querySelector("[data-many]");
  told.textContent = n === 1 ? told.dataset.one : fill(told.dataset.many, { n: number(n) });
  for (const button of actions.querySelectorAll("button")) button.disabled = n === 0;
}

// A list in which somebody is choosing keeps still.
document.body.addEventListener("documents-changed", () => {
  if (!boxes().some((box) => box.checked)) htmx.trigger(contents(), "refresh");
});
document.body.addEventListener("htmx:afterSettle", tellChosen);
tellChosen();
