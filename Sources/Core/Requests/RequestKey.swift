private import Crypto

/// One client's name for one request: the same again is the same request.
public struct RequestKey: Equatable, Sendable {
    public let user: UserID
    public let key: String
    /// SHA-256 over what makes the request: method, path and body.
    let fingerprint: [UInt8]

    /// `nil` unless `key` is 1 to 255 printable ASCII characters.
    public init?(_ key: String, of user: UserID, method: String, path: String, body: [UInt8]) {
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.user = user
        self.key = key
        fingerprint = sha256(Array("\(method) \(path)\n".utf8) + body)
    }
}

/// An answer as it is kept for 24 hours.
public struct KeptAnswer: Equatable, Sendable {
    public let status: Int
    /// `content-type` and `location`: what belongs to the answer and not to the moment.
    public let contentType: String?
    public let location: String?
    public let body: [UInt8]

    public init(status: Int, contentType: String?, location: String?, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.body = body
    }
}

/// A key together with the answer that is to be kept under it.
public struct Keyed<Outcome: Sendable>: Sendable {
    public let key: RequestKey
    /// `nil` of an outcome that is decided anew next time. It is called inside the transaction: no effect of its own.
    let answer: @Sendable (Outcome) -> KeptAnswer?

    public init(_ key: RequestKey, answer: @escaping @Sendable (Outcome) -> KeptAnswer?) {
        self.key = key
        self.answer = answer
    }
}

/// What became of a request that came before under its key.
public enum EarlierRequest: Equatable, Sendable {
    case answered(KeptAnswer)
    /// The key stands for another request.
    case other
    /// It has not been answered yet. A checkout alone can be seen like that: it waits for Polar.
    case running
}

/// What becomes of a request that may have come before.
public enum Once<Outcome: Sendable>: Sendable {
    case now(Outcome)
    /// Nothing was done.
    case before(EarlierRequest)
}

extension Once: Equatable where Outcome: Equatable {}
