// The console works without this file; it only saves keystrokes.
"use strict";
document.addEventListener("keydown", (e) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (typing || e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "/") {
    const field = document.querySelector("[data-focus]");
    if (field) { e.preventDefault(); field.focus(); }
  }
  if (e.key === "j" || e.key === "k") {
    const rows = [...document.querySelectorAll("a.row-link")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + (e.key === "j" ? 1 : -1)))];
    next.focus();
  }
});
for (const field of document.querySelectorAll("[data-select]")) {
  field.addEventListener("focus", () => field.select());
}
// A click anywhere in a row opens it, unless something else was clicked.
for (const link of document.querySelectorAll("a.row-link")) {
  const row = link.closest("tr");
  row.addEventListener("click", (e) => {
    if (!e.target.closest("a, button, input, label") && !getSelection().toString()) link.click();
  });
}
