// Single sign-on on the sign-in page: a link below Chainlit's form, or the way on by itself where nothing else opens the
// service. What there is, /sign-in/options says.

const SINGLE = "/sign-in/single";
let options;
let isAsked = false;

function build(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const divider = build("p", { id: "single-sign-on-or" }, build("span", {}));
const link = build("a", { id: "single-sign-on", href: SINGLE });

async function ask(schedule) {
  isAsked = true;
  try {
    // By itself it asks in the browser's languages, as Chainlit's form speaks.
    const response = await fetch("/sign-in/options");
    if (!response.ok) throw new Error(`status ${response.status}`);
    options = await response.json();
  } catch (error) {
    console.warn("What the sign-in page offers could not be asked.", error);
    return;
  }
  if (options.leaves) location.replace(`${SINGLE}/leave`);
  else if (options.leads && !new URLSearchParams(location.search).has("stay")) location.replace(SINGLE);
  schedule();
}

function dress(schedule) {
  if (location.pathname !== "/login") {
    isAsked = false;
    document.documentElement.removeAttribute("data-no-passwords");
    return;
  }
  if (!isAsked) ask(schedule);
  const form = document.querySelector(".grid.min-h-svh form");
  if (!form || !options) return;
  const hides = !options.passwords;
  if (hides !== document.documentElement.hasAttribute("data-no-passwords")) {
    document.documentElement.toggleAttribute("data-no-passwords", hides);
  }
  if (!options.single) return link.remove();
  if (link.textContent !== options.label) link.textContent = options.label;
  if (divider.firstChild.textContent !== options.or) divider.firstChild.textContent = options.or;
  if (options.passwords && divider.parentElement !== form) form.append(divider);
  if (link.parentElement !== form) form.append(link);
}

// `again` makes the page be dressed at the next frame.
export function begin(again) {
  return () => dress(again);
}
