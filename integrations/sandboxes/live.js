// Looks again every three seconds, and changes only what changed: whoever reads, types or listens is not disturbed.
"use strict";
const button = document.getElementById("look");
let looking = true;
button.hidden = false;
button.addEventListener("click", () => {
    looking = !looking;
    button.textContent = looking ? button.dataset.stop : button.dataset.go;
});
setInterval(async () => {
    if (!looking || document.hidden) return;
    try {
        const answer = await fetch(location.href);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const now = document.getElementById("live"), next = page.getElementById("live");
        if (next !== null && now.innerHTML !== next.innerHTML) now.innerHTML = next.innerHTML;
    } catch {
        // ended, or started anew: the next look tells
    }
}, 3000);
