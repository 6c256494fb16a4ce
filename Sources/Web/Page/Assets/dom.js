// What every module does with the elements of the page.

export const byId = (id) => document.getElementById(id);

export function element(name, className, text = "") {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
}

// Only what changes is written: nothing flickers, and screen readers are left alone.
export function set(element, text = "") {
    if (element.textContent !== text) element.textContent = text;
}

// Without HTTPS browsers have no clipboard, but they have this.
export async function copy(text) {
    if (navigator.clipboard) {
        try { return await navigator.clipboard.writeText(text).then(() => true); } catch { /* the other way */ }
    }
    const field = element("textarea", "unseen");
    field.value = text;
    field.readOnly = true;
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    focused?.focus({ preventScroll: true });
    return isCopied;
}

// A button that copies what `text` gives when it is pressed, and says whether it could.
export function copyButton(className, label, text) {
    const button = element("button", className, label);
    button.type = "button";
    button.addEventListener("click", async () => {
        button.textContent = (await copy(text())) ? "Copied" : "Not copied";
        setTimeout(() => { button.textContent = label; }, 1500);
    });
    return button;
}
