// Keys are written in the markup: data-hotkey="g l" on a link, button or input; [data-row] rows are walked with j and k.
const off = () => document.body.dataset.hotkeys === "off";
let first = "";
let timer = 0;

document.addEventListener("keydown", (event) => {
  if (off() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]:not(.dialog-static)")) return;
  const keys = first ? `${first} ${event.key}` : event.key;
  clearTimeout(timer);
  first = "";
  if (event.key === "g" && keys === "g") {
    first = "g";
    timer = setTimeout(() => { first = ""; }, 1500);
  } else if (keys === "?") {
    document.getElementById("keys")?.showModal();
  } else if (keys === "j" || keys === "k") {
    walk(keys === "j" ? 1 : -1);
  } else if (!press(keys)) {
    return;
  }
  event.preventDefault();
});

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function press(keys) {
  const found = [...document.querySelectorAll("[data-hotkey]")]
    .filter((element) => element.dataset.hotkey === keys);
  // A hidden copy (the phone's menu) still leads to the same place, so any of them may be pressed.
  const target = found.find((element) => element.checkVisibility()) ?? found.find((element) => element.href);
  if (!target) return false;
  if (target instanceof HTMLInputElement) target.select();
  if (isTyping(target)) target.focus();
  else target.click();
  return true;
}

function walk(direction) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(now + direction, 0), rows.length - 1)];
  next?.querySelector("a")?.focus();
}
