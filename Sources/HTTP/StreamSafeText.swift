extension String {
    /// Text that came over the network: UTF-8 with no more than 30 combining marks in a row, else `nil`.
    ///
    /// Swift compares, hashes and cuts text in a normal form; with longer runs that costs the square of their length,
    /// and no language has them.
    ///
    /// Source: https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
    @inlinable
    public init?(streamSafe bytes: some Collection<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self), text.isStreamSafe else { return nil }
        self = text
    }

    public var isStreamSafe: Bool {
        if utf8.allSatisfy({ $0 < 0x80 }) { return true }
        var marks = 0
        for scalar in unicodeScalars {
            let isMark = !scalar.isASCII && scalar.properties.canonicalCombiningClass != .notReordered
            marks = isMark ? marks + 1 : 0
            if marks > 30 { return false }
        }
        return true
    }
}
