"""What deploy/fuzz cost does: sends small requests that were made to be costly, and compares the processor time of each
with that of a plain refusal."""

import http.client
import os
import pathlib
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "deploy"))

from load_bench import load_bench  # noqa: E402

bench = load_bench()
MARKS = "\u0301\u0327"
HEADER_BYTES = 8000  # nginx takes a header field of 8 KB
BODY_BYTES = 64_000
MOST_REFUSALS, MOST_REFUSALS_WITH_BODY = 10, 20
PROGRAMS = ("checkout", "generations", "admin", "polar-orders", "auth")


def filled(text: str, length: int) -> bytes:
    """The text again and again, up to that many bytes, cut between two copies."""
    piece = text.encode()
    return piece * (length // len(piece))


def percent(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


def token(header: str, claims: str = "{}") -> bytes:
    return f"Bearer {bench.base64url(header.encode())}.{bench.base64url(claims.encode())}.{bench.base64url(b'x' * 256)}".encode()


def bodiless(header: dict) -> dict[str, dict]:
    """Requests without a body: name to what differs from a plain one."""
    marks, quarter = filled(MARKS, HEADER_BYTES), HEADER_BYTES // 4
    marked, many = MARKS * (quarter // 3), 5000
    inner = "a" + MARKS * 600
    return {
        "Accept: marks": {"headers": {"accept": b"text/html" + marks}},
        "Accept: many types": {"headers": {"accept": filled("a/b,", HEADER_BYTES)}},
        "Accept: empty types": {"headers": {"accept": filled(",", HEADER_BYTES)}},
        "Cookie: marks": {"headers": {"cookie": b"s" + marks + b"=1"}},
        "Cookie: many": {"headers": {"cookie": filled("a=1;", HEADER_BYTES)}},
        "Cookie: sessions": {"headers": {"cookie": filled("__session=a.b.c;", HEADER_BYTES)}},
        "Cookie: a long session": {"headers": {"cookie": b"__Host-session=" + filled("a", HEADER_BYTES - 20)}},
        "token: many dots": {"headers": {"authorization": b"Bearer " + filled(".", HEADER_BYTES - 10)}},
        "token: not base64": {"headers": {"authorization": b"Bearer " + filled("$", HEADER_BYTES - 10)}},
        "token: marks in alg": {"headers": {"authorization": token(f'{{"alg":"RS{marked}"}}')}},
        "token: marks in names": {"headers": {
            "authorization": token("{" + ",".join(f'"{inner}{n}":1' for n in range(3)) + "}")}},
        "token: names alike": {"headers": {
            "authorization": token("{" + ",".join(f'"{n:04}":1' for n in range(600)) + "}")}},
        "token: nested": {"headers": {"authorization": token("[" * many)}},
        "token: unknown key": {"headers": {"authorization": token('{"alg":"RS256","kid":"nobody"}')}},
        "token: signature": {"headers": {"authorization": token('{"alg":"RS256","kid":"bench"}', "x" * quarter)}},
        "token: long number": {"headers": {"authorization": token('{"alg":' + "9" * many + "}")}},
        "Origin: marks": {"method": "POST", "path": "/buy", "headers": {"origin": b"https://a" + marks}},
        "If-None-Match: many": {"path": "/api/v1/generations", "headers": header | {
            "if-none-match": filled('"a",', HEADER_BYTES)}},
        "If-None-Match: marks": {"path": "/api/v1/generations", "headers": header | {"if-none-match": b'"' + marks}},
        "Idempotency-Key: marks": {"method": "POST", "path": "/api/v1/checkouts", "headers": header | {
            "idempotency-key": marks}},
        "query: marks": {"path": "/api/v1/generations?limit=" + percent(filled(MARKS, quarter)), "headers": header},
        "query: many fields": {"path": "/api/v1/generations?" + "a&" * 99, "headers": header},
        "login: marks": {"path": "/auth/login?return_to=/" + percent(filled(MARKS, quarter))},
        "login: slashes": {"path": "/auth/login?return_to=" + "/" * (HEADER_BYTES - 40)},
        "callback: marks": {"path": "/auth/callback?code=a&state=" + percent(filled(MARKS, quarter))},
        "callback: long state": {"path": "/auth/callback?code=a&state=" + "a" * (HEADER_BYTES - 40)},
        "path: marks": {"path": "/api/v1/checkouts/" + percent(filled(MARKS, quarter)), "headers": header},
        "path: no such": {"path": "/" + "a/" * (HEADER_BYTES // 2 - 20)},
        "User-Agent: marks": {"path": "/auth/login", "headers": {"user-agent": marks}},
    }


def multipart(parts: bytes) -> dict:
    return {"content-type": b"multipart/form-data; boundary=cut"}, parts


def png(chunks: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + chunk(b"IEND", b"")


def json_bodies() -> dict[str, bytes]:
    marked = MARKS * (BODY_BYTES // 12)
    return {
        "marks in names": ("{" + ",".join(f'"e{marked}{n}":1' for n in range(3)) + "}").encode(),
        "marks in a text": f'{{"quantity":"{MARKS * (BODY_BYTES // 4 - 10)}"}}'.encode(),
        "many names": ("{" + ",".join(f'"{n:x}":1' for n in range(7000)) + "}").encode(),
        "nested": filled("[", BODY_BYTES),
        "nested objects": filled('{"":', BODY_BYTES),
        "a long number": b'{"quantity":' + filled("9", BODY_BYTES - 20) + b"}",
        "a long fraction": b'{"quantity":1.' + filled("9", BODY_BYTES - 20) + b"}",
        "escapes": b'{"quantity":"' + filled("\\u0041", BODY_BYTES - 20) + b'"}',
        "many elements": b'{"quantity":[' + filled("1,", BODY_BYTES - 20) + b"1]}",
        "blanks": filled(" ", BODY_BYTES),
    }


def form_bodies() -> dict[str, bytes]:
    return {
        "marks": b"quantity=" + MARKS.encode() * (BODY_BYTES // 4 - 5),
        "marks in names": b"a" + MARKS.encode() * (BODY_BYTES // 4 - 5),
        "many fields": filled("a=1&", BODY_BYTES),
        "percent": filled("%41", BODY_BYTES),
        "a long token": b"logout_token=" + filled("a", BODY_BYTES - 20),
        "dots": b"logout_token=" + filled(".", BODY_BYTES - 20),
        "nested": b"logout_token=" + bench.base64url(filled("[", 40_000)).encode() + b".e30.eA",
    }


def upload_bodies() -> dict[str, tuple[dict, bytes]]:
    part = 'Content-Disposition: form-data; name="{}"\r\n'
    field = "--cut\r\n" + part.format("a") + "\r\n\r\n"
    many = "--cut\r\n" + "".join(f"A{n}: b\r\n" for n in range(5000)) + part.format("image") + "\r\nx\r\n"
    long_name = "--cut\r\n" + part.format("a" + MARKS * (BODY_BYTES // 5)) + "\r\nx\r\n"
    short_name = "--cut\r\n" + part.format("a" + MARKS * 900) + "\r\nx\r\n"
    cuts = ("--cut\r\n" + part.format("image") + "\r\n").encode() + filled("\r\n--cu", BODY_BYTES - 200) + b"\r\n--cut--"
    chunks = struct.pack(">I", 0) + b"noTe" + struct.pack(">I", zlib.crc32(b"noTe"))
    picture = {"content-type": b"image/png"}
    return {
        "many parts": multipart(filled(field, BODY_BYTES)),
        "many lines": multipart(many.encode()),
        "marks in a name": multipart(long_name.encode()),
        "marks in names": multipart(filled(short_name, BODY_BYTES)),
        "nearly cuts": multipart(cuts),
        "line feeds": multipart(filled("\r\n", BODY_BYTES)),
        "a picture of chunks": (picture, png(chunks * (BODY_BYTES // 12 - 100))),
        "a picture of nothing": (picture, filled("\0", BODY_BYTES)),
        "a picture of markers": ({"content-type": b"image/jpeg"}, b"\xff\xd8" + b"\xff\xe0\0\2" * (BODY_BYTES // 4 - 1)),
    }


def bodies(header: dict) -> dict[str, dict]:
    marks = filled(MARKS, HEADER_BYTES)
    kinds = {}

    def add(name: str, path: str, headers: dict, body: bytes, method: str = "POST") -> None:
        kinds[name] = {"method": method, "path": path, "headers": headers, "body": body}

    as_json = {"content-type": b"application/json"}
    as_form = {"content-type": b"application/x-www-form-urlencoded"}
    hook = as_json | {"webhook-id": b"a", "webhook-timestamp": b"1700000000", "webhook-signature": b"v1,eA=="}
    for name, body in json_bodies().items():
        add(f"webhook: {name}", "/polar/orders", hook, body)
        add(f"checkout: {name}", "/api/v1/checkouts", header | as_json, body)
        add(f"settings: {name}", "/api/v1/admin/settings", header | as_json, body, "PUT")
    add("webhook: signatures", "/polar/orders", hook | {"webhook-signature": filled("v1,eA== ", HEADER_BYTES)}, b"{}")
    add("webhook: marks", "/polar/orders", hook | {"webhook-id": marks}, b"{}")
    for name, body in form_bodies().items():
        for path in ("/auth/backchannel-logout", "/auth/logout"):
            add(f"{path}: {name}", path, as_form, body)
        add(f"/buy: {name}", "/buy", header | as_form, body)
    for name, (headers, body) in upload_bodies().items():
        add(f"upload: {name}", "/api/v1/generations", header | headers, body)
    return kinds


class Meter:
    def __init__(self, stack):
        self.stack = stack
        port = int(stack.environment["STACK_PORT"])
        self.connect = lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        nginx = (stack.directory / "pids/nginx.pid").read_text().strip()
        children = pathlib.Path(f"/proc/{nginx}/task/{nginx}/children").read_text().split()
        self.processes = children + [(stack.directory / f"pids/{name}.pid").read_text().strip() for name in PROGRAMS]

    def nanoseconds(self) -> int:
        return sum(
            int(task.read_text().split()[0]) for process in self.processes
            for task in pathlib.Path(f"/proc/{process}/task").glob("*/schedstat"))

    def cost(self, rounds: int, method="GET", path="/api/v1/credits", headers=None, body=None) -> tuple[int, float]:
        """The status, and the processor's milliseconds for one request: the median of five series."""
        series = []
        for _ in range(5):
            connection, before = self.connect(), self.nanoseconds()
            for _ in range(max(1, rounds // 5)):
                connection.request(method, path, body, headers or {})
                answer = connection.getresponse()
                answer.read()
                if answer.isclosed() and answer.will_close:
                    connection.close()
            series.append((self.nanoseconds() - before) / max(1, rounds // 5) / 1e6)
            connection.close()
        return answer.status, statistics.median(series)


def measure(meter: Meter, header: dict, rounds: int) -> bool:
    meter.cost(rounds)
    status, plain = meter.cost(rounds)
    print(f"{'request':40} {'bytes':>6} {'status':>6} {'ms':>8} {'refusals':>9}\n"
          f"{'a plain refusal':40} {0:6} {status:6} {plain:8.3f} {1:9.1f}", flush=True)
    good = status == 401
    for name, request in (bodiless(header) | bodies(header)).items():
        status, spent = meter.cost(rounds, **request)
        most = MOST_REFUSALS_WITH_BODY if "body" in request else MOST_REFUSALS
        fine = spent <= most * plain and status < 500
        good &= fine
        size = len(request.get("path", "")) + len(request.get("body", b"")) + sum(
            len(name) + len(value) for name, value in request.get("headers", {}).items())
        print(f"{name:40} {size:6} {status:6} {spent:8.3f} {spent / plain:9.1f}{'' if fine else '  TOO MUCH'}", flush=True)
    return good


def main() -> int:
    if len(sys.argv) > 2 or (len(sys.argv) == 2 and not sys.argv[1].isdigit()):
        print("deploy/fuzz cost [ROUNDS]", file=sys.stderr)
        return 2
    rounds = int(sys.argv[1]) if len(sys.argv) == 2 else 200
    directory = pathlib.Path(tempfile.mkdtemp(prefix="credits-cost-"))
    port = int(os.environ.get("STACK_PORT", "18080"))
    try:
        # The simulator is asked for the way to log in; the keys are our own.
        issuer, bearer = bench.make_issuer(directory, f"http://localhost:{port + 1}")
        with bench.Stack(directory / "stack", issuer | {"STACK_PORT": str(port)}) as stack:
            command = [stack.directory / "bin/creditctl", "admin", "grant", "bench-reader"]
            subprocess.run(command, env=stack.settings, check=True, stdout=subprocess.DEVNULL)
            return 0 if measure(Meter(stack), {"authorization": f"Bearer {bearer}".encode()}, rounds) else 1
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
