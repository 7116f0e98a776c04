public import Core

/// What stands around every page: its title, who is signed in, what it loads.
public struct Frame: Sendable {
    let title: String
    let person: Person?
    /// Instead of a person: the head of the pages under `/admin`.
    private(set) var admin: AdminBar?
    let isImages: Bool
    let isBuy: Bool
    let isAccount: Bool
    /// Pictures stand beside each other: they want more room than text.
    private(set) var isWide: Bool
    let script: String?
    /// For browsers without scripts: when to ask again.
    let refreshSeconds: Int?
    let stylesheet = StaticFile.stylesheet
    private(set) var adminStylesheet: String?
    let icon = StaticFile.icon

    public enum Place: Sendable { case images, image, buy, account, elsewhere }

    public init(
        _ title: String, person: Person?, place: Place = .elsewhere, script: String? = nil, refreshSeconds: Int? = nil
    ) {
        self.title = title
        self.person = person
        isImages = place == .images
        isWide = place == .images || place == .image
        isBuy = place == .buy
        isAccount = place == .account
        self.script = script
        self.refreshSeconds = refreshSeconds
    }

    init(_ title: String, admin: AdminBar) {
        self.init("\(title) · Admin", person: nil)
        self.admin = admin
        adminStylesheet = StaticFile.adminStylesheet
        isWide = true
    }
}

/// Who is signed in, as the head of a page shows it.
public struct Person: Sendable {
    let balance: String
    let balanceLook: String
    /// Whether nothing is left: then the balance leads to where there is more.
    let isOut: Bool
    let isAdmin: Bool
    /// The CSRF token of the session; every form carries it.
    let formToken: String

    public init(_ account: Account, formToken: String) {
        self.init(balance: account.balance, isAdmin: account.isAdmin, formToken: formToken)
    }

    init(balance: Credits, isAdmin: Bool = false, formToken: String) {
        self.balance = Format.credits(balance.rawValue)
        self.isAdmin = isAdmin
        isOut = balance == .zero
        balanceLook = balance == .zero ? "none" : balance <= 5 ? "low" : "fine"
        self.formToken = formToken
    }
}

/// A link that looks like a button.
public struct Action: Sendable {
    let text: String
    let address: String
    let isSecond: Bool

    public init(_ text: String, _ address: String, isSecond: Bool = false) {
        self.text = text
        self.address = address
        self.isSecond = isSecond
    }
}

/// The links under a text; Mustache tells "none" from "some" by the optional.
struct Actions {
    let items: [Action]
    init?(_ items: [Action]) {
        guard !items.isEmpty else { return nil }
        self.items = items
    }
}
