"""What viewers get: delay, many cameras, storms of joins."""

from statistics import median
from time import sleep

from .processes import Missing, say
from .tables import Section, flaws, spread

JOINS_A_SECOND = 200
# Viewers whose packets' delay is taken.
TIMED = 10


def require_whole_client(bench, part):
    if not bench.client.can_do_all:
        raise Missing(f"{part} needs a heliograph with the command \"load\", and no --client rtspload")


def middle(reports, key, percentile):
    """The median over the runs of one percentile of a distribution the client reports."""
    values = [report[key].get(percentile) for report in reports if report.get(key)]
    values = [value for value in values if value is not None]
    return median(values) if values else None


def milliseconds(value, digits=2):
    return "–" if value is None else f"{value:.{digits}f}"


def delay(bench):
    require_whole_client(bench, "delay")
    section = Section(
        "Delay of a packet over TCP, milliseconds from the camera's write to the viewer's read",
        ["camera writes", "from", "viewers", "p50", "p95", "p99", "max", "loss"])
    viewers = bench.viewers(100)[0]
    writes = [bench.options.write] if bench.options.check else ["packet", "picture", "paced:120"]
    for write in writes:
        direct, forwarded, relayed = [], [], []
        for run in bench.runs():
            with bench.camera(write=write) as camera:
                watched = bench.client.start(
                    camera.urls(), 1, "tcp", bench.options.seconds, stamped=True, drain=0)
                direct.append(bench.client.finish(watched))
            with bench.camera(write=write) as camera:
                forwarded.append(bench.forward(camera, viewers))
            with bench.server(write=write) as server:
                relayed.append(timed_amid(bench, server, viewers))
            if not relayed[-1]["delay_ms"]["p50"]:
                raise RuntimeError("no packet arrived with its stamp")
            say(f"delay, {write}, run {run}: p50 {milliseconds(middle(relayed[-1:], 'delay_ms', 'p50'))} ms, "
                f"C forwarder {milliseconds(middle(forwarded[-1:], 'delay_ms', 'p50'))} ms")
        for source, count, reports in (
                ("camera", 1, direct), ("C forwarder", viewers, forwarded), ("server", viewers, relayed)):
            cells = [milliseconds(middle(reports, "delay_ms", key)) for key in ("p50", "p95", "p99", "max")]
            section.rows.append([write, source, count, *cells, "–" if reports is forwarded else flaws(reports)])
        section.data.append({"write": write, "camera": direct, "forwarder": forwarded, "server": relayed})
    section.notes.append(
        "Medians over the runs. The rows \"camera\" have no server in them: a viewer of the camera itself. The C forwarder "
        "does nothing but read, and write each picture to one viewer after the other; one in the middle is timed. Of the "
        f"server's viewers {TIMED} in the middle of the row are timed, for a client that reads a hundred as they come "
        "measures itself. A packet for the last viewer waits for the sends to all before it.")
    return section


def timed_amid(bench, server, viewers):
    """The report of a few viewers that read at once, who joined after one half of the others and before the other."""
    timed = min(TIMED, viewers)
    quiet = viewers - timed
    seconds = bench.options.seconds
    others = [bench.start_load(server, quiet // 2, seconds=seconds + 4)] if quiet > 1 else []
    sleep(quiet / 400 + 0.5)
    watched = bench.start_load(server, timed, seconds=seconds, stamped=True, drain=0)
    sleep(0.5)
    others += [bench.start_load(server, quiet - quiet // 2, seconds=seconds + 2)] if quiet > 0 else []
    report = bench.client.finish(watched)
    for other in others:
        bench.client.finish(other)
    return report


def many(bench):
    require_whole_client(bench, "many")
    section = Section(
        "Many cameras over TCP",
        ["cameras", "viewers of each", "CPU s a gigabit", "floor of as many viewers", "core", "first picture p95, ms",
         "loss"])
    for cameras, each in ((100, 2), (200, 1)):
        reports, floors = [], []
        for run in bench.runs():
            with bench.server(count=cameras) as server:
                reports.append(bench.load(server, cameras * each))
            floors.append(bench.floor("tcp", cameras * each))
            say(f"{cameras} cameras with {each}, run {run}: {reports[-1]['server']['cpu_s_per_gbit']:.4f} CPU s/Gbit, "
                f"loss {flaws(reports[-1:])}")
        costs = [report["server"]["cpu_s_per_gbit"] for report in reports]
        core = median([report["server"]["cpu_s"] / report["window_s"] for report in reports])
        first = milliseconds(middle(reports, "first_random_access_ms", "p95"), 1)
        section.rows.append([cameras, each, spread(costs, 3), spread([floor["cpu_s_per_gbit"] for floor in floors], 3),
                             f"{core:.0%}", first, flaws(reports)])
        section.data.append({"cameras": cameras, "viewers_each": each, "server": reports, "floor": floors})
    section.notes.append("The floor only sends; every camera's packets are received here as well.")
    return section


def storm(bench):
    require_whole_client(bench, "storm")
    viewers = bench.viewers(100)[0]
    section = Section(
        f"{JOINS_A_SECOND} joins a second beside {viewers} viewers of the same stream, TCP",
        ["", "server's core", "ms of CPU a join", "steady viewers' loss", "joins", "their flaws",
         "first packet p50 / p95 / max, ms", "first key frame p50 / p95 / max, ms"])
    calm, stormy, joining = [], [], []
    for run in bench.runs():
        with bench.server() as server:
            calm.append(bench.load(server, viewers))
            guests = bench.start_load(server, viewers, seconds=bench.options.seconds + 4, churn=JOINS_A_SECOND)
            stormy.append(bench.load(server, viewers))
            joining.append(bench.client.finish(guests))
        say(f"storm, run {run}: {joining[-1]['joins']} joins, flaws {flaws(joining[-1:])}")
    core_calm = median([report["server"]["cpu_s"] / report["window_s"] for report in calm])
    core_stormy = median([report["server"]["cpu_s"] / report["window_s"] for report in stormy])
    rate = median([report["joins"] / report["window_s"] for report in joining])
    section.rows.append(["calm", f"{core_calm:.0%}", "", flaws(calm), "", "", "", ""])
    times = [" / ".join(milliseconds(middle(joining, key, percentile), 1) for percentile in ("p50", "p95", "max"))
             for key in ("first_packet_ms", "first_random_access_ms")]
    section.rows.append(["storm", f"{core_stormy:.0%}", f"{(core_stormy - core_calm) * 1000 / rate:.2f}", flaws(stormy),
                         f"{rate:.0f}/s", flaws(joining), *times])
    section.data.append({"calm": calm, "steady": stormy, "joining": joining})
    section.notes.append(
        "A join is a connection, DESCRIBE, SETUP, PLAY, the pictures since the last key frame, and TEARDOWN; "
        "its cost holds the media such a viewer is sent until it leaves.")
    return section
