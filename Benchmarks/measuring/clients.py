"""The viewers: `heliograph load`, or rtspload, an independent client. Both report in the words of the first."""

import json
import subprocess

from .processes import Missing, compile_program, pinned, start


class HeliographClient:
    """`heliograph load`."""

    name = "heliograph load"
    can_do_all = True

    def __init__(self, program, cpu):
        self.program, self.cpu = program, cpu

    def start(self, urls, viewers, transport, seconds, pid=None, **options):
        command = [self.program, "load", *urls, "--viewers", viewers, "--transport", transport, "--for", f"{seconds}s"]
        command += ["--server-pid", pid] if pid else []
        for name, value in options.items():
            command += [f"--{name}"] if value is True else [f"--{name}", value]
        return start(
            pinned(self.cpu, [*command, "--json"]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        return finished(process, self.name)


class RTSPLoadClient:
    """rtspload: fan-out of one stream, nothing else."""

    name = "rtspload"
    can_do_all = False

    def __init__(self, source, cpu):
        self.program, self.cpu = compile_program([source], "rtspload", "-w"), cpu

    def start(self, urls, viewers, transport, seconds, pid=None, **options):
        if len(urls) > 1 or set(options) - {"drain", "settle", "rate"}:
            raise Missing("rtspload cannot do this; it needs \"heliograph load\"")
        command = [self.program, "-u", urls[0], "-n", viewers, "-t", seconds, "-p", transport]
        command += ["-P", pid] if pid else []
        return start(
            pinned(self.cpu, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        theirs = finished(process, self.name)
        names = {
            "established": "established", "failed": "failed", "closed_in_window": "closed", "window_s": "window_s",
            "pkts": "packets", "rtp_bytes": "bytes", "mbps": "mbit_per_s", "lost": "lost", "reordered": "reordered",
            "stalled": "stalled_sessions", "load_cpu_s": "load_cpu_s"}
        report = {ours: theirs[name] for name, ours in names.items()}
        report["first_packet_ms"] = {"p50": theirs["first_rtp_ms_p50"], "max": theirs["first_rtp_ms_max"]}
        report["first_random_access_ms"] = {"p50": theirs["first_idr_ms_p50"], "max": theirs["first_idr_ms_max"]}
        report["server"] = {
            "cpu_s": theirs["srv_cpu_s"], "cpu_s_per_gbit": theirs["cpu_s_per_gbit"],
            "run_queue_wait_s": theirs["srv_runq_wait_s"],
            "resident_kib": {
                "before": theirs["rss_before_kb"], "during": theirs["rss_end_kb"],
                "per_viewer": (theirs["rss_end_kb"] - theirs["rss_before_kb"]) / theirs["n"]}}
        return report


def finished(process, name):
    output, errors = process.communicate()
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{name} gave no report (exit code {process.returncode}): {errors.strip()[-500:]}")
    return json.loads(lines[-1])


def find_client(wanted, server, rtspload, cpu):
    """The client that was asked for, or the best there is."""
    can_load = "--viewers" in subprocess.run([server, "load", "--help"], capture_output=True, text=True).stdout
    if wanted == "heliograph" and not can_load:
        raise Missing("this heliograph has no command \"load\"")
    if can_load and wanted != "rtspload":
        return HeliographClient(server, cpu)
    if rtspload.exists():
        return RTSPLoadClient(rtspload, cpu)
    raise Missing("no load client: this heliograph has no command \"load\", and rtspload.c is not in --shared")
