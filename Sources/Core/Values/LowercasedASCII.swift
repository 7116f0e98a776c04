extension Sequence<UInt8> {
    /// With A to Z in lower case, and every other byte as it is.
    public var lowercasedASCII: [UInt8] { map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
}
