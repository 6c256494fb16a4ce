// How numbers and states are said to people.

export const states = {
    live: "Live", connecting: "Connecting", asleep: "Asleep", down: "Down", stalled: "No picture", unknown: "Unknown",
};

export const nameOf = (camera) => camera.title || camera.name;

export function bits(rate) {
    if (rate === undefined) return "";
    if (rate >= 999_500) return `${(rate / 1e6).toFixed(rate < 9_950_000 ? 1 : 0)} Mbit/s`;
    return `${Math.round(rate / 1000)} kbit/s`;
}

export const frames = (rate) => (rate === undefined ? "" : `${Math.round(rate * 10) / 10} fps`);

export const viewers = (count) => (count === 1 ? "1 viewer" : `${count} viewers`);

// Seconds; what is younger than a second is as good as now.
export function age(seconds) {
    if (seconds === undefined) return "";
    if (seconds < 1) return "now";
    if (seconds < 120) return `${Math.floor(seconds)} s ago`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86_400)} days ago`;
}

export const size = (stream) => (stream.width ? `${stream.width} × ${stream.height}` : "");

// One line under a tile.
export function line(stream) {
    const parts =
        stream.state === "live" ? [bits(stream.bit_rate), frames(stream.frame_rate), viewers(stream.viewers)] : [];
    if (stream.state === "asleep") parts.push("Starts when somebody watches");
    if (stream.state !== "live" && stream.viewers) parts.push(`${viewers(stream.viewers)} waiting`);
    return parts.filter(Boolean).join(" · ");
}

// Why there is no picture, for people; empty where there is one.
export function why(stream) {
    switch (stream.state) {
        case "down": return stream.reason || "the camera does not answer";
        case "asleep": return stream.reason ? `Last time: ${stream.reason}` : "";
        default: return "";
    }
}

// Sentences begin with a capital; reasons of the log do not.
export const sentence = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

// The URL of a stream for other programs, by the name under which this page was found: behind a proxy the relay is asked by another.
export const rtsp = (stream) => stream?.urls.rtsp?.replace(/^(rtsps?:\/\/)(\[[^\]]*\]|[^:/]*)/, `$1${location.hostname}`);
