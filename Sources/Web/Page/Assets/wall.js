// The wall: which cameras are on it, how large, and which of them are live.

import { byId, element, set } from "./dom.js";
import { News } from "./news.js";
import { Settings } from "./settings.js";
import { Stills } from "./stills.js";
import { Tile } from "./tile.js";
import { nameOf, states } from "./words.js";

// So many at most are live unless it is asked for.
const few = 16;
const gap = 8;
const strip = 48;
// Tiles that are all to be in the window are no smaller than this; else they are as wide as is usual.
const narrowest = 260;
const usual = 300;

// By their keys.
const grids = { 0: "auto", 1: "1", 2: "4", 3: "9", 4: "16", 5: "25" };

export class Wall {
    #fleet;
    #open;
    #tiles = new Map();
    // Those of the filter, in their order; a fixed grid shows a page of them.
    #chosen = [];
    #shown = [];
    #columns = 1;
    #focus = 0;
    #element = byId("tiles");
    #isHere = false;
    #scrolled = 0;
    #settings = new Settings();
    #news = new News();
    #sight;

    constructor(fleet, open) {
        this.#fleet = fleet;
        this.#open = open;
        this.#sight = new IntersectionObserver((entries) => {
            for (const entry of entries) entry.target.isInSight = entry.isIntersecting;
            this.#look();
        }, { rootMargin: "80px" });
        new ResizeObserver(() => this.#layOut()).observe(document.documentElement);
        new Stills(() => this.#due());
        setInterval(() => this.#shown.forEach((tile) => tile.tick()), 1000);
        for (const name of Settings.names) {
            byId(name).addEventListener("input", () => this.#choose(name, byId(name).value));
        }
        byId("earlier").addEventListener("click", () => this.turn(-1));
        byId("later").addEventListener("click", () => this.turn(1));
        this.#element.addEventListener("click", (event) => this.#clicked(event));
        this.#element.addEventListener("focusin", (event) => this.#focused(event));
        fleet.addEventListener("change", () => this.update());
    }

    // The wall is in sight, or a camera is.
    set isHere(value) {
        if (this.#isHere && !value) this.#scrolled = scrollY;
        this.#isHere = value;
        byId("wall").hidden = !value;
        this.update();
        if (!value) return;
        this.#writeSettings();
        scrollTo(0, this.#scrolled);
        this.#shown[this.#focus]?.link.focus({ preventScroll: true });
    }

    // The tile of that camera has the focus when the wall is back, on whatever page it is.
    point(name) {
        const index = this.#chosen.findIndex((camera) => camera.name === name);
        if (index < 0) return;
        this.#settings.page = Math.floor(index / this.#settings.perPage);
        this.#focus = index % this.#settings.perPage;
    }

    // The camera before or behind another one, as they stand on the wall.
    neighbour(name, step) {
        const list = this.#chosen.some((camera) => camera.name === name) ? this.#chosen : this.#fleet.cameras;
        const index = list.findIndex((camera) => camera.name === name);
        return list.length ? list[(index + step + list.length) % list.length] : undefined;
    }

    #choose(name, value) {
        this.#settings.choose(name, value);
        this.#writeSettings();
        this.update();
    }

    get query() { return this.#settings.query; }

    #writeSettings() {
        if (this.#isHere) history.replaceState(history.state, "", `/${this.query}`);
    }

    update() {
        this.#showGroups();
        this.#news.tell(this.#fleet.cameras);
        const words = this.#settings.search.toLowerCase().split(/\s+/).filter(Boolean);
        this.#chosen = this.#fleet.cameras.filter((camera) => {
            if (this.#settings.group && !camera.groups.includes(this.#settings.group)) return false;
            const text = [camera.name, nameOf(camera), ...camera.groups, states[camera.state], camera.reason ?? ""]
                .join(" ").toLowerCase();
            return words.every((word) => text.includes(word));
        });
        if (this.#isHere) {
            this.#summarize();
            this.#showPage();
        } else {
            this.#look();
        }
    }

    turn(step) {
        const pages = this.#pages;
        if (pages < 2) return;
        this.#settings.page = (this.#settings.page + step + pages) % pages;
        this.#focus = 0;
        this.#writeSettings();
        this.#showPage();
    }

    get #pages() { return Math.max(1, Math.ceil(this.#chosen.length / this.#settings.perPage)); }

    #showGroups() {
        const groups = [...new Set(this.#fleet.cameras.flatMap((camera) => camera.groups))].sort();
        const field = byId("group");
        if (groups.join("\n") === [...field.options].slice(1).map((option) => option.value).join("\n")) return;
        field.replaceChildren(new Option("All groups", ""), ...groups.map((group) => new Option(group, group)));
        field.value = this.#settings.group;
        if (field.value !== this.#settings.group) field.value = this.#settings.group = "";
        field.hidden = groups.length === 0;
    }

    #summarize() {
        const count = (state) => this.#chosen.filter((camera) => camera.state === state).length;
        const parts = ["live", "connecting", "asleep", "down", "unknown"]
            .map((state) => [state, count(state)]).filter(([, number]) => number);
        const line = byId("summary");
        const text = parts.map(([state, number]) => `${number} ${states[state].toLowerCase()}`);
        if (line.dataset.text !== text.join("\n")) {
            line.dataset.text = text.join("\n");
            line.replaceChildren(...parts.map(([state], index) => {
                const part = element("span", "state", text[index]);
                part.dataset.state = state;
                return part;
            }));
        }
        const nothing = byId("nothing");
        nothing.hidden = this.#chosen.length > 0 || !this.#fleet.heardAt;
        nothing.textContent = this.#fleet.cameras.length ? "No camera matches." : "There are no cameras yet. They stand in relays.yaml, under “cameras:”.";
    }

    #showPage() {
        if (this.#fleet.heardAt) this.#settings.page = Math.min(this.#settings.page, this.#pages - 1);
        const start = this.#settings.perPage === Infinity ? 0 : this.#settings.page * this.#settings.perPage;
        const cameras = this.#chosen.slice(start, start + this.#settings.perPage);
        const wanted = new Set(cameras.map((camera) => camera.name));
        for (const [name, tile] of this.#tiles) {
            if (wanted.has(name)) continue;
            this.#sight.unobserve(tile.element);
            tile.end();
            this.#tiles.delete(name);
        }
        this.#shown = cameras.map((camera) => {
            const known = this.#tiles.get(camera.name);
            if (known) {
                known.update(camera);
                return known;
            }
            const tile = new Tile(this.#fleet, camera);
            this.#tiles.set(camera.name, tile);
            return tile;
        });
        // Moving a tile that plays would stop it, so only what stands wrong is moved.
        this.#shown.forEach((tile, index) => {
            const there = this.#element.children[index];
            if (there !== tile.element) this.#element.insertBefore(tile.element, there ?? null);
            this.#sight.observe(tile.element);
        });
        this.#focus = Math.min(this.#focus, Math.max(0, this.#shown.length - 1));
        this.#shown.forEach((tile, index) => { tile.link.tabIndex = index === this.#focus ? 0 : -1; });
        byId("pages").hidden = this.#pages < 2;
        set(byId("page"), `${this.#settings.page + 1} / ${this.#pages}`);
        this.#layOut();
    }

    // Fixed grids fill the window. Else the tiles are as large as all of them can be in it; where that is small, they are of a
    // good size and the wall is scrolled.
    #layOut() {
        if (!this.#isHere) return;
        const isFixed = this.#settings.grid !== "auto";
        const width = this.#element.clientWidth - 2 * gap;
        const height = innerHeight - this.#element.offsetTop - 2 * gap;
        let columns = 1;
        let track = "1fr";
        if (isFixed) {
            columns = Math.sqrt(this.#settings.perPage);
        } else {
            const count = Math.max(this.#shown.length, 1);
            let best = 0;
            for (let tried = 1; tried <= Math.min(count, 8); tried += 1) {
                const rows = Math.ceil(count / tried);
                const across = (width - (tried - 1) * gap) / tried;
                const down = (((height + gap) / rows) - gap - strip) * 16 / 9;
                if (Math.min(across, down) > best + 1) [best, columns] = [Math.min(across, down), tried];
            }
            if (best >= narrowest) track = `${Math.floor(best)}px`;
            else columns = Math.max(1, Math.floor((width + gap) / (usual + gap)));
        }
        this.#columns = columns;
        this.#element.classList.toggle("fixed", isFixed);
        this.#element.style.setProperty("--columns", columns);
        this.#element.style.setProperty("--track", track);
        this.#element.style.setProperty("--top", `${this.#element.offsetTop}px`);
        this.#look();
    }

    // Who is live, and who is not.
    #look() {
        const seen = this.#isHere ? this.#shown.filter((tile) => tile.element.isInSight) : [];
        const { motion } = this.#settings;
        const areLive = motion === "live" || (motion === "auto" && this.#shown.length <= few);
        for (const tile of this.#tiles.values()) tile.show(seen.includes(tile), areLive);
    }

    #due() {
        if (!this.#isHere) return [];
        const seen = this.#shown.filter((tile) => tile.isSeen);
        const period = seen.length > 16 ? 8000 : 4000;
        return seen.map((tile) => [tile.dueSince(period), tile]).filter(([since]) => since !== undefined)
            .sort(([one], [other]) => one - other).map(([, tile]) => tile);
    }

    #clicked(event) {
        const link = event.target.closest("a.open");
        if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        this.#open(link.parentElement.tile.camera);
    }

    #focused(event) {
        const index = this.#shown.findIndex((tile) => tile.element.contains(event.target));
        if (index < 0) return;
        this.#focus = index;
        this.#shown.forEach((tile, place) => { tile.link.tabIndex = place === index ? 0 : -1; });
    }

    key(event) {
        const last = this.#shown.length - 1;
        const moves = {
            ArrowLeft: this.#focus - 1, ArrowRight: this.#focus + 1, ArrowUp: this.#focus - this.#columns,
            ArrowDown: this.#focus + this.#columns, Home: 0, End: last,
        };
        if (event.key in moves && last >= 0) {
            const index = Math.max(0, Math.min(moves[event.key], last));
            this.#shown[index].link.focus();
            this.#shown[index].element.scrollIntoView({ block: "nearest" });
        } else if ((event.key === "PageUp" || event.key === "PageDown") && this.#pages > 1) {
            this.turn(event.key === "PageUp" ? -1 : 1);
        } else if (event.key in grids) {
            this.#choose("grid", grids[event.key]);
        } else {
            return false;
        }
        return true;
    }
}
