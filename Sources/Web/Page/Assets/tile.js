// One camera on the wall.

import { copyButton, element, set } from "./dom.js";
import { Picture } from "./picture.js";
import { age, line, nameOf, rtsp, sentence, states, why } from "./words.js";

// Below this a sub stream will do, in pixels of the screen.
const narrow = 640;

export class Tile {
    element = element("article", "tile");
    link = element("a", "open");
    camera;
    #fleet;
    #isSeen = false;
    #wantsFilm = false;
    #state = element("span", "state");
    #name = element("h2", "name");
    #facts = element("p", "facts");
    #age = element("span", "age");
    // An endless answer for each tile would take all the connections that a browser has for one server.
    #picture = new Picture({ ways: ["socket", "hls"], changed: () => this.#showState() });

    constructor(fleet, camera) {
        this.#fleet = fleet;
        this.camera = camera;
        this.element.setAttribute("role", "listitem");
        this.element.tile = this;
        this.link.tabIndex = -1;
        const strip = element("div", "strip");
        const head = element("div", "head");
        const button = copyButton("copy", "Copy URL", () => rtsp(this.camera) ?? new URL(this.camera.urls.hls, location.href).href);
        button.tabIndex = -1;
        this.#age.title = "Age of the picture";
        head.append(this.#state, this.#name, this.#age);
        strip.append(head, this.#facts);
        this.link.append(this.#picture.element, strip);
        this.element.append(this.link, button);
        this.update(camera);
    }

    // What was heard of the camera.
    update(camera) {
        this.camera = camera;
        this.link.href = camera.urls.page;
        set(this.#name, nameOf(camera));
        this.#name.title = nameOf(camera);
        set(this.#facts, line(this.#filmed));
        this.#follow();
    }

    // Whether it is in sight, and whether it is to be live then.
    show(isSeen, wantsFilm) {
        this.#isSeen = isSeen;
        this.#wantsFilm = wantsFilm;
        this.#follow();
    }

    #follow() {
        this.#picture.follow(this.#filmed, this.camera, this.#isSeen && this.#wantsFilm);
    }

    get isSeen() { return this.#isSeen; }

    // It is gone from the wall.
    end() {
        this.show(false, false);
        this.element.remove();
    }

    // As time passes.
    tick() {
        if (this.#isSeen) this.#picture.tell();
    }

    dueSince(period) { return this.#isSeen ? this.#picture.dueSince(period) : undefined; }

    // Whether a still of it is there at once.
    get isQuick() { return this.#photographed.state === "live" || this.camera.state === "down"; }

    fetchStill() { return this.#picture.fetchStill(this.#photographed); }

    // The sub stream is enough for a small tile.
    get #filmed() {
        const { camera } = this;
        const isSmall = this.#picture.element.clientWidth * devicePixelRatio < narrow;
        return isSmall && camera.sub && camera.sub.state !== "down" ? camera.sub : camera;
    }

    // A sub stream is not woken for a still where the main stream runs.
    get #photographed() {
        return this.camera.state === "live" && this.#filmed.state !== "live" ? this.camera : this.#filmed;
    }

    #showState() {
        const { camera } = this;
        // Nobody is to take an old picture for a live one, whatever the relay has.
        const state = camera.state === "live" && this.#picture.isStale ? "stalled" : camera.state;
        this.element.dataset.state = state;
        set(this.#state, states[state]);
        // Without numbers, which would be read out again and again.
        const label = [nameOf(camera), states[state], sentence(why(camera))].filter(Boolean).join(", ");
        if (this.link.getAttribute("aria-label") !== label) this.link.setAttribute("aria-label", label);
        this.#showAge();
    }

    // Of the picture that is shown here; the newest one that the relay has may be younger, and is not seen.
    #showAge() {
        const told = this.#fleet.ageOf(this.#filmed);
        const shown = this.#picture.age;
        const isLive = this.camera.state === "live";
        const seconds = shown === undefined ? told : Math.max(shown, isLive ? told ?? 0 : 0);
        set(this.#age, age(seconds));
        this.#age.classList.toggle("old", isLive && seconds > (this.#picture.isPlaying ? 3 : 15));
    }
}
