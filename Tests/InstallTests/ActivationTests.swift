import Foundation
import Glibc
import TestSupport
import Testing

/// The socket as systemd's own tool hands it over.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct ActivationTests {
    /// Takes the place of the stand-in for one program, and says with which status that ended.
    private static let script = """
        socket=$ROOT/run/polar-credits/run/polar-orders.sock
        rm "$socket"
        settings=()
        while read -r line; do settings+=(--setenv "$line"); done <"$ROOT/etc/polar-credits/settings.env"
        systemd-socket-activate --listen "$socket" "${settings[@]}" \\
            --setenv POLAR_WEBHOOK_SECRET_FILE="$ROOT/run/credentials/$0.service/POLAR_WEBHOOK_SECRET" \\
            setpriv --reuid 61234 --regid 61234 --clear-groups "$ROOT/opt/polar-credits/current/bin/polar-orders" \\
            >/dev/null 2>"$ROOT/log/activated" &
        program=$!
        until [[ -S $socket ]]; do kill -0 $program || exit; sleep 0.05; done
        chown 0:33 "$socket"
        chmod 0660 "$socket"
        echo up
        exec 1>&-
        read -r
        kill -TERM $program
        wait $program
        echo "ended $?" >>"$ROOT/log/activated"
        """

    @Test func systemdStartsAProgramWithTheFirstRequest() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        _ = try Shell.run(["\(installation.root)/systemctl", "stop", "polar-credits-polar-orders.service"])

        let activated = try Holder(
            Self.script, "polar-credits-polar-orders", environment: ["PATH": path, "ROOT": installation.root])
        #expect(activated.said() == "up\n")
        let log = "\(installation.root)/log/activated"
        #expect(try !Places.text(of: log).contains("process.started"))
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        #expect(try Places.text(of: log).contains("\"event\":\"process.started\""))
        activated.release()
        #expect(try Places.text(of: log).contains("ended 0\n"))
    }
}
