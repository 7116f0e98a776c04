internal import Core
private import Images

/// One generation as the gallery and its own page show it.
struct GenerationView: Sendable {
    let id: String
    let address: String
    /// Changes whenever what is shown would: the script puts the new one in the place of the old.
    let state: String
    /// The class of its state.
    let look: String
    let isUnderWay: Bool
    let title: String
    /// Why it failed and what became of the credit.
    let reason: String?
    /// What a screen reader is told when it comes to this.
    let news: String
    let uploaded: Moment
    let original: PictureView
    let result: PictureView?
    /// The result, small if it can be, or the original as long as there is none.
    let shown: PictureView
    let retry: Retry?
    let removal: Removal
    let formToken: String

    struct Retry: Sendable {
        let label: String
        let idempotencyKey: String
    }

    /// A button for one that waits; a question first for one whose picture would be lost.
    struct Removal: Sendable {
        let cancel: String?
        let question: Question?

        struct Question: Sendable {
            let text: String
            let button: String
        }
    }

    /// - Parameter key: an idempotency key for the form that tries again.
    init(_ generation: Generation, formToken: String, now: Instant, key: () -> String) {
        let words = Words(generation)
        id = generation.id.text
        address = "/generations/\(id)"
        state = "\(generation.status.rawValue):\(generation.attempts):\(generation.isRefunded)"
        look = words.look
        isUnderWay = generation.isUnderWay
        title = words.title
        reason = words.reason
        news = words.news
        uploaded = Moment(generation.createdAt, now: now)
        original = PictureView(generation.input, .original, of: generation)
        result = generation.result.map { PictureView($0, .result, of: generation) }
        shown = generation.thumbnail.map { PictureView($0, .thumbnail, of: generation) } ?? result ?? original
        retry = words.retry.map { Retry(label: $0, idempotencyKey: key()) }
        removal = words.removal
        self.formToken = formToken
    }

    /// What each state means to the one who waits for it.
    fileprivate struct Words {
        let look: String
        let title: String
        var reason: String?
        let news: String
        var retry: String?
        let removal: Removal
    }
}

extension GenerationView.Words {
    fileprivate init(_ generation: Generation) {
        func asking(_ text: String, _ button: String = "Delete for good") -> GenerationView.Removal {
            .init(cancel: nil, question: .init(text: text, button: button))
        }
        switch generation.status {
        case .pending:
            let isFirst = generation.attempts == 0
            self.init(
                look: "waiting", title: isFirst ? "Waiting for its turn" : "Will be tried again in a moment",
                news: isFirst ? "Your picture waits for its turn." : "Your image will be tried again.",
                removal: .init(cancel: "Cancel, credit back", question: nil))
        case .processing:
            self.init(
                look: "working", title: "Being made now", news: "Your image is being made.",
                removal: asking("It is being made already: its credit stays spent.", "Delete it anyway"))
        case .completed:
            self.init(
                look: "done", title: "Ready", news: "Your image is ready.",
                removal: asking("The original and the result are lost."))
        case .failed, .cancelled:
            let why = generation.failure?.sentence ?? "It came to nothing."
            let credit = generation.isRefunded ? "Your credit is back." : "The credit was not given back."
            self.init(
                look: "failed", title: "Failed", reason: "\(why) \(credit)",
                news: "An image failed. \(why) \(credit)",
                retry: generation.isInputGone || generation.isSpent
                    ? nil : generation.isRefunded ? "Try again for 1 credit" : "Try again at no cost",
                removal: asking("The original is lost."))
        }
    }
}

/// A picture on a page, and the link to have it.
struct PictureView: Sendable {
    enum Role: String { case original, result, thumbnail }

    let address: String
    let alternative: String
    let width: Int
    let height: Int
    /// Most browsers cannot show HEIC: then the name of its type stands in its place.
    let isShown: Bool
    let isKept: Bool
    let type: String
    let size: String
    let fileName: String

    init(_ image: StoredImage, _ role: Role, of generation: Generation) {
        let id = generation.id.text
        let moment = Format.exact(generation.createdAt)
        address = "/api/v1/generations/\(id)/\(role.rawValue)"
        switch role {
        case .original: alternative = "Picture uploaded \(moment)"
        case .result, .thumbnail: alternative = "Image made from the picture of \(moment)"
        }
        width = image.facts.width
        height = image.facts.height
        isKept = role != .original || !generation.isInputGone
        switch image.facts.kind {
        case .png, .jpeg, .webp: isShown = isKept
        case .heic, .heif: isShown = false
        }
        type = image.facts.kind.name
        size =
            "\(Format.number(Int64(width))) × \(Format.number(Int64(height))), \(Format.bytes(image.bytes)), \(type)"
        fileName = "\(role.rawValue)-\(id.prefix(8)).\(image.facts.kind.rawValue)"
    }
}

extension ImageKind {
    fileprivate var name: String {
        switch self {
        case .png: "PNG"
        case .jpeg: "JPEG"
        case .webp: "WebP"
        case .heic: "HEIC"
        case .heif: "HEIF"
        }
    }
}

extension Generation {
    /// Whether it will still change by itself.
    var isUnderWay: Bool {
        switch status {
        case .pending, .processing: true
        case .completed, .failed, .cancelled: false
        }
    }
}
