// A toast leaves after six seconds, later while it is hovered or holds the focus.
function wait(toast) {
  let timer = 0;
  const leave = () => {
    toast.classList.add("is-leaving");
    setTimeout(() => toast.remove(), 250);
  };
  const start = () => { timer = setTimeout(leave, 6000); };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

document.querySelectorAll("[data-toast]").forEach(wait);
document.body.addEventListener("htmx:load", (event) => {
  if (event.target.matches?.("[data-toast]")) wait(event.target);
  event.target.querySelectorAll?.("[data-toast]").forEach(wait);
});
