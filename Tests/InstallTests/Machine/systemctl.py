#!/usr/bin/env python3
"""Plays systemd for an installation in a root of its own: `systemctl.py ROOT` serves, `systemctl.py ROOT COMMAND...` asks it.

As far as deploy/install needs it: sockets stay open while their programs are exchanged, a connection starts its program, what
ExecStartPre names is waited for, a program that ends is started anew but not after status 78. Paths in the units and in nginx's
configuration are taken as below ROOT.
"""

import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(sys.argv[1])
UNITS = ROOT / "usr/local/lib/systemd/system"
USER = int(next(line.split(":")[2] for line in (ROOT / "etc/passwd").read_text().splitlines() if line.startswith("credits:")))
lock = threading.RLock()


def here(text: str) -> str:
    return re.sub(r"(?<![\w/])/(opt/polar-credits|run/polar-credits|run/nginx.pid|etc/polar-credits|var/lib/nginx|dev/log)", rf"{ROOT}/\1", text)


def settings_of(unit: str) -> list[tuple[str, str]]:
    files = [UNITS / unit, *sorted((UNITS / "polar-credits-.service.d").glob("*")), *sorted((UNITS / f"{unit}.d").glob("*"))]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]


class Service:
    def __init__(self, unit: str):
        self.unit, self.child, self.wanted, self.restarts, self.listener = unit, None, False, 0, None
        self.state, self.started, self.turn = "inactive", 0, 0

    def environment(self) -> dict[str, str]:
        found = {"PATH": os.environ["PATH"]}
        for line in (ROOT / "etc/polar-credits/settings.env").read_text().splitlines():
            if re.match(r"[A-Z]", line):
                found.update([line.split("=", 1)])
        for name, value in settings_of(self.unit):
            if name == "LoadCredential":
                secret, path = value.split(":")
                place = ROOT / "run/credentials" / self.unit
                place.mkdir(parents=True, exist_ok=True)
                (place / secret).write_bytes(pathlib.Path(here(path)).read_bytes())
                os.chown(place / secret, USER, USER)
                found[f"{secret}_FILE"] = str(place / secret)
        return found

    def run(self, turn: int) -> None:
        """Keeps the program running while it is wanted; a turn ends with the next stop."""
        def wanted() -> bool:
            return self.wanted and self.turn == turn

        while wanted():
            facts = settings_of(self.unit)
            self.state = "activating"
            for gate in [value for name, value in facts if name == "ExecStartPre"]:
                subprocess.run(here(gate).split(), check=True)
            if not wanted():
                break
            program = next(here(value) for name, value in facts if name == "ExecStart").split()
            environment = self.environment()
            with lock:
                log = open(ROOT / "log" / self.unit, "ab")
                kept = []
                if self.listener:
                    kept = [self.listener.fileno()]
                    # bash, because only the child knows the process id that it must be told.
                    told = f'exec 3<&{kept[0]}; exec env LISTEN_FDS=1 LISTEN_PID=$$ "$0"'
                    program = ["/bin/bash", "-c", told, *program]
                self.child = subprocess.Popen(
                    program, env=environment, stdin=subprocess.DEVNULL, stderr=log, stdout=log, pass_fds=kept,
                    user=USER, group=USER, extra_groups=[])
                self.state, self.started = "active", int(time.time())
                child = self.child
            status = child.wait()
            if not wanted():
                break
            self.state = "failed" if status == 78 else "activating"
            if status == 78:
                break
            self.restarts += 1
            time.sleep(0.1)

    def start(self) -> None:
        if not self.wanted or self.state == "failed":
            self.wanted, self.restarts = True, 0
            threading.Thread(target=self.run, args=[self.turn], daemon=True).start()

    def stop(self) -> None:
        with lock:
            self.wanted, self.turn = False, self.turn + 1
            if self.child and self.child.poll() is None:
                self.child.send_signal(signal.SIGTERM)
                self.child.wait(12)
        self.state = "inactive"

    def listen(self) -> None:
        if self.listener:
            return
        path = here(f"/run/polar-credits/run/{self.unit.removeprefix('polar-credits-').removesuffix('.service')}.sock")
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        os.chmod(path, 0o660)
        os.chown(path, 0, 33)
        self.listener.listen(511)


services: dict[str, Service] = {}
nginx = {"child": None}


def service(unit: str) -> Service:
    return services.setdefault(unit, Service(unit))


