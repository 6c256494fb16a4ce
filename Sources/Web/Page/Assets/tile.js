// One camera on the wall.

import { Player } from "./player.js";
import { still, widthFor } from "./stills.js";
import { age, copy, line, nameOf, sentence, states, why } from "./words.js";

// Below this a sub stream will do, in pixels of the screen.
const narrow = 640;

function element(name, className, text = "") {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
}

export class Tile {
    element = element("article", "tile");
    link = element("a", "open");
    camera;
    #fleet;
    #image;
    #video;
    #player;
    #path;
    #isSeen = false;
    #wantsLive = false;
    #fetchedAt = 0;
    #isFetching = false;
    #picture = element("div", "picture");
    #says = element("p", "says");
    #state = element("span", "state");
    #name = element("h2", "name");
    #facts = element("p", "facts");
    #age = element("span", "age");

    constructor(fleet, camera) {
        this.#fleet = fleet;
        this.element.setAttribute("role", "listitem");
        this.element.tile = this;
        this.link.tabIndex = -1;
        const strip = element("div", "strip");
        const head = element("div", "head");
        const button = element("button", "copy", "Copy URL");
        button.type = "button";
        button.tabIndex = -1;
        button.addEventListener("click", () => this.#copy(button));
        this.#picture.append(this.#says);
        head.append(this.#state, this.#name, this.#age);
        strip.append(head, this.#facts);
        this.link.append(this.#picture, strip);
        this.element.append(this.link, button);
        this.update(camera);
    }

    // What was heard of the camera.
    update(camera) {
        const before = this.camera?.state;
        this.camera = camera;
        const stream = this.#stream();
        this.link.href = camera.urls.page;
        this.element.dataset.state = camera.state;
        set(this.#state, states[camera.state]);
        set(this.#name, nameOf(camera));
        set(this.#facts, line(stream));
        this.#showAge();
        this.#say();
        this.link.setAttribute(
            "aria-label", [nameOf(camera), states[camera.state], why(camera), line(stream)].filter(Boolean).join(", "));
        if (before === "down" && camera.state !== "down") this.#fetchedAt = 0;
        this.#play();
        if (before && before !== "live" && camera.state === "live") this.#player?.nudge();
    }

    // Whether it is in sight, and whether it is to be live then.
    show(isSeen, wantsLive) {
        this.#isSeen = isSeen;
        this.#wantsLive = wantsLive;
        this.#play();
    }

    get isSeen() { return this.#isSeen; }

    // It is gone from the wall.
    end() {
        this.show(false, false);
        this.element.remove();
    }

    // Since when a picture has been due, by performance.now(); undefined while none is. `period` in milliseconds.
    dueSince(period) {
        if (!this.#isSeen || this.#isFetching || this.#player?.state.kind === "playing") return undefined;
        // One that is down or asleep has one picture to show and no more; and asking for it would wake a camera.
        const rests = this.camera.state === "down" || this.camera.state === "asleep";
        // Nor is a still needed where a film is about to come.
        const isComing = this.#wantsLive && !this.#player?.refusal;
        if (this.#fetchedAt && (rests || isComing)) return undefined;
        const due = this.#fetchedAt ? this.#fetchedAt + period : 0;
        return due <= performance.now() ? due : undefined;
    }

    async fetchStill(signal) {
        this.#isFetching = true;
        try {
            const stream = this.#stream();
            const width = widthFor(this.#pixels);
            const image = await still(`${stream.urls.snapshot}?width=${width}`, signal);
            if (!image) return;
            image.className = "still";
            if (this.#image) this.#image.replaceWith(image);
            else this.#picture.prepend(image);
            this.#image = image;
            this.#say();
        } finally {
            this.#fetchedAt = performance.now();
            this.#isFetching = false;
        }
    }

    get #pixels() { return this.#picture.clientWidth * Math.min(devicePixelRatio, 2); }

    // The sub stream is enough for a small tile.
    #stream() {
        const { camera } = this;
        const isSmall = this.#picture.clientWidth * devicePixelRatio < narrow;
        return isSmall && camera.sub && camera.sub.state !== "down" ? camera.sub : camera;
    }

    #play() {
        if (!this.#isSeen || !this.#wantsLive) return this.#stop();
        if (this.camera.state === "down") {
            // Its last picture stays; there is nothing to ask for.
            this.#player?.hold();
            return;
        }
        const path = this.#stream().urls.page.slice(0, -1);
        if (path !== this.#path) this.#stop();
        this.#path = path;
        if (!this.#player) {
            this.#video = element("video", "film");
            this.#video.muted = true;
            this.#video.playsInline = true;
            this.#video.tabIndex = -1;
            this.#picture.insertBefore(this.#video, this.#says);
            // An endless answer for each tile would take all the connections that a browser has for one server.
            this.#player = new Player(this.#video, path, { ways: ["socket", "hls"], changed: () => this.#changed() });
        }
        this.#player.start();
    }

    #stop() {
        if (!this.#player) return;
        this.#player.stop();
        this.#player = undefined;
        this.#video.remove();
        this.#video = undefined;
        this.element.classList.remove("playing");
        this.#fetchedAt = 0;
        this.#say();
    }

    #changed() {
        if (!this.#player) return;
        if (this.#player.state.kind === "playing") this.element.classList.add("playing");
        if (this.#player.state.kind === "connecting") this.element.classList.remove("playing");
        this.#say();
    }

    #say() {
        const state = this.#player?.state;
        const { camera } = this;
        let text = why(camera);
        if (camera.state === "asleep" && (this.#image || state)) text = "";
        if (camera.state === "connecting") text = "Connecting…";
        if (!text && state?.kind === "waiting") text = state.text;
        if (!text && state?.kind === "connecting" && !this.#image) text = "Connecting…";
        set(this.#says, sentence(text));
        this.element.classList.toggle("faded", camera.state === "down");
    }

    #showAge() {
        const { camera } = this;
        const seconds = this.#fleet.ageOf(this.#stream());
        set(this.#age, seconds === undefined ? "" : camera.state === "live" && seconds < 10
            ? age(seconds) : `${age(seconds)} ago`);
        this.#age.classList.toggle("old", camera.state === "live" && seconds > 5);
        this.#age.title = "Age of the last frame";
    }

    async #copy(button) {
        const isCopied = await copy(this.camera.urls.rtsp ?? new URL(this.camera.urls.hls, location.href).href);
        button.textContent = isCopied ? "Copied" : "Not copied";
        setTimeout(() => { button.textContent = "Copy URL"; }, 1500);
    }
}

// Only what changes is written: nothing flickers, and screen readers are left alone.
function set(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
