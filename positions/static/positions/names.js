// Names for what select2, SimpleBar, tables of fields and icons draw without one: whoever cannot see the page hears which
// field they are in, and no icon by the word that it is drawn from.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
    const give = () => {
        for (const selection of document.querySelectorAll(".select2-selection")) {
            const select = selection.closest(".select2-container").previousElementSibling;
            const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
            const name = label ? label.textContent.trim() : select?.dataset.placeholder;
            if (!name) continue;
            const shown = selection.querySelector(".select2-selection__rendered");
            selection.removeAttribute("aria-labelledby");
            selection.setAttribute("aria-label", `${name}: ${shown.textContent.trim()}`);
            shown.setAttribute("aria-label", name);
        }
        for (const field of document.querySelectorAll("td :is(input:not([type=hidden]), select, textarea)")) {
            if (field.labels.length > 0 || field.hasAttribute("aria-label")) continue;
            const cell = field.closest("td");
            const heading = cell.closest("table").tHead?.rows[0]?.cells[cell.cellIndex]?.textContent.trim();
            if (heading) field.setAttribute("aria-label", heading);
        }
        for (const region of document.querySelectorAll(".simplebar-content-wrapper[role]")) {
            region.removeAttribute("role");
            region.removeAttribute("aria-label");
        }
        for (const icon of document.querySelectorAll(".material-symbols-outlined:not([aria-hidden], [title])")) {
            icon.setAttribute("aria-hidden", "true");
            const control = icon.closest("a[href], button");
            const named = control?.title || control?.hasAttribute("aria-label");
            if (!control || named || control.textContent.trim() !== icon.textContent.trim()) continue;
            const site = document.title.split("|").pop().trim();
            control.setAttribute("aria-label", control.form?.elements.q?.placeholder || site);
        }
    };
    give();
    // Both draw when they like, and select2 anew with each choice. Attributes are not observed, so this ends.
    new MutationObserver(give).observe(document.body, {childList: true, subtree: true});
});
