import Foundation
import TestSupport
import Testing

/// The worker's decoder within all that its unit takes from it: by the systemd, glibc and libvips of this machine, and of each other
/// release whose files `MACHINE_ROOTS` names, with colons between (Tests/InstallTests/Machine/root makes them).
@Suite(.serialized, .enabled(if: Machine.isPossible)) struct DecoderTests {
    private static let others = (ProcessInfo.processInfo.environment["MACHINE_ROOTS"] ?? "").split(separator: ":")
        .map(String.init)

    @Test(arguments: ["/"] + others)
    func itMakesAPictureAndObeyingAHostileOneIsOfNoUse(root: String) throws {
        let decoder = try TemporaryDirectory()
        try HostileDecoder.build(as: decoder.path + "/vipsthumbnail")
        let machine = try Machine(root: root, showing: decoder.path)
        try machine.install()
        try expectPicture(of: "ada", by: machine)

        try machine.script(
            """
            mount --bind \(decoder.path)/vipsthumbnail /usr/bin/vipsthumbnail
            systemctl restart polar-credits-generation-worker.service
            """)
        let free = try machine.script("runuser --user credits -- vipsthumbnail stdin 2>&1")
        #expect(free.contains("to read the database, to write the database, to list the images"))
        #expect(try machine.upload(as: "bob") == "202")
        try eventually("the hostile decoder has run", within: .seconds(60)) {
            try machine.script(journal).contains("the tools read nothing")
        }
        let told = try machine.script(journal)
        #expect(told.contains("status 1: managed nothing\""), "\(told)")
        // Nor is it of any harm: the picture is made as soon as the decoder is what it should be.
        try machine.script(
            """
            umount /usr/bin/vipsthumbnail
            systemctl restart polar-credits-generation-worker.service
            """)
        try expectMade(for: "bob", by: machine)
        #expect(try machine.script("creditctl ledger verify") == "no faults")
    }

    /// What the cage does without a unit around it: the tests of this build, on the other release. One wants a compiler.
    @Test(.enabled(if: !others.isEmpty), arguments: others)
    func theCagesOwnTestsHoldThereToo(root: String) throws {
        let machine = try Machine(root: root)
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        // Into a file: a program that it leaves behind would keep a pipe open.
        let script = """
            cd "$0"
            "$1" --no-parallel --testing-library swift-testing --filter 'CageTests|ImageCleanerTests' \\
                --skip noPictureIsBlamed >/run/told 2>&1
            status=$?
            cat /run/told
            exit $status
            """
        let ended = try machine.run("sh", "-c", script, Places.repository, bundle)
        #expect(ended.status == 0, "\(ended.output)")
    }

    private let journal = "journalctl --unit=polar-credits-generation-worker.service --output=cat"

    private func expectPicture(of user: String, by machine: Machine) throws {
        #expect(try machine.upload(as: user) == "202")
        try expectMade(for: user, by: machine)
    }

    private func expectMade(for user: String, by machine: Machine) throws {
        try eventually("the picture is made", within: .seconds(60)) {
            try machine.script("creditctl generation list --user \(user)").contains("completed")
        }
    }
}
