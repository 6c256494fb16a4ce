// Plays one stream in a <video> by the first way that works. It stays under a second behind, goes on by itself after whatever goes
// wrong, and says in words what that is.

import { Edge } from "./edge.js";
import { Pulse } from "./pulse.js";
import { givesSocket, unload, ways as allWays } from "./ways.js";

// Seconds.
const stillness = 3;
const patience = { socket: 10, progressive: 10, hls: 20, start: 32, lost: 60 };
const longestPause = 10;
const climbing = 60;

export class Player {
    #video;
    #path;
    #ways;
    #way = 0;
    #told;
    #state = { kind: "idle", text: "" };
    #isWanted = false;
    // Aborted at the end of all, and at the end of the try that is under way.
    #life = new AbortController();
    #attempt;
    #retry;
    #watch;
    #away;
    #failures = 0;
    #proven;
    #hasPlayed = false;
    #refusal = "";
    #isLost = false;
    #pulse;
    #edge;
    // When a better way is tried, by performance.now().
    #climbAt = 0;

    // `path` is that of the stream, `/gate`; `ways` are names of those in ways.js, the best first. `changed` is told {kind, text}: kind is
    // idle, connecting, playing or waiting.
    constructor(video, path, { ways, changed }) {
        this.#video = video;
        this.#path = path;
        this.#ways = ways;
        this.#told = changed;
        this.#pulse = new Pulse(video);
        this.#edge = new Edge(video);
        const { signal } = this.#life;
        video.addEventListener("timeupdate", () => this.#moved(), { signal });
        video.addEventListener("waiting", () => this.#hasPlayed && this.#edge.stalled(), { signal });
        document.addEventListener("visibilitychange", () => this.#looked(), { signal });
    }

    get state() { return this.#state; }

    // Why the stream cannot be shown by this browser at all, as far as anybody has said; "" where nobody has.
    get refusal() { return this.#refusal; }

    // Seconds since the last new picture.
    get age() { return this.#pulse.age; }

    // In a tab that nobody sees it begins when somebody does.
    start() {
        if (this.#isWanted) return;
        this.#isWanted = true;
        this.#failures = 0;
        if (!document.hidden) this.#begin();
    }

    // Stops for good; the picture goes.
    stop() {
        this.hold();
        this.#life.abort();
        clearTimeout(this.#away);
        unload(this.#video);
    }

    // Asks for nothing until start(); the last picture stays.
    hold() {
        this.#isWanted = false;
        this.#end();
        this.#say("idle", "");
    }

    // The camera is there again: no need to wait out the pause, but for what keeps a whole wall from coming in one moment.
    nudge() {
        if (this.#isWanted && this.#retry) this.#again(0.3);
    }

    #say(kind, text) {
        if (this.#state.kind === kind && this.#state.text === text) return;
        this.#state = { kind, text };
        this.#told(this.#state);
    }

    #begin() {
        this.#end();
        this.#hasPlayed = this.#isLost = false;
        this.#pulse.restart();
        this.#edge.restart();
        this.#video.autoplay = true;
        if (this.#state.kind !== "waiting") this.#say("connecting", "Connecting…");
        this.#watch = setInterval(() => this.#look(), 1000);
        this.#attempt = new AbortController();
        const { signal } = this.#attempt;
        const unlessOver = (action) => (...told) => { if (!signal.aborted) action(...told); };
        const failed = unlessOver((text, options) => this.#failed(text, options));
        try {
            allWays[this.#name](this.#video, this.#path, signal, {
                failed, lost: unlessOver((reason) => this.#lost(reason)), fed: unlessOver(() => this.#chase()),
            });
        } catch {
            queueMicrotask(() => failed("This browser can play the stream in no way.", { next: true }));
        }
    }

    #end() {
        clearTimeout(this.#retry);
        clearInterval(this.#watch);
        this.#attempt?.abort();
        this.#attempt = this.#retry = undefined;
    }

    // This way failed: on by the next one (`next`), or again in a while. What is `final` is said at once and stays, for the other ways
    // fail without a word of why.
    #failed(text, { next = false, final = false } = {}) {
        if (!this.#isWanted) return;
        this.#end();
        if (final) {
            this.#refusal = text;
            this.#say("waiting", text);
        }
        // A way that has played before is worth some patience: the relay may just be starting.
        const gaveUp = next && !this.#hasPlayed && (this.#proven !== this.#way || this.#failures >= 4);
        if (gaveUp) this.#way = (this.#way + 1) % this.#ways.length;
        if (gaveUp && this.#way > 0) return this.#begin();
        this.#failures = this.#hasPlayed ? 0 : this.#failures + 1;
        this.#say("waiting", this.#refusal || text);
        this.#again(Math.min(0.5 * 2 ** this.#failures, longestPause));
    }

    // In about so many seconds: walls that lost the relay together do not come back together.
    #again(seconds) {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => this.#begin(), seconds * (500 + 1000 * Math.random()));
    }

    #lost(reason) {
        this.#isLost = reason !== "";
        if (this.#isLost) this.#say("waiting", reason);
        else this.#pulse.forgive();
    }

    // How it goes.

    #moved() {
        if (!this.#isWanted || !this.#pulse.beats()) return;
        if (!this.#hasPlayed) this.#climbAt = performance.now() + climbing * 1000;
        this.#hasPlayed = true;
        this.#refusal = "";
        this.#proven = this.#way;
        if (!this.#isLost) this.#say("playing", this.#name === "hls" ? "Some seconds late: no WebSocket to the relay" : "");
    }

    #look() {
        if (!this.#isWanted) return;
        if (this.#video.paused) this.#play();
        this.#moved();
        this.#edge.calmed();
        this.#chase();
        const bound = this.#isLost ? patience.lost : this.#hasPlayed ? patience[this.#name] : patience.start;
        if (this.#pulse.isStill(bound)) {
            this.#failed(this.#hasPlayed ? "No picture comes any more." : "No picture comes.", { next: true });
        } else if (this.#pulse.isStill(stillness) && this.#hasPlayed && !this.#isLost) {
            this.#say("waiting", "No picture comes at the moment.");
        } else if (this.#way > 0 && this.#hasPlayed && performance.now() > this.#climbAt) {
            this.#climb();
        }
    }

    #play() {
        this.#video.play().catch((error) => {
            if (error.name !== "NotAllowedError") return;
            // Better without sound than not at all.
            if (!this.#video.muted) return void (this.#video.muted = true);
            this.#refusal = "This browser plays no film by itself.";
            this.#say("waiting", this.#refusal);
        });
    }

    // The other ways are behind: back to the first one as soon as it works.
    async #climb() {
        this.#climbAt = performance.now() + climbing * 1000;
        const attempt = this.#attempt;
        if (!(await givesSocket(this.#path)) || this.#attempt !== attempt) return;
        this.#way = 0;
        this.#begin();
    }

    get #name() { return this.#ways[this.#way]; }

    #chase() {
        if (this.#name !== "hls") this.#edge.keep(this.#name === "socket");
    }

    // A tab that nobody sees gets nothing, and is at the live edge again when it is seen.
    #looked() {
        clearTimeout(this.#away);
        if (document.hidden) {
            this.#away = setTimeout(() => this.#end(), 10_000);
        } else if (this.#isWanted) {
            if (!this.#attempt && !this.#retry) this.#begin();
            this.#pulse.forgive();
            this.#chase();
        }
    }
}
