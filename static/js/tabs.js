// Brings the current tab into sight where a row of tabs is wider than the screen.
function show(root) {
  const current = root.querySelector(".tabs a[aria-current]");
  const tabs = current?.closest(".tabs");
  if (tabs && tabs.scrollWidth > tabs.clientWidth) {
    tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.offsetWidth) / 2;
  }
}

show(document);
document.body.addEventListener("htmx:load", (event) => show(event.target.parentElement ?? document));
