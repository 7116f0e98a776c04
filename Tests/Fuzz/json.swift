import JSON

/// What was read is the same after it is written and read again.
func fuzz(_ bytes: [UInt8]) {
    guard let value = try? JSON(bytes) else { return }
    guard let again = try? JSON(value.bytes) else { preconditionFailure("unreadable: \(value.text)") }
    precondition(again == value && again.bytes == value.bytes)
}
