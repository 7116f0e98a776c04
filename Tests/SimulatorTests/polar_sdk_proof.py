#!/usr/bin/env python3
"""Shows with Polar's own Python SDK that the simulator is a faithful Polar.

Usage: polar_sdk_proof.py SIMULATOR_URL RECEIVER_PORT ACCESS_TOKEN WEBHOOK_SECRET PRODUCT_ID [VENV]

The simulator must send its webhooks to http://127.0.0.1:RECEIVER_PORT/. The SDK (polar-sdk 1.0.2) is installed into VENV,
a temporary directory without it. The last line is `PROVED` and the number of events checked; anything else is a failure.
"""
import http.server, json, os, pathlib, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

BASE, PORT, TOKEN, SECRET, PRODUCT = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
FIELDS = json.loads((pathlib.Path(__file__).parent / "polar_fields.json").read_text())


def with_sdk():
    """Runs this program again inside an environment that has the SDK."""
    directory = sys.argv[6] if len(sys.argv) > 6 else tempfile.mkdtemp(prefix="polar-sdk-")
    python = os.path.join(directory, "bin", "python")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
    if subprocess.run([python, "-c", "import polar.v2026_10"], stderr=subprocess.DEVNULL).returncode:
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "polar-sdk==1.0.2"], check=True)
    os.environ["POLAR_PROOF"] = "1"
    os.execv(python, [python, __file__, *sys.argv[1:]])


if "POLAR_PROOF" not in os.environ:
    with_sdk()

import polar.base
import polar.v2026_10 as sdk
import polar.v2026_10.webhooks as webhooks
from polar.webhooks import PolarWebhookVerificationError

