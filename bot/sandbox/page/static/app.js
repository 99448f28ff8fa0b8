// The frame: theme, drawer, inspector, menus, the end of a conversation, and whether the workspace answers.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;

  // Theme: system, then the other one, then back.
  const themes = ["system", "light", "dark"];
  function showTheme() {
    const now = root.dataset.theme || "system";
    byId("theme").setAttribute("aria-label", `Theme: ${now}`);
    byId("theme").title = `Theme: ${now}`;
    byId("theme").firstElementChild.textContent = { system: "◐", light: "☀", dark: "☾" }[now];
  }
  byId("theme").addEventListener("click", () => {
    const next = themes[(themes.indexOf(root.dataset.theme || "system") + 1) % themes.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    localStorage.setItem("theme", next);
    showTheme();
  });
  showTheme();

  // Drawer on narrow screens
  function drawer(open) {
    byId("client").classList.toggle("drawer-open", open);
    byId("drawer-open").setAttribute("aria-expanded", String(open));
    byId("main").inert = open;
    (open ? byId("drawer-close") : byId("drawer-open")).focus();
  }
  byId("drawer-open").addEventListener("click", () => drawer(true));
  byId("drawer-close").addEventListener("click", () => drawer(false));
  byId("scrim").addEventListener("click", () => drawer(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("client").classList.contains("drawer-open") && !document.querySelector(":popover-open")) drawer(false);
  });

  // Inspector
  function inspector(open) {
    byId("inspector").hidden = !open;
    byId("inspector-toggle").setAttribute("aria-expanded", String(open));
    sessionStorage.setItem("inspector", open ? "open" : "closed");
    if (open) htmx.trigger("#wires", "look");
  }
  byId("inspector-toggle").addEventListener("click", () => {
    inspector(byId("inspector").hidden);
    if (byId("client").classList.contains("drawer-open")) drawer(false);
  });
  byId("inspector-close").addEventListener("click", () => {
    inspector(false);
    byId("inspector-toggle").focus();
  });
  if (sessionStorage.getItem("inspector") === "open") inspector(true);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "wires" && byId("inspector").hidden) event.preventDefault();
  });

  // Menus open beside their button
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.(".menu[popover]") || event.newState !== "open") return;
    const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const left = Math.min(button.left, window.innerWidth - menu.offsetWidth - 8);
    const below = button.bottom + 6 + menu.offsetHeight < window.innerHeight;
    menu.style.left = `${Math.max(8, left)}px`;
    menu.style.top = `${below ? button.bottom + 6 : Math.max(8, button.top - menu.offsetHeight - 6)}px`;
    menu.querySelector("[aria-current], .menu-item")?.focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu");
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const items = [...menu.querySelectorAll(".menu-item")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[role=menuitem]")) event.target.closest(".menu").hidePopover();
    const outside = event.target.closest?.("[data-url]");
    if (outside && outside.dataset.url) window.open(outside.dataset.url, "_blank", "noopener,noreferrer");
  });

  // How many characters are left
  function count(area) {
    const counter = document.querySelector(`[data-count-for="${CSS.escape(area.id)}"]`);
    if (!counter) return;
    const left = Number(counter.dataset.max) - [...area.value].length;
    counter.textContent = left < 30 || left < Number(counter.dataset.max) / 5 ? String(left) : "";
  }
  document.addEventListener("input", (event) => event.target.id && count(event.target));

  // Enter in a field that sends its text to the app by itself
  document.addEventListener("keydown", (event) => {
    const about = event.key === "Enter" && event.target.dataset?.dispatch;
    if (!about || event.target.matches("textarea")) return;
    event.preventDefault();
    const values = { ...JSON.parse(about), value: event.target.value };
    htmx.ajax("POST", `${document.body.dataset.base}/enter`, { source: event.target, swap: "none", values });
  });

  // Conversations begin at their end
  for (const log of document.querySelectorAll("[role=log]")) log.scrollTop = log.scrollHeight;
  if (matchMedia("(min-width: 721px)").matches) (byId("reply") || byId("composer"))?.focus({ preventScroll: true });

  document.addEventListener("htmx:sseError", () => { byId("offline").hidden = false; });
  document.addEventListener("htmx:sseOpen", () => { byId("offline").hidden = true; });
  // The workspace has started anew and no longer knows this place: begin again.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 404) location.assign(`${document.body.dataset.base}/`);
  });
  document.addEventListener("htmx:sendError", () => { byId("offline").hidden = false; });
})();
