// What the page does beyond links and forms: it stays current, searches as one types, and listens to keys.
// It makes no HTML of its own: it loads the same address again and takes over what has changed.
"use strict";

const find = (selector, from = document) => from.querySelector(selector);
const typed = (element) => element && /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

// ---- Taking over what has changed: `old` becomes as `fresh`, and keeps the nodes that it has by their keys.

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "");
const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

function become(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if ("own" in old.dataset) return;
  const isMarked = "mark" in old.dataset && old.dataset.mark !== fresh.dataset.mark;
  for (const { name } of [...old.attributes]) {
    const isTheirs = name === "open" && old.nodeName === "DETAILS"; // whoever reads it has opened it
    if (!fresh.hasAttribute(name) && !isTheirs) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (isMarked) {
    void old.offsetWidth; // so that the animation begins anew
    old.classList.add("changed");
  }
  becomeChildren(old, fresh);
}

function becomeChildren(old, fresh) {
  const keyed = new Map([...old.childNodes].map((child) => [keyOf(child), child]));
  const staying = new Set([...fresh.childNodes].map(keyOf));
  let next = old.firstChild;
  const drop = () => { const gone = next; next = next.nextSibling; gone.remove(); };
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted);
    let kept = key && keyed.has(key) && isAlike(keyed.get(key), wanted) ? keyed.get(key) : null;
    // What is gone makes way first, so that what stays need not be moved around it.
    while (next && next !== kept && (keyOf(next) ? !staying.has(keyOf(next)) : kept)) drop();
    if (!key && next && isAlike(next, wanted)) kept = next;
    if (!kept) {
      old.insertBefore(document.importNode(wanted, true), next);
      continue;
    }
    if (kept === next) next = next.nextSibling;
    else old.insertBefore(kept, next);
    keyed.delete(key);
    become(kept, wanted);
  }
  while (next) drop();
}

// ---- Loading the same address again

let tag = "";
let loading = null;
let isStale = false; // something changed while it was being loaded

function refresh() {
  isStale = true;
  if (loading) return loading;
  loading = load().finally(() => { loading = null; });
  return loading;
}

async function load() {
  while (isStale) {
    isStale = false;
    const [address] = location.href.split("#");
    const began = performance.now();
    const fresh = await ask(address);
    if (fresh && address === location.href.split("#")[0]) take(fresh);
    // A server that takes long is asked less often.
    await new Promise((done) => setTimeout(done, Math.max(500, 4 * (performance.now() - began))));
  }
}

// A document by XMLHttpRequest runs no scripts, and needs no parser that the policy forbids.
function ask(address) {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    if (tag) request.setRequestHeader("If-None-Match", tag);
    request.timeout = 20000;
    request.onload = () => {
      if (request.status !== 304) tag = request.getResponseHeader("ETag") || "";
      if (request.responseURL !== address) location.assign(request.responseURL); // the session has ended
      done(request.response);
    };
    request.onerror = request.ontimeout = () => done(null);
    request.send();
  });
}

function take(fresh) {
  const focused = document.activeElement;
  document.title = fresh.title;
  become(document.body, fresh.body);
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  clock();
}

// ---- Staying current

let source = null;
let cutOff = "";

function listen() {
  const shown = find("#live");
  if (source || document.hidden || find("main form[method=post]")) return; // what one fills in stays as it is
  source = new EventSource("/ui/live");
  source.onopen = () => {
    shown.hidden = false;
    shown.className = "live";
    shown.textContent = "live";
    shown.title = "What you see changes by itself";
    if (cutOff) refresh();
    cutOff = "";
  };
  source.onmessage = () => { refresh(); };
  source.onerror = () => {
    cutOff = cutOff || new Date().toISOString().slice(11, 19);
    shown.hidden = false;
    shown.className = "live off";
    shown.textContent = `cut off since ${cutOff} UTC, trying again`;
    shown.title = "What you see is from before that";
    if (source.readyState === EventSource.CLOSED) {
      deafen();
      setTimeout(listen, 3000);
    }
  };
}

function deafen() {
  if (source) source.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) deafen();
  else {
    listen();
    if (source) refresh();
  }
});
window.addEventListener("pagehide", deafen);
window.addEventListener("pageshow", listen);

// ---- Times grow older by the server's clock

const AGES = [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"], [Infinity, 86400, "d"]];
let ahead = 0;

function clock() {
  ahead = Number(find("#page").dataset.at) * 1000 - Date.now();
}

function age() {
  for (const time of document.querySelectorAll("#page time:not([data-fixed])")) {
    const seconds = Math.max(0, (Date.now() + ahead - Date.parse(time.dateTime)) / 1000);
    const [, size, unit] = AGES.find(([limit]) => seconds < limit);
    const text = `${Math.floor(seconds / size)} ${unit} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

// ---- Search as one types

function search() {
  const field = find("#search");
  if (!field) return;
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.delete("page");
      if (field.value.trim()) address.searchParams.set("q", field.value.trim());
      else address.searchParams.delete("q");
      history.replaceState(null, "", address);
      refresh();
    }, 120);
  });
}

// ---- Keys

function step(by) {
  const rows = [...document.querySelectorAll("a.row")];
  const at = rows.findIndex((row) => row.closest("tr, li").contains(document.activeElement));
  const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (row) row.focus();
  if (row) row.closest("tr, li").scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => { const field = find("#search"); if (field) { field.focus(); field.select(); } else location.assign("/ui/"); },
  j: () => step(1),
  k: () => step(-1),
  u: () => { const back = find(".crumb"); if (back) back.click(); },
  "?": () => find("#help").showModal(),
};

function leave() {
  const field = document.activeElement;
  if (field.id === "search" && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  } else field.blur();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || find("#help").open) return;
  if (event.key === "Escape") leave();
  else if (typed(document.activeElement)) {
    if (event.key !== "ArrowDown" || document.activeElement.id !== "search") return;
    event.preventDefault();
    step(1);
  } else if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

// ---- Colours: as the system has them, or as one chooses

const THEMES = ["", "light", "dark"];
const NAMES = { "": "Auto", light: "Light", dark: "Dark" }; // as the system has it, or not

function colours() {
  const button = find("#theme");
  const show = () => {
    const chosen = document.documentElement.dataset.theme || "";
    button.textContent = `\u25d0 ${NAMES[chosen]}`;
    button.title = `Colours: ${NAMES[chosen].toLowerCase()}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || "";
    const chosen = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    document.cookie = `stoker_theme=${chosen}; path=/ui/; samesite=strict; max-age=${chosen ? 31536000 : 0}`;
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    show();
  });
  show();
}

document.documentElement.classList.add("scripted");
find("#keys").hidden = false;
find("#keys").addEventListener("click", () => find("#help").showModal());
clock();
colours();
search();
listen();
setInterval(age, 1000);
