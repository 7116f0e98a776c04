import Core
import HTTP
import JSON
import TestSupport
import Testing

/// `/metrics` shows what the list of metrics names, and nothing else.
@Suite struct MetricsTests {
    private let office: AdminOffice

    init() throws { office = try AdminOffice() }

    private func page() -> [String] {
        let response = office.send(.get, "/metrics", as: nil)
        #expect(response.status == .ok)
        #expect(response.headers["content-type"] == "text/plain; version=0.0.4")
        return String(decoding: response.body, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// As every program and every operation would leave them.
    private func fill() throws {
        let handler = #"handler="checkout""#
        try office.store.operations.add([
            Counter("credits_requests_total", labels: handler + #",method="GET",status="200""#): 3,
            Counter("credits_request_duration_seconds_bucket", labels: handler + #",le="+Inf""#): 3,
            Counter("credits_request_duration_seconds_sum", labels: handler): 1_000_042,
            Counter("credits_request_duration_seconds_count", labels: handler): 3,
            Counter("credits_commits_total", labels: #"program="checkout""#): 1,
            Counter("credits_committed_changes_total", labels: #"program="checkout""#): 2,
            Counter("credits_writer_wait_seconds_sum", labels: #"program="checkout""#): 7,
            Counter("credits_writer_wait_seconds_count", labels: #"program="checkout""#): 2,
        ])
        try office.store.operations.note(
            .reconcile, ["corrected": 2, "credits": 840, "succeeded_ms": 1_794_999_000_000], at: office.now)
        try office.store.operations.note(.webhookEndpoint, ["enabled": false], at: office.now)
        try office.store.operations.note(.ledgerVerify, ["faults": 1], at: office.now)
        try office.store.operations.note(.backup, ["bytes": 1], at: office.now)
    }

    @Test func everyMetricOfTheListIsThereAndNoOther() throws {
        try fill()
        let listed = Set(
            try String(decoding: Fixtures.bytes("metrics.txt"), as: UTF8.self).split(separator: "\n").map(String.init))
        let shown = Set(page().filter { !$0.hasPrefix("#") }.map { String($0.prefix { $0 != "{" && $0 != " " }) })
        // Nobody has sent a webhook yet: its time has no value.
        #expect(shown.union(["credits_last_delivery_timestamp_seconds"]) == listed)
    }

    @Test func theValuesAreThoseOfTheDatabase() throws {
        try fill()
        let page = page()
        for line in [
            #"credits_requests_total{handler="checkout",method="GET",status="200"} 3"#,
            #"credits_request_duration_seconds_sum{handler="checkout"} 1.000042"#,
            #"credits_writer_wait_seconds_sum{program="checkout"} 0.000007"#,
            "credits_deliveries_total 0", #"credits_ledger_entries_total{kind="trial"} 1"#,
            #"credits_ledger_credits_total{kind="trial"} 10"#, #"credits_ledger_credits_total{kind="charge"} 0"#,
            #"credits_generations{status="pending"} 0"#, "credits_oldest_pending_seconds 0", "credits_parked_orders 0",
            "credits_users 1", "credits_drift_orders 2", "credits_drift_credits 840",
            "credits_reconcile_timestamp_seconds 1794999000", "credits_webhook_endpoint_enabled 0",
            "credits_ledger_faults 1", "credits_ledger_verified_timestamp_seconds 1795000000",
            "credits_disk_free_bytes 1099511627776",
        ] { #expect(page.contains(line), "\(line)") }
    }

    @Test func whatNeverRanHasNoValue() {
        let page = page()
        for name in ["credits_backup_timestamp_seconds", "credits_drift_orders", "credits_webhook_endpoint_enabled"] {
            #expect(page.contains { $0.hasPrefix("# TYPE \(name) ") })
            #expect(!page.contains { $0.hasPrefix(name) })
        }
    }
}
