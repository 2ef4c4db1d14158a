// A form that was sent says so on its button ([data-busy="Checking…"]) and cannot be sent twice by a double click.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.method === "dialog") return;
  if (button.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) {
    button.dataset.rest = button.innerHTML;
    button.textContent = button.dataset.busy;
  }
});

function rest() {
  for (const button of document.querySelectorAll("button[aria-busy='true']:not([data-shown-busy])")) {
    button.removeAttribute("aria-busy");
    if (button.dataset.rest) button.innerHTML = button.dataset.rest;
  }
}

addEventListener("pageshow", rest);
document.body.addEventListener("htmx:afterRequest", rest);
