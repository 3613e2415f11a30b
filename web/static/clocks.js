// Makes a slider of the steps that one can look back at. It stays where it is: what it changes lies below it.
import { keepPicture } from "./charts.js";

export function offerSlider(dress) {
  const form = document.querySelector("form[data-steps]");
  if (!form || form.querySelector("input[type=range]")) return;
  const select = form.querySelector("select");
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: select.options.length - 1, value: select.selectedIndex, id: "slider" });
  slider.setAttribute("aria-label", "Look back at, step by step");
  select.after(slider);
  const state = { asked: null, waiting: 0 };
  const say = () => slider.setAttribute("aria-valuetext", select.options[select.selectedIndex].text);
  slider.addEventListener("input", () => {
    select.selectedIndex = slider.value;
    say();
    later(state, () => look(form, state, dress));
  });
  select.addEventListener("change", () => {
    slider.value = select.selectedIndex;
    say();
    later(state, () => look(form, state, dress));
  });
  for (const radio of form.querySelectorAll("input[type=radio]")) radio.addEventListener("change", () => form.requestSubmit());
  form.querySelector("button").hidden = true;
  say();
}

function later(state, act) {
  clearTimeout(state.waiting);
  state.waiting = setTimeout(act, 120);
}

async function look(form, state, dress) {
  state.asked?.abort();
  state.asked = new AbortController();
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.set(name, value);
  address.hash = "";
  try {
    const answer = await fetch(address, { signal: state.asked.signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    take(new DOMParser().parseFromString(await answer.text(), "text/html"), dress);
    history.replaceState(null, "", address);
  } catch (trouble) {
    if (trouble.name !== "AbortError") location.assign(address);
  }
}

function take(fresh, dress) {
  for (const part of document.querySelectorAll("[data-then]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.dataset.seen) continue;
    part.dataset.seen = next.innerHTML;
    if (!keepPicture(part, next)) part.replaceChildren(...document.importNode(next, true).childNodes);
  }
  dress(document);
}
