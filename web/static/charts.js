// Puts the interactive picture in the place of the drawn one. Where that fails, the drawn one stays, and the page says so.
const MOST_WIDE = 1400;
const LEAST_WIDE = 640;
const BESIDE = 22; // what stands beside the panels: the padding, and in some the labels of values
const LABELS = 46;
const views = new WeakMap();
const brushes = new Map();
let library;

export function drawCharts(root) {
  const figures = [...root.querySelectorAll("figure[data-chart]")].filter((figure) => !views.has(figure));
  for (const figure of figures) {
    views.set(figure, null);
    draw(figure).catch((trouble) => {
      tell(figure, `The interactive picture did not load (${trouble.message}): this is the still one, with the same data.`);
    });
  }
}

// An interactive picture is not taken away for a still one that comes: it shows the new state when that is there.
// False where there is none to keep.
export function keepPicture(part, next) {
  const [shown, coming] = [part, next].map((one) => one.querySelector("figure[data-chart]"));
  if (!shown || !coming || !("ready" in shown.dataset) || shown.parentElement !== part) return false;
  shown.dataset.chart = coming.dataset.chart;
  draw(shown).catch(() => {
    part.replaceChildren(...document.importNode(next, true).childNodes);
    drawCharts(part);
  });
  for (const other of [...part.children]) if (other !== shown) other.remove();
  for (const other of next.children) if (other !== coming) part.append(document.importNode(other, true));
  return true;
}

async function draw(figure) {
  const holder = figure.querySelector(".chart-frame");
  library ??= import("../charts/script.js");
  const [{ vegaEmbed }, answer] = await Promise.all([library, fetch(addressOf(figure))]);
  if (!answer.ok) throw new Error(`${answer.status}`);
  const { specification, renderer } = await answer.json();
  await show(figure, holder, vegaEmbed, fitted(specification, holder), renderer);
}

// As in the page's head, to the letter: the definition is on its way since then.
function addressOf(figure) {
  const address = figure.dataset.chart;
  if (!matchMedia("(prefers-color-scheme: dark)").matches) return address;
  return `${address}${address.includes("?") ? "&" : "?"}theme=dark`;
}

function fitted(specification, holder) {
  const inside = Math.max(LEAST_WIDE, Math.min(MOST_WIDE, holder.clientWidth));
  const labelled = specification.vconcat.some((panel) => panel.layer.some((layer) => layer.encoding.y?.axis));
  for (const panel of specification.vconcat) panel.width = inside - BESIDE - (labelled ? LABELS : 0);
  return specification;
}

async function show(figure, holder, vegaEmbed, specification, renderer) {
  const brush = brushOf(specification);
  const kept = brushes.get(figure.dataset.chart);
  if (brush && kept) brush.value = { x: kept };
  const place = document.createElement("div");
  place.className = "vega";
  place.hidden = true;
  holder.append(place);
  try {
    const options = { ast: true, defaultStyle: false, actions: false, renderer, tooltip: { disableDefaultStyle: true } };
    const made = await vegaEmbed(place, specification, options);
    nameOrHide(place);
    put(figure, holder, place, made);
    if (brush) listen(figure, holder, vegaEmbed, specification, renderer, made);
  } catch (trouble) {
    place.remove();
    throw trouble;
  }
}

// Marks without words of their own (stripes, lines between lanes, the brush) are nothing to a screen reader.
function nameOrHide(place) {
  for (const mark of place.querySelectorAll("[role^=graphics-]:not([aria-label])")) {
    mark.removeAttribute("role");
    mark.removeAttribute("aria-roledescription");
  }
}

// The frame keeps the height it has, so that nothing below it moves.
function put(figure, holder, place, made) {
  const before = views.get(figure);
  if (!holder.style.minHeight) holder.style.minHeight = `${holder.getBoundingClientRect().height}px`;
  for (const other of [...holder.children]) {
    if (other === place) continue;
    if (other.classList.contains("vega")) other.remove();
    else other.setAttribute("hidden", "");
  }
  place.hidden = false;
  if (before) before.finalize();
  views.set(figure, made);
  figure.dataset.ready = "";
}

function brushOf(specification) {
  for (const panel of specification.vconcat) {
    for (const layer of panel.layer) for (const param of layer.params || []) return param;
  }
  return null;
}

// Arrows move the stretch that is shown, + and - make it shorter and longer, 0 puts it back.
function listen(figure, holder, vegaEmbed, specification, renderer, made) {
  const brush = brushOf(specification);
  const first = (figure.dataset.stretch ??= brush.value.x.join()).split(",").map(Number);
  made.view.addSignalListener("brush", (_, chosen) => {
    const edges = Object.values(chosen)[0];
    if (edges) brushes.set(figure.dataset.chart, edges.map(Number));
  });
  holder.onkeydown = async (event) => {
    const [low, high] = brushes.get(figure.dataset.chart) || first;
    const next = moved(event.key, low, high, first);
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    brushes.set(figure.dataset.chart, next);
    brush.value = { x: next };
    await show(figure, holder, vegaEmbed, specification, renderer);
    tell(figure, `Shown: ${next.map(inWords).join(" to ")} UTC`);
  };
}

function moved(key, low, high, first) {
  const step = (high - low) / 4;
  if (key === "ArrowLeft") return [low - step, high - step];
  if (key === "ArrowRight") return [low + step, high + step];
  if (key === "+" || key === "=") return [low + step, high - step];
  if (key === "-") return [low - step, high + step];
  return key === "0" ? first : null;
}

function inWords(milliseconds) {
  return new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}

function tell(figure, words) {
  const line = figure.querySelector(".chart-said");
  if (line) line.textContent = words;
}
