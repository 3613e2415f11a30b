// Asks for the page again with its ETag; where it changed, puts the new parts in place without moving what is read.
import { keepPicture } from "./charts.js";

const FIRST_MILLISECONDS = Number(document.body.dataset.pollSeconds || 15) * 1000;
const SLOWEST_MILLISECONDS = 120000;

export function watch(dress) {
  if (!document.querySelector("[data-live]")) return;
  const state = { etag: null, wait: FIRST_MILLISECONDS, lost: null };
  const turn = async () => {
    if (document.visibilityState === "visible") await look(state, dress);
    setTimeout(turn, state.wait);
  };
  setTimeout(turn, state.wait);
}

async function look(state, dress) {
  try {
    const headers = state.etag ? { "If-None-Match": state.etag } : {};
    const answer = await fetch(location.href, { headers, cache: "no-store" });
    if (answer.status === 200) take(await answer.text(), dress);
    else if (answer.status !== 304) throw new Error(`${answer.status}`);
    state.etag = answer.headers.get("ETag") || state.etag;
    state.wait = FIRST_MILLISECONDS;
    state.lost = tellConnection(null);
  } catch {
    state.wait = Math.min(state.wait * 2, SLOWEST_MILLISECONDS);
    state.lost = tellConnection(state.lost || new Date());
  }
}

function take(text, dress) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const anchor = firstInView();
  const news = [];
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next && next.innerHTML !== part.dataset.seen && !isInUse(part)) news.push(...replace(part, next));
  }
  keepInPlace(anchor);
  dress(document);
  if (news.length) document.getElementById("announce").textContent = `New: ${news.join("; ")}`;
}

function replace(part, next) {
  const known = new Set([...part.querySelectorAll("[data-key]")].map((item) => item.dataset.key));
  const open = new Set([...part.querySelectorAll("details[open]")].map((item) => item.id));
  if (!keepPicture(part, next)) part.replaceChildren(...document.importNode(next, true).childNodes);
  part.dataset.seen = next.innerHTML;
  for (const item of part.querySelectorAll("details")) item.open = item.open || open.has(item.id);
  const added = [...part.querySelectorAll("[data-key]")].filter((item) => !known.has(item.dataset.key));
  for (const item of added) markNew(item);
  return added.map((item) => item.dataset.says || item.dataset.key);
}

function markNew(item) {
  const badge = document.createElement("span");
  badge.className = "new";
  badge.textContent = "new";
  (item.querySelector("[data-badge]") || item).append(badge);
}

// A part that holds the viewer's focus or selection is left as it is until the next look.
function isInUse(part) {
  const selection = document.getSelection();
  const selected = selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  return selected || part.contains(document.activeElement);
}

function firstInView() {
  for (const item of document.querySelectorAll("[data-key], h2")) {
    const top = item.getBoundingClientRect().top;
    if (top >= 0) return { key: item.dataset.key, text: item.textContent, top };
  }
  return null;
}

function keepInPlace(anchor) {
  if (!anchor || window.scrollY === 0) return;
  const same = [...document.querySelectorAll("[data-key], h2")].find(
    (item) => (anchor.key ? item.dataset.key === anchor.key : item.textContent === anchor.text),
  );
  if (same) window.scrollBy({ top: same.getBoundingClientRect().top - anchor.top, behavior: "instant" });
}

// Data that stopped coming must not look like calm.
function tellConnection(since) {
  const line = document.getElementById("connection");
  if (!line) return since;
  const words = since ? `No connection since ${since.toISOString().slice(11, 19)} UTC: this page is not updating` : "";
  if (line.textContent !== words) line.textContent = words;
  line.hidden = !since;
  return since;
}