received = []
answers = []
checked = 0


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        received.append((time.time(), dict(self.headers), body))
        self.send_response(answers.pop(0) if answers else 202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def control(path, **members):
    request = urllib.request.Request(
        f"{BASE}/control/api/{path}", json.dumps(members).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def expect(fact, text):
    if not fact:
        raise SystemExit(f"FAILED: {text}")


def until(count):
    """The events from the first on, once there are so many."""
    deadline = time.time() + 20
    while len(received) < count:
        expect(time.time() < deadline, f"{len(received)} events of {count}: {[kind(e) for e in received]}")
        time.sleep(0.01)
    time.sleep(0.1)
    expect(len(received) == count, f"{len(received)} events instead of {count}: {[kind(e) for e in received]}")
    events = received[:]
    received.clear()
    return events


def kind(event):
    return json.loads(event[2])["type"]


def paths(value, path=""):
    if isinstance(value, dict):
        for name, member in value.items():
            own = f"{path}.{name}" if path else name
            yield own
            yield from paths(member, own)
    elif isinstance(value, list) and value:
        yield from paths(value[0], f"{path}[]")


def check(events, expected):
    """Order of the events, signature, headers, and every field that Polar's own bodies have."""
    global checked
    checked += len(events)
    expect([kind(event) for event in events] == expected, f"{[kind(e) for e in events]} instead of {expected}")
    clocks = []
    for _, headers, body in events:
        names = {name.lower(): value for name, value in headers.items()}
        expect(names["user-agent"] == "polar.sh webhooks", "user-agent")
        expect(names["content-type"] == "application/json", "content-type")
        expect(names["webhook-api-version"] == "2026-10", "webhook-api-version")
        payload = webhooks.validate_event(body, headers, SECRET)
        expect(payload.api_version == "2026-10", "api_version")
        clocks.append(payload.timestamp)
        raw = json.loads(body)
        expect(list(raw) == ["type", "timestamp", "api_version", "data"], "the order of the envelope's members")
        sample = payload.type
        if sample.startswith("refund.") and raw["data"]["dispute"]:
            sample = "refund.created dispute_prevention"
        sample = {"order": "order.paid", "checkout": "checkout.created"}.get(sample.split(".")[0], sample)
        sample = sample.replace("refund.updated", "refund.created").replace("granted", "revoked")
        sample = "benefit_grant.revoked" if sample.startswith("benefit_grant") else sample
        missing = [path for path in FIELDS[sample] if path not in set(paths(raw))]
        expect(not missing, f"{payload.type} lacks {missing}")
        spoilt = body.replace(b"2026-10", b"2026-11", 1)
        try:
            webhooks.validate_event(spoilt, headers, SECRET)
            expect(False, "a changed body was accepted")
        except PolarWebhookVerificationError:
            pass
    expect(clocks == sorted(clocks) and len(set(clocks)) == len(clocks), "envelope timestamps grow")
    return [json.loads(body)["data"] for _, _, body in events]


def buy(client, user, amount):
    checkout = client.checkouts.create(
        products=[PRODUCT],
        prices={PRODUCT: [{"amount_type": "fixed", "price_amount": amount, "price_currency": "usd"}]},
        external_customer_id=user, customer_email=f"{user}@example.com", customer_name=user.title(),
        customer_ip_address="203.0.113.7", allow_discount_codes=False, metadata={"user_id": user, "quantity": 2},
        success_url="http://localhost:1/return?checkout_id={CHECKOUT_ID}")
    expect(checkout.status == "open" and checkout.amount == amount, "a new checkout")
    expect(checkout.success_url.endswith(checkout.id), "{CHECKOUT_ID} is replaced")
    expect(client.checkouts.get(checkout.id).client_secret == checkout.client_secret, "checkouts.get")
    return checkout


SALE = ["checkout.updated", "customer.created", "order.created", "order.updated", "order.paid", "checkout.updated"]
REFUND = ["refund.created", "order.updated", "order.refunded"]


def prove(client, scheme):
    control("settings", scheme=scheme)
    user = f"{scheme}-{time.time_ns()}"
    checkout = buy(client, user, 1000)
    check(until(1), ["checkout.created"])
    control("pay", checkout_id=checkout.id, country="FR")
    data = check(until(6), SALE)
    expect(data[0]["status"] == "confirmed" and data[5]["status"] == "succeeded", "confirmed, then succeeded")
    expect(data[2]["status"] == "paid" and data[2]["receipt_number"] is None, "order.created is paid already")
    expect(data[4]["receipt_number"], "the receipt is numbered in order.paid")

    orders = client.orders.list(checkout_id=checkout.id)
    expect(orders.pagination.total_count == 1, "orders.list by checkout")
    order = client.orders.get(orders.items[0].id)
    expect((order.net_amount, order.tax_amount, order.total_amount) == (1000, 200, 1200), "amounts with tax")
    expect(order.customer.external_id == user and order.metadata["user_id"] == user, "whose order it is")
    for found in (client.orders.list(external_customer_id=user), client.orders.list(metadata={"user_id": user})):
        expect([o.id for o in found.items] == [order.id], "orders.list by filter")

    refunds(client, order.id)
    disputes(client, user)
    customers(client, user)
    deliveries(client, order.id)


def refunds(client, order):
    refund = client.refunds.create(order_id=order, reason="customer_request", amount=400)
    expect((refund.status, refund.amount, refund.tax_amount) == ("succeeded", 400, 80), "a partial refund")
    data = check(until(3), REFUND)
    expect(data[1]["status"] == "partially_refunded" and data[1]["refunded_amount"] == 400, "cumulative")
    try:
        client.refunds.create(order_id=order, reason="other", amount=601)
        expect(False, "too high a refund")
    except polar.base.PolarClientError as error:
        expect(error.status_code == 422, "too high a refund is 422")
    pending = control(f"orders/{order}/refund", pending=True)
    check(until(1), ["refund.created"])
    control(f"refunds/{pending['id']}/settle", status="succeeded")
    data = check(until(3), ["refund.updated", "order.updated", "order.refunded"])
    expect(data[2]["status"] == "refunded" and data[2]["paid"] is True, "refunded and still paid")
    control(f"refunds/{pending['id']}/bounce")
    data = check(until(2), ["refund.updated", "order.updated"])
    expect(data[1]["refunded_amount"] == 400 and data[1]["status"] == "partially_refunded", "a bounce goes down")
    expect(client.refunds.list(order_id=order, succeeded=True).pagination.total_count == 1, "refunds.list")


def disputes(client, user):
    order = control("orders", user=user, amount=700)
    check(until(3), ["order.created", "order.updated", "order.paid"])
    control(f"orders/{order['id']}/dispute", status="prevented")
    data = check(until(3), REFUND)
    expect(data[0]["reason"] == "dispute_prevention" and data[0]["dispute"]["status"] == "prevented", "prevented")
    order = control("orders", user=user, amount=700)
    check(until(3), ["order.created", "order.updated", "order.paid"])
    dispute = control(f"orders/{order['id']}/dispute", status="needs_response")
    control(f"disputes/{dispute['id']}", status="lost")
    time.sleep(0.2)
    expect(not received, "a lost dispute is told by no event")
    lost = client.disputes.list(status="lost", order_id=order["id"])
    expect([d.id for d in lost.items] == [dispute["id"]], "but by the list")
    expect(client.disputes.get(dispute["id"]).order_id == order["id"], "disputes.get")
    expect(client.orders.get(order["id"]).status == "paid", "and its order stays paid")


def customers(client, user):
    customer = client.customers.get_external(user)
    expect(client.customers.get(customer.id).email == customer.email, "customers.get")
    session = client.customer_sessions.create(external_customer_id=user)
    expect(session.customer_id == customer.id, "customer_sessions.create")
    expect(urllib.request.urlopen(session.customer_portal_url.replace("localhost", "127.0.0.1")).status == 200, "portal")
    for wrong in ({"email": customer.email}, {"email": "a@nonexistent.tld"}):
        try:
            client.customers.create(**wrong)
            expect(False, "a customer that cannot be")
        except polar.base.PolarClientError as error:
            expect(error.status_code == 422, "422 for a customer")
    expect(client.products.get(PRODUCT).name, "products.get")
    expect(client.products.list().pagination.total_count >= 2, "products.list")


def deliveries(client, order):
    endpoint = client.webhooks.list_webhook_endpoints().items[0]
    expect(endpoint.enabled and endpoint.api_version == "2026-10", "the endpoint")
    sent = client.webhooks.list_webhook_deliveries(event_type="order.paid", limit=1).items[0]
    client.webhooks.redeliver_webhook_event(sent.webhook_event.id)
    again = until(1)[0]
    expect(again[1]["webhook-id"] == sent.webhook_event.id, "a redelivery has the same id")
    expect(again[2].decode() == sent.webhook_event.payload, "and the same body")

    control("settings", retry_factor=0.01)
    answers.extend([500, 302])
    control("orders", user=f"retry-{time.time_ns()}", status="pending")
    events = until(4)
    expect(kind(events[0]) == "customer.created", "first attempts are in order")
    ids = [event[1]["webhook-id"] for event in events]
    expect(len(set(ids)) == 2 and ids[0] in ids[1:], "what failed is tried again under its own id")


def disabling(client):
    """Ten failed events in a row switch the endpoint off, and then nothing is even stored."""
    control("settings", retry_factor=0.0005)
    answers.extend([500] * 100)
    events = [control("events", type="order.updated", body={"type": "by.hand", "n": n}) for n in range(10)]
    deadline = time.time() + 30
    while client.webhooks.list_webhook_endpoints().items[0].enabled:
        expect(time.time() < deadline, "the endpoint is switched off")
        time.sleep(0.1)
    expect(len(received) == 100, f"{len(received)} attempts instead of 10 for each of 10 events")
    received.clear()
    control("orders", user="lost", foreign=True)
    time.sleep(0.2)
    expect(not received, "no event while the endpoint is switched off")
    control("endpoint/enable")
    control(f"events/{events[0]['webhook_id']}/redeliver")
    until(1)


def failures():
    """What an API client must expect, in Polar's words."""
    def status(path, headers=None, body=None, method=None):
        request = urllib.request.Request(BASE + path, body, headers or {}, method=method)
        try:
            return urllib.request.build_opener(NoRedirect).open(request, timeout=10).status, None, {}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    token = {"authorization": f"Bearer {TOKEN}"}
    expect(status("/v1/orders", token)[0] == 307, "a missing slash is redirected")
    expect(status("/v1/orders/", {"polar-version": "2020-01", **token})[1] == b'{"detail":"Not Found"}', "old version")
    code, body, headers = status("/v1/orders/", {"authorization": "Bearer other"})
    expect(code == 401 and json.loads(body)["error"] == "invalid_token" and headers["www-authenticate"], "wrong token")
    expect(json.loads(status("/v1/orders/")[1]) == {"error": "Unauthorized", "detail": "Unauthorized"}, "no token")
    control("faults", fault=429)
    code, body, headers = status("/v1/orders/", token)
    expect(code == 429 and body == b"" and headers["retry-after"] == "60", "too many requests")
    expect(status("/v1/orders/", token)[0] == 200, "once")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = sdk.Polar(TOKEN, base_url=BASE)
    for scheme in ("standard", "legacy"):
        prove(client, scheme)
    disabling(client)
    failures()
    print(f"PROVED by {checked} events")


main()
