// Times stand in UTC; the viewer's own clock is one hover away.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

export function nameLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    time.title = `${local.format(new Date(time.dateTime))} (your time)`;
  }
}
