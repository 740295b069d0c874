// An answer as elements. What a model or a document wrote goes in as text and never as HTML: paragraphs, quotes, lists,
// bold words and citations are made here, and all else stands as it was written.

const QUOTE = /^\s*>\s?/;
const ITEM = /^\s*(?:[-*•]|\d+[.)])\s+/;
const INLINE = /\*\*([^*\n]+)\*\*|\[(\d+)\]/g;

// `marks`: how citations are shown, by their numbers. `doubts`: what is not verified, each a text with a reason.
export function drawAnswer(text, marks = () => null, doubts = []) {
  const drawn = document.createDocumentFragment();
  const ranges = findRanges(text, doubts);
  let list = null;
  let at = 0;
  for (const block of text.split(/(\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s))/)) {
    const start = at;
    at += block.length;
    if (!block.trim()) continue;
    const quote = QUOTE.exec(block);
    if (quote) {
      list = null;
      const place = drawn.appendChild(document.createElement("blockquote"));
      fill(place, block.slice(quote[0].length).replaceAll("\n> ", "\n"), start + quote[0].length, marks, ranges);
      continue;
    }
    const item = ITEM.exec(block);
    if (!item) {
      list = null;
      drawn.append(fill(document.createElement("p"), block, start, marks, ranges));
      continue;
    }
    const kind = /\d/.test(item[0]) ? "OL" : "UL";
    if (list?.tagName !== kind) {
      list = document.createElement(kind);
      if (kind === "OL") list.start = parseInt(item[0], 10);
      drawn.append(list);
    }
    list.append(fill(document.createElement("li"), block.slice(item[0].length), start + item[0].length, marks, ranges));
  }
  return drawn;
}

function findRanges(text, doubts) {
  const ranges = [];
  let from = 0;
  for (const doubt of doubts) {
    const start = text.indexOf(doubt.text, from);
    if (start < 0) continue;
    from = start + doubt.text.length;
    ranges.push({ start, end: from, why: doubt.why });
  }
  return ranges;
}

function fill(place, text, start, marks, ranges) {
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    write(place, text.slice(at, found.index), start + at, ranges);
    at = found.index + found[0].length;
    const mark = found[2] ? marks(Number(found[2])) : null;
    if (mark) place.append(mark);
    else if (found[1]) write(place.appendChild(document.createElement("strong")), found[1], start + found.index + 2, ranges);
    else write(place, found[0], start + found.index, ranges);
  }
  write(place, text.slice(at), start + at, ranges);
  return place;
}

// Plain text, with a line below what is in doubt.
function write(place, text, start, ranges) {
  let at = 0;
  for (const { start: from, end: to, why } of ranges) {
    const first = Math.max(from - start, at);
    const last = Math.min(to - start, text.length);
    if (first >= last || !text.slice(first, last).trim()) continue;
    place.append(text.slice(at, first));
    const doubt = document.createElement("span");
    doubt.className = "doubt";
    doubt.title = why;
    doubt.textContent = text.slice(first, last);
    place.append(doubt);
    at = last;
  }
  place.append(text.slice(at));
}

// A passage with its quote marked, as text.
export function drawPassage(text, quote) {
  const drawn = document.createDocumentFragment();
  const start = text.indexOf(quote);
  if (!quote || start < 0) {
    drawn.append(text);
    return drawn;
  }
  const mark = document.createElement("mark");
  mark.textContent = quote;
  drawn.append(text.slice(0, start), mark, text.slice(start + quote.length));
  return drawn;
}
