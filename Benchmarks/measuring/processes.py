"""The processes of a measurement: how they are made, pinned, watched and ended."""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent
PROGRAMS = HERE / ".build"


class Missing(Exception):
    """Something a measurement needs is not on this machine."""


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def machine():
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = " ".join(line.split(":", 1)[1].split())
            break
    return f"{os.cpu_count()} CPUs ({model}), {platform.system()} {platform.release().split('-')[0]}"


def require_tools():
    if platform.system() != "Linux":
        raise Missing("the benchmarks need Linux: /proc, taskset, UDP_SEGMENT")
    if not shutil.which("taskset"):
        raise Missing("taskset is missing (package util-linux)")


def compiler():
    for name in ("cc", "clang", "gcc"):
        if shutil.which(name):
            return name
    raise Missing("no C compiler: neither cc nor clang nor gcc is in PATH")


def compile_program(sources, name, *flags):
    """Compiles C sources into a folder git ignores; again only when a source is newer."""
    output = PROGRAMS / name
    newest = max(path.stat().st_mtime for path in [*sources, *sources[0].parent.glob("*.h")])
    if output.exists() and output.stat().st_mtime > newest:
        return output
    PROGRAMS.mkdir(exist_ok=True)
    result = subprocess.run([compiler(), "-O2", *flags, "-o", output, *sources], capture_output=True, text=True)
    if result.returncode != 0:
        raise Missing(f"{name} does not compile:\n{result.stderr}")
    return output


def own_program(name, *flags, library=False):
    sources = sorted(HERE.glob(f"{name}.c")) + sorted(HERE.glob(f"{name}_*.c")) if not library else [HERE / f"{name}.c"]
    flags = ("-shared", "-fPIC", *flags) if library else flags
    return compile_program(sources, f"{name}.so" if library else name, *flags)


def built_server():
    say("building the server (release)")
    arguments = ["swift", "build", "-c", "release", "--product", "heliograph", "--package-path", str(ROOT)]
    if not shutil.which("swift"):
        raise Missing("swift is missing; give a server with --server")
    if subprocess.run(arguments, stdout=sys.stderr).returncode != 0:
        raise Missing("the server does not build")
    shown = subprocess.run([*arguments, "--show-bin-path"], capture_output=True, text=True, check=True)
    return Path(shown.stdout.strip()) / "heliograph"


def pinned(cpus, command):
    return ["taskset", "-c", str(cpus), *[str(word) for word in command]]


running = []


def start(command, **options):
    """A process that ends with the measurement, however that ends."""
    running[:] = [process for process in running if process.poll() is None]
    process = subprocess.Popen(command, **options)
    running.append(process)
    return process


def end_all():
    """Ends what a measurement that broke off has left."""
    for process in running:
        end(process)
    running.clear()


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_ports(count):
    """Neighbouring TCP and UDP ports that nobody has, the first one even."""
    for _ in range(200):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1] & ~1
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(type=kind) as probe:
                        probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise Missing("no free ports on 127.0.0.1")


class Camera:
    """Synthetic cameras, all in one process."""

    def __init__(self, cpu, count=1, mbit=4, rate=25, write="packet", group=50, even=True, arguments=()):
        self.count, self.mbit, self.rate = count, mbit, rate
        command = [own_program("camera"), "-n", count, "-r", mbit, "-f", rate, "-w", write, "-g", group]
        command += (["-e"] if even else []) + list(arguments)
        self.process = start(pinned(cpu, command), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("port "):
            raise RuntimeError("the camera did not start")
        self.port = int(line.split()[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        self.process.stdout.close()

    def urls(self):
        return [f"rtsp://127.0.0.1:{self.port}/cam{number}" for number in range(self.count)]


class Server:
    """The server, with the cameras of one Camera as its own."""

    def __init__(self, program, cpus, camera, transport="tcp", environment=None, media=None, hls=None, more=""):
        self.folder = tempfile.TemporaryDirectory()
        self.camera = camera
        self.port = free_ports(4)
        configuration = Path(self.folder.name) / "relays.yaml"
        configuration.write_text(self.configuration(transport, media, hls) + more)
        self.log = open(Path(self.folder.name) / "log", "w+")
        self.process = start(
            pinned(cpus, [program, "serve", configuration]), stderr=self.log, stdout=self.log,
            env={**os.environ, **(environment or {})})
        self.pid = self.process.pid
        self.wait_for_cameras()

    @property
    def http_port(self):
        return self.port + 1

    def configuration(self, transport, media, hls):
        http = f'"127.0.0.1:{self.http_port}"' if hls else "off"
        lines = [f'listen: {{rtsp: "127.0.0.1:{self.port}", rtp: {self.port + 2}-{self.port + 3}, http: {http}}}',
                 "limits: {connections_per_address: 20000}"]
        lines += [f'media: "{media}"'] if media else []
        lines += [f"hls: {hls}"] if hls else []
        lines.append("cameras:")
        for number, url in enumerate(self.camera.urls()):
            lines.append(f'  cam{number}: {{main: "{url}", transport: {transport}}}')
        return "\n".join(lines) + "\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        self.log.close()
        self.folder.cleanup()

    def urls(self):
        return [f"rtsp://127.0.0.1:{self.port}/cam{number}" for number in range(self.camera.count)]

    def wait_for_cameras(self):
        deadline = time.monotonic() + 30
        for url in self.urls():
            while not described(url, self.port):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.log.seek(0)
                    log = self.log.read()[-2000:]
                    end(self.process)
                    raise RuntimeError(f"the server is not ready; its log ends with\n{log}")
                time.sleep(0.05)
        time.sleep(1)  # for the first key frames

    def cpu_seconds(self):
        """CPU time of each thread, by its number, in seconds."""
        times = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                times[task.name] = int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:
                continue
        return times

    def event_loops(self):
        """The threads that are event loops."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return [task.name for task in tasks if (task / "comm").read_text().startswith("NIO-ELT")]

    def resident_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text()).group(1))


def described(url, port):
    """Whether a DESCRIBE of this URL is answered with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode())
            return connection.recv(4096).startswith(b"RTSP/1.0 200")
    except OSError:
        return False
