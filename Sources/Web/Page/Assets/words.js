// How numbers and states are said to people.

export const states = { live: "Live", connecting: "Connecting", asleep: "Asleep", down: "Down" };

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
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 120) return `${Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86_400)} days`;
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

// Without HTTPS browsers have no clipboard, but they have this.
export async function copy(text) {
    if (navigator.clipboard) {
        try { return await navigator.clipboard.writeText(text).then(() => true); } catch { /* the other way */ }
    }
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return isCopied;
}
