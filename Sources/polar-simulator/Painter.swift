private import Core
private import Images
internal import Subprocess

/// Changes a picture so that anybody sees it: another colour and a frame. libvips does it, in processes of their own.
struct Painter: Sendable {
    /// Where programs are looked for.
    let path: String

    enum Fault: Error {
        case unreadable(String)
        case broken(String)
    }

    /// A PNG, as Gemini answers.
    func paint(_ picture: [UInt8]) -> Result<[UInt8], Fault> {
        do throws(Fault) {
            // Upright, no larger than what Gemini makes, without transparency; this is where a bad picture fails.
            let small = try run(
                "vipsthumbnail", ["stdin", "--size", "1024x1024>", "--export-profile", "srgb", "-o", ".jpg[Q=95]"],
                input: picture, fault: Fault.unreadable)
            let tinted = try run(
                "vips", ["linear", "stdin", ".png[compression=1]", "0.6 0.45 0.8", "80 20 90", "--uchar"], input: small)
            guard let facts = try? ImageProbe.facts(of: tinted[...], maximumPixels: 2 << 20) else {
                throw .broken("the tools made no picture")
            }
            let frame = max(facts.width, facts.height) / 16
            let size = [facts.width, facts.height].map { String($0 + 2 * frame) }
            return .success(
                try run(
                    "vips",
                    ["gravity", "stdin", ".png", "centre"] + size + [
                        "--extend", "background", "--background", "46 125 50",
                    ],
                    input: tinted))
        } catch {
            return .failure(error)
        }
    }

    private func run(
        _ tool: String, _ arguments: [String], input: [UInt8], fault: (String) -> Fault = Fault.broken
    ) throws(Fault) -> [UInt8] {
        guard let program = Subprocess.find(tool, in: path) else {
            throw .broken("\(tool) is missing: install libvips-tools")
        }
        let subprocess = Subprocess(
            program: program, arguments: arguments,
            environment: ["VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1"],
            limits: .init(time: .seconds(30), outputBytes: 64 << 20, processorSeconds: 30, memoryBytes: 2 << 30))
        let ended = subprocess.run(input: input)
        guard case .exited(0, let output) = ended.outcome, !output.isEmpty else {
            throw fault("\(tool): \(ended.complaint.prefix(200))")
        }
        return output
    }
}
