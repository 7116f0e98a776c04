/// A program in the place of vipsthumbnail that obeys a hostile picture and says what it managed: Tests/Fixtures/hostile-decoder.c.
public enum HostileDecoder {
    public static func build(as path: String) throws {
        let source = "\(Places.repository)/Tests/Fixtures/hostile-decoder.c"
        let ended = try Program("/usr/bin/cc").run(
            ["-O1", "-o", path, source], environment: ["PATH": "/usr/local/bin:/usr/bin:/bin"])
        guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
    }
}
