// Tells who does not see the wall which camera is gone, and which is back.

import { byId, set } from "./dom.js";
import { nameOf, why } from "./words.js";

// More at once are a number.
const most = 5;

export class News {
    #states = new Map();

    tell(cameras) {
        const news = cameras.flatMap((camera) => {
            const before = this.#states.get(camera.name);
            this.#states.set(camera.name, camera.state);
            if (before === "live" && camera.state === "down") return [`${nameOf(camera)} is down: ${why(camera)}`];
            if (before === "down" && camera.state === "live") return [`${nameOf(camera)} is live again`];
            return [];
        });
        if (news.length) set(byId("news"), news.length > most ? `${news.length} cameras have come or gone` : news.join(". "));
    }
}
