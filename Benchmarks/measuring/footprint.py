"""What standing still costs, memory, and allocations."""

import struct
import tempfile
import time
from pathlib import Path
from statistics import median

from .processes import own_program, say
from .tables import Section, flaws, spread

SETTLE = 3


def used_cpu(server, seconds):
    """CPU seconds a second over a while; threads that ended meanwhile are left out."""
    before, start = server.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    after, wall = server.cpu_seconds(), time.monotonic() - start
    return sum(used - before.get(thread, 0) for thread, used in after.items()) / wall


def at_rest(bench, cameras, seconds, **camera):
    """CPU a second and resident KiB of a server whose cameras nobody watches."""
    with bench.server(count=cameras, **camera) as server:
        time.sleep(SETTLE)
        return used_cpu(server, seconds), server.resident_kib()


def idle(bench):
    section = Section("Standing still", ["what", "milliseconds of CPU a second", "KiB resident"])
    seconds = bench.options.seconds
    one, hundred, paused = [], [], []
    for run in bench.runs():
        one.append(at_rest(bench, 1, seconds))
        hundred.append(at_rest(bench, 101, seconds))
        if bench.client.can_do_all:
            paused.append(paused_viewers(bench, 500))
        say(f"idle, run {run}: {hundred[-1][0] * 10:.2f} ms/s for each camera")
    cpu = [(many - single) * 10 for (many, _), (single, _) in zip(hundred, one)]
    memory = [(many - single) / 100 for (_, many), (_, single) in zip(hundred, one)]
    section.rows.append([f"a connected camera of {bench.options.mbit:g} Mbit/s without viewers", spread(cpu, 2),
                         spread(memory, 0)])
    if paused:
        section.rows.append(["a paused viewer", spread([cpu for cpu, _ in paused], 4), spread([kib for _, kib in paused], 1)])
    section.data.append({"one_camera": one, "cameras_101": hundred, "paused_viewer": paused})
    section.notes.append("A camera: of 101 cameras less one, over 100; its memory holds the pictures since the last key "
                         "frame. A paused viewer: of 500, less none.")
    return section


def paused_viewers(bench, viewers):
    """Milliseconds a second and KiB of one viewer that paused."""
    seconds = bench.options.seconds
    with bench.server() as server:
        time.sleep(SETTLE)
        cpu, resident = used_cpu(server, seconds), server.resident_kib()
        load = bench.start_load(server, viewers, seconds=seconds + 2 * SETTLE, paused=True)
        time.sleep(viewers / 200 + 2 + SETTLE)
        cpu, resident = used_cpu(server, seconds) - cpu, server.resident_kib() - resident
        bench.client.finish(load)
    return cpu * 1000 / viewers, resident / viewers


def memory(bench):
    section = Section("Memory, KiB resident", ["what", "KiB", "loss"])
    for transport in ("tcp", "udp"):
        memory_of_viewers(bench, section, transport)
    for group, words in ((50, "with key frames every 2 s"), (2, "with hardly any pictures kept")):
        each = []
        for run in bench.runs():
            (_, one), (_, many) = at_rest(bench, 1, 1, group=group), at_rest(bench, 101, 1, group=group)
            each.append((many - one) / 100)
        say(f"a camera {words}: {spread(each, 0)} KiB")
        section.rows.append([f"a camera {words}", spread(each, 0), ""])
        section.data.append({"group": group, "camera_kib": each})
    return section


def memory_of_viewers(bench, section, transport):
    totals = {}
    for viewers in bench.viewers(200, 1000):
        reports = []
        for run in bench.runs():
            with bench.server() as server:
                time.sleep(SETTLE)  # until the pictures kept for new viewers are all there
                reports.append(bench.load(server, viewers, transport))
        each = [report["server"]["resident_kib"]["per_viewer"] for report in reports]
        totals[viewers] = median(each) * viewers
        say(f"{transport}, {viewers} viewers: {spread(each, 1)} KiB each")
        section.rows.append([f"a {transport.upper()} viewer, of {viewers}", spread(each, 1), flaws(reports)])
        section.data.append({"transport": transport, "viewers": viewers, "server": reports})
    few, most = min(totals), max(totals)
    if few < most:
        further = (totals[most] - totals[few]) / (most - few)
        section.rows.append([f"a further {transport.upper()} viewer, from {few} to {most}", f"{further:.1f}", ""])


def allocations(bench):
    section = Section(
        "Heap allocations for each picture",
        ["transport", "viewers", "malloc", "calloc", "realloc", "aligned", "all"])
    seconds = bench.options.seconds
    for transport in ("tcp", "udp"):
        for viewers in bench.viewers(10, 100, 500):
            runs = [allocations_of(bench, transport, viewers, seconds) for _ in bench.runs()]
            columns = [median(column) for column in zip(*runs)]
            say(f"allocations, {transport} {viewers} viewers: {sum(columns):.1f} a picture")
            section.rows.append([transport.upper(), viewers, *[f"{value:.1f}" for value in columns], f"{sum(columns):.1f}"])
            section.data.append({"transport": transport, "viewers": viewers, "each_picture": runs})
    section.notes.append(
        "The camera writes each picture at once. Viewers' receiver reports and the server's sender reports, "
        "every few seconds, are counted too.")
    return section


def allocations_of(bench, transport, viewers, seconds):
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts"
        environment = {"LD_PRELOAD": str(own_program("malloc_count", library=True)), "MALLOC_COUNT_FILE": str(counts)}
        with bench.server(environment=environment, write="picture") as server:
            load = bench.start_load(server, viewers, transport, seconds=seconds + 2 * SETTLE)
            time.sleep(viewers / 200 + 2 + SETTLE)
            before, start = read_counts(counts), time.monotonic()
            time.sleep(seconds)
            after, wall = read_counts(counts), time.monotonic() - start
            report = bench.client.finish(load)
    if report["established"] < viewers:
        say(f"only {report['established']} of {viewers} viewers")
    return [(later - earlier) / wall / bench.options.rate for earlier, later in zip(before, after)]


def read_counts(path):
    return struct.unpack("=4Q", path.read_bytes())


def soak(bench):
    """Viewers come and go for half an hour; memory has to stay where it is."""
    minutes, viewers = bench.options.minutes, bench.viewers(100)[0]
    section = Section(f"Memory with {viewers} viewers coming and going", ["minute", "KiB resident", "CPU"])
    resident, end = [], minutes * 60
    with bench.server() as server:
        options = {"churn": 5} if bench.client.can_do_all else {}
        load = bench.start_load(server, viewers, seconds=end, **options) if options else None
        time.sleep(viewers / 200 + 2)
        reports = []
        for minute in range(1, minutes + 1):
            start = time.monotonic()
            if not load:
                reports.append(bench.load(server, viewers, seconds=45))
            cpu = used_cpu(server, max(1, 60 - (time.monotonic() - start)))
            resident.append(server.resident_kib())
            say(f"minute {minute}: {resident[-1]} KiB")
            section.rows.append([minute, resident[-1], f"{cpu:.1%}"])
        if load:
            reports.append(bench.client.finish(load))
    quarter = max(1, len(resident) // 4)
    first, last = median(resident[:quarter]), median(resident[-quarter:])
    section.notes.append(f"Median of the first quarter {first:.0f} KiB, of the last {last:.0f} KiB: "
                         f"{last - first:+.0f} KiB. Loss: {flaws(reports)}.")
    section.data.append({"resident_kib": resident, "reports": reports})
    return section
