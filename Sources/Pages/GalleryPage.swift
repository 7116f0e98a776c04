public import Core

/// `/`: a form for the next picture, and what came of the earlier ones.
public struct GalleryPage: Sendable {
    /// How many generations stand on one page.
    public static let length = 12

    let frame: Frame
    let lead: String
    let trial: String?
    let few: String?
    /// Why no picture is taken now, although there are credits.
    let refusal: String?
    let risk: String?
    let none: String?
    let isClosed: Bool
    let fault: Fault?
    let formToken: String
    let idempotencyKey: String
    let limit: String
    let limitBytes: Int
    let tooLarge: String
    let noPicture = Fault.noPicture.text
    let generations: [GenerationView]
    let isEmpty: Bool
    /// What the script asks until nothing is under way.
    let live: String?
    let older: String?
    let isOlder: Bool

    /// - Parameters:
    ///   - cursor: where this page of the gallery begins, if it is not the newest.
    ///   - keys: an idempotency key for each form of the page, so that a double click counts once.
    public init(
        _ account: Account, standing: UploadStanding = .free, generations page: Page<Generation>,
        from cursor: Int64?, maximumUploadBytes: Int, formToken: String, fault: Fault? = nil, now: Instant,
        keys: () -> String
    ) {
        let settings = account.settings
        let credits = Format.credits(account.balance.rawValue)
        let pack =
            "\(Format.credits(settings.creditsPerPack)) for \(Format.money(settings.packPriceCents, settings.currency))"
        let isUnderWay = page.items.contains(where: \.isUnderWay)
        frame = Frame(
            "Images", person: Person(account, formToken: formToken), place: .images,
            script: StaticFile.galleryScript, refreshSeconds: isUnderWay && fault == nil ? 5 : nil)
        lead =
            "One image costs one credit."
            + (settings.refundOnFailure && !standing.isAtOwnRisk
                ? " If it cannot be made, the credit comes back by itself." : "")
        trial =
            account.hasFreeTrial && account.balance > 5 ? "You are trying it out: these first credits are on us." : nil
        few =
            account.balance > .zero && account.balance <= 5
            ? "\(credits) left. A pack is \(pack)." : nil
        none = account.balance == .zero ? "You have no credits left. A pack is \(pack)." : nil
        // What was just refused says so itself.
        refusal = fault == nil && account.balance > .zero ? standing.refusal.map { Fault($0).text } : nil
        risk = account.balance > .zero ? standing.risk(under: settings) : nil
        isClosed = account.balance == .zero || standing.refusal != nil
        self.fault = fault
        self.formToken = formToken
        idempotencyKey = keys()
        limit = Format.bytes(Int64(maximumUploadBytes))
        limitBytes = maximumUploadBytes
        tooLarge = Fault.tooLarge(limitBytes: maximumUploadBytes).text
        generations = page.items.map { GenerationView($0, formToken: formToken, now: now, key: keys) }
        isEmpty = page.items.isEmpty
        live =
            isUnderWay
            ? "/api/v1/generations?limit=\(Self.length)" + (cursor.map { "&cursor=\($0)" } ?? "") : nil
        older = page.nextCursor.map { String($0) }
        isOlder = cursor != nil
    }

    public var html: String { Renderer.page("gallery", self) }
}

extension UploadStanding {
    /// What is said before a picture is sent whose failure would cost its credit.
    func risk(under settings: BillingSettings) -> String? {
        guard isAtOwnRisk, settings.refundOnFailure else { return nil }
        return
            "Several of your pictures failed today, and their credits came back. Until midnight UTC, a picture that is "
            + "refused or cannot be read costs its credit."
    }
}

/// Why something came to nothing, and the way out if there is one.
public struct Fault: Sendable {
    let text: String
    let action: Action?

    public init(_ text: String, action: Action? = nil) {
        self.text = text
        self.action = action
    }

    /// What is said of a picture over the limit, before it is sent or after.
    public static func tooLarge(limitBytes: Int) -> Fault {
        Fault("That picture is larger than \(Format.bytes(Int64(limitBytes))). Choose a smaller one.")
    }

    /// Why no picture is taken now, and what helps.
    public init(_ refusal: UploadRefusal) {
        switch refusal {
        case .closed(let end):
            let words = "No more images can be made today. Pictures are taken again after midnight UTC"
            self.init("\(words) (\(Format.exact(end))). Nothing was charged.")
        case .tooManyWaiting(let limit):
            self.init(
                "\(Format.number(limit)) of your pictures wait for their turn already: no more can. Nothing was charged."
            )
        case .imagesFull(let limit):
            self.init(
                "Your images fill the \(Format.bytes(limit)) that you have. Delete some to make room. Nothing was charged."
            )
        }
    }

    public static let noPicture = Fault("Choose a picture first.")
}
