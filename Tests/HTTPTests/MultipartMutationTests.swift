import HTTP
import TestSupport
import Testing

/// Whatever bytes come, an answer comes back: a trap would end the process for everybody.
@Suite struct MultipartMutationTests {
    private static let form = Array(
        """
        before\r\n--cut\r\nContent-Disposition: form-data; name="a"; filename="b%22\\".png"\r\nContent-Type: image/png\r
        \r\n\u{89}PNG\r\n--cu\r\n--cut \r\nContent-Disposition: form-data; name=b\r\n\r\nx\r\n--cut--\r\nafter
        """.utf8)

    private static let type = Array("multipart/form-data; charset=\"utf-8\"; boundary=\"cut\"".utf8)

    /// What is true of every answer: however the body is cut into pieces, it is the same.
    private func hold(_ body: [UInt8], _ type: [UInt8], by random: inout SplitMix64) {
        let type = String(decoding: type, as: UTF8.self)
        let whole = ReadForm.outcome(body, type)
        let single = ReadForm.outcome(body, type) { 1 }
        let pieces = ReadForm.outcome(body, type) { Int.random(in: 1...40, using: &random) }
        if single != whole || pieces != whole { Issue.record("\(whole), \(single), \(pieces) of \(body)") }
        guard case .success(let form) = whole else { return }
        if form.parts.count > Multipart.maximumParts { Issue.record("\(form.parts.count) parts of \(body)") }
        // No part holds the boundary of the next.
        guard type.contains("boundary=\"cut\"") else { return }
        for part in form.parts where part.bytes.firstRange(of: Array("\r\n--cut".utf8)) != nil {
            Issue.record("\(part) of \(body)")
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func mutations(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10_000 {
            var body = Self.form
            var type = Self.type
            for _ in 0...Int.random(in: 0...3, using: &random) { mutate(&body, by: &random) }
            if Bool.random(using: &random) { mutate(&type, by: &random) }
            hold(body, type, by: &random)
        }
    }

    private func mutate(_ bytes: inout [UInt8], by random: inout SplitMix64) {
        guard let offset = bytes.indices.randomElement(using: &random) else { return }
        let interesting = Array("\r\n-:;=\"\\%\0 ".utf8) + [0xFF]
        switch UInt8.random(in: 0...5, using: &random) {
        case 0: bytes[offset] = .random(in: 0...255, using: &random)
        case 1: bytes[offset] = interesting.randomElement(using: &random) ?? 0
        case 2: bytes.remove(at: offset)
        case 3: bytes.removeSubrange(offset...)
        case 4: bytes.insert(contentsOf: bytes[offset...].prefix(.random(in: 0...64, using: &random)), at: offset)
        case _: bytes.insert(contentsOf: "\r\n--cut".utf8, at: offset)
        }
    }
}
