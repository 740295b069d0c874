// Two answers side by side, as they are written. What the model wrote goes in as text; only the finished answer, which
// the service has escaped, goes in as HTML.

const page = document.querySelector("[data-compare]");
const sides = [...page?.querySelectorAll("[data-events]") ?? []];
let left = sides.length;

for (const side of sides) follow(side);

function follow(side) {
  const place = side.querySelector(".answer-prose");
  const source = new EventSource(side.dataset.events);
  const end = (show) => {
    source.close();
    place.setAttribute("aria-busy", "false");
    show();
  };
  source.addEventListener("text", ({ data }) => {
    place.classList.add("raw");
    place.textContent = JSON.parse(data);
  });
  source.addEventListener("done", ({ data }) =>
    end(() => {
      place.classList.remove("raw");
      place.innerHTML = JSON.parse(data);
      left -= 1;
      if (!left) document.querySelectorAll(".vote button").forEach((button) => (button.disabled = false));
    }),
  );
  source.addEventListener("failed", ({ data }) => end(() => say(place, JSON.parse(data))));
  // A browser would connect again, and have the answer written a second time.
  source.onerror = () => end(() => say(place, side.dataset.lost));
}

function say(place, sentence) {
  const problem = Object.assign(document.createElement("p"), { className: "problem", textContent: sentence });
  problem.setAttribute("role", "alert");
  place.append(problem);
}
