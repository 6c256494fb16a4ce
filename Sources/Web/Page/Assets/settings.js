// What the wall shows, as it was chosen. It stands in the address, so that a monitoring station can be given one.

import { byId } from "./dom.js";

// What a browser remembers for an address that says nothing of it.
const remembered = ["grid", "motion"];

// Browsers may be told to remember nothing.
const memory = (() => {
    try { return globalThis.localStorage; } catch { return undefined; }
})() ?? { getItem: () => null, setItem() {} };

export class Settings {
    search = "";
    group = "";
    grid = "auto";
    motion = "auto";
    // From 0 on.
    page = 0;
    // Somebody has chosen: the address says all of them.
    #isChosen = false;

    static names = ["search", "group", "grid", "motion"];

    constructor() {
        const asked = new URLSearchParams(location.search);
        for (const name of Settings.names) {
            const value = asked.get(name) ?? (remembered.includes(name) ? memory.getItem(name) : null);
            this.#isChosen ||= asked.has(name);
            if (value !== null) this[name] = value;
            // The groups are not known yet.
            if (name === "group") continue;
            const field = byId(name);
            field.value = this[name];
            if (field.value !== this[name]) this[name] = field.value = "auto";
        }
        this.page = Math.max(0, Number.parseInt(asked.get("page") ?? "1", 10) - 1 || 0);
    }

    choose(name, value) {
        this[name] = byId(name).value = value;
        this.page = 0;
        this.#isChosen = true;
        if (remembered.includes(name)) memory.setItem(name, value);
    }

    // On a page of the wall; Infinity where they are not counted.
    get perPage() { return this.grid === "auto" ? Infinity : Number(this.grid); }

    // Of the address, with its question mark.
    get query() {
        const asked = new URLSearchParams();
        for (const name of Settings.names) {
            if (this[name] && (this[name] !== "auto" || this.#isChosen)) asked.set(name, this[name]);
        }
        if (this.page) asked.set("page", this.page + 1);
        const text = asked.toString();
        return text && `?${text}`;
    }
}
