// One camera, as large as there is room.

import { Player } from "./player.js";
import { still, widthFor } from "./stills.js";
import { age, bits, copy, frames, nameOf, sentence, size, states, viewers, why } from "./words.js";

const byId = (id) => document.getElementById(id);

export class CameraView {
    #fleet;
    #name;
    #camera;
    #player;
    #wantsSub;
    #video = byId("film");
    #addresses = "";

    constructor(fleet) {
        this.#fleet = fleet;
        fleet.addEventListener("change", () => this.#update());
        byId("sound").addEventListener("click", () => this.toggleSound());
        byId("quality").addEventListener("change", () => {
            this.#wantsSub = byId("quality").value === "sub";
            this.#restart();
        });
        this.#video.addEventListener("click", () => this.#video.play().catch(() => {}));
        this.#video.addEventListener("volumechange", () => this.#showSound());
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
        this.#end();
        this.#name = undefined;
        this.#camera = undefined;
        byId("camera").hidden = true;
    }

    toggleSound() {
        this.#video.muted = !this.#video.muted;
        if (!this.#video.muted) this.#video.play().catch(() => {});
    }

    #showSound() {
        const isOn = !this.#video.muted;
        byId("sound").textContent = isOn ? "Sound on" : "Sound off";
        byId("sound").setAttribute("aria-pressed", isOn);
    }

    #find() {
        const whole = this.#fleet.find(this.#name);
        if (whole || !this.#name.endsWith("/sub")) return whole;
        this.#wantsSub ??= true;
        return this.#fleet.find(this.#name.slice(0, -4));
    }

    // The sub stream where it was chosen, or where the window is small.
    get #stream() {
        const isSmall = innerWidth * devicePixelRatio < 640 && this.#camera.sub;
        return this.#camera.sub && (this.#wantsSub ?? isSmall) ? this.#camera.sub : this.#camera;
    }

    #update() {
        if (this.#name === undefined) return;
        const before = this.#camera;
        this.#camera = this.#find();
        const camera = this.#camera;
        const title = camera ? nameOf(camera) : this.#name;
        document.title = `${title} · Heliograph`;
        set(byId("camera-name"), title);
        if (!camera) {
            set(byId("camera-state"), "");
            set(byId("says"), this.#fleet.heardAt ? "There is no such camera now." : "");
            return;
        }
        const stream = this.#stream;
        const state = byId("camera-state");
        state.dataset.state = byId("camera").dataset.state = stream.state;
        set(state, states[stream.state]);
        const quality = byId("quality");
        quality.hidden = !camera.sub;
        quality.value = stream === camera ? "main" : "sub";
        byId("sound").hidden = !stream.audio && stream.state === "live";
        this.#showFacts(stream);
        this.#showAddresses(camera);
        if (!this.#player) this.#restart();
        this.#follow(stream);
        if (before && before.state !== "live" && camera.state === "live") this.#player.nudge();
        // Of what no player shows there are pictures, one after the other.
        if (stream.state === "live" && this.#player.refusal) this.#showStill(stream);
        this.#say();
    }

    // A camera that is down is not asked; it is as soon as it is there.
    #follow(stream) {
        if (stream.state === "down") this.#player.hold();
        else this.#player.start();
    }

    #end() {
        this.#player?.stop();
        this.#player = undefined;
        this.#video.muted = true;
        byId("camera").classList.remove("playing");
        byId("still").hidden = true;
    }

    #restart() {
        if (!this.#camera) return;
        const { muted } = this.#video;
        const hadPlayer = this.#player;
        this.#end();
        this.#video.muted = hadPlayer ? muted : true;
        const stream = this.#stream;
        this.#player = new Player(this.#video, stream.urls.page.slice(0, -1), {
            changed: ({ kind }) => {
                if (kind === "playing") byId("camera").classList.add("playing");
                if (kind === "connecting") byId("camera").classList.remove("playing");
                this.#say();
            },
        });
        this.#showStill(stream);
        this.#follow(stream);
        this.#say();
    }

    // Until the film begins, and in its place where it does not. One that is asleep is being woken anyway.
    async #showStill(stream) {
        const player = this.#player;
        const image = await still(
            `${stream.urls.snapshot}?width=${widthFor(this.#video.clientWidth)}`, AbortSignal.timeout(15_000));
        if (!image || this.#player !== player) return;
        image.id = "still";
        byId("still").replaceWith(image);
    }

    #say() {
        if (!this.#camera) return;
        const stream = this.#stream;
        const state = this.#player?.state;
        let text = stream.state === "down" ? why(stream) : "";
        if (!text && state?.kind !== "playing") text = state?.text ?? "";
        if (!text && stream.state === "connecting") text = "Connecting…";
        set(byId("says"), sentence(text));
    }

    #showFacts(stream) {
        const seconds = this.#fleet.ageOf(stream);
        const facts = [
            ["State", states[stream.state]],
            ["Reason", sentence(stream.state === "live" ? "" : stream.reason)],
            ["Picture", [stream.video, size(stream)].filter(Boolean).join(", ")],
            ["Sound", stream.audio],
            ["Bit rate", stream.state === "live" ? bits(stream.bit_rate) : ""],
            ["Frame rate", stream.state === "live" ? frames(stream.frame_rate) : ""],
            ["Viewers", viewers(stream.viewers)],
            ["Last frame", seconds === undefined ? "" : `${age(seconds)} ago`],
            ["Groups", this.#camera.groups.join(", ")],
            ["Name", this.#camera.name],
        ].filter(([, value]) => value);
        const list = byId("facts");
        const names = facts.map(([name]) => name).join("\n");
        if (list.dataset.names !== names) {
            list.dataset.names = names;
            list.replaceChildren(...facts.flatMap(([name]) => {
                const term = document.createElement("dt");
                term.textContent = name;
                return [term, document.createElement("dd")];
            }));
        }
        facts.forEach(([, value], index) => set(list.children[2 * index + 1], value));
    }

    #showAddresses(camera) {
        const whole = (path) => new URL(path, location.href).href;
        const rows = [
            ["VLC, ffplay", camera.urls.rtsp],
            ["Recorder, main stream", camera.urls.rtsp],
            ["Recorder, sub stream", camera.sub?.urls.rtsp],
            ["Home Assistant, stream", camera.urls.rtsp],
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
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = label;
    const text = document.createElement("code");
    text.textContent = url;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy the URL for ${label}`);
    button.addEventListener("click", async () => {
        button.textContent = (await copy(url)) ? "Copied" : "Not copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    row.append(name, text, button);
    return row;
}

function set(element, text) {
    if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}
