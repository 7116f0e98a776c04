/// Reads settings from the environment and remembers everything that is wrong with it.
///
/// A reader answers a stand-in for a value it refuses; ``finish()`` throws before anyone sees one.
public struct EnvironmentReader {
    private let environment: [String: String]
    private let file: (String) -> String?
    private var faults: [SettingsError.Fault] = []

    /// - Parameter file: the text of a file, or `nil` if it cannot be read. For `NAME_FILE`.
    public init(_ environment: [String: String], file: @escaping (String) -> String?) {
        self.environment = environment
        self.file = file
    }

    /// The value, or `nil` if it is absent or empty.
    public func optional(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The text of a file that a setting names; `nil` if it cannot be read.
    public func text(ofFile path: String) -> String? { file(path) }

    public mutating func text(_ name: String) -> String {
        optional(name) ?? refuse(name, "is missing", "")
    }

    /// From `NAME`, or from the file that `NAME_FILE` names. White space at the ends is no part of a secret: a line feed
    /// at the end of a file would make every signature wrong.
    public mutating func optionalSecret(_ name: String) -> Secret? {
        if let path = optional(name + "_FILE") {
            guard let text = file(path) else { return refuse(name + "_FILE", "cannot be read", nil) }
            return Self.trimmed(text).map(Secret.init) ?? refuse(name + "_FILE", "is empty", nil)
        }
        return optional(name).flatMap(Self.trimmed).map(Secret.init)
    }

    public mutating func secret(_ name: String, minimumBytes: Int = 1) -> Secret {
        guard let secret = optionalSecret(name) else {
            return faults.contains { $0.name == name + "_FILE" } ? Secret("") : refuse(name, "is missing", Secret(""))
        }
        guard secret.bytes.count >= minimumBytes else {
            return refuse(name, "is shorter than \(minimumBytes) bytes", secret)
        }
        return secret
    }

    /// A comma list while a secret is being changed; every one of them counts.
    public mutating func secrets(_ name: String, minimumBytes: Int) -> [Secret] {
        let list = secret(name)
        guard !list.bytes.isEmpty else { return [] }
        let secrets = list.revealed.split(separator: ",").compactMap(Self.trimmed).map(Secret.init)
        guard !secrets.isEmpty, secrets.allSatisfy({ $0.bytes.count >= minimumBytes }) else {
            return refuse(name, "is shorter than \(minimumBytes) bytes", [])
        }
        return secrets
    }

    public mutating func integer(_ name: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        precondition(range.contains(standard))
        guard let value = optional(name) else { return standard }
        guard let integer = Int(value), range.contains(integer) else {
            return refuse(name, "is not a whole number from \(range.lowerBound) to \(range.upperBound)", standard)
        }
        return integer
    }

    /// `nil` unless it is set.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        let isSet = optional(name) != nil
        let value = integer(name, in: range, default: range.lowerBound)
        return isSet ? value : nil
    }

    public mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default standard: Choice?)
        -> Choice where Choice.RawValue == String
    {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        guard let value = optional(name) else {
            if let standard { return standard }
            return refuse(name, "is missing: one of \(choices)", Choice.allCases[Choice.allCases.startIndex])
        }
        guard let choice = Choice(rawValue: value) else {
            return refuse(name, "is not one of \(choices)", Choice.allCases[Choice.allCases.startIndex])
        }
        return choice
    }

    /// An `https` address without a slash at its end; `http` only for this machine.
    public mutating func address(_ name: String, default standard: String? = nil) -> String {
        guard var value = optional(name) ?? standard else { return refuse(name, "is missing", "") }
        while value.hasSuffix("/") { value.removeLast() }
        guard Self.isAddress(value) else { return refuse(name, "is not an https address", "") }
        return value
    }

    /// Whether it is an `https` address, or an `http` one of this machine.
    public static func isAddress(_ value: String) -> Bool {
        let isLocal = ["localhost", "127.0.0.1", "[::1]"].contains { host in
            value == "http://\(host)" || ["/", ":"].contains { value.hasPrefix("http://\(host)\($0)") }
        }
        let isPlain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !value.contains("@")
        return isPlain && (isLocal || (value.hasPrefix("https://") && value.utf8.count > "https://".utf8.count))
    }

    public mutating func identifier<Subject>(_ name: String, of subject: Subject.Type) -> Identifier<Subject> {
        let standIn = Identifier<Subject>(random: [UInt8](repeating: 0, count: 16))
        guard let value = optional(name) else { return refuse(name, "is missing", standIn) }
        return Identifier(value) ?? refuse(name, "is not a UUID", standIn)
    }

    public mutating func refuse<Value>(_ name: String, _ reason: String, _ standIn: Value) -> Value {
        faults.append(SettingsError.Fault(name: name, reason: reason))
        return standIn
    }

    public consuming func finish() throws(SettingsError) {
        guard faults.isEmpty else { throw SettingsError(faults: faults) }
    }

    private static func trimmed(_ text: some StringProtocol) -> String? {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        let start = text.drop(while: isSpace)
        let trimmed = String(String(start.reversed()).drop(while: isSpace).reversed())
        return trimmed.isEmpty ? nil : trimmed
    }
}

/// Every setting that is missing or wrong, in the order in which they were read. Values are left out.
public struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    public let faults: [Fault]

    public struct Fault: Equatable, Sendable {
        public let name: String
        public let reason: String
    }

    public var description: String {
        faults.map { "\($0.name) \($0.reason)" }.joined(separator: "\n")
    }
}
