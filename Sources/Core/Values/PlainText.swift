/// What a person typed, or what somebody else's service says that a person typed: a name, an address, a reason.
///
/// Code points that show nothing of their own and change how what stands beside them is read or sorted into
/// characters (controls, format and bidirectional marks, separators of lines, prepended marks) have no place in it.
///
/// Sources:
/// - https://www.unicode.org/reports/tr9/
/// - https://www.unicode.org/Public/UCD/latest/ucd/auxiliary/GraphemeBreakProperty.txt (Prepend)
public enum PlainText {
    /// Whether all of it can be taken as it is: no such code point, and something that shows.
    public static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(shows) && text.unicodeScalars.contains { !$0.properties.isWhitespace }
    }

    /// The text without those code points; `nil` if it is longer, holds a control character or has nothing that shows.
    public static func cleaned(_ text: String, maximumBytes: Int = 255) -> String? {
        guard text.utf8.count <= maximumBytes else { return nil }
        // Nearly always: each request brings a name.
        if isPlain(text) { return text }
        let scalars = text.unicodeScalars
        guard !scalars.contains(where: { $0.properties.generalCategory == .control }) else { return nil }
        let cleaned = String(String.UnicodeScalarView(scalars.filter(shows)))
        return isPlain(cleaned) ? cleaned : nil
    }

    private static func shows(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        // The property is none that Swift has; those of another category than `format` stand here.
        case .otherLetter: return !prependedLetters.contains(scalar.value)
        case _: return true
        }
    }

    private static let prependedLetters: Set<UInt32> = [
        0x0D4E, 0x111C2, 0x111C3, 0x113D1, 0x1193F, 0x11941, 0x11A3A, 0x11A84, 0x11A85, 0x11A86, 0x11A87, 0x11A88,
        0x11A89, 0x11D46, 0x11F02,
    ]
}

/// Why a person does something, as the ledger and the audit log keep it.
public enum Reason {
    public static let rule = "a text of 1 to 1000 bytes, on one line and without invisible characters"

    /// `nil` if it is blank, too long or not plain.
    public static func checked(_ text: String?) -> String? {
        guard let text, text.utf8.count <= 1000, PlainText.isPlain(text) else { return nil }
        return text
    }
}
