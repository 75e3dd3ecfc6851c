// Names for what select2 and SimpleBar draw without one: whoever cannot see the page hears which field they are in.
"use strict";
(() => {
    const nameFields = () => {
        for (const selection of document.querySelectorAll(".select2-selection")) {
            const select = selection.closest(".select2-container").previousElementSibling;
            const label = select?.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
            const name = label?.textContent.trim() || select?.getAttribute("aria-label") || select?.dataset.placeholder;
            if (!name) continue;
            const shown = selection.querySelector(".select2-selection__rendered");
            selection.removeAttribute("aria-labelledby");
            selection.setAttribute("aria-label", `${name}: ${shown?.textContent.trim() ?? ""}`);
            shown?.setAttribute("aria-label", name);
        }
    };
    const nameScrolling = () => {
        // The menu is a landmark already; what scrolls elsewhere is named by its heading.
        for (const region of document.querySelectorAll(".simplebar-content-wrapper")) {
            region.removeAttribute("role");
            region.removeAttribute("aria-label");
        }
    };
    window.addEventListener("load", () => {
        nameFields();
        nameScrolling();
        document.addEventListener("change", nameFields);
    });
    document.addEventListener("formset:added", () => setTimeout(nameFields));
})();
