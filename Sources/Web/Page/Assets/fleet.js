// What the relay says of its cameras, asked for again and again while somebody looks.

const pause = 2000;
const longestPause = 10_000;
const patience = 8000;

export class Fleet extends EventTarget {
    cameras = [];
    // When that was heard, by performance.now(); 0 before the first time.
    heardAt = 0;
    // Why nothing is heard; empty while all is well.
    trouble = "";
    #timer;
    #failures = 0;
    #asking;

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
        // A live camera goes on between two answers, but not for longer.
        const since = performance.now() - this.heardAt;
        return stream.state === "live" && since < 2 * pause ? stream.age : stream.age + since / 1000;
    }

    async #ask() {
        clearTimeout(this.#timer);
        if (document.hidden || this.#asking) return;
        this.#asking = true;
        try {
            const answer = await fetch("/api/v1/cameras", { signal: AbortSignal.timeout(patience) });
            if (!answer.ok) throw new Error(`The relay answers ${answer.status}.`);
            this.cameras = (await answer.json()).cameras;
            this.heardAt = performance.now();
            this.#failures = 0;
            this.trouble = "";
        } catch (error) {
            console.debug("cameras not heard of", error);
            this.#failures += 1;
            // One answer that is late is nothing to tell.
            if (this.#failures > 1) this.#lose();
        }
        this.#asking = false;
        this.dispatchEvent(new Event("change"));
        // After the first failure soon: it is to be known whether the relay is there.
        const steps = Math.min(Math.max(this.#failures - 1, 0), 3);
        const next = this.#failures === 1 ? pause / 2 : Math.min(pause * 2 ** steps, longestPause);
        this.#timer = setTimeout(() => this.#ask(), next * (0.9 + 0.2 * Math.random()));
    }

    // Nobody knows how the cameras are.
    #lose() {
        this.trouble = "The relay does not answer. What is shown is no longer up to date.";
        const unknown = (stream) => (!stream || stream.state === "down"
            ? stream : { ...stream, state: "unknown", reason: undefined, viewers: 0 });
        this.cameras = this.cameras.map((camera) => ({ ...unknown(camera), sub: unknown(camera.sub) }));
    }
}
