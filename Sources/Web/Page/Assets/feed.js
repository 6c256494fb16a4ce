// Media Source Extensions.

export const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;
// Seconds of the past that are removed at once, at the least.
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
    // Where groups of pictures begin that are in the buffer.
    #groups = [];

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
            const past = this.#past;
            if (past !== undefined && past - buffer.buffered.start(0) > tail) return buffer.remove(0, past);
            while (this.#queue.length) {
                const item = this.#queue[0];
                if (typeof item === "string") {
                    buffer.changeType(item);
                } else {
                    buffer.appendBuffer(item);
                    if (beginsGroup(item)) this.#groups.push(this.#end);
                    this.#queued -= item.byteLength;
                }
                this.#queue.shift();
                if (buffer.updating) return;
            }
        } catch (error) {
            const now = this.#video.currentTime;
            if (error.name === "QuotaExceededError" && now > 1) {
                // One group that is larger than what the browser takes breaks off, and goes on with the next.
                const past = this.#past;
                return buffer.remove(0, past > buffer.buffered.start(0) ? past : now - 0.5);
            }
            this.#failed("What came could not be played.");
        }
    }

    // Behind all that has come.
    get #end() {
        const { buffered } = this.#buffer;
        return buffered.length ? buffered.end(buffered.length - 1) : 0;
    }

    // Before the group that is shown. A browser that is to remove a part of a group removes all of it (Media Source Extensions §3.5.9),
    // with what is shown and what follows.
    get #past() {
        if (!this.#buffer.buffered.length) return undefined;
        // A moment earlier, lest the group's first picture goes, too.
        const shown = this.#groups.findLastIndex((start) => start < this.#video.currentTime - 1);
        this.#groups.splice(0, shown);
        return shown < 0 ? undefined : this.#groups[0] - 0.1;
    }
}

// Whether the first sample of a fragment, which is its picture where there is one, can be decoded by itself: by its flags (ISO/IEC
// 14496-12 §8.8.3.1), its own or those that are usual in the fragment.
function beginsGroup(bytes) {
    const view = new DataView(bytes);
    const find = (name, start, end) => {
        for (let at = start; at + 8 <= end; at += Math.max(view.getUint32(at), 8)) {
            if (String.fromCharCode(...new Uint8Array(bytes, at + 4, 4)) === name) return at;
        }
    };
    const within = (name, parent) => parent !== undefined && find(name, parent + 8, parent + view.getUint32(parent));
    const track = within("traf", find("moof", 0, bytes.byteLength));
    const [header, run] = [within("tfhd", track), within("trun", track)];
    if (!run) return false;
    // Behind the number of samples, and the offset of their bytes where that is told.
    const hasOwn = view.getUint32(run + 8) & 4;
    const place = hasOwn ? run + 16 + (view.getUint32(run + 8) & 1 ? 4 : 0) : header + view.getUint32(header) - 4;
    return (view.getUint32(place) & 0x10000) === 0;
}
