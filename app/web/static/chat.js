// Evidence on the chat page. Chainlit draws the chips and the pane; this says where each chip leads, shows its
// quote, fits the PDF page to the pane and marks the quoted words on it. It adds attributes and classes only.

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
      const source = sources.get(chip.textContent) ?? readPassage(chip) ?? { place: "", quote: "", doubt: "" };
      const isListed = Boolean(chip.closest("h6 + ul"));
      chip.dataset.n = chip.textContent.replace(/\D/g, "");
      chip.dataset.place = source.place;
      chip.dataset.quote = isListed ? "" : [source.quote, source.doubt].filter(Boolean).join(" ");
      chip.dataset.words = source.quote || readBefore(isListed ? chips : [chip], chip.textContent);
      chip.toggleAttribute("data-doubt", Boolean(source.doubt));
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
  content.querySelectorAll(".react-pdf__Page").forEach(fitPage);
  markQuote(content.querySelector(".textLayer:has(.endOfContent)") ?? content.querySelector(".side-text"));
}

// Chainlit draws a page at its own size; wider than the pane, it would be cut off. 100% is the pane's width.
function fitPage(page) {
  const pane = page.closest(".side-pdf");
  const room = pane?.clientWidth - 34;
  const scale = parseInt(pane?.querySelector(".w-12")?.textContent) / 100 || 1;
  const width = parseFloat(page.querySelector("canvas")?.style.width) / scale;
  if (room > 0 && width > 0) page.style.zoom = String(Math.min(1, room / width));
}

// The quote is marked without touching the page's elements, which are Chainlit's.
function markQuote(root) {
  if (!root || !window.Highlight || marked.isFor(root)) return;
  CSS.highlights.delete("quote");
  const range = findQuote(root, chosen.quote);
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

// Spaces and quotation marks are set differently in a PDF, a document's text and a list of sources.
function findQuote(root, quote) {
  const letters = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    [...node.data].reduce((at, letter) => {
      if (!IGNORED.test(letter)) letters.push({ node, at, letter: letter.toLowerCase() });
      return at + letter.length;
    }, 0);
  }
  const wanted = [...quote].filter((letter) => !IGNORED.test(letter)).join("").toLowerCase();
  const start = wanted ? letters.map(({ letter }) => letter[0]).join("").indexOf(wanted) : -1;
  const last = letters[start + wanted.length - 1];
  if (start < 0 || !last) return undefined;
  const range = document.createRange();
  range.setStart(letters[start].node, letters[start].at);
  range.setEnd(last.node, last.at + 1);
  return range;
}

const IGNORED = /[\s“”„"-]/;

let isScheduled = false;
function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    dressChips();
    dressPane();
  });
}

new MutationObserver(schedule).observe(document.documentElement, { childList: true, characterData: true, subtree: true });
window.addEventListener("resize", schedule);
document.addEventListener("click", choose, true);
document.addEventListener("mouseover", placeQuote);
document.addEventListener("focusin", placeQuote);
