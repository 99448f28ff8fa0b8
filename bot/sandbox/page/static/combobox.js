// Menus with type-ahead (ARIA combobox with a listbox). Options come from the server, which asks the bot if need be.
"use strict";
(() => {
  const parts = (box) => ({
    input: box.querySelector("[role=combobox]"),
    popup: box.querySelector(".combo-popup"),
    list: box.querySelector("[role=listbox]"),
    note: box.querySelector(".combo-note"),
  });
  const boxOf = (el) => el.closest?.("[data-combo]");
  const resting = (box) => parts(box).input.defaultValue;
  const timers = new WeakMap();
  const rounds = new WeakMap();

  function close(box) {
    const { input, popup } = parts(box);
    clearTimeout(timers.get(box));
    rounds.set(box, (rounds.get(box) || 0) + 1);
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function placePopup(box) {
    const { input, popup } = parts(box);
    const at = input.getBoundingClientRect();
    const below = window.innerHeight - at.bottom - 12;
    const up = below < 190 && at.top > below;
    popup.style.left = `${at.left}px`;
    popup.style.width = `${at.width}px`;
    popup.style.maxHeight = `${Math.max(120, Math.min(290, up ? at.top - 12 : below))}px`;
    popup.style.top = up ? "auto" : `${at.bottom + 4}px`;
    popup.style.bottom = up ? `${window.innerHeight - at.top + 4}px` : "auto";
  }

  function activate(box, option) {
    const { input, list } = parts(box);
    for (const other of list.querySelectorAll(".is-active")) other.classList.remove("is-active");
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.classList.add("is-active");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  async function load(box) {
    const { input, popup, list, note } = parts(box);
    const query = input.value === resting(box) && box.dataset.many === "no" ? "" : input.value;
    const round = (rounds.get(box) || 0) + 1;
    rounds.set(box, round);
    popup.hidden = false;
    input.setAttribute("aria-expanded", "true");
    placePopup(box);
    const least = Number(box.dataset.least);
    if (query.trim().length < least) {
      list.replaceChildren();
      note.textContent = `Type ${least === 1 ? "a character" : `${least} characters`} to search`;
      return;
    }
    if (!list.children.length) note.textContent = "Loading …";
    const answer = await fetch(`${box.dataset.options}&q=${encodeURIComponent(query)}`).then((got) => (got.ok ? got.text() : ""), () => "");
    if (rounds.get(box) !== round) return;
    list.innerHTML = answer; // the server's own template, escaped there
    const first = list.querySelector("[role=option]");
    note.textContent = first ? "" : "No result";
    activate(box, list.querySelector("[aria-selected=true]") || first);
  }

  function soon(box, wait) {
    clearTimeout(timers.get(box));
    timers.set(box, setTimeout(() => load(box), wait));
  }

  // A menu for several is drawn anew by the server, with its chips; a menu for one shows the choice at once.
  function send(box, values, label = "") {
    const { input } = parts(box);
    const many = box.dataset.many === "yes";
    const payload = { ...JSON.parse(box.dataset.vals), value: values, ...(many ? { menu: "yes" } : {}) };
    close(box);
    box.closest(".has-error")?.classList.add("is-touched");
    if (!many) {
      input.value = input.defaultValue = label;
      const clear = box.querySelector("[data-clear]");
      if (clear) clear.hidden = !values.length;
    }
    htmx.ajax("POST", box.dataset.fill, { source: box, target: box, swap: many ? "outerHTML" : "none", values: payload }).then(() => {
      if (many) document.getElementById(input.id)?.focus();
    });
  }

  const chosen = (box) => [...box.querySelectorAll(".chip")].map((chip) => chip.dataset.value);

  function pick(box, option) {
    const value = option.dataset.value;
    if (box.dataset.many === "no") return send(box, [value], option.firstChild.textContent);
    const had = chosen(box);
    send(box, had.includes(value) ? had.filter((one) => one !== value) : [...had, value]);
  }

  function move(box, step) {
    const options = [...parts(box).list.querySelectorAll("[role=option]")];
    const at = options.findIndex((option) => option.classList.contains("is-active"));
    if (options.length) activate(box, options[(at + step + options.length) % options.length]);
  }

  function onKey(event, box) {
    const { input, popup, list } = parts(box);
    const open = !popup.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) move(box, event.key === "ArrowDown" ? 1 : -1);
      else load(box);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const active = open && list.querySelector(".is-active");
      if (active) pick(box, active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      input.value = resting(box);
      close(box);
    } else if (event.key === "Backspace" && !input.value && chosen(box).length) {
      send(box, chosen(box).slice(0, -1));
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[role=combobox]")) onKey(event, boxOf(event.target));
  }, true);
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[role=combobox]")) soon(boxOf(event.target), 140);
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.(".combo-option");
    if (event.target.closest?.(".combo-popup")) event.preventDefault(); // the focus stays in the field
    else if (event.target.matches?.("[role=combobox]") && parts(boxOf(event.target)).popup.hidden) soon(boxOf(event.target), 0);
    if (option) option.classList.add("is-active");
  });
  document.addEventListener("click", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    const option = event.target.closest(".combo-option");
    if (option) pick(box, option);
    else if (event.target.closest("[data-clear]")) {
      send(box, []);
      parts(box).input.focus();
    }
    else if (event.target.closest("[data-remove]")) send(box, chosen(box).filter((one) => one !== event.target.closest(".chip").dataset.value));
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[role=combobox]")) event.target.select();
  });
  document.addEventListener("focusout", (event) => {
    if (!event.target.matches?.("[role=combobox]")) return;
    const box = boxOf(event.target);
    event.target.value = resting(box);
    close(box);
  });
  for (const kind of ["scroll", "resize"]) {
    window.addEventListener(kind, (event) => {
      for (const box of document.querySelectorAll("[data-combo]:has(.combo-popup:not([hidden]))")) {
        if (!box.contains(event.target)) placePopup(box);
      }
    }, true);
  }
})();
