// What a person is asked before something leaves this machine: exactly which text, to which host. A card above the
// field for questions, not over the whole page: what was said before can be read, and the stop button pressed.

const ASK = "cloister-approval";
const OVER = "cloister-approval-over";

function build(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter(Boolean));
  return element;
}

let open;

function ask({ id, labels, text, pieces, longest }, answer) {
  open?.close();
  const field = build("textarea", { value: text, rows: 1, maxLength: longest, spellcheck: false });
  field.setAttribute("aria-label", labels.field);
  field.setAttribute("aria-describedby", "approval-warnings");
  const marks = build("div", { className: "marks" });
  marks.setAttribute("aria-hidden", "true");
  const warnings = build("ul", { id: "approval-warnings" });
  const always = labels.always ? build("input", { type: "checkbox" }) : undefined;
  const no = build("button", { type: "button", textContent: labels.no });
  const yes = build("button", { type: "submit", textContent: labels.yes });
  const form = build(
    "form",
    {},
    build("h2", { id: "approval-title", textContent: labels.title }),
    build("p", { id: "approval-who", textContent: labels.who }),
    build("div", { className: "text" }, marks, field),
    warnings,
    build("p", { className: "hint", textContent: labels.hint }),
    always && build("label", {}, always, build("span", { textContent: labels.always })),
    build("div", { className: "row" }, no, yes),
  );
  const card = build("section", { id: "approval", tabIndex: -1 }, form);
  card.setAttribute("role", "dialog");
  card.setAttribute("aria-labelledby", "approval-title");
  card.setAttribute("aria-describedby", "approval-who");

  function mark() {
    const found = pieces.filter(({ piece }) => field.value.includes(piece));
    marks.replaceChildren(...markPieces(field.value, found.map(({ piece }) => piece)));
    warnings.replaceChildren(...found.map(({ warning }) => build("li", { textContent: warning })));
    yes.disabled = !field.value.trim();
  }

  function close(said) {
    if (open?.id !== id) return;
    open = undefined;
    removeEventListener("resize", place);
    watching.disconnect();
    const hadFocus = card.contains(document.activeElement);
    card.remove();
    // What had the focus before may be the button that is gone by the time of the answer.
    if (hadFocus) document.getElementById("chat-input")?.focus({ preventScroll: true });
    if (said) answer(said);
  }
  const place = () => placeAbove(card);
  const watching = new ResizeObserver(place);

  no.addEventListener("click", () => close({ send: false }));
  card.addEventListener("keydown", (event) => {
    // What is typed here is not for the page's own shortcuts.
    event.stopPropagation();
    if (event.key === "Escape") close({ send: false });
    if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) form.requestSubmit();
    }
  });
  field.addEventListener("input", mark);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) close({ send: true, text: field.value, always: Boolean(always?.checked) });
  });

  open = { id, close };
  mark();
  document.body.append(card);
  const composer = document.getElementById("message-composer");
  if (composer) watching.observe(composer);
  watching.observe(document.documentElement);
  addEventListener("resize", place);
  place();
  card.focus({ preventScroll: true });
}

// The text once more, behind the field, with the remarkable parts marked.
function markPieces(text, pieces) {
  const isMarked = new Array(text.length).fill(false);
  for (const piece of pieces) {
    for (let at = text.indexOf(piece); piece && at >= 0; at = text.indexOf(piece, at + 1)) {
      isMarked.fill(true, at, at + piece.length);
    }
  }
  const nodes = [];
  for (let start = 0; start < text.length; ) {
    let end = start + 1;
    while (end < text.length && isMarked[end] === isMarked[start]) end += 1;
    const part = text.slice(start, end);
    nodes.push(isMarked[start] ? build("mark", { textContent: part }) : document.createTextNode(part));
    start = end;
  }
  // A line that is begun has its height.
  nodes.push(document.createTextNode("\u200b"));
  return nodes;
}

// As wide as the field for questions, and right above it.
function placeAbove(card) {
  const composer = document.getElementById("message-composer");
  const { left, top, width } = composer?.getBoundingClientRect() ?? { left: 16, top: innerHeight - 16, width: innerWidth - 32 };
  card.style.left = `${left}px`;
  card.style.width = `${width}px`;
  card.style.bottom = `${innerHeight - top + 8}px`;
  card.style.maxHeight = `${Math.max(160, top - 16)}px`;
}

addEventListener("chainlit-call-fn", ({ detail }) => {
  if (detail?.name === ASK) ask(detail.args, detail.callback);
});
// Stopped, too late, or answered for by a reload: the card goes without a word.
addEventListener("message", ({ source, data }) => {
  if (source === window && data?.kind === OVER && open?.id === data.id) open.close();
});
