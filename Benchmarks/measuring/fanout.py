"""What it costs to hand streams on: against the floor, by number of viewers, by number of event loops."""

from statistics import median

from .bench import Picture
from .processes import Missing, say
from .tables import Section, flaws, ratios, spread, straight_line


def per_gbit(report):
    return report["server"]["cpu_s_per_gbit"]


def tcp(bench):
    return against_floor(bench, "tcp", bench.viewers(100, 500, 1000))


def udp(bench):
    return against_floor(bench, "udp", bench.viewers(100, 500))


def against_floor(bench, transport, counts):
    picture = bench.picture()
    section = Section(
        f"Fan-out over {transport.upper()}, CPU seconds a gigabit",
        ["viewers", "server", "floor", "ratio of medians", "median of ratios", "loss", "core", "loops"])
    for viewers in counts:
        ours, floors, loops = [], [], 0
        for run in bench.runs():
            with bench.server() as server:
                loops = len(server.event_loops())
                ours.append(bench.load(server, viewers, transport))
            floors.append(bench.floor(transport, viewers))
            say(f"{transport} {viewers} viewers, run {run}: server {per_gbit(ours[-1]):.4f}, "
                f"floor {floors[-1]['cpu_s_per_gbit']:.4f} CPU s/Gbit, loss {flaws(ours[-1:])}")
        server_costs, floor_costs = [per_gbit(report) for report in ours], [floor["cpu_s_per_gbit"] for floor in floors]
        whole, paired = ratios(server_costs, floor_costs)
        core = median([report["server"]["cpu_s"] / report["window_s"] for report in ours])
        section.rows.append([viewers, spread(server_costs), spread(floor_costs), f"**{whole:.2f}**", f"{paired:.2f}",
                             flaws(ours), f"{core:.0%}", loops])
        section.data.append(
            {"viewers": viewers, "server": ours, "floor": floors, "ratio": whole, "paired_ratio": paired})
    section.notes.append(
        f"One stream of {bench.options.mbit:g} Mbit/s, {bench.options.rate} pictures a second, each written "
        f"by the camera \"{bench.options.write}\". The floor sends {picture.packets} packets of "
        f"{picture.size} bytes a picture and viewer in one call.")
    return section


def widths(bench):
    """Streams that are not the usual one; cost a gigabit says little of small packets, so a packet's is told too."""
    if not bench.client.can_do_all:
        raise Missing("it needs a heliograph with the command \"load\", and no --client rtspload")
    section = Section(
        "Other streams, CPU seconds a gigabit",
        ["stream", "viewers", "server", "floor", "ratio of medians", "server's µs a packet", "loss"])
    usual = bench.picture()
    streams = [
        ("20 Mbit/s, 60 pictures a second", {"mbit": 20, "rate": 60}, Picture.of_video(20, 60)),
        ("sound alone, 50 packets of 172 bytes a second", {"arguments": ["-a"]}, Picture(1, 172, 50)),
        ("a picture in one RTP packet of 20 KB", {"arguments": ["-p", "60000"]}, usual),
    ]
    viewers = bench.viewers(100)[0]
    for words, camera, picture in streams:
        for transport in ("tcp", "udp"):
            ours, floors = [], []
            for run in bench.runs():
                with bench.server(**camera) as server:
                    ours.append(bench.load(server, viewers, transport))
                floors.append(bench.floor(transport, viewers, picture))
            costs, floor_costs = [per_gbit(report) for report in ours], [floor["cpu_s_per_gbit"] for floor in floors]
            whole, _ = ratios(costs, floor_costs)
            say(f"{words}, {transport}: {whole:.2f}")
            each = median([report["server"]["cpu_ms_per_1000_packets"] for report in ours])
            section.rows.append([words, f"{viewers} {transport.upper()}", spread(costs), spread(floor_costs),
                                 f"**{whole:.2f}**", f"{each:.2f}", flaws(ours)])
            section.data.append({"stream": words, "transport": transport, "server": ours, "floor": floors})
    section.notes.append("The floor of the large packets is that of the usual stream, for they have to be cut.")
    return section


