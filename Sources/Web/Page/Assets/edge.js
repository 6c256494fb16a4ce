// Keeps a film close to the live edge.

// Seconds: how far behind it aims to be, and from where on it jumps.
const aims = { least: 0.35, most: 1 };
const jumpAt = 3;

export class Edge {
    #video;
    #aim = aims.least;
    // When the first of the film came, by performance.now().
    #fedAt = 0;

    constructor(video) {
        this.#video = video;
    }

    // Another film begins.
    restart() {
        this.#fedAt = 0;
        this.#video.playbackRate = 1;
    }

    // What comes by fits and starts needs some room.
    stalled() {
        this.#aim = Math.min(this.#aim + 0.1, aims.most);
    }

    // A second without a stall: room that is no longer needed is given back, within minutes.
    calmed() {
        this.#aim = Math.max(this.#aim - 0.002, aims.least);
    }

    // `mayJump` where what lies between is at hand, and need not be fetched.
    keep(mayJump) {
        const { buffered, currentTime } = this.#video;
        if (!buffered.length) return;
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
}
