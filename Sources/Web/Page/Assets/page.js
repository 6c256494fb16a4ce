// Which page it is, the keys, and full screen.

import { CameraView } from "./camera.js";
import { byId, set } from "./dom.js";
import { Fleet } from "./fleet.js";
import { Wall } from "./wall.js";

const fleet = new Fleet();
const wall = new Wall(fleet, (camera) => go(camera.urls.page));
const view = new CameraView(fleet);

// "/" is the wall, all else the page of a camera.
function show() {
    const name = decodeURIComponent(location.pathname).replace(/^\/+|\/+$/g, "");
    if (name) {
        wall.isHere = false;
        view.show(name);
    } else {
        if (view.name !== undefined) wall.point(view.name);
        view.hide();
        wall.isHere = true;
        document.title = "Heliograph";
    }
}

function go(path, { replacing = false } = {}) {
    const state = { isFromWall: replacing ? history.state?.isFromWall : true };
    if (replacing) history.replaceState(state, "", path);
    else history.pushState(state, "", path);
    show();
}

function back() {
    if (history.state?.isFromWall) return history.back();
    history.replaceState({}, "", `/${wall.query}`);
    show();
}

function step(by) {
    const camera = wall.neighbour(view.name, by);
    if (camera) go(camera.urls.page, { replacing: true });
}

function toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
}

document.addEventListener("fullscreenchange", () => {
    document.documentElement.classList.toggle("full", Boolean(document.fullscreenElement));
});
// The mouse is in the way of nothing, once it lies still.
let resting;
document.addEventListener("pointermove", () => {
    document.documentElement.classList.remove("resting");
    clearTimeout(resting);
    resting = setTimeout(() => document.documentElement.classList.add("resting"), 3000);
});
for (const button of document.querySelectorAll("button.full")) {
    // iPhones have none.
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", toggleFullScreen);
}
byId("back").addEventListener("click", (event) => {
    event.preventDefault();
    back();
});
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
addEventListener("popstate", show);

document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest("input, select, textarea");
    if (field) {
        if (event.key === "Escape" || (event.key === "Enter" && field.id === "search")) {
            if (event.key === "Escape" && field.id === "search" && field.value) {
                field.value = "";
                field.dispatchEvent(new Event("input"));
            }
            field.blur();
            document.querySelector("a.open[tabindex='0']")?.focus();
        }
        return;
    }
    const keys = view.name === undefined
        ? { "/": () => byId("search").focus(), f: toggleFullScreen }
        : {
            Escape: back, f: toggleFullScreen, m: () => view.toggleSound(),
            ArrowLeft: () => step(-1), ArrowRight: () => step(1),
        };
    const action = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (action) {
        action();
        event.preventDefault();
    } else if (view.name === undefined && wall.key(event)) {
        event.preventDefault();
    }
});

fleet.addEventListener("change", () => {
    byId("notice").hidden = !fleet.trouble;
    set(byId("notice"), fleet.trouble);
});
show();
fleet.start();
