// Names for what select2, SimpleBar and tables of fields draw without one: whoever cannot see the page hears which field
// they are in.
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
    };
    give();
    // Both draw when they like, and select2 anew with each choice. Attributes are not observed, so this ends.
    new MutationObserver(give).observe(document.body, {childList: true, subtree: true});
});