def write_nginx_configuration() -> pathlib.Path:
    """nginx's configuration with the paths of this root, for this machine alone; `current` stands in its command line."""
    to = ROOT / "nginx/opt/polar-credits/current"
    for file in (ROOT / "opt/polar-credits/current/nginx").resolve().rglob("*.conf"):
        place = to / file.relative_to((ROOT / "opt/polar-credits/current/nginx").resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(r"listen \[::\].*\n", "", here(file.read_text()))
        place.write_text(re.sub(r"listen (\d+)", r"listen 127.0.0.1:\1", text))
    return to / "nginx.conf"


def nginx_does(command: str) -> int:
    file = write_nginx_configuration()
    arguments = ["nginx", "-c", str(file), "-e", str(ROOT / "log/nginx")]
    if subprocess.run([*arguments, "-t", "-q"]).returncode:
        return 1
    if command == "reload" and nginx["child"]:
        return subprocess.run([*arguments, "-s", "reload"]).returncode
    if nginx["child"]:
        nginx["child"].send_signal(signal.SIGQUIT)
        nginx["child"].wait(12)
    nginx["child"] = subprocess.Popen([*arguments, "-g", "daemon off;"])
    for _ in range(200):
        if (ROOT / "run/nginx.pid").exists():
            return 0
        time.sleep(0.05)
    return 1


def answer(words: list[str]) -> tuple[int, str]:
    command, options = words[0], [word for word in words[1:] if word.startswith("-")]
    units = [word for word in words[1:] if not word.startswith("-")]
    (ROOT / "log/commands").open("a").write(" ".join(words) + "\n")
    if command == "show" and "--property=MainPID" in options:
        child = service(units[0]).child
        return 0, str(child.pid if child and child.poll() is None else 0)
    if command == "show" and "--property=ExecMainStartTimestamp" in options:
        return 0, f"@{service(units[0]).started}"
    if command == "show":
        return 0, str(service(units[0]).restarts)
    if command == "is-failed":
        return (0, "") if service(units[0]).state == "failed" else (1, "")
    if command == "is-active":
        return (0, "") if any(service(unit).state == "active" for unit in units) else (3, "")
    for unit in units:
        if unit == "nginx.service":
            if command in ("restart", "reload", "start"):
                return nginx_does(command), ""
        elif command == "start" and unit.endswith(".socket"):
            service(unit.replace(".socket", ".service")).listen()
        elif command == "start" and unit.endswith(".service"):
            service(unit).start()
        elif unit.endswith(".service") and (command == "stop" or (command == "disable" and "--now" in options)):
            service(unit).stop()
    return 0, ""


def activate() -> None:
    """A connection starts its program, as systemd does."""
    while True:
        for one in list(services.values()):
            if one.listener and not one.wanted:
                ready, _, _ = select.select([one.listener], [], [], 0)
                if ready:
                    one.start()
        time.sleep(0.02)


def keep_journal() -> None:
    (ROOT / "dev").mkdir(exist_ok=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    door.bind(str(ROOT / "dev/log"))
    os.chmod(ROOT / "dev/log", 0o666)
    with open(ROOT / "log/journal", "ab", buffering=0) as journal:
        while True:
            journal.write(door.recv(65536) + b"\n")


def serve() -> None:
    (ROOT / "log").mkdir(exist_ok=True)
    (ROOT / "var/lib/nginx").mkdir(parents=True, exist_ok=True)
    threading.Thread(target=keep_journal, daemon=True).start()
    (ROOT / "run/polar-credits/run").mkdir(parents=True, exist_ok=True)
    os.chown(ROOT / "run/polar-credits/run", 0, 33)
    threading.Thread(target=activate, daemon=True).start()
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(str(ROOT / "systemctl.sock"))
    door.listen(64)
    while True:
        connection, _ = door.accept()
        words = connection.makefile().readline().rstrip("\n").split("\0")
        status, text = answer(words)
        connection.sendall(f"{status}\n{text}".encode())
        connection.close()


def ask() -> None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(ROOT / "systemctl.sock"))
    connection.sendall(("\0".join(sys.argv[2:]) + "\n").encode())
    status, text = connection.makefile().read().split("\n", 1)
    if text:
        print(text)
    sys.exit(int(status))


def end(*_: object) -> None:
    for one in services.values():
        one.stop()
    if nginx["child"]:
        nginx["child"].send_signal(signal.SIGTERM)
        nginx["child"].wait(12)
    os._exit(0)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        ask()
    else:
        # Tests start us from threads that hear no signal.
        signal.pthread_sigmask(signal.SIG_SETMASK, set())
        signal.signal(signal.SIGTERM, end)
        serve()
