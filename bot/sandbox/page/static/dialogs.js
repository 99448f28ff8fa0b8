// Modals and questions: where the focus goes, what Escape does, and that nothing behind them can be used. Who acts and
// the inspector are tools around the client, not part of it: they stay at hand.
"use strict";
(() => {
  const layer = () => document.getElementById("modal-layer");
  const dialog = () => layer()?.querySelector("[data-dialog]");
  let shown = null; // the view that is open
  let opener = null; // what had the focus before it

  function setBackground(off) {
    for (const part of document.querySelectorAll("#side, #main, .thread, .skip")) {
      part.inert = off;
      if (off) part.setAttribute("aria-hidden", "true");
      else part.removeAttribute("aria-hidden");
    }
  }

  function firstField(box) {
    return (
      box.querySelector("[aria-invalid] input, input[aria-invalid], textarea[aria-invalid]") ||
      box.querySelector("[data-focus]") ||
      box.querySelector(".modal-body :is(input, textarea, select):not([type=hidden])") ||
      box.querySelector("#modal-submit") ||
      box
    );
  }

  function afterModalSwap() {
    const box = dialog();
    setBackground(Boolean(box));
    if (!box) {
      if (shown !== null) giveBack();
      shown = null;
      return;
    }
    const stamp = box.closest(".backdrop").dataset.rev;
    if (shown === null) opener = document.activeElement;
    const outside = !box.contains(document.activeElement) && (stamp !== shown || document.activeElement === document.body);
    const wrong = box.querySelector("[aria-invalid]");
    if (outside || (stamp !== shown && wrong)) firstField(box).focus({ preventScroll: !wrong });
    shown = stamp;
  }

  function giveBack() {
    const again = opener && document.contains(opener) && opener !== document.body ? opener : opener?.id && document.getElementById(opener.id);
    (again || document.getElementById("composer") || document.getElementById("home"))?.focus();
    opener = null;
  }

  function keepInside(event, box) {
    const stops = [...box.querySelectorAll("a[href], button, input:not([type=hidden]), textarea, [tabindex='0']")].filter((el) => !el.disabled && el.offsetParent !== null);
    const first = stops[0];
    const last = stops[stops.length - 1];
    if (event.shiftKey && (document.activeElement === first || document.activeElement === box)) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first.focus();
    }
  }

  document.addEventListener("keydown", (event) => {
    const box = dialog();
    if (!box || document.querySelector("dialog[open]") || event.defaultPrevented) return;
    if (event.key === "Escape" && !document.querySelector(":popover-open")) {
      event.preventDefault();
      document.getElementById("modal-x").click();
    } else if (event.key === "Tab" && box.contains(document.activeElement)) keepInside(event, box);
  });

  // Nothing is closed by a click beside the dialog, as in Slack; the focus comes back into it.
  document.addEventListener("click", (event) => {
    if (event.target.matches?.(".backdrop")) dialog()?.focus();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target === layer() || event.detail.elt === layer()) afterModalSwap();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const box = event.detail.elt.closest?.("[data-dialog]");
    if (box && /\/(submit|press|cancel|dismiss)$/.test(event.detail.pathInfo.requestPath)) box.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const box = dialog();
    if (!box) return;
    box.removeAttribute("aria-busy");
    if (!event.detail.pathInfo?.requestPath.endsWith("/submit")) return;
    for (const block of box.querySelectorAll(".is-touched")) block.classList.remove("is-touched");
    if (box.querySelector("[aria-invalid]")) firstField(box).focus();
  });

  // A live update must not take a window away from under a finger, nor drop what is still queued behind a request of
  // its form: it waits until the press is over and all requests of the window have come back.
  const onTheirWay = new Set();
  let pressed = false;
  let missed = false;
  const catchUp = () => {
    if (!missed || pressed || onTheirWay.size) return;
    missed = false;
    htmx.trigger(layer(), "again");
  };
  document.addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, () => setTimeout(() => { pressed = false; catchUp(); }, 30), true);
  }
  document.addEventListener("htmx:beforeSend", (event) => {
    if (!event.detail.elt.closest?.("[data-dialog]")) return;
    const request = event.detail.xhr;
    onTheirWay.add(request);
    // Not htmx:afterRequest: nobody hears of it when the window has gone meanwhile.
    request.addEventListener("loadend", () => {
      onTheirWay.delete(request);
      setTimeout(catchUp, 30);
    });
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.elt !== layer() || !(pressed || onTheirWay.size)) return;
    event.detail.shouldSwap = false;
    missed = true;
  });

  // A field that is being corrected no longer shows its error; the next submission tells whether it is right.
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => event.target.closest?.(".has-error")?.classList.add("is-touched"));
  }

  // A button that asks first: its question is the <dialog> named in data-confirm.
  document.addEventListener("htmx:confirm", (event) => {
    const question = event.detail.elt.dataset?.confirm && document.getElementById(event.detail.elt.dataset.confirm);
    if (!question) return;
    event.preventDefault();
    question.returnValue = "";
    const answer = (click) => {
      const said = click.target.closest("[data-answer]")?.dataset.answer;
      if (said) question.close(said);
    };
    question.addEventListener("click", answer);
    question.addEventListener(
      "close",
      () => {
        question.removeEventListener("click", answer);
        if (question.returnValue === "yes") event.detail.issueRequest(true);
      },
      { once: true },
    );
    question.showModal();
  });
})();
