internal import HTTP
private import Templates

/// A page of the simulator: its template inside the frame that they all share.
enum Page: String, CaseIterable {
    case checkout, checkoutOver, control, message, portal, signIn

    /// - Parameter formTargets: other origins that answers to this page's forms may lead to; browsers check each step.
    func response(_ status: Status, _ values: [String: Any], formTargets: [String] = []) -> Response {
        var response = Response.html(status, Self.library.render(rawValue, Self.filled(values)))
        let targets = (["'self'"] + formTargets).joined(separator: " ")
        response.headers["content-security-policy"] =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action \(targets); base-uri 'none'; "
            + "frame-ancestors 'none'"
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["referrer-policy"] = "no-referrer"
        return response
    }

    /// A section stands for an empty text or a zero as well: what is empty must not be there.
    private static func filled(_ values: [String: Any]) -> [String: Any] {
        values.compactMapValues { value in
            switch value {
            case let text as String: text.isEmpty ? nil : text
            case let rows as [[String: Any]]: rows.map(filled)
            case let other: other
            }
        }
    }

    private var source: [UInt8] {
        switch self {
        case .checkout: PackageResources.checkout_mustache
        case .checkoutOver: PackageResources.checkoutOver_mustache
        case .control: PackageResources.control_mustache
        case .message: PackageResources.message_mustache
        case .portal: PackageResources.portal_mustache
        case .signIn: PackageResources.signIn_mustache
        }
    }

    private static let library = TemplateLibrary(
        embedded: allCases.map { (name: $0.rawValue, bytes: $0.source) } + [
            ("layout", PackageResources.layout_mustache)
        ])

    static let stylesheet = Response(
        .ok, headers: ["content-type": "text/css; charset=utf-8", "cache-control": "max-age=60"],
        body: PackageResources.simulator_css)
}

/// `$15.00`
func money(_ amount: Int64, _ currency: String) -> String {
    let symbols = ["usd": "$", "eur": "€", "gbp": "£"]
    let sign = amount < 0 ? "-" : ""
    let cents = abs(amount) % 100
    let number = "\(abs(amount) / 100).\(cents < 10 ? "0" : "")\(cents)"
    return sign + (symbols[currency].map { $0 + number } ?? "\(number) \(currency.uppercased())")
}
