import Foundation
import TestSupport
import Testing

/// What systemd itself makes of a program that cannot start.
@Suite(.serialized, .enabled(if: Machine.isPossible)) struct RestartTests {
    /// So often each program is tried while the disk is away: once a second.
    private static let tries =
        ProcessInfo.processInfo.environment["INSTALL_OUTAGE_SECONDS"].flatMap { Int($0) } ?? 8

    @Test func aDiskThatIsAwayForAWhileIsWaitedForWithoutAnEnd() throws {
        let machine = try Machine()
        try machine.install()
        #expect(try machine.deliver(OrderEvent(product: Installation.product)) == "202")
        try machine.script(
            """
            umount --lazy /var/lib/polar-credits
            chown credits:www-data /var/lib/polar-credits
            for name in \(Installation.programs.dropLast().joined(separator: " ")); do
                systemctl kill --signal=KILL "polar-credits-$name.service"
            done
            """)
        try eventually("tried again and again", within: .seconds(30 + 3 * Self.tries)) {
            try machine.facts("NRestarts", of: "service").values.allSatisfy { (Int($0) ?? 0) >= Self.tries }
        }
        // Requests start nothing beside the pauses, so they close no socket either.
        try machine.script(
            """
            for round in {1..40}; do
                curl --silent --insecure --parallel --max-time 0.2 --output /dev/null \
                    'https://localhost/{readyz,healthz/generations,healthz/admin,polar/orders,api/v1/credits}' || true
            done
            """)
        #expect(try machine.facts("ExecMainStatus", of: "service").values.allSatisfy { ["75", "0"].contains($0) })
        #expect(Set(try machine.facts("ActiveState", of: "socket").values) == ["active"], "sockets stay")

        try machine.script("mount --bind /run/data /var/lib/polar-credits")
        // A request that waits in the socket is answered by the program that comes up.
        #expect(try machine.deliver(OrderEvent(product: Installation.product)) == "202")
        try eventually("all run") { Set(try machine.facts("ActiveState", of: "service").values) == ["active"] }
        #expect(try machine.status(of: "/readyz") == "200")
        // The worker and its decoder work within all that their unit takes from them.
        #expect(try machine.upload(as: "ada") == "202")
        try eventually("the picture is made", within: .seconds(60)) {
            try machine.script("creditctl generation list --user ada").contains("completed")
        }
        #expect(try machine.script("creditctl ledger verify") == "no faults")
    }

    @Test func wrongSettingsAreNotTriedAgainAndOneCommandBringsEverythingBack() throws {
        let machine = try Machine()
        try machine.install()
        try machine.script(
            """
            sed --in-place 's/^POLAR_SERVER=.*/POLAR_SERVER=neither/' /etc/polar-credits/settings.env
            systemctl restart polar-credits-checkout.service || true
            """)
        try eventually("checkout has given up") {
            try machine.facts("ActiveState", of: "service")["checkout"] == "failed"
        }
        // Requests start nothing beside the pauses, so they close no socket either.
        let told = try machine.script(
            """
            for number in {1..40}; do
                curl --silent --insecure --max-time 0.2 --output /dev/null https://localhost/readyz || true
            done
            """)
        #expect(told == "")
        #expect(try machine.facts("ExecMainStatus", of: "service")["checkout"] == "78")
        #expect(try machine.facts("NRestarts", of: "service")["checkout"] == "0")
        // A request starts it, which is in vain; that has an end, and nobody waits longer.
        #expect(try machine.status(of: "/readyz") == "503")
        try eventually("the socket is closed") {
            try machine.facts("ActiveState", of: "socket")["checkout"] == "failed"
        }

        try machine.script(
            """
            sed --in-place 's/^POLAR_SERVER=.*/POLAR_SERVER=sandbox/' /etc/polar-credits/settings.env
            systemctl reset-failed 'polar-credits-*'
            systemctl start polar-credits.target
            """)
        try eventually("all run") { Set(try machine.facts("ActiveState", of: "service").values) == ["active"] }
        #expect(try machine.status(of: "/readyz") == "200")
    }
}
