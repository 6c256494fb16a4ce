// Plays one stream in a <video>: over a WebSocket into Media Source Extensions, as one endless MP4, or as HLS; the first
// way that works. It stays under a second behind, goes on by itself after whatever goes wrong, and says in words what that is.

import { Feed, Source } from "./feed.js";

const probes = ["avc1.640029", "hvc1.1.6.L93.B0", "mp4a.40.2"];
// Seconds.
const jumpAt = 3;
const mostAim = 1;
const patience = { socket: 10, progressive: 10, hls: 20 };
const longestStart = 32;
const longestPause = 10;

export class Player {
    #video;
    #path;
    #ways;
    #way = 0;
    #told;
    #state = { kind: "idle", text: "" };
    #isWanted = false;
    #close;
    #retry;
    #watch;
    #failures = 0;
    #proven;
    #hasPlayed = false;
    // When the first of the film came.
    #fedAt = 0;
    #movedAt = 0;
    #movedTo = 0;
    #aim = 0.35;
    #isLost = false;
    #away;
    #refusal = "";

    // `path` is that of the stream, `/gate`. `changed` is told {kind, text, way}: kind is idle, connecting, playing or waiting.
    constructor(video, path, { ways = ["socket", "progressive", "hls"], changed = () => {} } = {}) {
        this.#video = video;
        this.#path = path;
        this.#ways = ways;
        this.#told = changed;
        video.addEventListener("timeupdate", this.#moved);
        video.addEventListener("waiting", this.#stalled);
        document.addEventListener("visibilitychange", this.#looked);
    }

    get state() { return this.#state; }

    // Why the stream cannot be shown by this browser at all, as far as anybody has said; "" where nobody has.
    get refusal() { return this.#refusal; }

    start() {
        if (this.#isWanted) return;
        this.#isWanted = true;
        this.#failures = 0;
        this.#begin();
    }

    // Stops for good; the picture goes.
    stop() {
        this.hold();
        this.#video.removeEventListener("timeupdate", this.#moved);
        this.#video.removeEventListener("waiting", this.#stalled);
        document.removeEventListener("visibilitychange", this.#looked);
        clearTimeout(this.#away);
        this.#video.removeAttribute("src");
        this.#video.load();
    }

    // Asks for nothing until start(); the last picture stays.
    hold() {
        this.#isWanted = false;
        this.#end();
        this.#say("idle", "");
    }

    // The camera is there again: no need to wait out the pause.
    nudge() {
        if (this.#isWanted && this.#retry) this.#begin();
    }

    #say(kind, text) {
        const way = this.#ways[this.#way];
        if (this.#state.kind === kind && this.#state.text === text && this.#state.way === way) return;
        this.#state = { kind, text, way };
        this.#told(this.#state);
    }

    #begin() {
        this.#end();
        this.#hasPlayed = false;
        this.#isLost = false;
        this.#fedAt = 0;
        this.#movedAt = performance.now();
        this.#movedTo = NaN;
        this.#video.autoplay = true;
        if (this.#state.kind !== "waiting") this.#say("connecting", "Connecting…");
        this.#watch = setInterval(() => this.#look(), 1000);
        this.#close = this[`_${this.#ways[this.#way]}`]();
    }

    #end() {
        clearTimeout(this.#retry);
        clearInterval(this.#watch);
        this.#retry = undefined;
        const close = this.#close;
        this.#close = undefined;
        close?.();
        this.#video.playbackRate = 1;
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
        const gaveUp = next && (this.#proven !== this.#way || this.#failures >= 4);
        if (!this.#hasPlayed && gaveUp && this.#way + 1 < this.#ways.length) {
            this.#way += 1;
            return this.#begin();
        }
        if (!this.#hasPlayed && gaveUp) this.#way = 0;
        this.#failures = this.#hasPlayed ? 0 : this.#failures + 1;
        const pause = Math.min(0.5 * 2 ** this.#failures, longestPause) * (0.8 + 0.4 * Math.random());
        this.#say("waiting", this.#refusal || text);
        this.#retry = setTimeout(() => this.#begin(), pause * 1000);
    }

    // The ways; each returns what ends it.

    _socket() {
        if (!Source) return void queueMicrotask(() => this.#failed("", { next: true }));
        this.#refusal = "";
        const url = new URL(`${this.#path}/live`, location.href);
        url.protocol = url.protocol.replace("http", "ws");
        const codecs = probes.filter((codec) => Source.isTypeSupported(`video/mp4; codecs="${codec}"`));
        url.searchParams.set("codecs", codecs.join(","));
        const socket = new WebSocket(url);
        socket.binaryType = "arraybuffer";
        let feed;
        let isClosed = false;
        const fail = (text, options) => { if (!isClosed) this.#failed(text, options); };
        socket.onmessage = ({ data }) => {
            if (typeof data !== "string") return feed?.add(data);
            const message = JSON.parse(data);
            if (message.state) {
                this.#isLost = message.state === "lost";
                this.#movedAt = performance.now();
                if (this.#isLost) this.#say("waiting", message.reason || "The camera is away.");
            }
            if (!message.type) return;
            if (feed) return feed.add(message.type);
            feed = new Feed(this.#video, message.type, {
                fail: (text) => fail(text, { next: true }), appended: () => this.#chase(true),
            });
        };
        socket.onclose = ({ code, reason }) => {
            switch (code) {
                case 4404: return fail("There is no such camera.");
                case 4503: return fail("The camera did not come in time.");
                case 1008: return fail(reason || "The relay refuses.");
                case 1001: return fail("The relay is being restarted.");
                case 1011: return fail(reason || "The stream cannot be shown.", { next: true, final: true });
                default: return fail("The connection to the relay was lost.", { next: !feed });
            }
        };
        return () => {
            isClosed = true;
            socket.close();
        };
    }

    _progressive() {
        return this.#plain(`${this.#path}/live.mp4`, "The connection to the relay was lost.");
    }

    _hls() {
        if (!this.#video.canPlayType("application/vnd.apple.mpegurl")) {
            return void queueMicrotask(() => this.#failed("This browser can play the stream in no way.", { next: true }));
        }
        return this.#plain(`${this.#path}/index.m3u8`, "The stream cannot be had.");
    }

    // The browser does it all.
    #plain(url, text) {
        const fail = () => this.#failed(text, { next: true });
        this.#video.addEventListener("error", fail);
        this.#video.addEventListener("ended", fail);
        this.#video.src = url;
        return () => {
            this.#video.removeEventListener("error", fail);
            this.#video.removeEventListener("ended", fail);
            // Else it would go on loading. The last picture goes with it.
            this.#video.removeAttribute("src");
            this.#video.load();
        };
    }

    // How it goes.

    #moved = () => {
        const now = this.#video.currentTime;
        if (now === this.#movedTo || !this.#isWanted || this.#video.readyState < 2) return;
        const isFirst = Number.isNaN(this.#movedTo);
        this.#movedTo = now;
        if (isFirst) return;
        this.#movedAt = performance.now();
        this.#hasPlayed = true;
        this.#refusal = "";
        this.#proven = this.#way;
        if (!this.#isLost) this.#say("playing", "");
    };

    #stalled = () => {
        // What comes by fits and starts needs some room.
        if (this.#hasPlayed) this.#aim = Math.min(this.#aim + 0.1, mostAim);
    };

    #look() {
        if (!this.#isWanted) return;
        if (this.#video.paused) {
            this.#video.play().catch((error) => {
                if (error.name === "NotAllowedError") this.#say("waiting", "This browser plays when the picture is clicked.");
            });
        }
        this.#chase(this.#ways[this.#way] === "socket");
        const now = performance.now();
        const silence = (now - this.#movedAt) / 1000;
        const bound = this.#hasPlayed ? patience[this.#ways[this.#way]] : longestStart;
        if (silence > bound && !this.#isLost) {
            this.#failed(this.#hasPlayed ? "No picture comes any more." : "No picture comes.", { next: true });
        } else if (silence > 3 && this.#hasPlayed && !this.#isLost) {
            this.#say("waiting", "No picture comes at the moment.");
        }
    }

    // Keeps close to the live edge.
    #chase(mayJump) {
        const { buffered, currentTime } = this.#video;
        if (!buffered.length || this.#ways[this.#way] === "hls") return;
        const start = buffered.start(buffered.length - 1);
        const end = buffered.end(buffered.length - 1);
        const lag = end - currentTime;
        // What the relay has of the past comes in a rush.
        this.#fedAt ||= performance.now();
        const isYoung = performance.now() - this.#fedAt < 3000;
        if (mayJump && (currentTime < start || lag > (isYoung ? 1 : jumpAt))) {
            if (end - start > 0.1) this.#video.currentTime = Math.max(start, end - this.#aim);
        } else if (lag > this.#aim + 0.4) {
            this.#video.playbackRate = lag > this.#aim + 1 ? 1.25 : 1.08;
        } else if (lag < this.#aim + 0.1) {
            this.#video.playbackRate = 1;
        }
    }

    // A tab that nobody sees gets nothing, and is at the live edge again when it is seen.
    #looked = () => {
        clearTimeout(this.#away);
        if (document.hidden) {
            this.#away = setTimeout(() => this.#end(), 10_000);
        } else if (this.#isWanted) {
            if (!this.#close && !this.#retry) this.#begin();
            else this.#chase(this.#ways[this.#way] === "socket");
        }
    };
}
