// Keys for who would rather not reach for the mouse. `?` lists them; they rest while one types, and can be turned off.
const OFF = "keys-off";
const PATIENCE_MILLISECONDS = 1500;
const ROWS = "main .case, main tbody tr, main .answers li, main .rows > li";

export function offerKeys() {
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("keys-open");
  if (!dialog || !opener) return;
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  offerSwitch(dialog.querySelector("#keys-on"));
  offerMenu(document.getElementById("more"));
  const after = { g: 0 };
  document.addEventListener("keydown", (event) => {
    if (isForUs(event, dialog) && act(event.key, after, dialog)) event.preventDefault();
  });
}

function isForUs(event, dialog) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return false;
  return !isOff() && !event.target.closest("input, textarea, select, [contenteditable], .chart-frame");
}

// True where the key did something.
function act(key, after, dialog) {
  const follows = Date.now() - after.g < PATIENCE_MILLISECONDS;
  after.g = key === "g" && !follows ? Date.now() : 0;
  if (follows) return go(key);
  if (key === "?") return dialog.showModal() ?? true;
  if (key === "/") return toSearch();
  if (key === "j" || key === "k") return toRow(key === "j" ? 1 : -1);
  return false;
}

function go(key) {
  const link = document.querySelector(`.top a[data-go="${CSS.escape(key)}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function toSearch() {
  const field = document.querySelector("#quick, main textarea[name=q]:not([hidden]), main input[type=search]");
  if (field) field.focus();
  return Boolean(field);
}

function toRow(step) {
  const links = [...document.querySelectorAll(ROWS)].filter((row) => row.offsetParent).map((row) => row.querySelector("a[href]"));
  const rows = links.filter(Boolean);
  const row = document.activeElement.closest(ROWS);
  const at = row ? rows.indexOf(row.querySelector("a[href]")) : -1;
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (next) next.focus();
  return Boolean(next);
}

// Without the script it opens and closes by its own summary; with it also by Escape and by going elsewhere.
function offerMenu(menu) {
  if (!menu) return;
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  const closeFrom = (event) => {
    if (menu.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  };
  document.addEventListener("pointerdown", closeFrom);
  document.addEventListener("focusin", closeFrom);
}

function offerSwitch(box) {
  box.checked = !isOff();
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}

function isOff() {
  return localStorage.getItem(OFF) !== null;
}
