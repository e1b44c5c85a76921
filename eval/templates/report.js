"use strict";
const form = document.getElementById("filters");
const shown = document.getElementById("shown");
const questions = [...document.querySelectorAll(".question")];

function filter() {
  const wanted = new FormData(form);
  const words = wanted.get("words").toLowerCase();
  let count = 0;
  for (const one of questions) {
    const fits = ["suite", "type", "verdict", "outcome"].every(
      (name) => !wanted.get(name) || one.dataset[name] === wanted.get(name),
    );
    one.hidden = !(fits && (!words || one.textContent.toLowerCase().includes(words)));
    count += one.hidden ? 0 : 1;
  }
  shown.textContent = `${count} of ${questions.length} shown`;
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const question = target?.closest(".question");
  if (question) {
    if (question.hidden) {
      form.reset();
      filter();
    }
    question.open = true;
    target.scrollIntoView();
  }
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("open").addEventListener("click", () => {
  for (const one of questions) if (!one.hidden) one.open = true;
});
document.getElementById("close").addEventListener("click", () => {
  for (const one of questions) one.open = false;
});
addEventListener("hashchange", openTarget);
filter();
openTarget();
