// What the browser does by itself: clocks that tick, the banner when the connection is lost, the way to the login when the session
// has ended meanwhile, keyboard shortcuts, words that are half written.
"use strict";
(() => {
  const skew = () => Number(document.querySelector("[data-server-time]")?.dataset.serverTime || 0);
  const loaded = Date.now() / 1000;
  const pad = (number) => String(number).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const hours = Math.floor(whole / 3600);
    return (hours ? hours + ":" + pad(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)) + ":" + pad(whole % 60);
  };
  const tick = () => {
    const server = skew();
    const now = server ? server + (Date.now() / 1000 - loaded) : Date.now() / 1000;
    document.querySelectorAll("[data-since]").forEach((element) => {
      const text = clock(now - Number(element.dataset.since));
      if (element.textContent !== text) element.textContent = text;
    });
    document.querySelectorAll("[data-until]").forEach((element) => {
      const left = Math.max(0, Math.ceil(Number(element.dataset.until) - now));
      const text = left < 60 ? String(left) : clock(left);
      if (element.textContent !== text) element.textContent = text;
    });
    const lost = Boolean(window.socket) && !window.socket.connected;
    document.getElementById("lost")?.classList.toggle("on", lost);
  };
  setInterval(tick, 250);

  // The gate lets no socket of an ended session in, so nothing could tell this page to go to the login.
  setInterval(async () => {
    if (!window.socket || window.socket.connected) return;
    const answer = await fetch("/session").catch(() => null);
    if (answer?.status !== 401) return;
    const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
    location.href = `/login?over=1&lang=${language}&next=${encodeURIComponent(location.pathname)}`;
  }, 3000);

  // A call that rings, or a caller on hold, shows in the browser's tab while the agent reads another one.
  const title = document.title;
  setInterval(() => {
    const bar = document.querySelector(".incoming");
    const words = bar?.matches("[role=alertdialog]") ? bar.querySelector(".what")?.textContent : bar?.querySelector(".tag.hold")?.textContent;
    const wanted = words ? "● " + words : title;
    if (document.title !== wanted) document.title = wanted;
  }, 500);

  // What is half written when the page is loaded anew (the console was started again) is there afterwards: in this tab alone, until it
  // is kept, taken back to what the desk had proposed, or somebody logs out.
  const restored = new WeakSet();
  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.draft) sessionStorage.setItem("draft:" + target.dataset.draft, target.value);
  }, true);
  document.addEventListener("submit", () => {
    Object.keys(sessionStorage).filter((key) => key.startsWith("draft:")).forEach((key) => sessionStorage.removeItem(key));
  }, true);
  setInterval(() => document.querySelectorAll("[data-draft]").forEach((field) => {
    const key = "draft:" + field.dataset.draft;
    const untouched = !field.value || field.value === field.dataset.proposed;
    const written = restored.has(field) ? "" : sessionStorage.getItem(key);
    restored.add(field);
    if (written && untouched) {
      field.value = written;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (untouched) sessionStorage.removeItem(key);
  }), 300);

  const shortcuts = ["F2", "F4", "F8", "F9", "F10"];
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("#lost.on")) return; // like the buttons: what is pressed now would be done some time later
    const typing = document.activeElement?.matches("input:not([readonly]), textarea");
    if (/^[1-9]$/.test(event.key) && !typing && document.querySelector(".incoming.wrapping")) {
      event.stopPropagation(); // a drop-down that has the focus would look for words that begin with it
      emitEvent("shortcut", event.key);
      return;
    }
    if (!shortcuts.includes(event.key) || event.repeat) return;
    event.preventDefault();
    if (event.key === "F9") document.querySelector(".wrapping input[maxlength], .notes input")?.focus();
    else emitEvent("shortcut", event.key);
  }, true);

  // A panel that is drawn anew stays where it was scrolled to.
  const scrolled = new WeakMap();
  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(".panel > .scroll:not(.follow)")) scrolled.set(target.parentElement, target.scrollTop);
  }, true);
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const box = scrolled.has(target) && target.querySelector(":scope > .scroll");
    if (box && box.scrollTop !== scrolled.get(target)) box.scrollTop = scrolled.get(target);
  })).observe(document.documentElement, { childList: true, subtree: true });
  // Nor does it take the keyboard's focus away: what stands in the old one's place, by its name, has it.
  let had = null;
  const named = (element) => [element.tagName, element.getAttribute("aria-label"), element.getAttribute("href"), element.textContent].join("|");
  document.addEventListener("focusin", ({ target }) => {
    const panel = target.closest(".panel");
    had = panel && { panel, element: target, name: named(target), place: [...panel.querySelectorAll(target.tagName)].indexOf(target) };
  });
  document.addEventListener("pointerdown", () => { had = null; }, true);
  new MutationObserver(() => {
    if (!had || had.element.isConnected || document.activeElement !== document.body) return;
    const alike = [...had.panel.querySelectorAll(had.element.tagName)];
    const next = alike.find((element) => named(element) === had.name) || alike[had.place];
    next?.focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });
  // The conversation stays at its end unless somebody scrolled up to read.
  const follow = () => {
    document.querySelectorAll(".follow").forEach((box) => {
      if (box.dataset.watched) return;
      box.dataset.watched = "yes";
      let atEnd = true;
      box.addEventListener("scroll", () => { atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40; });
      const toEnd = () => { if (atEnd) box.scrollTop = box.scrollHeight; };
      new MutationObserver(toEnd).observe(box, { childList: true, subtree: true });
      new ResizeObserver(toEnd).observe(box);
      box.scrollTop = box.scrollHeight;
    });
  };
  setInterval(follow, 300);
})();
