internal import JSON

/// Everything that the simulator remembers. One thread at a time holds it.
struct World: Sendable {
    let settings: SimulatorSettings
    var kept: Kept
    /// Attempts under way and such: gone with the process.
    var outbox = Outbox()
    var behaviour: Behaviour
    var provider = ProviderState()
    /// What the issuer gave out and nobody has exchanged yet.
    var codes: [String: Issuer.Grant] = [:]
    /// The `sid` of each login, by name.
    var issuerSessions: [String: [String]] = [:]
    /// Customers by the token of their portal session.
    var portals: [String: String] = [:]
    /// Requests to the API in the current minute.
    var callsThisMinute: (minute: Int64, count: Int) = (0, 0)
    private(set) var isUnsaved = false
    private var lastMoment = Moment(microseconds: 0)

    /// What a state file holds.
    struct Kept: Codable, Sendable {
        var organizationID = newUUID()
        var endpointID = newUUID()
        var endpointCreatedAt = Moment.now()
        var isEndpointEnabled = true
        var signingKey: String
        var checkouts = Versions<Checkout>()
        var orders = Versions<Order>()
        var customers: [String: Customer] = [:]
        var products: [String: Product] = [:]
        var refunds = Versions<Refund>()
        var disputes = Versions<Dispute>()
        var events: [String: Event] = [:]
        /// In the order of their creation.
        var eventIDs: [String] = []
        var checkoutBySecret: [String: String] = [:]
        var customerByEmail: [String: String] = [:]
        var customerByExternalID: [String: String] = [:]
        var invoiceCount = 0
    }

    /// How the simulator is told to misbehave.
    struct Behaviour: Sendable {
        var scheme: SimulatorSettings.Scheme
        var retryFactor: Double
        var apiLimitPerMinute: Int
        /// Deliveries fail without being sent.
        var isDropping = false
        var dropNext = 0
        /// How many more times each first attempt is sent at once.
        var copies = 0
        /// New events wait until they are released.
        var isHolding = false
        /// Reads by the API show what was true so long ago.
        var replicaLag = Duration.zero
        var hasBenefit = false
        var faults: [APIFault] = []
        /// Of what a site asks the issuer for: configuration, keys, a token for a code.
        var issuerFaults: [APIFault] = []
        var setup = Setup()
        /// What the issuer says instead of the usual; `none` leaves a claim out.
        var claims: [(name: String, value: String)] = []
    }

    init(settings: SimulatorSettings, kept: Kept) {
        self.settings = settings
        self.kept = kept
        behaviour = Behaviour(
            scheme: settings.scheme, retryFactor: settings.retryFactor, apiLimitPerMinute: settings.apiLimitPerMinute)
        addCatalogue()
        for id in kept.eventIDs where kept.events[id]?.status == .waiting { outbox.take(kept.events[id]) }
    }

    /// A time later than every earlier one, so that no two states of one order look equally old.
    mutating func tick() -> Moment {
        lastMoment = max(Moment.now(), Moment(microseconds: lastMoment.microseconds + 1))
        isUnsaved = true
        return lastMoment
    }

    /// The state to save, if it changed since it was last asked for.
    mutating func unsaved() -> Kept? {
        guard isUnsaved else { return nil }
        isUnsaved = false
        return kept
    }

    var bodies: Bodies {
        Bodies(
            organizationID: kept.organizationID, publicURL: settings.publicURL, customers: kept.customers,
            products: kept.products, disputes: kept.disputes.newest)
    }

    /// As a read replica knows it: the newest state that is old enough.
    var replicaMoment: Moment { Moment.now() - behaviour.replicaLag }

    static let foreignProductID = "f0e1d2c3-b4a5-4968-8776-655443322110"

    private mutating func addCatalogue() {
        let created = Moment("2026-09-01T08:00:00Z") ?? Moment(microseconds: 0)
        func product(_ id: String, _ name: String, _ description: String, _ amount: Int64) -> Product {
            let price = Price(
                id: String(id.dropLast(4)) + "0001", createdAt: created, isAdHoc: false, amount: amount, currency: "usd"
            )
            return Product(id: id, createdAt: created, name: name, description: description, price: price)
        }
        kept.products = [
            settings.productID: product(settings.productID, "Credits", "For generating images", 500),
            Self.foreignProductID: product(Self.foreignProductID, "T-shirt", "Nothing to do with credits", 2500),
        ]
    }
}

/// Values by id, each with its earlier states, in the order of their creation.
struct Versions<Value: Codable & Sendable>: Codable, Sendable {
    private struct Version: Codable, Sendable {
        var since: Moment
        var value: Value
    }

    private(set) var newest: [String: Value] = [:]
    private(set) var ids: [String] = []
    private var versions: [String: [Version]] = [:]

    /// A replica never lags so much that more states than these count.
    private static var kept: Int { 6 }

    subscript(id: String) -> Value? { newest[id] }

    mutating func put(_ value: Value, id: String, at moment: Moment) {
        if newest.updateValue(value, forKey: id) == nil { ids.append(id) }
        versions[id, default: []].append(Version(since: moment, value: value))
        if versions[id, default: []].count > Self.kept { versions[id]?.removeFirst() }
    }

    /// The state at that time; `nil` if there was none.
    func value(_ id: String, at moment: Moment) -> Value? {
        versions[id]?.last { $0.since <= moment }?.value
    }

    /// Newest first.
    func all(at moment: Moment, where isWanted: (Value) -> Bool = { _ in true }) -> [Value] {
        ids.reversed().compactMap { id in value(id, at: moment).flatMap { isWanted($0) ? $0 : nil } }
    }
}