def ingest(bench):
    section = Section(
        "Ingest of one camera at 20 Mbit/s with one viewer, CPU seconds a gigabit",
        ["camera writes", "server", "C forwarder", "ratio of medians", "median of ratios", "loss"])
    ours, floors = [], []
    for run in bench.runs():
        with bench.server(mbit=20) as server:
            ours.append(bench.load(server, 1))
        with bench.camera(mbit=20) as camera:
            floors.append(bench.forward(camera))
        say(f"ingest, run {run}: server {per_gbit(ours[-1]):.3f}, "
            f"forwarder {floors[-1]['cpu_s_per_gbit']:.3f} CPU s/Gbit")
    server_costs, floor_costs = [per_gbit(report) for report in ours], [floor["cpu_s_per_gbit"] for floor in floors]
    whole, paired = ratios(server_costs, floor_costs)
    section.rows.append([bench.options.write, spread(server_costs, 3), spread(floor_costs, 3), f"**{whole:.2f}**",
                         f"{paired:.2f}", flaws(ours)])
    section.data.append({"server": ours, "forwarder": floors, "ratio": whole, "paired_ratio": paired})
    return section


def growth(bench):
    section = Section(
        "Growth with viewers over TCP, milliseconds of CPU a second",
        ["viewers", "server", "for each viewer", "off the line", "loss"])
    points, all_reports = [], []
    counts = bench.viewers(10, 30, 100, 300, 1000)
    if len(set(counts)) < 2:
        raise Missing("a line needs two numbers of viewers")
    for viewers in counts:
        reports = []
        for run in bench.runs():
            with bench.server() as server:
                reports.append(bench.load(server, viewers))
        costs = [report["server"]["cpu_s"] / report["window_s"] * 1000 for report in reports]
        say(f"{viewers} viewers: {spread(costs, 1)} ms/s")
        points.append((viewers, median(costs)))
        all_reports.append((reports, costs))
    fixed, each, deviations = straight_line(points)
    for (viewers, cost), deviation, (reports, costs) in zip(points, deviations, all_reports):
        section.rows.append([viewers, spread(costs, 1), f"{cost / viewers:.3f}", f"{deviation:+.1%}", flaws(reports)])
        section.data.append({"viewers": viewers, "server": reports})
    largest = max(deviations, key=abs)
    section.notes.append(
        f"The line (least squares of relative errors): {fixed:.2f} ms for the stream and {each:.4f} ms for each viewer; "
        f"the largest deviation is {largest:+.1%}.")
    return section


def loops(bench):
    """One loop is full when its thread is; two are when the busier one is. So the busier thread's CPU a gigabit tells
    how much more two loops can serve, also on a machine where the load needs a part of the second CPU."""
    section = Section(
        "Event loops, one stream over TCP",
        ["CPUs of the server", "event loops", "viewers", "CPU s a gigabit", "of it the busiest loop", "loss"])
    viewers = bench.viewers(500)[0]
    busiest = []
    for cpus in (str(bench.server_cpu), f"{bench.server_cpu},{bench.load_cpu}"):
        totals, maxima, reports, count = [], [], [], 0
        for run in bench.runs():
            with bench.server(cpus) as server:
                threads = server.event_loops()
                before = server.cpu_seconds()
                report = bench.load(server, viewers)
                after = server.cpu_seconds()
            count = len(threads)
            used = {thread: after[thread] - before.get(thread, 0) for thread in threads}
            share = max(used.values()) / sum(used.values())
            totals.append(per_gbit(report))
            maxima.append(per_gbit(report) * share)
            reports.append(report)
            say(f"CPUs {cpus}, {count} loops, run {run}: {totals[-1]:.4f} CPU s/Gbit, busiest loop {share:.0%}")
        busiest.append((count, median(totals) if count == 1 else median(maxima)))
        section.rows.append([cpus, count, viewers, spread(totals), spread(maxima), flaws(reports)])
        section.data.append({"cpus": cpus, "loops": count, "server": reports, "busiest_loop_s_per_gbit": maxima})
    if busiest[0][0] == 1 and busiest[1][0] > 1:
        section.notes.append(f"{busiest[1][0]} loops can serve **{busiest[0][1] / busiest[1][1]:.2f}** × what one serves: "
                             "one is full when its thread is, several when the busiest thread is.")
    else:
        section.notes.append("No verdict: the server has to make one event loop when it may use one CPU, and as many as it "
                             "has CPUs otherwise.")
    return section
