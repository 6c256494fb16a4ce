// Media Source Extensions.

export const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;
// Seconds of the past that are kept.
const tail = 8;
// What waits to be appended, in bytes: more means that this machine is too slow.
const mostQueued = 32 * 1024 * 1024;

// One SourceBuffer, with what waits for it.
export class Feed {
    #queue = [];
    #queued = 0;
    #buffer;
    #video;
    #failed;
    #fed;
    #url;

    constructor(video, type, { failed, fed }) {
        this.#video = video;
        this.#failed = failed;
        this.#fed = fed;
        const source = new Source();
        // ManagedMediaSource plays nothing while the film might go to a television.
        video.disableRemotePlayback = true;
        source.addEventListener("sourceopen", () => {
            URL.revokeObjectURL(this.#url);
            try {
                this.#buffer = source.addSourceBuffer(type);
            } catch {
                return failed(`This browser cannot play ${type}.`);
            }
            this.#buffer.mode = "segments";
            this.#buffer.addEventListener("updateend", () => this.#pump());
            this.#buffer.addEventListener("error", () => failed("What came could not be understood."));
            this.#pump();
        }, { once: true });
        video.src = this.#url = URL.createObjectURL(source);
    }

    // Nothing more is taken; what is there stays in the film.
    close() {
        this.#queue = [];
        URL.revokeObjectURL(this.#url);
    }

    // Bytes, or the type of those that follow.
    add(item) {
        this.#queue.push(item);
        this.#queued += item.byteLength ?? 0;
        if (this.#queued > mostQueued) return this.#failed("This machine is too slow for the stream.");
        this.#pump();
    }

    #pump() {
        const buffer = this.#buffer;
        if (!buffer || buffer.updating) return;
        try {
            this.#fed();
            const now = this.#video.currentTime;
            if (buffer.buffered.length && now - buffer.buffered.start(0) > 2 * tail) return buffer.remove(0, now - tail);
            while (this.#queue.length) {
                const item = this.#queue[0];
                if (typeof item === "string") {
                    buffer.changeType(item);
                } else {
                    buffer.appendBuffer(item);
                    this.#queued -= item.byteLength;
                }
                this.#queue.shift();
                if (buffer.updating) return;
            }
        } catch (error) {
            if (error.name === "QuotaExceededError" && this.#video.currentTime > 1) {
                return buffer.remove(0, this.#video.currentTime - 0.5);
            }
            this.#failed("What came could not be played.");
        }
    }
}
