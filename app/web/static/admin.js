// The admin pages: menu, light or dark, questions before deleting, times in the reader's zone.

const root = document.documentElement;

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, [data-opens]");
  if (!target) return;
  if (target.matches(".menu")) toggleMenu(target);
  else if (target.matches(".theme")) toggleTheme();
  else if (target.dataset.opens) document.getElementById(target.dataset.opens).showModal();
  else if (target.dataset.checks) checkAll(target);
  else if (target.matches("[data-closes]")) target.closest("dialog").close();
});

function toggleMenu(button) {
  const isOpen = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!isOpen));
  document.getElementById("sections").classList.toggle("open", !isOpen);
}

function checkAll(button) {
  for (const box of button.form.querySelectorAll(`input[name="${button.dataset.checks}"]`)) box.checked = true;
}

function toggleTheme() {
  const isDark = root.classList.contains("dark") || (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
  root.classList.remove("light", "dark");
  root.classList.add(isDark ? "light" : "dark");
  localStorage.setItem("vite-ui-theme", isDark ? "light" : "dark");
}

const moments = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });

function localise(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    time.textContent = moments.format(new Date(time.dateTime));
    time.title = time.dateTime;
  }
}

localise(document);
document.addEventListener("htmx:afterSettle", (event) => localise(event.detail.elt.isConnected ? event.detail.elt : document));
document.addEventListener("htmx:sendError", () => {
  document.getElementById("problems").textContent = root.lang === "de" ? "Der Dienst antwortet nicht. Nichts wurde geändert; versuchen Sie es gleich noch einmal." : "The service does not answer. Nothing was changed; try again in a moment.";
});
