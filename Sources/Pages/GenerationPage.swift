public import Core

/// `/generations/{id}`: the original beside the result.
public struct GenerationPage: Sendable {
    let frame: Frame
    let generation: GenerationView
    let fault: Fault?
    /// What is to be known before it is tried again.
    let risk: String?
    let facts: [Fact]
    let live: String?

    struct Fact: Sendable {
        let name: String
        let text: String
        private(set) var moment: Moment?

        init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }

        init(_ name: String, _ moment: Moment) {
            self.init(name, "")
            self.moment = moment
        }
    }

    /// - Parameter keys: an idempotency key for the form that tries again.
    public init(
        _ generation: Generation, account: Account, standing: UploadStanding = .free, formToken: String,
        fault: Fault? = nil, now: Instant, keys: () -> String
    ) {
        let view = GenerationView(generation, formToken: formToken, now: now, key: keys)
        frame = Frame(
            "Image", person: Person(account, formToken: formToken), place: .image,
            script: StaticFile.galleryScript, refreshSeconds: view.isUnderWay && fault == nil ? 5 : nil)
        self.generation = view
        self.fault = fault
        risk = view.retry == nil ? nil : standing.risk(under: account.settings)
        live = view.isUnderWay ? "/api/v1/generations/\(view.id)" : nil
        facts =
            [Fact("Uploaded", view.uploaded)]
            + (generation.completedAt.map { [Fact("Finished", Moment($0, now: now))] } ?? [])
            + [Fact("Original", view.original.size)]
            + (view.result.map { [Fact("Result", $0.size)] } ?? [])
            + (generation.attempts > 1 ? [Fact("Tries", Format.number(generation.attempts))] : [])
            + [Fact("Cost", generation.isRefunded ? "Nothing: the credit is back" : "1 credit")]
    }

    public var html: String { Renderer.page("generation", self) }
}
