// The one-click switch without a page change, what is asked before as a dialog, and buttons that say that they are at
// work. Without this file the same forms and links work by loading the page anew.
"use strict";
const pageOf = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

// `opener` has the focus again when what was asked is done.
const ask = async (address, opener) => {
    const answer = await fetch(address, {credentials: "same-origin"}).catch(() => null);
    const asked = answer?.ok ? (await pageOf(answer)).getElementById("ig-ask") : null;
    if (asked === null) {
        location.assign(address);
        return;
    }
    document.querySelector("dialog.ig-popover")?.close();
    for (const form of asked.querySelectorAll("form")) {
        form.dataset.igSwitch = "";
        form.dataset.igFocus = opener.id;
    }
    const dialog = document.createElement("dialog");
    dialog.className = "ig-popover";
    dialog.setAttribute("aria-labelledby", "ig-ask-title");
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(asked);
    document.getElementById("ig-page").append(dialog);
    dialog.showModal();
};

// A browser may leave `autofocus` alone when the form was sent by keyboard.
document.querySelector("#ig-page [aria-invalid][autofocus]")?.focus();

document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if ("igAsk" in link.dataset) {
        event.preventDefault();
        ask(link.href, link);
    } else if ("igKeep" in link.dataset && link.closest("dialog")) {
        event.preventDefault();
        link.closest("dialog").close();
    }
});

document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = form.querySelector("button[type=submit]");
    if (form.dataset.igBusy) {
        button.setAttribute("aria-busy", "true");
        button.lastChild.textContent = form.dataset.igBusy;
        return;
    }
    if ("igAsk" in form.dataset) {
        event.preventDefault();
        ask(`${form.action}?${new URLSearchParams(new FormData(form))}`, button);
        return;
    }
    if (!("igSwitch" in form.dataset)) return;
    event.preventDefault();
    if (button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    try {
        const answer = await fetch(form.action, {method: "POST", body: new FormData(form), credentials: "same-origin"});
        const page = await pageOf(answer);
        if (!answer.ok || page.getElementById("ig-page") === null || new URL(answer.url).pathname !== location.pathname) {
            location.assign(answer.ok ? answer.url : location.href);
            return;
        }
        for (const id of ["ig-page", "page-actions"]) document.getElementById(id).replaceWith(page.getElementById(id));
        document.getElementById(form.dataset.igFocus || button.id)?.focus();
    } catch {
        location.reload();
    }
});
