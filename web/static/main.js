// Everything here is an extra: each page says all it has to say without it.
import { nameLocalTimes } from "./times.js";
import { offerCopies } from "./copy.js";
import { drawCharts } from "./charts.js";
import { offerSlider } from "./clocks.js";
import { offerKeys } from "./keys.js";
import { watch } from "./live.js";

function dress(root) {
  nameLocalTimes(root);
  drawCharts(root);
}

dress(document);
offerCopies(document);
offerSlider(dress);
watch(dress);
offerKeys();
