// Fetches still pictures for the tiles in sight, few at once, and none while nobody looks.

const atOnce = 4;
// A camera that is not there yet takes a while: those that are there need not wait for it.
const slowAtOnce = 2;
// By these a server needs to make few sizes.
const widths = [320, 480, 640, 960];

export const widthFor = (pixels) => widths.find((width) => width >= pixels) ?? 1280;

export class Stills {
    // `due` gives the tiles that want a picture now, the one that has waited longest first.
    #due;
    #underWay = new Set();

    constructor(due) {
        this.#due = due;
        setInterval(() => this.turn(), 400);
    }

    turn() {
        if (document.hidden) return;
        for (const tile of this.#due()) {
            if (this.#underWay.size >= atOnce) return;
            const slow = [...this.#underWay].filter((other) => !other.isQuick).length;
            if (!this.#underWay.has(tile) && (tile.isQuick || slow < slowAtOnce)) this.#fetch(tile);
        }
    }

    async #fetch(tile) {
        this.#underWay.add(tile);
        try {
            await tile.fetchStill();
        } finally {
            this.#underWay.delete(tile);
        }
        this.turn();
    }
}

// A picture, decoded, so that it can take the place of the last without a flash, and when it was taken, by performance.now(); or why
// there is none.
export async function still(url, signal) {
    try {
        const answer = await fetch(url, { signal });
        if (!answer.ok) return { reason: await reason(answer) };
        // Told by the relay in seconds: the clock of this machine is its own.
        const takenAt = performance.now() - 1000 * Number(answer.headers.get("Age") ?? 0);
        const image = new Image();
        image.src = URL.createObjectURL(await answer.blob());
        try {
            await image.decode();
        } finally {
            URL.revokeObjectURL(image.src);
        }
        image.alt = "";
        return { image, takenAt };
    } catch {
        return { reason: "" };
    }
}

// The relay says why in a line of plain text; whoever stands between says what it likes.
async function reason(answer) {
    const isPlain = answer.headers.get("Content-Type")?.startsWith("text/plain");
    return isPlain ? (await answer.text()).trim().slice(0, 200) : "";
}
