// The ways by which a stream comes into a <video>. Each takes the film, the path of the stream, the signal that ends it, and whom to tell:
// `failed(text, options)`, `lost(reason)`, with "" when the source is back, and `fed()`.

import { Feed, Source } from "./feed.js";

const probes = ["avc1.640029", "hvc1.1.6.L93.B0", "mp4a.40.2"];

export const ways = { socket, progressive, hls };

function open(path) {
    const url = new URL(`${path}/live`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const codecs = probes.filter((codec) => Source.isTypeSupported(`video/mp4; codecs="${codec}"`));
    url.searchParams.set("codecs", codecs.join(","));
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    return socket;
}

// Fragments over a WebSocket, into Media Source Extensions.
function socket(video, path, signal, { failed, lost, fed }) {
    if (!Source) throw new Error("no Media Source Extensions");
    const socket = open(path);
    let feed;
    video.addEventListener("error", () => failed("What came could not be played.", { next: true }), { signal });
    socket.onmessage = ({ data }) => {
        if (typeof data !== "string") return feed?.add(data);
        const message = JSON.parse(data);
        if (message.state) lost(message.state === "lost" ? message.reason || "The camera is away." : "");
        if (!message.type) return;
        if (feed) return feed.add(message.type);
        feed = new Feed(video, message.type, { failed: (text) => failed(text, { next: true }), fed });
    };
    socket.onclose = ({ code, reason }) => {
        switch (code) {
            case 4404: return failed("There is no such camera.");
            case 4503: return failed(reason || "The camera did not come in time.");
            case 1008: return failed(reason || "The relay refuses.");
            case 1001: return failed("The relay is being restarted.");
            case 1011: return failed(reason || "The stream cannot be shown.", { next: true, final: true });
            default: return failed("The connection to the relay was lost.", { next: !feed });
        }
    };
    signal.addEventListener("abort", () => {
        socket.close();
        feed?.close();
    });
}

// Whether the WebSocket of a stream gives something now: proxies learn, and relays are restarted.
export function givesSocket(path) {
    return new Promise((resolve) => {
        const socket = open(path);
        const timer = setTimeout(() => socket.close(), 10_000);
        socket.onmessage = () => {
            resolve(true);
            socket.close();
        };
        socket.onclose = () => {
            clearTimeout(timer);
            resolve(false);
        };
    });
}

function progressive(video, path, signal, told) {
    plain(video, `${path}/live.mp4`, "The connection to the relay was lost.", signal, told);
}

function hls(video, path, signal, told) {
    if (!video.canPlayType("application/vnd.apple.mpegurl")) throw new Error("no HLS");
    plain(video, `${path}/index.m3u8`, "The stream cannot be had.", signal, told);
}

// The browser does it all.
function plain(video, url, text, signal, { failed }) {
    for (const end of ["error", "ended"]) video.addEventListener(end, () => failed(text, { next: true }), { signal });
    video.src = url;
    signal.addEventListener("abort", () => unload(video));
}

// Else it would go on loading. The last picture goes with it.
export function unload(video) {
    video.removeAttribute("src");
    video.load();
}
