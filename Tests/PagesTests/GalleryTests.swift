import Foundation
import Images
import Testing

@testable import Core
@testable import Pages

/// A generation, spoilt by each test in its own way.
struct Shown {
    var status = Generation.Status.pending
    var attempts: Int64 = 0
    var failure: GenerationFailure?
    var kind = ImageKind.jpeg
    var result: ImageKind?
    var thumbnail: ImageKind?
    var isRefunded = false
    var account = Account.of(10)
    var fault: Fault?

    static let now = Instant(unixSeconds: 1_795_000_000)
    static let id = Generation.ID(random: [UInt8](repeating: 7, count: 16))

    init(_ change: (inout Shown) -> Void = { _ in }) { change(&self) }

    var generation: Generation {
        func image(_ kind: ImageKind) -> StoredImage {
            StoredImage(
                blob: BlobID(contentOf: [1]), bytes: 3_500_000, facts: ImageFacts(kind: kind, width: 4032, height: 3024)
            )
        }
        return Generation(
            id: Self.id, place: 1, user: account.user, status: status, attempts: attempts, failure: failure,
            input: image(kind), result: result.map(image), thumbnail: thumbnail.map(image), isRefunded: isRefunded,
            createdAt: Self.now.advanced(by: .seconds(-300)), completedAt: nil)
    }

    var gallery: String {
        GalleryPage(
            account, generations: Page([generation], limit: 12, cursor: \.place), from: nil,
            maximumUploadBytes: 3_145_728, formToken: "token", fault: fault, now: Self.now, keys: { "key" }
        ).html
    }

    var page: String {
        GenerationPage(
            generation, account: account, formToken: "token", fault: fault, now: Self.now, keys: { "key" }
        ).html
    }
}

extension Account {
    static func of(
        _ balance: Int64, trial: Bool = false, change: (inout BillingSettings) -> Void = { _ in }
    ) -> Account {
        guard let user = UserID("ada") else { preconditionFailure() }
        var settings = BillingSettings(
            packPriceCents: 1500, creditsPerPack: 1260, refundOnFailure: true, freeTrialCredits: 10, currency: "usd",
            version: 1, updatedAt: nil, updatedBy: nil)
        change(&settings)
        return Account(
            user: user, balance: Credits(rawValue: balance), debt: .zero, hasFreeTrial: trial, trial: nil,
            isAdmin: false,
            settings: settings, createdAt: Shown.now)
    }
}

@Suite struct GalleryTests {
    @Test(arguments: [
        (Generation.Status.pending, 0, "Waiting for its turn", "Cancel, credit back"),
        (.pending, 1, "Will be tried again in a moment", "Cancel, credit back"),
        (.processing, 1, "Being made now", "its credit stays spent"),
        (.completed, 1, "Ready", "Delete for good"), (.failed, 2, "Failed", "Delete for good"),
    ])
    func everyStateHasItsWordsAndItsButton(
        _ status: Generation.Status, _ attempts: Int64, _ words: String, _ button: String
    ) {
        let shown = Shown {
            $0.status = status
            $0.attempts = attempts
            $0.failure = status == .failed ? .providerTimeout : nil
            $0.result = status == .completed ? .png : nil
        }
        for page in [shown.gallery, shown.page] {
            #expect(page.contains(words) && page.contains(button))
            #expect(page.contains("data-live") == (status == .pending || status == .processing))
            #expect(page.contains("value=\"retry\"") == (status == .failed))
            #expect(page.contains("/result\"") == (status == .completed))
        }
    }

    @Test(arguments: GenerationFailure.allCases)
    func aFailureSaysWhyInOurWords(_ failure: GenerationFailure) {
        for (isRefunded, credit, button) in [
            (true, "Your credit is back.", "Try again for 1 credit"),
            (false, "The credit was not given back.", "Try again at no cost"),
        ] {
            let shown = Shown {
                $0.status = .failed
                $0.failure = failure
                $0.isRefunded = isRefunded
            }
            #expect(shown.gallery.contains("\(failure.sentence) \(credit)") && shown.gallery.contains(button))
            #expect(!shown.gallery.contains(failure.rawValue))
        }
    }

    @Test func aCardShowsTheSmallestAndThePageTheWhole() {
        let small = Shown {
            $0.status = .completed
            ($0.result, $0.thumbnail) = (.png, .webp)
        }
        #expect(small.gallery.contains("/thumbnail\"") && !small.gallery.contains("/result\""))
        #expect(!small.page.contains("/thumbnail\"") && small.page.contains("/result\""))
        let large = Shown { ($0.status, $0.result) = (.completed, .png) }
        #expect(large.gallery.contains("/result\"") && Shown().gallery.contains("/original\""))
    }

    @Test func textsComeFromTheSettings() {
        let few = Shown { $0.account = .of(5) }.gallery
        #expect(few.contains("5 credits left. A pack is 1,260 credits for $15.00.") && few.contains("balance low"))
        let none = Shown { $0.account = .of(0) }.gallery
        #expect(none.contains("You have no credits left. A pack is 1,260 credits for $15.00."))
        #expect(none.contains("<fieldset disabled>") && none.contains("class=\"balance none\" href=\"/buy\""))
        let fine = Shown { $0.account = .of(6, trial: true) }.gallery
        #expect(fine.contains("these first credits are on us") && fine.contains("up to 3 MB"))
        #expect(fine.contains("the credit comes back by itself"))
        let strict = Shown { $0.account = .of(6) { $0.refundOnFailure = false } }.gallery
        #expect(!strict.contains("comes back by itself"))
    }

    @Test func whatMostBrowsersCannotShowIsNamedInstead() {
        for kind in [ImageKind.heic, .heif] {
            let page = Shown { $0.kind = kind }.page
            #expect(!page.contains("<img") && page.contains(kind == .heic ? ">HEIC<" : ">HEIF<"))
            #expect(page.contains("download=\"original-07070707.\(kind.rawValue)\""))
        }
        #expect(Shown().page.contains("4,032 × 3,024, 3.3 MB, JPEG"))
    }

    @Test func nothingIsInlineAndNothingIsUnescaped() {
        let fault = Fault("<script>1</script>", action: Action("<b>", "/?a=1&b=\"2\""))
        for page in [Shown { $0.fault = fault }.gallery, Shown { $0.fault = fault }.page] {
            #expect(page.contains("&lt;script&gt;") && page.contains("&lt;b&gt;") && !page.contains("<script>1"))
            #expect(!page.contains("style=") && !page.contains("<style") && !page.contains(#/ on[a-z]+=/#))
            #expect(page.matches(of: /<script/).count == 1)
        }
    }

    @Test func theFirstPaintIsSmall() throws {
        let files = try ["style.css", "gallery.js", "icon.svg"].reduce(0) { sum, name in
            try sum + Data(contentsOf: PageTests.statics.appending(path: name)).count
        }
        #expect(files + Shown().gallery.utf8.count < 50_000)
    }
}
