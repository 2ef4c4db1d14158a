// Keeps every <time data-when> fresh, in the reader's own zone: the profile's (html[data-zone]) or the browser's.
const zone = document.documentElement.dataset.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const part = (options) => new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
const clock = part({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const minute = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const month = part({ month: "short" });
const numbers = part({ year: "numeric", month: "numeric", day: "numeric" });
const nbsp = "\u00a0";

function date(moment) {
  const found = Object.fromEntries(numbers.formatToParts(moment).map((one) => [one.type, Number(one.value)]));
  return { ...found, serial: Date.UTC(found.year, found.month - 1, found.day) / 86400000 };
}

function day(moment, now) {
  const { day: number, year } = date(moment);
  return [number, month.format(moment), year === date(now).year ? "" : year].filter(Boolean).join(nbsp);
}

function relative(seconds) {
  const distance = Math.abs(seconds);
  const words = distance < 60 ? `${Math.round(distance)}${nbsp}s`
    : distance < 3600 ? `${Math.floor(distance / 60)}${nbsp}min` : `${Math.floor(distance / 3600)}${nbsp}h`;
  return seconds >= 0 ? `${words} ago` : `in ${words}`;
}

function words(moment, style) {
  const now = new Date();
  const back = date(now).serial - date(moment).serial;
  if (style === "exact") return `${day(moment, now)}, ${clock.format(moment)}`;
  if (style === "day") return day(moment, now);
  if (style === "clock" && back === 0) return clock.format(moment);
  if (style === "relative" && Math.abs(now - moment) < 86400000 && back !== 1) return relative((now - moment) / 1000);
  return `${back === 1 ? "yesterday" : day(moment, now)}, ${minute.format(moment)}`;
}

function refresh(root) {
  for (const element of root.querySelectorAll("time[data-when]")) {
    const moment = new Date(element.dateTime);
    const text = words(moment, element.dataset.when);
    if (element.textContent !== text) element.textContent = text;
    element.title = `${day(moment, new Date(0))}, ${clock.format(moment)} ${zone}`;
  }
}

if (document.documentElement.lang.startsWith("en")) {
  refresh(document);
  setInterval(() => refresh(document), 10000);
  document.body.addEventListener("htmx:load", (event) => refresh(event.target.parentElement ?? document));
}
document.cookie = `time_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
