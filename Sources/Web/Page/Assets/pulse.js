// When a film had a new picture last.

export class Pulse {
    #video;
    // When there was a new picture, and since when one could be expected, by performance.now().
    #movedAt = performance.now();
    #awaitedSince = performance.now();
    // What tells one picture from the next; undefined before the first.
    #mark;
    // The longest pause between two pictures of late, in seconds: there are cameras with one picture in five.
    #pace = 0;

    constructor(video) {
        this.#video = video;
    }

    // Another film begins.
    restart() {
        this.forgive();
        this.#mark = undefined;
        this.#pace = 0;
    }

    // Nothing could come until now.
    forgive() {
        this.#awaitedSince = performance.now();
    }

    // Whether there is a picture that was not there at the last look; the first one is not yet a film. Time goes on with sound alone, so
    // pictures are counted where there are any.
    beats() {
        const video = this.#video;
        if (video.readyState < 2) return false;
        const mark = video.videoWidth ? video.getVideoPlaybackQuality().totalVideoFrames : video.currentTime;
        if (mark === this.#mark) return false;
        const isFirst = this.#mark === undefined;
        this.#mark = mark;
        if (isFirst) return false;
        this.#pace = Math.min(Math.max(this.age, this.#pace * 0.8), 10);
        this.#movedAt = performance.now();
        return true;
    }

    // Seconds since the last new picture, of whichever film it was.
    get age() { return (performance.now() - this.#movedAt) / 1000; }

    // Whether it has been still for longer than so many seconds, or than is usual for it.
    isStill(seconds) {
        const since = Math.max(this.#movedAt, this.#awaitedSince);
        return (performance.now() - since) / 1000 > Math.max(seconds, 2.5 * this.#pace);
    }
}
