// Everything here is an extra: each page says all it has to say without it.
import { nameLocalTimes } from "./times.js";
import { offerCopies } from "./copy.js";
import { watch } from "./live.js";

nameLocalTimes(document);
offerCopies(document);
watch(nameLocalTimes);
