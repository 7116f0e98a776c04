public import JSON

/// Bodies as Polar sends them, and signatures that others have made.
public enum Fixtures {
    /// The bytes of one file, as they would come over the wire.
    public static func bytes(_ path: String) throws -> [UInt8] {
        try Places.bytes(of: "\(Places.repository)/Tests/Fixtures/\(path)")
    }

    /// A picture of every kind that cameras and programs make.
    public static func image(_ name: String) throws -> [UInt8] { try bytes("images/\(name)") }

    public static func json(_ path: String) throws -> JSON { try JSON(bytes(path)) }

    /// The two ways in which Polar writes an envelope: without and with `api_version`.
    public static let versions = ["2026-08-unversioned", "2026-10"]

    /// The files of one version, in their order.
    public static let payloads = [
        "01-order.created-paid", "02-order.updated-paid", "03-order.paid", "04-order.created-pending",
        "05-order.created-draft", "06-order.updated-void", "07-refund.created-succeeded", "08-order.updated-refunded",
        "09-order.refunded-full", "10-order.refunded-partial-1", "11-order.refunded-partial-2",
        "12-order.refunded-partial-3-final", "13-refund.created-pending", "14-refund.updated-succeeded",
        "15-refund.updated-failed", "16-order.updated-refund-reverted", "17-refund.created-dispute-prevention",
        "18-benefit_grant.revoked-custom", "19-checkout.created", "20-checkout.updated-confirmed",
        "21-checkout.updated-succeeded", "22-checkout.expired", "23-customer.created",
    ]
}
