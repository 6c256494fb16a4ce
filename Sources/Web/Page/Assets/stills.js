// Fetches still pictures for the tiles in sight, few at once, and none while nobody looks.

const atOnce = 4;
// A camera that is asleep takes a while.
const patience = 15_000;
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
            if (!this.#underWay.has(tile)) this.#fetch(tile);
        }
    }

    async #fetch(tile) {
        this.#underWay.add(tile);
        try {
            await tile.fetchStill(AbortSignal.timeout(patience));
        } finally {
            this.#underWay.delete(tile);
        }
    }
}

// A picture, decoded, so that it can take the place of the last without a flash; undefined where there is none.
export async function still(url, signal) {
    try {
        const answer = await fetch(url, { signal });
        if (!answer.ok) return undefined;
        const image = new Image();
        image.src = URL.createObjectURL(await answer.blob());
        try {
            await image.decode();
        } finally {
            URL.revokeObjectURL(image.src);
        }
        image.alt = "";
        return image;
    } catch {
        return undefined;
    }
}
