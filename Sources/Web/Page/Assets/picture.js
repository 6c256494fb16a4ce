// What is shown of a stream: a still picture, a film, or words in their place. It knows how old that is: what was to be seen a while ago
// never looks like what is to be seen now.

import { element, set } from "./dom.js";
import { Player } from "./player.js";
import { still, widthFor } from "./stills.js";
import { sentence, why } from "./words.js";

// Seconds: a still that is older is faded. Cameras have a key frame every ten, or so, and stills are fetched every eight at the least.
const oldStill = 30;
// Milliseconds that a still may take: a camera that is asleep needs a while.
const patience = 15_000;

export class Picture {
    element;
    #says;
    #ways;
    #changed;
    #stream;
    #camera;
    #path;
    #isMuted = true;
    #video;
    #player;
    // The film is in front of the still, playing or not.
    #isFilm = false;
    #image;
    #takenAt = 0;
    #reason = "";
    #fetchedAt = 0;
    // Ends the request for a still that is under way.
    #fetching;

    // In an element, with one for words in it. `ways` are those of the player; `changed` is called whenever something else is shown.
    constructor({ box = element("div", "picture"), says = element("p", "says"), ways, changed }) {
        this.element = box;
        this.#says = says;
        this.#ways = ways;
        this.#changed = changed;
        box.append(says);
    }

    // The stream to be shown, and the camera that it is of, as they are now. A film is asked for where it is wanted, but never of a
    // camera that is down: it is as soon as it is there.
    follow(stream, camera, wantsFilm) {
        const path = stream.urls.page.slice(0, -1);
        if (!wantsFilm || path !== this.#path) this.stop();
        const before = this.#state;
        [this.#stream, this.#camera, this.#path] = [stream, camera, path];
        const state = this.#state;
        if (wantsFilm && state === "down") {
            this.#player?.hold();
        } else if (wantsFilm && state !== "unknown") {
            this.#player ??= this.#makePlayer(path);
            this.#player.start();
            if (before && before !== "live" && state === "live") this.#player.nudge();
        }
        if (before === "down" && state !== "down") this.#fetchedAt = 0;
        this.tell();
    }

    get #state() { return this.#camera?.state; }

    // No film any more.
    stop() {
        if (!this.#player) return;
        const player = this.#player;
        this.#player = undefined;
        player.stop();
        this.#video.remove();
        this.#video = undefined;
        this.#showFilm(false);
        this.#fetchedAt = 0;
        this.tell();
    }

    // Nothing is shown any more.
    clear() {
        this.stop();
        this.#showStill(undefined);
        this.#fetching?.abort();
        this.#fetching = undefined;
        this.#stream = this.#camera = this.#path = undefined;
        this.#fetchedAt = 0;
        this.element.classList.remove("stale");
        set(this.#says);
    }

    #makePlayer(path) {
        const video = element("video", "film");
        video.muted = this.#isMuted;
        video.playsInline = true;
        video.tabIndex = -1;
        video.addEventListener("volumechange", () => {
            this.#isMuted = video.muted;
            this.#changed();
        });
        this.element.insertBefore(video, this.#says);
        this.#video = video;
        const player = new Player(video, path, {
            ways: this.#ways,
            changed: ({ kind }) => {
                if (player !== this.#player) return;
                // What was shown last stays until then.
                if (kind === "playing") this.#showFilm(true);
                this.tell();
            },
        });
        return player;
    }

    #showFilm(isFilm) {
        this.#isFilm = isFilm;
        this.element.classList.toggle("filmed", isFilm);
        // It would be looked through to when the film has its next gap, and nobody would see how old it is.
        if (isFilm) this.#showStill(undefined);
    }

    get isMuted() { return this.#isMuted; }

    set isMuted(value) {
        this.#isMuted = value;
        if (!this.#video) return;
        this.#video.muted = value;
        if (!value) this.play();
    }

    // Where the browser wants a person to do it.
    play() {
        this.#video?.play().catch(() => {});
    }

    // Stills.

    // Since when one has been due, by performance.now(); undefined while none is. `period` in milliseconds.
    dueSince(period) {
        if (this.#fetching || this.isPlaying || !this.#stream) return undefined;
        // One that is down or asleep has one picture to show and no more; and asking for it would wake a camera.
        const rests = this.#state === "down" || this.#state === "asleep";
        // Nor is a still needed where a film is about to come.
        const isStuck = this.#player?.state.kind === "waiting" && !(this.age * 1000 < period);
        const isComing = this.#player && !this.#player.refusal && !isStuck;
        if (this.#fetchedAt && (rests || isComing)) return undefined;
        const due = this.#fetchedAt ? this.#fetchedAt + period : 0;
        return due <= performance.now() ? due : undefined;
    }

    // Of `stream`, or the one that is followed.
    async fetchStill(stream = this.#stream) {
        const fetching = this.#fetching = new AbortController();
        const timer = setTimeout(() => fetching.abort(), patience);
        const width = widthFor(this.element.clientWidth * Math.min(devicePixelRatio, 2));
        const { image, takenAt, reason } = await still(`${stream.urls.snapshot}?width=${width}`, fetching.signal);
        clearTimeout(timer);
        // Another stream is shown by now.
        if (this.#fetching !== fetching) return;
        this.#fetching = undefined;
        this.#fetchedAt = performance.now();
        this.#reason = reason ?? "";
        // The film may have begun meanwhile, or have shown what came later.
        const isLater = !this.#isFilm || takenAt > performance.now() - this.age * 1000;
        if (image && !this.isPlaying && isLater) {
            this.#showFilm(false);
            this.#showStill(image, takenAt);
        }
        this.tell();
    }

    #showStill(image, takenAt = 0) {
        this.#image?.remove();
        this.#image = image;
        this.#takenAt = takenAt;
        if (!image) return;
        image.className = "still";
        this.element.prepend(image);
    }

    // How old it is.

    // Seconds since what is shown was to be seen; undefined where nothing is.
    get age() {
        if (this.#isFilm) return this.#player.age;
        return this.#image && (performance.now() - this.#takenAt) / 1000;
    }

    get isPlaying() { return this.#player?.state.kind === "playing"; }

    // What is shown is no longer to be taken for what is there now.
    get isStale() {
        if (this.isPlaying) return false;
        // Of a camera that is down, or of which nobody knows, there is nothing newer to come.
        if (this.#state === "down" || this.#state === "unknown") return true;
        return this.#isFilm || this.age > oldStill;
    }

    // Says what there is to say now.
    tell() {
        if (!this.#stream) return;
        this.element.classList.toggle("stale", this.isStale);
        set(this.#says, sentence(this.#text()));
        this.#changed();
    }

    #text() {
        const film = this.#player?.state;
        if (this.#state === "down") return why(this.#camera);
        if (film?.kind === "playing") return film.text;
        if (this.#state === "unknown") return "The relay does not answer";
        if (this.#state === "connecting") return "Connecting…";
        if (film?.kind === "waiting") return film.text;
        if (this.#image && !this.isStale) return "";
        if (film?.kind === "connecting") return "Connecting…";
        if (this.#state === "asleep") return this.#image ? "" : why(this.#camera);
        return this.#reason || (this.#image ? "No new picture comes" : "");
    }
}
