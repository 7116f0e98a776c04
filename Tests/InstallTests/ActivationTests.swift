import Foundation
import Glibc
import TestSupport
import Testing

/// The socket as systemd's own tool hands it over.
@Suite(.enabled(if: geteuid() == 0)) struct ActivationTests {
    @Test func systemdStartsAProgramWithTheFirstRequest() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let systemctl = Program("\(installation.root)/systemctl")
        let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        _ = try systemctl.run(["stop", "polar-credits-polar-orders.service"], environment: ["PATH": path])

        let socket = "\(installation.root)/run/polar-credits/run/polar-orders.sock"
        try FileManager.default.removeItem(atPath: socket)
        let settings = try Places.text(of: "\(installation.root)/etc/polar-credits/settings.env").split(separator: "\n")
        let environment = settings.flatMap { ["--setenv", String($0)] }
        let secret = ["--setenv", "POLAR_WEBHOOK_SECRET=\(Installation.secret)"]
        let program = "\(installation.root)/opt/polar-credits/current/bin/polar-orders"
        let activator = try Program("/usr/bin/systemd-socket-activate").start(
            ["--listen", socket] + environment + secret
                + ["setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups", program],
            environment: ["PATH": path])
        try eventually("it listens") { unsafe access(socket, F_OK) == 0 }
        unsafe chown(socket, 0, 33)
        unsafe chmod(socket, 0o660)
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        #expect(try activator.errors().contains("\"event\":\"process.started\""))
        activator.signal(SIGTERM)
        #expect(activator.wait(within: .seconds(15)) == 0)
    }
}
