import Foundation
import JSON
import TestSupport
import Testing

/// A person in a real browser, from a picture to an image; a program of ours plays the provider.
@Suite(.serialized) struct GalleryTests {
    let maker: Maker
    let site: Site
    let browser: Browser

    init() throws {
        maker = try Maker()
        site = try Site(maker.settings)
        browser = try Browser()
    }

    @Test func aPhotographBecomesAnImageWhileSomebodyWatches() throws {
        try browser.signIn("ada", at: site)
        #expect(try browser.text(".balance") == "10 credits")
        #expect(try browser.text("#none").contains("Nothing here yet"))
        try maker.be(.waiting)
        try browser.run("window.before = true")
        try browser.upload(maker.photograph())
        try eventually("it is being made") { try browser.newest().contains("Being made now") }
        #expect(try browser.text(".balance") == "9 credits")
        try maker.be(nil)
        try eventually("it is ready", within: .seconds(40)) { try browser.newest().contains("Ready") }
        #expect(try browser.run("return window.before").bool == true, "Without loading the page again")
        #expect(
            try browser.run("return document.getElementById('news').textContent").string
                == "Your image is ready. Balance: 9 credits")
        #expect(try browser.count("#gallery[data-live]") == 0, "Nothing more to ask for")
        try eventually("a small picture of the result is seen") {
            try browser.run("return document.querySelector('#gallery img').naturalWidth").integer == 480
        }
        try browser.click("#gallery a.view")
        #expect(try browser.count(".pair img") == 2)
        #expect(try browser.attribute("download", of: ".result a")?.hasSuffix(".png") == true)
        #expect(try browser.attribute("download", of: ".original a")?.hasSuffix(".jpeg") == true)
        let console = try browser.console()
        #expect(console == [], "The policy refused something, or a file is missing")
        try expectVerified(site)
    }

    @Test func aFailureIsToldInOurWordsAndCostsNothing() throws {
        try browser.signIn("ada", at: site)
        try maker.be(.failing)
        try browser.upload(maker.photograph())
        try eventually("it has failed", within: .seconds(40)) { try browser.newest().contains("Failed") }
        #expect(try browser.newest().contains("The image service could not make this image. Your credit is back."))
        #expect(try browser.text(".balance") == "10 credits")
        try maker.be(nil)
        try browser.click("button[value=retry]")
        try eventually("its own page") { try browser.url().contains("/generations/") }
        try eventually("the second try is ready", within: .seconds(40)) { try browser.text(".state") == "Ready" }
        #expect(try browser.text(".balance") == "9 credits")
        try browser.click(".sure summary")
        try browser.click(".sure button")
        try eventually("the gallery is empty") {
            try browser.count("#gallery li") == 0 && browser.url() == site.origin + "/"
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: site.directory + "/images").allSatisfy {
                $0.hasPrefix(".lock")
            })
        try expectVerified(site)
    }

    @Test func whatIsCancelledInTimeCostsNothing() throws {
        try site.signal("generation-worker", SIGSTOP)
        defer { try? site.signal("generation-worker", SIGCONT) }
        try browser.signIn("ada", at: site)
        try browser.upload(maker.photograph())
        try eventually("it waits") { try browser.newest().contains("Waiting for its turn") }
        #expect(try browser.text(".balance") == "9 credits")
        try browser.click("#gallery button[value=delete]")
        try eventually("the credit is back") { try browser.text(".balance") == "10 credits" }
        #expect(try browser.count("#gallery li") == 0)
    }

    @Test func atNothingTheFormIsClosedAndLeadsToBuying() throws {
        try browser.signIn("ada", at: site)
        #expect(try site.creditctl("adjust", "ada", "-9", "--reason", "test").status == 0)
        try browser.refresh()
        #expect(try browser.text("#notes").contains("1 credit left. A pack is 420 credits for $5.00."))
        try browser.upload(maker.photograph())
        try eventually("the form closes by itself") { try browser.count("fieldset:disabled") == 1 }
        #expect(try browser.text(".balance").hasPrefix("0 credits"))
        #expect(try browser.run("return document.querySelector('.send button').matches(':disabled')").bool == true)
        try browser.click(".call a")
        try eventually("the shop") { try browser.url() == site.origin + "/buy" }
    }

    @Test func everythingWorksWithoutScripts() throws {
        try browser.allowScripts(false)
        try browser.signIn("ada", at: site)
        try browser.click(".send button")
        #expect(try browser.text("#fault") == "Choose a picture first.")
        try browser.upload(maker.photograph())
        try eventually("the page refreshes itself", within: .seconds(60)) { try browser.newest().contains("Ready") }
        #expect(try browser.text(".balance") == "9 credits")
        try browser.click(".sure summary")
        try browser.click(".sure button")
        try eventually("it is gone") { try browser.source().contains("Nothing here yet") }
        try expectVerified(site)
    }

    @Test func aPictureIsDroppedOrPasted() throws {
        try browser.signIn("ada", at: site)
        let photograph = try Places.bytes(of: maker.photograph())
        for way in ["drop", "paste"] {
            try browser.run(Self.hand, [.string(Data(photograph).base64EncodedString()), .string(way)])
            #expect(try browser.run("return document.getElementById('image').files[0].name").string == "\(way).jpg")
            try eventually("it is shown") { try browser.count("#preview:not([hidden])") == 1 }
        }
        #expect(try browser.text(".balance") == "10 credits", "Nothing is spent before the button is pressed")
        try browser.click(".send button")
        try eventually("it is sent") { try browser.text(".balance") == "9 credits" }
    }

    /// Hands a file to the page as a person's hand does.
    private static let hand = """
        const bytes = Uint8Array.from(atob(arguments[0]), (letter) => letter.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], arguments[1] + ".jpg", { type: "image/jpeg" }));
        const zone = document.querySelector(".drop");
        const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
        if (arguments[1] === "paste") return document.dispatchEvent(new ClipboardEvent("paste", options));
        zone.dispatchEvent(new DragEvent("dragover", options));
        if (!zone.matches(".over")) throw new Error("nothing shows that it can be dropped");
        zone.dispatchEvent(new DragEvent("drop", options));
        """

    @Test func whatIsWrongStandsBesideTheFormAndCostsNothing() throws {
        try browser.signIn("ada", at: site)
        try browser.upload(maker.file("text.png", "This is no picture."))
        try eventually("it is refused") { try browser.text("#fault").contains("PNG, JPEG, WebP, HEIC and HEIF can") }
        try browser.upload(maker.file("large.png", String(repeating: "x", count: 3_145_729)))
        try eventually("it is too large") { try browser.text("#fault").contains("larger than 3 MB") }
        #expect(try browser.text(".balance") == "10 credits")
        #expect(try FileManager.default.contentsOfDirectory(atPath: site.directory + "/images") == [])
        let console = try browser.console().filter { !$0.contains("415") }
        #expect(console == [])
    }
}
