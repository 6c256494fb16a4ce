"""What HLS costs: making segments, and handing them to many viewers, beside nginx with the same files in memory."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from .footprint import SETTLE, used_cpu
from .movies import completed
from .processes import Missing, free_ports, pinned, say, start
from .tables import Section, ratios, spread

CAMERAS = 20  # whose segments are made at once
SEGMENTS = 3  # that viewers fetch: a player begins three from the end
ALWAYS = "{always: true}"

# Each viewer asks for the playlist and then for a segment, over and over.
VIEWER = """
local paths = { %s }
local turn = 0
request = function()
  turn = turn + 1
  return wrk.format("GET", turn %% 2 == 0 and paths[turn / 2 %% (#paths - 1) + 2] or paths[1])
end
done = function(summary)
  local e = summary.errors
  io.write(string.format('{"bytes": %%d, "requests": %%d, "failed": %%d}\\n', summary.bytes, summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""

NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 8192; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type video/mp2t;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}; }}
}}
"""


def hls(bench):
    """The two prices of HLS: a camera's, and a viewer's."""
    for program in ("wrk", "nginx", "ffmpeg"):
        if not shutil.which(program):
            raise Missing(f"{program} is missing")
    section = Section("HLS", ["what", "server", "nginx", "ratio of medians", "failed"])
    making(bench, section)
    handing_out(bench, section)
    return section


# Making segments


def making(bench, section):
    few = 2 if bench.options.check else CAMERAS
    passed, sounding = [], []
    for run in bench.runs():
        with pictures(bench, few) as off, pictures(bench, few, ALWAYS) as on:
            passed.append((on - off) / few)
        with sounds(bench, few) as off, sounds(bench, few, ALWAYS) as on:
            sounding.append((on - off) / few)
        say(f"segments of a camera, run {run}: {passed[-1]:.2%} of a core, with G.711 made AAC {sounding[-1]:.2%}")
    for words, shares in [("pictures passed through", passed), ("with G.711 made AAC", sounding)]:
        section.rows.append([f"segments of a camera of {bench.options.mbit:g} Mbit/s, {words}",
                             spread([share * 100 for share in shares], 2) + " % of a core", "–", "–", "–"])
        section.data.append({"making": words, "cores": shares})
    section.notes.append(f"Making segments: {few} cameras whose segments are made all the time, less the same without.")


@contextmanager
def pictures(bench, count, hls=None):
    """CPU a second of a server with so many cameras."""
    with bench.server(count=count, hls=hls) as server:
        time.sleep(SETTLE)
        yield used_cpu(server, bench.options.seconds)
        if hls:
            segments(server, f"cam{count - 1}", 1)


@contextmanager
def sounds(bench, count, hls=None):
    """The same where ffmpeg publishes pictures and G.711."""
    with tempfile.TemporaryDirectory() as folder, bench.server(hls=hls, more="  push/*: {publish: true}\n") as server:
        movie = Path(folder) / "movie.mov"
        seconds = 2 * SETTLE + bench.options.seconds + 5
        rate, mbit = bench.options.rate, bench.options.mbit
        completed(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate={rate},noise=alls=20:allf=t",
                   "-f", "lavfi", "-i", "sine=sample_rate=8000", "-t", min(seconds, 10), "-c:v", "libx264", "-preset",
                   "ultrafast", "-g", 2 * rate, "-b:v", f"{mbit}M", "-maxrate", f"{mbit}M", "-bufsize", f"{mbit / 4}M",
                   "-pix_fmt", "yuv420p", "-c:a", "pcm_alaw", "-ac", 1, movie])
        command = ["ffmpeg", "-v", "error", "-re", "-stream_loop", -1, "-i", movie]
        for number in range(count):
            command += ["-map", 0, "-c", "copy", "-rtsp_transport", "tcp", "-f", "rtsp",
                        f"rtsp://127.0.0.1:{server.port}/push/{number}"]
        publisher = start(pinned(bench.load_cpu, command))
        time.sleep(2 * SETTLE)
        if publisher.poll() is not None:
            raise RuntimeError("ffmpeg could not publish")
        yield used_cpu(server, bench.options.seconds)
        if hls:
            segments(server, f"push/{count - 1}", 1)
        publisher.terminate()
        publisher.wait()


# Handing them out


def handing_out(bench, section):
    viewers = bench.viewers(1000)[0]
    ours, theirs, failed = [], [], 0
    for run in bench.runs():
        with bench.server(hls=ALWAYS) as server, tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            paths = copy(server, Path(folder))
            mine = drink(bench, viewers, server.http_port, paths, folder, server.cpu_seconds)
            with nginx(bench, folder) as (port, cpu_seconds):
                other = drink(bench, viewers, port, paths, folder, cpu_seconds)
        ours.append(mine["cpu_s_per_gbit"])
        theirs.append(other["cpu_s_per_gbit"])
        failed += mine["failed"]
        section.data.append({"viewers": viewers, "server": mine, "nginx": other})
        say(f"{viewers} viewers of HLS, run {run}: {ours[-1]:.4f}, nginx {theirs[-1]:.4f} CPU s/Gbit")
    whole, _ = ratios(ours, theirs)
    section.rows.append([f"{viewers} viewers, CPU seconds a gigabit", spread(ours), spread(theirs), f"**{whole:.2f}**",
                         failed])
    section.notes.append(
        f"Viewers: {viewers} connections of wrk, each of which fetches the playlist and one of the last {SEGMENTS} segments "
        "in turn, as fast as it gets them; nginx has the same files in memory, one worker, sendfile.")


def segments(server, stream, least):
    """The playlist of a stream with so many segments, and their names."""
    deadline = time.monotonic() + 60
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/{stream}/video.m3u8") as answer:
            text = answer.read()
        names = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
        if len(names) >= least:
            return text, names
        if time.monotonic() > deadline:
            raise RuntimeError(f"{stream} has no segments")
        time.sleep(0.5)


def copy(server, folder):
    """Fetches the playlist and its last segments into the folder, by the names that they have on the server; these."""
    text, names = segments(server, "cam0", SEGMENTS + 1)
    (folder / "cam0").mkdir()
    (folder / "cam0" / "video.m3u8").write_bytes(text)
    paths = ["cam0/" + name for name in names[-SEGMENTS:]]
    for path in paths:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/{path}") as answer:
            (folder / path).write_bytes(answer.read())
    folder.chmod(0o755)
    return ["/cam0/video.m3u8"] + ["/" + path for path in paths]


@contextmanager
def nginx(bench, folder):
    port = free_ports(2)
    configuration = Path(folder) / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port))
    process = start(pinned(bench.server_cpu, ["nginx", "-c", configuration, "-e", f"{folder}/error"]))
    time.sleep(0.5)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    if not children:
        raise RuntimeError("nginx did not start")

    def cpu_seconds():
        return {child: int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) / 1e9 for child in children}

    try:
        yield port, cpu_seconds
    finally:
        process.terminate()
        process.wait()


def drink(bench, viewers, port, paths, folder, cpu_seconds):
    """Lets so many viewers fetch all they can; what it cost."""
    script = Path(folder) / "viewer.lua"
    script.write_text(VIEWER % ", ".join(f'"{path}"' for path in paths))
    command = pinned(bench.load_cpu, ["wrk", "-t", 1, "-c", viewers, "-d", f"{bench.options.seconds}s", "-s", script,
                                      f"http://127.0.0.1:{port}"])
    before = cpu_seconds()
    result = subprocess.run(command, capture_output=True, text=True)
    after = cpu_seconds()
    if result.returncode != 0:
        raise RuntimeError(f"wrk failed: {result.stderr.strip()}")
    report = json.loads(result.stdout.splitlines()[-1])
    used = sum(value - before.get(name, 0) for name, value in after.items())
    report["cpu_s"] = used
    report["cpu_s_per_gbit"] = used / (report["bytes"] * 8 / 1e9)
    return report
