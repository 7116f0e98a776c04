import TestSupport
import Testing

/// Where it can be built, and what is said elsewhere before anything is done.
@Suite struct PlatformTests {
    @Test(
        arguments: [
            ("ID=debian\nVERSION_ID=\"12\"", true), ("ID=debian\nVERSION_ID=\"13\"", true),
            ("ID=ubuntu\nVERSION_ID=\"24.04\"", true), ("ID=ubuntu\nVERSION_ID=\"26.04\"", true),
            ("ID=debian\nVERSION_CODENAME=forky", true),
            ("ID=debian\nVERSION_ID=\"11\"", false), ("ID=ubuntu\nVERSION_ID=\"22.04\"", false),
            ("ID=ubuntu\nVERSION_ID=\"23.10\"", false), ("ID=fedora\nVERSION_ID=42", false), ("", false),
        ])
    func onlyWhereItCanBeBuilt(release: String, isKnown: Bool) throws {
        let directory = try TemporaryDirectory()
        try Places.write("PRETTY_NAME='This one'\n\(release)\n", to: directory.path + "/os-release")
        let ended = try Shell.run([
            "bash", "-euc", "source \"$1\"; require_known_platform \"$2\"", "-", "\(Places.repository)/deploy/prepare",
            directory.path + "/os-release",
        ])
        #expect((ended.status == 0) == isKnown)
        let said = "This is built on Debian 12 and 13 and on Ubuntu 24.04, or newer ones of these; here is This one.\n"
        #expect(ended.output == (isKnown ? "" : said))
    }
}
