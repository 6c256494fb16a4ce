// What the relay says of its cameras, asked for again and again while somebody looks.

const pause = 2000;
const longestPause = 10_000;

export class Fleet extends EventTarget {
    cameras = [];
    // When that was heard, by performance.now(); 0 before the first time.
    heardAt = 0;
    // Why nothing is heard; empty while all is well.
    trouble = "";
    #timer;
    #failures = 0;

    start() {
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden) this.#ask();
        });
        return this.#ask();
    }

    find(name) {
        return this.cameras.find((camera) => camera.name === name);
    }

    // Seconds since the newest frame, as it is now and not as it was told.
    ageOf(stream) {
        if (stream.age === undefined) return undefined;
        // A live camera goes on between two answers.
        return stream.state === "live" && !this.trouble
            ? stream.age : stream.age + (performance.now() - this.heardAt) / 1000;
    }

    async #ask() {
        clearTimeout(this.#timer);
        if (document.hidden) return;
        try {
            const answer = await fetch("/api/v1/cameras", { signal: AbortSignal.timeout(8000) });
            if (!answer.ok) throw new Error(`The relay answers ${answer.status}.`);
            this.cameras = (await answer.json()).cameras;
            this.heardAt = performance.now();
            this.#failures = 0;
            this.trouble = "";
        } catch (error) {
            this.#failures += 1;
            // One answer that is late is nothing to tell.
            if (this.#failures > 1) this.trouble = "The relay does not answer. What is shown is no longer up to date.";
            console.debug("cameras not heard of", error);
        }
        this.dispatchEvent(new Event("change"));
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#ask(), Math.min(pause * 2 ** Math.min(this.#failures, 3), longestPause));
    }
}
