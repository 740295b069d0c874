// The lab's sliders: their numbers beside them, and an overlap of half a chunk at most.

const form = document.getElementById("profile");
const size = document.getElementById("chunk_size");
const overlap = document.getElementById("overlap");

function follow() {
  overlap.max = String(Math.floor(Number(size.value) / 2));
  for (const output of form.querySelectorAll("output")) output.value = document.getElementById(output.htmlFor.value).value;
}

form?.addEventListener("input", follow);
