/// What somebody signed in with and from where, in words of ours: nothing that a client wrote is kept.
public enum ClientWords {
    /// `Firefox on Linux`; `nil` if the header names nothing that we know.
    ///
    /// - Parameter userAgent: of which the first 512 bytes are looked at.
    public static func agent(_ userAgent: String?) -> String? {
        guard let userAgent else { return nil }
        let bytes = Array(userAgent.utf8.prefix(512))
        // In this order: most browsers name the others as well.
        let browsers = [
            ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
            ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
        ]
        let systems = [
            ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
        ]
        let browser = browsers.first { bytes.contains($0.0.utf8) }?.1
        let system = systems.first { bytes.contains($0.0.utf8) }?.1
        switch (browser, system) {
        case (let browser?, let system?): return "\(browser) on \(system)"
        case (let browser?, nil): return browser
        case (nil, let system?): return "A program on \(system)"
        case (nil, nil): return nil
        }
    }

    /// The neighbourhood of an address: `203.0.113.*`, or the first three groups of an IPv6 one: `2001:db8:0:*`. `nil` if it
    /// is neither.
    public static func network(_ address: String) -> String? {
        let bytes = Array(address.utf8.prefix(64))
        let isPlain = bytes.allSatisfy { byte in
            (0x30...0x3A).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte) || byte == 0x2E
        }
        guard isPlain else { return nil }
        if !bytes.contains(UInt8(ascii: ":")) {
            let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count == 4, parts.allSatisfy({ (1...3).contains($0.count) }) else { return nil }
            return parts.prefix(3).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") + ".*"
        }
        return groups(bytes).map { $0.prefix(3).joined(separator: ":") + ":*" }
    }

    /// The groups before the gap, with zeros for those inside it; `nil` if there are too many.
    private static func groups(_ bytes: [UInt8]) -> [String]? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (3...9).contains(parts.count), parts.allSatisfy({ $0.count <= 15 }) else { return nil }
        let head = parts.prefix { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
        return head + [String](repeating: "0", count: max(0, 3 - head.count))
    }
}
