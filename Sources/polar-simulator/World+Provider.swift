private import Crypto
internal import JSON

/// How the next calls of the image provider go wrong. The raw value is what the control API calls it.
enum ProviderFault: String, CaseIterable, Sendable {
    case none
    case internalError = "500"
    case unavailable = "503"
    case tooManyRequests = "429"
    case hang, slow, safety
    case promptBlock = "prompt_block"
    case noImage = "no_image"
    case notAnImage = "not_an_image"
    case nonsense
    case cutOff = "cut_off"

    /// For the control page.
    var words: String {
        switch self {
        case .none: "paint"
        case .tooManyRequests: "429: too many requests"
        case .internalError: "500: internal error"
        case .unavailable: "503: overloaded"
        case .hang: "hang"
        case .slow: "slow (20 s)"
        case .safety: "refuse the result"
        case .promptBlock: "refuse the prompt"
        case .noImage: "words, no picture"
        case .notAnImage: "a picture that is none"
        case .nonsense: "a web page"
        case .cutOff: "cut the answer off"
        }
    }
}

/// The image provider's own memory; gone with the process.
struct ProviderState: Sendable {
    static let mostHanging = 32
    static let hangTime = Duration.seconds(150)
    private static let slowness = Duration.seconds(20)

    private(set) var calls = 0
    var pictures = 0
    private(set) var last: Provider.Call?
    var hanging = 0
    /// Grows with every change of how it behaves: whoever hangs stops hanging.
    private(set) var changes = 0
    private(set) var fault = ProviderFault.none
    /// How many calls the fault is still for; for all, if there is no number.
    private(set) var faultsLeft: Int?
    /// So that a person sees a picture in the making.
    private(set) var delayMilliseconds: Int64 = 1000
    private(set) var retrySeconds = 2

    /// Notes a call and tells how it ends.
    mutating func take(_ call: Provider.Call) -> (fault: ProviderFault, delay: Duration) {
        calls += 1
        last = call
        let fault = fault
        if let left = faultsLeft {
            if left > 1 { faultsLeft = left - 1 } else { (self.fault, faultsLeft) = (.none, nil) }
        }
        return (fault, fault == .slow ? Self.slowness : .milliseconds(delayMilliseconds))
    }

    mutating func change(_ wish: Wish) throws(Refusal) {
        let fault =
            try wish.choice("fault", ProviderFault.self)
            ?? wish.json["fault"]?.integer.flatMap { ProviderFault(rawValue: String($0)) }
        if fault == nil, wish.json["fault"] != nil { throw .badParameter("There is no such fault.") }
        let count = wish.text("count") == "forever" ? nil : try wish.number("count")
        if count == 0 { throw .badParameter("count is a number from 1, or forever.") }
        if let milliseconds = try wish.number("delay_ms") { delayMilliseconds = min(milliseconds, 600_000) }
        if let seconds = try wish.number("retry_seconds") { retrySeconds = Int(min(seconds, 86_400)) }
        if try wish.flag("forget") ?? false { (calls, pictures, last) = (0, 0, nil) }
        guard let fault else { return }
        self.fault = fault
        faultsLeft = fault == .none ? nil : count.map { Int($0) }
        changes += 1
    }

    var summary: JSON {
        [
            "calls": .integer(Int64(calls)), "pictures": .integer(Int64(pictures)), "fault": .string(fault.rawValue),
            "count": .optional(faultsLeft.map { Int64($0) }), "hanging": .integer(Int64(hanging)),
            "delay_ms": .integer(delayMilliseconds), "retry_seconds": .integer(Int64(retrySeconds)),
            "last": last.map {
                [
                    "model": .string($0.model), "prompt": .string($0.prompt), "mime_type": .string($0.mimeType),
                    "bytes": .integer(Int64($0.picture.count)), "sha256": .string(hexadecimal(sha256($0.picture))),
                ]
            } ?? .null,
        ]
    }
}
