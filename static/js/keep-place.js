// A swapped fragment leaves the reader where they were: what they had unfolded (<details id="…">) stays so, and the focus
// stays on the same link, button or field, or else on the fragment. [data-says] in it is said politely where the reader
// asked for the swap.
const said = document.getElementById("said");

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { target, shouldSwap, requestConfig } = event.detail;
  if (!shouldSwap) return;
  const open = [...target.querySelectorAll("details[id]")].map((one) => [one.id, one.open]);
  const before = target.contains(document.activeElement) ? document.activeElement : null;
  const twins = before ? all(target).filter((one) => isSame(one, before)).indexOf(before) : 0;
  const id = target.id;
  document.body.addEventListener(
    "htmx:afterSwap",
    () => {
      for (const [name, wasOpen] of open) {
        const now = document.getElementById(name);
        if (now) now.open = wasOpen;
      }
      const now = document.getElementById(id);
      if (!now) return;
      if (before && !before.isConnected && document.activeElement === document.body) refocus(now, before, twins);
      const words = requestConfig?.elt.matches("form") && now.querySelector("[data-says]");
      if (words) said.textContent = words.textContent;
    },
    { once: true },
  );
});

function refocus(fragment, before, twins) {
  const same = all(fragment).filter((one) => isSame(one, before) && one.checkVisibility());
  const place = same[twins] ?? same[0];
  if (!place) fragment.tabIndex = -1;
  (place ?? fragment).focus({ preventScroll: true });
}

function all(fragment) {
  return [...fragment.querySelectorAll("a[href], button, input, select, textarea, summary")];
}

function isSame(one, other) {
  return one.tagName === other.tagName && name(one) === name(other);
}

function name(one) {
  const value = /^(radio|checkbox)$/.test(one.type) ? one.value : "";
  return one.name ? `${one.name} ${value}` : one.getAttribute("aria-label") ?? one.textContent.trim();
}
