// [data-dialog="id"] opens a native dialog; a click beside it closes it; menus made of <details>, and the phone's search,
// close as menus do.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog?.showModal) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  if (event.target instanceof HTMLDialogElement && event.target.open && isBeside(event)) event.target.close();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.checkVisibility()) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
  const opener = event.target.matches(".bar > .search :target") && document.querySelector(".bar-search");
  if (opener && !event.target.value) {
    location.replace("#content");
    opener.focus();
  }
});

function isBeside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}
