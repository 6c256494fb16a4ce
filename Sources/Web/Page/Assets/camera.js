// One camera, as large as there is room.

import { byId, copyButton, element, set } from "./dom.js";
import { Picture } from "./picture.js";
import { Stills } from "./stills.js";
import { age, bits, frames, nameOf, rtsp, sentence, size, states, viewers } from "./words.js";

// Milliseconds between stills, where there is no film.
const period = 2000;

export class CameraView {
    #fleet;
    #name;
    #camera;
    #wantsSub;
    #addresses = "";
    #picture;

    constructor(fleet) {
        this.#fleet = fleet;
        this.#picture = new Picture({
            box: byId("stage"), says: byId("says"), ways: ["socket", "progressive", "hls"], changed: () => this.#changed(),
        });
        fleet.addEventListener("change", () => this.#update());
        byId("sound").addEventListener("click", () => this.toggleSound());
        byId("quality").addEventListener("change", () => {
            this.#wantsSub = byId("quality").value === "sub";
            this.#update();
        });
        byId("stage").addEventListener("click", () => this.#picture.play());
        new Stills(() => (this.#camera && this.#picture.dueSince(period) !== undefined ? [this] : []));
        setInterval(() => this.#camera && this.#picture.tell(), 1000);
    }

    get name() { return this.#name; }

    show(name) {
        this.hide();
        // A sub stream is looked at by its own address, too.
        this.#wantsSub = undefined;
        this.#name = name;
        byId("camera").hidden = false;
        this.#update();
        byId("camera-name").focus({ preventScroll: true });
    }

    hide() {
        this.#picture.clear();
        this.#picture.isMuted = true;
        this.#name = undefined;
        this.#camera = undefined;
        byId("camera").hidden = true;
    }

    toggleSound() {
        this.#picture.isMuted = !this.#picture.isMuted;
    }

    // For who fetches stills.
    get isQuick() { return true; }

    fetchStill() { return this.#picture.fetchStill(); }

    #find() {
        const whole = this.#fleet.find(this.#name);
        if (whole || !this.#name.endsWith("/sub")) return whole;
        this.#wantsSub ??= true;
        return this.#fleet.find(this.#name.slice(0, -4));
    }

    // The sub stream where it was chosen, or where the window is small.
    get #stream() {
        const isSmall = innerWidth * devicePixelRatio < 640;
        return this.#camera.sub && (this.#wantsSub ?? isSmall) ? this.#camera.sub : this.#camera;
    }

    #update() {
        if (this.#name === undefined) return;
        this.#camera = this.#find();
        const camera = this.#camera;
        const title = camera ? nameOf(camera) : this.#name;
        document.title = `${title} · Heliograph`;
        set(byId("camera-name"), title);
        if (!camera) {
            this.#picture.clear();
            set(byId("camera-state"));
            set(byId("says"), this.#fleet.heardAt ? "There is no such camera now." : "");
            return;
        }
        const stream = this.#stream;
        const quality = byId("quality");
        quality.hidden = !camera.sub;
        quality.value = stream === camera ? "main" : "sub";
        byId("sound").hidden = !stream.audio && stream.state === "live";
        this.#showAddresses(camera);
        this.#picture.follow(stream, stream, true);
    }

    #changed() {
        const isOn = !this.#picture.isMuted;
        set(byId("sound"), isOn ? "Sound on" : "Sound off");
        byId("sound").setAttribute("aria-pressed", isOn);
        if (!this.#camera) return;
        const stream = this.#stream;
        const state = stream.state === "live" && this.#picture.isStale ? "stalled" : stream.state;
        byId("camera-state").dataset.state = byId("camera").dataset.state = state;
        set(byId("camera-state"), states[state]);
        this.#showFacts(stream);
    }

    #showFacts(stream) {
        const shown = this.#picture.age;
        const seconds = this.#fleet.ageOf(stream);
        const facts = [
            ["State", states[stream.state]],
            ["Reason", sentence(stream.state === "live" ? "" : stream.reason)],
            ["Picture", [stream.video, size(stream)].filter(Boolean).join(", ")],
            ["Sound", stream.audio],
            ["Bit rate", stream.state === "live" ? bits(stream.bit_rate) : ""],
            ["Frame rate", stream.state === "live" ? frames(stream.frame_rate) : ""],
            ["Viewers", viewers(stream.viewers)],
            ["Picture taken", age(shown)],
            ["Last frame", age(seconds)],
            ["Groups", this.#camera.groups.join(", ")],
            ["Name", this.#camera.name],
        ].filter(([, value]) => value);
        const list = byId("facts");
        const names = facts.map(([name]) => name).join("\n");
        if (list.dataset.names !== names) {
            list.dataset.names = names;
            list.replaceChildren(...facts.flatMap(([name]) => [element("dt", "", name), element("dd", "")]));
        }
        facts.forEach(([, value], index) => set(list.children[2 * index + 1], value));
    }

    #showAddresses(camera) {
        const whole = (path) => new URL(path, location.href).href;
        const rows = [
            ["VLC, ffplay", rtsp(camera)],
            ["Recorder, main stream", rtsp(camera)],
            ["Recorder, sub stream", rtsp(camera.sub)],
            ["Home Assistant, stream", rtsp(camera)],
            ["Home Assistant, still picture", whole(camera.urls.snapshot)],
            ["Browser, phone, television (HLS)", whole(camera.urls.hls)],
        ].filter(([, url]) => url);
        const text = rows.join("\n");
        if (text === this.#addresses) return;
        this.#addresses = text;
        byId("addresses").replaceChildren(...rows.map(([label, url]) => address(label, url)));
    }
}

function address(label, url) {
    const row = element("li", "");
    const button = copyButton("", "Copy", () => url);
    button.setAttribute("aria-label", `Copy the URL for ${label}`);
    row.append(element("span", "", label), element("code", "", url), button);
    return row;
}
