internal import JSON

// What Polar keeps, reduced to what differs between one sale and the next.

struct Price: Codable, Sendable, Equatable {
    var id: String
    var createdAt: Moment
    /// Made for one checkout session by its `prices`.
    var isAdHoc: Bool
    var amount: Int64
    var currency: String
}

struct Product: Codable, Sendable {
    var id: String
    var createdAt: Moment
    var name: String
    var description: String
    var price: Price
}

struct Customer: Codable, Sendable {
    var id: String
    var createdAt: Moment
    var modifiedAt: Moment?
    var externalID: String?
    var email: String
    var name: String?
    var country: String?
    var metadata: StoredJSON
}

struct Checkout: Codable, Sendable {
    enum Status: String, Codable, Sendable, CaseIterable { case open, confirmed, succeeded, expired, failed }

    var id: String
    var createdAt: Moment
    var modifiedAt: Moment?
    var expiresAt: Moment
    var status: Status
    var clientSecret: String
    var successURL: String
    var returnURL: String?
    var embedOrigin: String?
    var products: [String]
    /// Of the first product, the one that is sold.
    var price: Price
    /// Ad hoc, by product.
    var prices: [String: [Price]]
    var discountAmount: Int64
    var taxAmount: Int64?
    var country: String?
    var customerID: String?
    var externalCustomerID: String?
    var customerName: String?
    var customerEmail: String?
    var customerIP: String?
    var locale: String?
    var allowsDiscountCodes: Bool
    var metadata: StoredJSON
    var customerMetadata: StoredJSON

    var netAmount: Int64 { price.amount - discountAmount }
    var totalAmount: Int64 { netAmount + (taxAmount ?? 0) }
}

struct Order: Codable, Sendable {
    enum Status: String, Codable, Sendable, CaseIterable {
        case draft, pending, paid, refunded, void
        case partiallyRefunded = "partially_refunded"

        var isPaid: Bool {
            switch self {
            case .paid, .refunded, .partiallyRefunded: true
            case .draft, .pending, .void: false
            }
        }
    }

    var id: String
    var createdAt: Moment
    var modifiedAt: Moment?
    var status: Status
    var price: Price
    var discountAmount: Int64
    var taxAmount: Int64
    var refundedAmount: Int64
    var refundedTaxAmount: Int64
    var productID: String
    var customerID: String
    var checkoutID: String?
    var country: String?
    var billingName: String?
    var invoiceNumber: String
    var receiptNumber: String?
    var itemID: String
    var metadata: StoredJSON

    /// After discount, before tax.
    var netAmount: Int64 { price.amount - discountAmount }
    var totalAmount: Int64 { netAmount + taxAmount }
    var refundableAmount: Int64 { netAmount - refundedAmount }
    var refundableTaxAmount: Int64 { taxAmount - refundedTaxAmount }
}

struct Refund: Codable, Sendable {
    enum Status: String, Codable, Sendable { case pending, succeeded, failed, canceled }

    enum Reason: String, Codable, Sendable, CaseIterable {
        case duplicate, fraudulent, other
        case customerRequest = "customer_request"
        case serviceDisruption = "service_disruption"
        case satisfactionGuarantee = "satisfaction_guarantee"
        case disputePrevention = "dispute_prevention"
    }

    var id: String
    var createdAt: Moment
    var modifiedAt: Moment?
    var status: Status
    var reason: Reason
    var amount: Int64
    var taxAmount: Int64
    var currency: String
    var orderID: String
    var customerID: String
    var revokesBenefits: Bool
    var disputeID: String?
    var metadata: StoredJSON
}

struct Dispute: Codable, Sendable {
    enum Status: String, Codable, Sendable, CaseIterable {
        case prevented, lost, won
        case earlyWarning = "early_warning"
        case needsResponse = "needs_response"
        case underReview = "under_review"
    }

    var id: String
    var createdAt: Moment
    var modifiedAt: Moment?
    var status: Status
    var amount: Int64
    var taxAmount: Int64
    var currency: String
    var orderID: String
    var paymentID: String
}

/// JSON inside our own state file.
struct StoredJSON: Codable, Sendable, Equatable {
    var value: JSON

    init(_ value: JSON = .object([])) { self.value = value }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        value = try JSON(Array(text.utf8))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.text)
    }
}
