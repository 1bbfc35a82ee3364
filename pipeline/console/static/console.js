// Keeps an open page up to date: replaces what changed, shows ages, and says when numbers are old.
"use strict";

const STALE_MS = 5000;
const UNITS = [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"]];
let heardAt = Date.now();
let why = document.getElementById("why").textContent;

function age(ms) {
  const found = UNITS.find(([size]) => ms >= size);
  return found ? `${Math.floor(ms / found[0])} ${found[1]} ago` : "now";
}

function showAges() {
  for (const time of document.querySelectorAll("time[data-at]")) {
    time.title ||= `${time.textContent} UTC`;
    const text = age(Date.now() - Number(time.dataset.at));
    if (time.textContent !== text) time.textContent = text;
  }
}

function showStale() {
  const silent = document.body.dataset.live && Date.now() - heardAt > STALE_MS;
  const reason = silent ? "The console does not answer this page." : why;
  document.body.classList.toggle("stale", Boolean(reason));
  document.getElementById("banner").hidden = !reason;
  const shown = document.getElementById("why");
  if (shown.textContent !== reason) shown.textContent = reason;
}

function parsed(html) {
  // The server escaped what people wrote; a template runs nothing, and the policy forbids scripts.
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

function take(event) {
  const { html, order, stale } = JSON.parse(event.data);
  heardAt = Date.now();
  why = stale || "";
  const fresh = new Map();
  for (const [id, text] of Object.entries(html)) {
    const element = parsed(text);
    const old = document.getElementById(id);
    if (old) {
      keepOpen(old, element);
      old.replaceWith(element);
    } else fresh.set(id, element);
  }
  for (const [list, ids] of Object.entries(order)) arrange(document.getElementById(list), ids, fresh);
  showAges();
  showStale();
}

function keepOpen(old, element) {
  const chosen = [...old.querySelectorAll("input[type=checkbox]")].map((box) => box.checked);
  element.querySelectorAll("input[type=checkbox]").forEach((box, number) => { box.checked = Boolean(chosen[number]); });
  const opened = [...old.querySelectorAll("details")].map((details) => details.open);
  element.querySelectorAll("details").forEach((details, number) => { details.open = Boolean(opened[number]); });
}

function arrange(list, ids, fresh) {
  if (!list) return;
  const wanted = new Set(ids);
  for (const row of [...list.children]) if (!wanted.has(row.id)) row.remove();
  ids.forEach((id, place) => {
    const row = fresh.get(id) || document.getElementById(id);
    // Only what is out of place moves: a row that moves loses the focus.
    if (row && list.children[place] !== row) list.insertBefore(row, list.children[place] || null);
  });
}

function listen() {
  const source = new EventSource(document.body.dataset.live);
  source.onmessage = take;
  // A refused stream does not come back by itself.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("form.filter input[type=search]");
  if (event.key === "/" && search && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    search.focus();
  }
});

if (document.body.dataset.live) listen();
setInterval(() => { showAges(); showStale(); }, 1000);
showAges();
