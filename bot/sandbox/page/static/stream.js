// The stream of live updates, for htmx's sse extension: it pauses while the tab is hidden and comes back by itself.
// A browser opens six connections to one address at most, and hidden tabs must not use them all up.
"use strict";
(() => {
  const PARTS = ["sidebar", "posts", "home", "modal", "toast", "traffic"];
  const AGAIN_MS = 2000;

  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.readyState = EventSource.CONNECTING;
      this.onVisibility = () => (document.visibilityState === "hidden" ? this.pause() : this.open());
      document.addEventListener("visibilitychange", this.onVisibility);
      this.onVisibility();
    }

    open() {
      clearTimeout(this.timer);
      if (this.source || this.readyState === EventSource.CLOSED) return;
      this.source = new EventSource(this.url);
      this.source.onopen = (event) => {
        this.readyState = EventSource.OPEN;
        this.onopen?.(event);
      };
      this.source.onerror = (event) => this.failed(event);
      for (const part of PARTS) {
        this.source.addEventListener(part, (event) => this.dispatchEvent(new MessageEvent(part, { data: event.data })));
      }
    }

    failed(event) {
      this.readyState = EventSource.CONNECTING;
      this.onerror?.(event);
      if (this.source?.readyState !== EventSource.CLOSED) return; // it tries again by itself
      this.pause();
      this.timer = setTimeout(() => this.onVisibility(), AGAIN_MS);
    }

    pause() {
      this.source?.close();
      this.source = null;
      if (this.readyState !== EventSource.CLOSED) this.readyState = EventSource.CONNECTING;
    }

    close() {
      this.readyState = EventSource.CLOSED;
      document.removeEventListener("visibilitychange", this.onVisibility);
      clearTimeout(this.timer);
      this.pause();
    }
  }

  htmx.createEventSource = (url) => new Stream(url);
})();
