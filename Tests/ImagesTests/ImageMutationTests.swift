import Images
import TestSupport
import Testing

/// Whatever bytes come, an answer comes back: a trap would end the process for everybody.
@Suite struct ImageMutationTests {
    @Test(arguments: ImageFixture.all)
    func everyByteMayBeAnother(_ fixture: ImageFixture) throws {
        var bytes = try fixture.bytes()
        for offset in bytes.indices {
            let right = bytes[offset]
            for wrong in [~right, right ^ 1, 0, 0xFF] {
                bytes[offset] = wrong
                hold(bytes)
            }
            bytes[offset] = right
        }
    }

    /// What is true of every answer.
    private func hold(_ bytes: [UInt8]) {
        guard let facts = try? probe(bytes) else { return }
        let isSound =
            (1...65_535).contains(facts.width) && (1...65_535).contains(facts.height)
            && facts.width * facts.height <= 50_000_000 && ImageProbe.kind(of: bytes[...]) == facts.kind
        if !isSound { Issue.record("\(facts) of \(bytes)") }
    }

    @Test(arguments: [UInt64(1), 2])
    func mutations(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let corpus = try ImageFixture.all.map { try $0.bytes() }
        for _ in 0..<100_000 { hold(try #require(mutated(corpus, by: &random))) }
    }

    private func mutated(_ corpus: [[UInt8]], by random: inout SplitMix64) -> [UInt8]? {
        guard var bytes = corpus.randomElement(using: &random), let other = corpus.randomElement(using: &random) else {
            return nil
        }
        let interesting: [UInt8] = [0, 1, 2, 0x7F, 0x80, 0xFF, 0xFE, 0xD8, 0xD9, 0xDA]
        for _ in 0...Int.random(in: 0...3, using: &random) {
            guard let offset = bytes.indices.randomElement(using: &random) else { break }
            switch UInt8.random(in: 0...6, using: &random) {
            case 0: bytes[offset] = .random(in: 0...255, using: &random)
            case 1: bytes[offset] = interesting.randomElement(using: &random) ?? 0
            case 2: bytes.remove(at: offset)
            case 3: bytes.insert(.random(in: 0...255, using: &random), at: offset)
            case 4: bytes.removeSubrange(offset...)
            case 5: bytes.insert(contentsOf: bytes[offset...].prefix(.random(in: 0...64, using: &random)), at: offset)
            case _: bytes.replaceSubrange(offset..., with: other[min(offset, other.count)...])
            }
        }
        return bytes
    }
}
