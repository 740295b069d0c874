// Words in the page as a range, so that they can be marked without touching the page's elements, which are Chainlit's.

// Spaces and quotation marks are set differently in a PDF, a document's text and a list of sources.
export function findText(root, text) {
  const letters = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    [...node.data].reduce((at, letter) => {
      if (!IGNORED.test(letter)) letters.push({ node, at, letter: letter.toLowerCase() });
      return at + letter.length;
    }, 0);
  }
  const wanted = [...text].filter((letter) => !IGNORED.test(letter)).join("").toLowerCase();
  const start = wanted ? letters.map(({ letter }) => letter[0]).join("").indexOf(wanted) : -1;
  const last = letters[start + wanted.length - 1];
  if (start < 0 || !last) return undefined;
  const range = document.createRange();
  range.setStart(letters[start].node, letters[start].at);
  range.setEnd(last.node, last.at + 1);
  return range;
}

const IGNORED = /[\s“”„"|-]/;
