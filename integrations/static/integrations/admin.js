// The one-click switch without a page change, and buttons that say that they are at work. Without this file the same
// forms work by loading the page anew.
"use strict";
document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = form.querySelector("button[type=submit]");
    if (form.dataset.igBusy) {
        button.setAttribute("aria-busy", "true");
        button.lastChild.textContent = form.dataset.igBusy;
        return;
    }
    if (!("igSwitch" in form.dataset)) return;
    event.preventDefault();
    if (button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    try {
        const answer = await fetch(form.action, {method: "POST", body: new FormData(form), credentials: "same-origin"});
        const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("ig-page");
        if (!answer.ok || page === null || new URL(answer.url).pathname !== location.pathname) {
            location.assign(answer.ok ? answer.url : location.href);
            return;
        }
        document.getElementById("ig-page").replaceWith(page);
        document.getElementById(button.id)?.focus();
    } catch {
        location.reload();
    }
});
