"""What all parts share: the programs, and one measurement of the server or of a floor."""

import json
import math
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from . import processes
from .clients import find_client
from .processes import ROOT, Camera, Missing, Server, compile_program, own_program

RTP_HEADER = 12
PAYLOAD = 1400


@dataclass
class Picture:
    """What the floor sends a viewer in one call: as much as an even camera's picture, in packets of equal size."""

    packets: int
    size: int  # bytes of an RTP packet
    rate: int  # pictures a second

    @classmethod
    def of_video(cls, mbit, rate):
        size = mbit * 1e6 / 8 / rate
        packets = max(1, math.ceil(size / PAYLOAD))
        return cls(packets, round(size / packets) + RTP_HEADER, rate)


class Bench:
    def __init__(self, options):
        processes.require_tools()
        self.options = options
        self.server_cpu, self.load_cpu = cpus(options)
        self.program = (options.server or processes.built_server()).resolve()
        if not os.access(self.program, os.X_OK):
            raise Missing(f"{self.program.name} is not a program")
        shared = options.shared or ROOT.parent / "shared" / "bench"
        self.client = find_client(options.client, self.program, shared / "rtspload.c", self.load_cpu)
        outside = shared / "fanout_limit.c"
        self.has_outside_floor = outside.exists() and not options.own_floor
        self.floor_program = (
            compile_program([outside], "fanout_limit", "-w") if self.has_outside_floor else own_program("floor"))

    def description(self):
        floor = "fanout_limit" if self.has_outside_floor else "Benchmarks/floor.c"
        return f"server on CPU {self.server_cpu}, load on CPU {self.load_cpu}, client {self.client.name}, floor {floor}"

    def viewers(self, *usual):
        return self.options.viewers or list(usual)

    def runs(self):
        return range(1, self.options.runs + 1)

    def camera(self, **options):
        common = {"mbit": self.options.mbit, "rate": self.options.rate, "write": self.options.write}
        return Camera(self.load_cpu, **{**common, **options})

    @contextmanager
    def server(self, on=None, transport="tcp", environment=None, media=None, hls=None, more="", **camera):
        """A server and its cameras, for as long as the block lasts; with the movies of the folder `media`, HTTP where `hls` says how
        segments are made, and `more` cameras."""
        with self.camera(**camera) as source:
            with Server(self.program, on or self.server_cpu, source, transport, environment, media, hls, more) as server:
                yield server

    def load(self, server, viewers, transport="tcp", seconds=None, **options):
        """One run of the client against a server; its report."""
        return self.load_of(server.urls(), server, viewers, transport, seconds, **options)

    def load_of(self, urls, server, viewers, transport="tcp", seconds=None, **options):
        """The same for URLs of that server."""
        process = self.client.start(
            urls, viewers, transport, seconds or self.options.seconds, server.pid, **options)
        report = self.client.finish(process)
        if not report["packets"]:
            raise RuntimeError(f"the server delivered nothing to {viewers} viewers over {transport}")
        return report

    def start_load(self, server, viewers, transport="tcp", seconds=None, **options):
        seconds = seconds or self.options.seconds
        return self.client.start(server.urls(), viewers, transport, seconds, server.pid, **options)

    def picture(self):
        """The pictures of the usual camera."""
        return Picture.of_video(self.options.mbit, self.options.rate)

    def floor(self, transport, viewers, picture=None):
        """One run of the floor with the camera's load; its report."""
        picture = picture or self.picture()
        arguments = ["-n", viewers, "-t", self.options.seconds, "-k", picture.packets, "-z", picture.size,
                     "-f", picture.rate, "-a", self.server_cpu, "-b", self.load_cpu]
        mode = ["-m", {"tcp": "tcp-au", "udp": "udp-gso"}[transport]] if self.has_outside_floor else [transport]
        return output_of([self.floor_program, *mode, *arguments])

    def forward(self, camera, viewers=1):
        """One run of the C forwarder on a camera of its own; its report."""
        return output_of([own_program("forward"), "-l", camera.port, "-n", viewers, "-t", self.options.seconds,
                          "-a", self.server_cpu, "-b", self.load_cpu])


def cpus(options):
    """The server's CPU and the load's."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2 and not options.check:
        raise Missing("two CPUs are needed: one for the server, one for cameras and viewers")
    chosen = (allowed[0] if options.server_cpu is None else options.server_cpu,
              allowed[min(1, len(allowed) - 1)] if options.load_cpu is None else options.load_cpu)
    if not set(chosen) <= set(allowed):
        raise Missing(f"CPU {chosen[0]} or {chosen[1]} may not be used here; there are {allowed}")
    return chosen


def output_of(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{command[0].name} failed: {result.stderr.strip()}")
    return json.loads(result.stdout)
