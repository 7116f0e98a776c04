import JSON
import TestSupport
import Testing

/// What is written is read again as it was, and bytes at random end no process.
@Suite struct JSONRoundTripTests {
    @Test(arguments: UInt64(1)...200)
    func whatIsWrittenIsReadAgain(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let value = Self.value(depth: 0, using: &random)
        let bytes = value.bytes
        #expect(try JSON(bytes) == value)
        #expect(try JSON(bytes).bytes == bytes)
        #expect(!bytes.contains { $0 < 0x20 }, "a line of log stays one line")
    }

    @Test(arguments: UInt64(1)...200)
    func aSpoiledTextIsReadTheSameOrRefused(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var bytes = Self.value(depth: 0, using: &random).bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: 0..<max(1, bytes.count), using: &random)
            switch UInt8.random(in: 0..<3, using: &random) {
            case 0 where index < bytes.count: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1 where index < bytes.count: bytes.remove(at: index)
            case _: bytes.insert(UInt8.random(in: 0...255, using: &random), at: min(index, bytes.count))
            }
        }
        guard let value = try? JSON(bytes) else { return }
        #expect(try JSON(value.bytes) == value)
    }

    private static func value(depth: Int, using random: inout SplitMix64) -> JSON {
        switch UInt8.random(in: 0..<(depth < 5 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3: return .integer(Int64.random(in: -9...9, using: &random))
        case 4: return .decimal(["1.5", "-0", "1e400", "9223372036854775808"].randomElement(using: &random) ?? "-0")
        case 5: return .string(string(using: &random))
        case 6, 7:
            let count = Int.random(in: 0..<5, using: &random)
            return .array((0..<count).map { _ in value(depth: depth + 1, using: &random) })
        case _:
            let names = Set((0..<Int.random(in: 0..<5, using: &random)).map { _ in string(using: &random) })
            return .object(names.sorted().map { JSON.Member($0, value(depth: depth + 1, using: &random)) })
        }
    }

    private static func string(using random: inout SplitMix64) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
