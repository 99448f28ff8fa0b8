// An htmx swap style, "keyed": children with the same id and data-rev stay as they are, the others are replaced.
// So live updates disturb neither focus nor typing, and a screen reader hears only what is new.
"use strict";
(() => {
  const same = (a, b) => a && a.id === b.id && a.dataset.rev !== undefined && a.dataset.rev === b.dataset.rev;

  // Text typed since the server last heard of it, by field id.
  function typed(root) {
    const kept = new Map();
    for (const field of root.querySelectorAll("input.text-input:not([role=combobox]), textarea.text-input")) {
      if (field.value !== field.defaultValue) kept.set(field.id, field.value);
    }
    return kept;
  }

  function retype(root, kept) {
    for (const [id, text] of kept) {
      const field = document.getElementById(id);
      if (!field || !root.contains(field) || field.value === text) continue;
      field.value = text;
      htmx.trigger(field, "change");
    }
  }

  function place(target, incoming) {
    const old = new Map([...target.children].map((child) => [child.id, child]));
    const kept = new Set();
    const added = [];
    let cursor = target.firstElementChild;
    for (const next of incoming) {
      const before = old.get(next.id);
      const stays = same(before, next);
      const child = stays ? before : next;
      if (stays) kept.add(before);
      else {
        if (!before) next.classList.add("is-new");
        added.push(next);
      }
      if (cursor === child) cursor = cursor.nextElementSibling;
      else target.insertBefore(child, cursor);
    }
    for (const child of old.values()) if (!kept.has(child)) child.remove();
    return added;
  }

  function swap(target, fragment) {
    const kept = typed(target);
    const scroller = target.querySelector("#modal-body");
    const scrolled = scroller ? scroller.scrollTop : 0;
    const view = target.querySelector("[data-view]")?.dataset.view;
    const atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < 80;
    const added = place(target, [...fragment.children]);
    for (const text of [...target.childNodes]) if (text.nodeType === Node.TEXT_NODE) text.remove();
    requestAnimationFrame(() => retype(target, kept));
    const body = target.querySelector("#modal-body");
    if (body && target.querySelector("[data-view]")?.dataset.view === view) body.scrollTop = scrolled;
    if (atEnd && target.getAttribute("role") === "log") target.scrollTop = target.scrollHeight;
    return added;
  }

  htmx.defineExtension("keyed", {
    isInlineSwap: (style) => style === "keyed",
    handleSwap: (style, target, fragment) => (style === "keyed" ? swap(target, fragment) : false),
  });
})();
