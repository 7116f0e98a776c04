public import Core
public import Images
internal import Subprocess

/// Frees a picture of what a camera or a program wrote into it (place, time, names, comments, colour profile): it is
/// decoded, turned upright, brought to sRGB and encoded anew, by libvips in a process of its own, in a cage.
///
/// The picture goes through pipes alone, so nothing of it stays behind when a process is killed.
///
/// Source: https://www.libvips.org/API/current/using-vipsthumbnail.html
public struct ImageCleaner: Sendable {
    /// Of one run. What is sent and what came back need two each at most, and the thumbnail one: together less than the
    /// minute by which a lease is longer than the provider's time-out.
    private static let timeout = Duration.seconds(13)
    private static let thumbnailTimeout = Duration.seconds(6)

    private static let maximumBytes = 64 << 20
    private static let leastVersion = (major: 8, minor: 13)

    private let program: String
    /// How this version is told to keep no metadata.
    private let bare: String

    public init(path: String) throws(MissingTool) {
        guard let program = Subprocess.find("vipsthumbnail", in: path) else {
            throw MissingTool("vipsthumbnail is missing: install libvips-tools")
        }
        // 8.13 is the first that can be told to leave its less safe readers alone.
        guard let version = try Self.version(of: program), version >= Self.leastVersion else {
            throw MissingTool("vipsthumbnail is none of libvips 8.13 or newer")
        }
        self.program = program
        // `strip` is deprecated from 8.15 on.
        bare = version >= (8, 15) ? "keep=none" : "strip"
    }

    /// - Parameter isStopping: the tools are ended once it says so.
    /// - Returns: the same picture in the same format; HEIC and HEIF become JPEG, for not every libvips can write them.
    public func clean(
        _ bytes: [UInt8], _ kind: ImageKind, isStopping: () -> Bool = { false }
    ) throws(CleaningFault) -> [UInt8] {
        do throws(CleaningFault) {
            // A picture without a profile is taken for sRGB: otherwise libvips guesses, and guesses wrong.
            return try run(
                Self.sameSize + ["--import-profile", "srgb", "--export-profile", "srgb", "-o", format(for: kind)],
                bytes, Self.timeout, isStopping)
        } catch .unreadable(_) {
            // No colours to speak of (greys fit no profile of ours), a profile that is none, or really no picture.
            do throws(CleaningFault) {
                return try run(Self.sameSize + ["-o", format(for: kind)], bytes, Self.timeout, isStopping)
            } catch .unreadable(let reason) {
                // Nobody is to lose a picture because the tools are half installed or out of memory.
                try prove(isStopping)
                throw .unreadable(reason)
            }
        }
    }

    /// Whether the tools read what anything can read.
    private func prove(_ isStopping: () -> Bool) throws(CleaningFault) {
        do throws(CleaningFault) {
            _ = try run(Self.sameSize + ["-o", format(for: .png)], Self.dot, Self.timeout, isStopping)
        } catch .unreadable(let reason) {
            throw .unavailable("the tools read nothing: \(reason)")
        }
    }

    /// A PNG of one grey pixel.
    private static let dot: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 13, 10, 0x1A, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 0,
        0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x68, 0, 0, 0, 0x82,
        0, 0x81, 0x77, 0xCD, 0x72, 0xB6, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ]

    /// A picture for lists: WebP whose longer side is as long as that at most.
    ///
    /// - Parameter bytes: of a picture that is clean.
    public func thumbnail(
        of bytes: [UInt8], side: Int, isStopping: () -> Bool = { false }
    ) throws(CleaningFault) -> [UInt8] {
        try run(
            ["--size", "\(side)x\(side)>", "-o", ".webp[Q=80,\(bare)]"], bytes, Self.thumbnailTimeout, isStopping)
    }

    /// Never larger, and no picture of ours is that large.
    private static let sameSize = ["--size", "100000x100000>"]

    private func run(
        _ arguments: [String], _ bytes: [UInt8], _ timeout: Duration, _ isStopping: () -> Bool
    ) throws(CleaningFault) -> [UInt8] {
        let subprocess = Subprocess(
            program: program, arguments: ["stdin"] + arguments, environment: Self.environment,
            limits: .init(
                time: timeout, outputBytes: Self.maximumBytes, processorSeconds: 30, memoryBytes: 2 << 30),
            cage: .decoder)
        let ended = subprocess.run(input: bytes, isStopping: isStopping)
        switch ended.outcome {
        case .exited(0, let output) where !output.isEmpty: return output
        // The loader's own word, before a line of the tools ran.
        case .exited(127, _): throw .unavailable(ended.line("vipsthumbnail: status 127"))
        case .exited(let status, _): throw .unreadable(ended.line("vipsthumbnail: status \(status)"))
        case .signalled(let number): throw .broken(ended.line("vipsthumbnail: signal \(number)"))
        case .timedOut: throw .broken("vipsthumbnail took too long")
        case .tooMuchOutput: throw .broken("vipsthumbnail wrote too much")
        case .stopped: throw .stopped
        case .notStarted(let reason): throw .unavailable(reason)
        }
    }

    private func format(for kind: ImageKind) -> String {
        switch kind {
        case .png: ".png[\(bare)]"
        case .webp: ".webp[Q=90,\(bare)]"
        case .jpeg, .heic, .heif: ".jpg[Q=92,\(bare)]"
        }
    }

    /// Readers of formats that are hard to make safe stay shut; a picture is never decoded by more threads than one.
    /// What it cannot keep in memory it could only write to a file, and it can write none.
    private static let environment = [
        "VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "VIPS_DISC_THRESHOLD": "2g",
    ]

    /// From a line such as `vips-8.14.1` or `vips 8.16.0`.
    private static func version(of program: String) throws(MissingTool) -> (major: Int, minor: Int)? {
        let subprocess = Subprocess(
            program: program, arguments: ["--version"], environment: environment,
            limits: .init(time: .seconds(20), outputBytes: 4096), cage: .decoder)
        let outcome = subprocess.run().outcome
        if case .notStarted(let reason) = outcome { throw MissingTool("vipsthumbnail has no cage: \(reason)") }
        guard case .exited(0, let output) = outcome else { return nil }
        let digits = String(decoding: output, as: UTF8.self).drop { !$0.isNumber }
        let numbers = digits.split(separator: ".").prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}
