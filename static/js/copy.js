// [data-copy="text"] and [data-copy-from="id"]: copies, says so for two seconds and once politely.
const said = document.getElementById("said");

async function write(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  const back = document.activeElement;
  document.body.append(area);
  area.focus();
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  back?.focus();
  if (!done) throw new Error("the browser refused to copy");
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom ?? "");
  try {
    await write(button.dataset.copy ?? source?.textContent ?? "");
  } catch {
    select(source ?? button.previousElementSibling ?? button);
    return;
  }
  button.classList.add("is-copied");
  if (said) said.textContent = said.dataset.copied;
  setTimeout(() => {
    button.classList.remove("is-copied");
    if (said) said.textContent = "";
  }, 2000);
});
