// One line in an intranet page: a button in the corner that opens a chat. The chat itself is a page of the service in a
// frame; nothing of this page is read, and nothing is asked of anybody else. No request is sent before the first click.

(() => {
  const script = document.currentScript;
  const id = script?.dataset.widget;
  if (!id || document.querySelector(`[data-cloister-chat="${CSS.escape(id)}"]`)) return;
  const home = new URL(script.src).origin;
  const isGerman = (navigator.language || "").toLowerCase().startsWith("de");
  const words = isGerman
    ? { open: "Chat öffnen", close: "Chat schließen", chat: "Chat", none: "Der Chat kann auf dieser Seite nicht gezeigt werden." }
    : { open: "Open the chat", close: "Close the chat", chat: "Chat", none: "The chat cannot be shown on this page." };

  const STYLE = `
    :host { all: initial; }
    button { position: fixed; right: 1.25rem; bottom: 1.25rem; z-index: 2147483000; display: grid; place-items: center;
      width: 3.5rem; height: 3.5rem; padding: 0; border: 0; border-radius: 50%; background: #2f5d50; color: #fff;
      box-shadow: 0 4px 16px rgb(0 0 0 / 22%); cursor: pointer; }
    button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; box-shadow: 0 0 0 3px #2f5d50; }
    svg { width: 1.6rem; height: 1.6rem; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
    section { position: fixed; right: 1.25rem; bottom: 5.5rem; z-index: 2147483000; box-sizing: border-box; width: 24rem;
      max-width: calc(100vw - 2.5rem); height: 36rem; max-height: calc(100vh - 7rem); overflow: hidden;
      border: 1px solid #e4e1da; border-radius: 0.75rem; background: #fbfaf7; box-shadow: 0 8px 28px rgb(0 0 0 / 18%); }
    section[hidden] { display: none; }
    iframe { display: block; width: 100%; height: 100%; border: 0; visibility: hidden; }
    iframe.ready { visibility: visible; }
    p { position: absolute; inset: 0; margin: 0; padding: 1.5rem; color: #1f2328; font: 15px/1.5 system-ui, sans-serif; }
    p[hidden] { display: none; }
    @media (prefers-color-scheme: dark) {
      button { background: #7fb7a3; color: #14171a; }
      section { border-color: #2b3036; background: #14171a; }
      p { color: #e6e3dc; }
    }
    @media (max-width: 480px) {
      section { inset: 0; width: 100%; max-width: none; height: 100%; max-height: none; border: 0; border-radius: 0; }
      section:not([hidden]) ~ button { display: none; }
      section.none ~ button { display: grid; }
    }`;

  const host = document.createElement("div");
  host.dataset.cloisterChat = id;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const panel = document.createElement("section");
  panel.hidden = true;
  panel.id = "panel";
  const none = Object.assign(document.createElement("p"), { textContent: words.none, hidden: true });
  none.setAttribute("role", "status");
  panel.append(none);
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.setAttribute("aria-controls", "panel");
  button.append(draw());
  root.append(panel, button);
  let frame;
  say(false);

  button.addEventListener("click", () => (panel.hidden ? open() : close()));
  addEventListener("message", (event) => {
    if (event.origin !== home || event.source !== frame?.contentWindow) return;
    if (event.data === "cloister:ready") {
      none.hidden = true;
      panel.classList.remove("none");
      frame.classList.add("ready");
      greet();
    }
    if (event.data === "cloister:close") close();
    if (event.data === "cloister:again") load();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) close();
  });

  function open() {
    panel.hidden = false;
    say(true);
    if (!frame) load();
    else greet();
  }

  function close() {
    panel.hidden = true;
    say(false);
    button.focus();
  }

  function load() {
    frame?.remove();
    frame = document.createElement("iframe");
    frame.title = words.chat;
    // The service shows the chat to pages of certain origins only, whatever this page tells others about itself.
    frame.referrerPolicy = "origin";
    frame.addEventListener("load", () => setTimeout(refuse, 3000));
    frame.src = `${home}/widget/${encodeURIComponent(id)}`;
    panel.append(frame);
  }

  function refuse() {
    const isReady = frame.classList.contains("ready");
    none.hidden = isReady;
    panel.classList.toggle("none", !isReady);
  }

  function greet() {
    if (!frame.classList.contains("ready")) return;
    frame.focus();
    frame.contentWindow.postMessage("cloister:open", home);
  }

  function say(isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    button.setAttribute("aria-label", isOpen ? words.close : words.open);
    button.title = isOpen ? words.close : words.open;
  }

  function draw() {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    picture.setAttribute("viewBox", "0 0 24 24");
    picture.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", "M4 5.5h16v10.5h-9l-4.5 3.5v-3.5H4zM8 9.5h8M8 12.5h5");
    picture.append(path);
    return picture;
  }

  const show = () => document.body.append(host);
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
})();
