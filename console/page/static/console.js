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

// Passkeys: the page holds the offer, the browser asks the device, and the form
// carries the answer.
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const base64url = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    const offer = JSON.parse(form.dataset.options).publicKey;
    offer.challenge = bytes(offer.challenge);
    if (offer.user) offer.user.id = bytes(offer.user.id);
    for (const c of [...(offer.allowCredentials || []), ...(offer.excludeCredentials || [])]) c.id = bytes(c.id);
    try {
      const key = await navigator.credentials[form.dataset.passkey]({ publicKey: offer });
      const response = {};
      for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
        if (key.response[part]) response[part] = base64url(key.response[part]);
      }
      form.elements.credential.value = JSON.stringify({ id: key.id, rawId: base64url(key.rawId), type: key.type, clientExtensionResults: {}, response });
      form.submit();
    } catch {
      form.querySelector("[data-fault]").hidden = false;
    }
  });
}
