"""What it costs to play movies on demand: many viewers at different places of one file, beside one live stream."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .fanout import per_gbit
from .processes import Missing, say
from .tables import Section, flaws, ratios, spread

PLACES = 45  # seconds of the movie, over which the viewers begin
LONGER = 3  # times the usual window: viewers get half a second of a movie at once, and one more or less must not count


def movies(bench):
    """Hinted and plain, over TCP and UDP, against the live stream of the same rate to as many viewers."""
    if not bench.client.can_do_all:
        raise Missing("it needs a heliograph with the command \"load\", and no --client rtspload")
    if not shutil.which("ffmpeg"):
        raise Missing("ffmpeg is missing: it makes the movies")
    section = Section(
        "Movies on demand, CPU seconds a gigabit",
        ["movie", "viewers", "server", "live over TCP", "ratio of medians", "median of ratios", "live the same way",
         "ratio", "core", "MiB", "loss"])
    viewers = bench.viewers(200)[0]
    with tempfile.TemporaryDirectory() as folder:
        places = 2 if bench.options.check else PLACES
        seconds = (1 if bench.options.check else LONGER) * bench.options.seconds
        make(Path(folder), 2 * places + 2 * seconds, bench.options, bench.program)
        live = {"tcp": [], "udp": []}
        for transport, reports in live.items():
            for run in bench.runs():
                with bench.server() as server:
                    reports.append(bench.load(server, viewers, transport))
                say(f"live over {transport}, run {run}: {per_gbit(reports[-1]):.4f} CPU s/Gbit")
        for name, transport in [("plain", "tcp"), ("hinted", "tcp"), ("plain", "udp"), ("hinted", "udp")]:
            ours = []
            for run in bench.runs():
                with bench.server(media=folder) as server:
                    url = f"rtsp://127.0.0.1:{server.port}/media/{name}.mp4"
                    ours.append(bench.load_of([url], server, viewers, transport, seconds, places=f"{places}s"))
                say(f"{name} over {transport}, run {run}: {per_gbit(ours[-1]):.4f} CPU s/Gbit, loss {flaws(ours[-1:])}")
            costs = [per_gbit(report) for report in ours]
            live_costs = {way: [per_gbit(report) for report in reports] for way, reports in live.items()}
            whole, paired = ratios(costs, live_costs["tcp"])
            likewise, _ = ratios(costs, live_costs[transport])
            core = sum(report["server"]["cpu_s"] / report["window_s"] for report in ours) / len(ours)
            memory = max(report["server"]["resident_kib"]["during"] for report in ours) / 1024
            section.rows.append([f"{name}, {transport.upper()}", viewers, spread(costs), spread(live_costs["tcp"]),
                                 f"**{whole:.2f}**", f"{paired:.2f}", spread(live_costs[transport]),
                                 f"{likewise:.2f}", f"{core:.0%}", f"{memory:.0f}", flaws(ours)])
            section.data.append({"movie": name, "transport": transport, "server": ours, "live": live["tcp"],
                                 "live the same way": live[transport]})
    section.notes.append(
        f"A movie with H.264 of {bench.options.mbit:g} Mbit/s with a key frame every second; the viewers begin "
        f"evenly over its first {places} s. MiB is the server's resident set with all of them.")
    return section


def make(folder, seconds, options, heliograph):
    """plain.mp4, and hinted.mp4 of it with hint tracks."""
    plain = folder / "plain.mp4"
    mbit, rate = options.mbit, options.rate
    noise = f"testsrc2=size=1280x720:rate={rate},noise=alls=20:allf=t"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", noise, "-t", seconds, "-c:v", "libx264", "-preset", "ultrafast",
               "-g", rate, "-b:v", f"{mbit}M", "-minrate", f"{mbit}M", "-maxrate", f"{mbit}M", "-bufsize", f"{mbit / 4}M",
               "-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", plain]
    say("making the movies")
    completed(command)
    completed([heliograph, "movie", "hint", plain, folder / "hinted.mp4"])


def completed(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise Missing(f"{Path(str(command[0])).name} failed: {result.stderr.strip()[-500:]}")
