// Before the page is drawn: the same choice of light or dark as in the chat, kept in this browser.
(() => {
  const chosen = localStorage.getItem("vite-ui-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.classList.add(chosen);
})();
