// The composer: Enter sends, a slash lists commands, the field grows with its text.
"use strict";
(() => {
  const field = () => document.getElementById("composer");
  const popup = () => document.getElementById("commands-box");
  const entries = () => [...document.querySelectorAll("#commands .command")];
  const visible = () => entries().filter((entry) => !entry.hidden);
  let moved = false; // whether the person chose with the arrows

  function hide() {
    if (!popup()) return;
    popup().hidden = true;
    field().removeAttribute("aria-activedescendant");
  }

  function mark(entry) {
    for (const other of entries()) other.setAttribute("aria-selected", String(other === entry));
    if (!entry) return;
    field().setAttribute("aria-activedescendant", entry.id);
    entry.scrollIntoView({ block: "nearest" });
  }

  function suggest() {
    const text = field().value;
    moved = false;
    if (!/^\/\S*$/.test(text)) return hide();
    for (const entry of entries()) entry.hidden = !entry.dataset.command.startsWith(text.toLowerCase());
    popup().hidden = !visible().length;
    mark(visible().find((entry) => entry.dataset.command === text) || visible()[0]);
  }

  function complete(entry) {
    field().value = `${entry.dataset.command} `;
    hide();
    field().focus();
    grow(field());
  }

  function grow(area) {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
  }

  const current = () => visible().find((entry) => entry.getAttribute("aria-selected") === "true");

  function onKeyWhileOpen(event) {
    const list = visible();
    const at = list.indexOf(current());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      moved = true;
      mark(list[(at + step + list.length) % list.length]);
    } else if (event.key === "Tab" && !event.shiftKey) complete(current());
    else if (event.key === "Escape") hide();
    else if (event.key === "Enter" && !event.shiftKey && (moved || current().dataset.command !== field().value)) complete(current());
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const area = event.target;
    if (!area.matches?.("[data-grow]") || event.isComposing) return;
    if (area === field() && popup() && !popup().hidden && onKeyWhileOpen(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      area.form.requestSubmit();
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-grow]")) return;
    grow(event.target);
    if (event.target === field() && popup()) suggest();
  });
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.("#commands-box")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const entry = event.target.closest?.("#commands .command");
    if (entry) complete(entry);
    const starter = event.target.closest?.("[data-insert]");
    if (!starter || !field()) return;
    field().value = starter.dataset.insert;
    field().focus();
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === field()) hide();
  });

  // The field empties when the text is on its way, and gets it back if it did not arrive.
  document.addEventListener("htmx:configRequest", (event) => {
    const area = event.detail.elt.matches?.("[data-composer]") && event.detail.elt.querySelector("[data-grow]");
    if (!area) return;
    if (!area.value.trim()) return event.preventDefault();
    area.dataset.sent = area.value;
    area.value = "";
    hide();
    grow(area);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const area = event.detail.elt.matches?.("[data-composer]") && event.detail.elt.querySelector("[data-grow]");
    if (area && !event.detail.successful && !area.value) area.value = area.dataset.sent || "";
  });
})();
