import Clients
import Core
import Images
import TestSupport
import Testing

@Suite struct ImageCleanerTests {
    private let cleaner: ImageCleaner
    private let pictures: Pictures

    init() throws {
        cleaner = try ImageCleaner(path: "/usr/bin:/bin")
        pictures = try Pictures()
    }

    private func facts(_ bytes: [UInt8]) throws -> ImageFacts {
        try ImageProbe.facts(of: bytes[...], maximumPixels: 1_000_000)
    }

    @Test(arguments: [
        (ImageKind.png, "a.png", ImageKind.png), (.jpeg, "a.jpg", .jpeg), (.webp, "a.webp", .webp),
        (.heic, "a.heic", .jpeg), (.heif, "a.heic", .jpeg),
    ])
    func thePictureStaysWhatItShows(kind: ImageKind, name: String, result: ImageKind) throws {
        let clean = try cleaner.clean(try pictures.picture(name), kind)
        #expect(try facts(clean) == ImageFacts(kind: result, width: 48, height: 32))
        try expect(clean, at: 8, 16, [200, 30, 30])
        try expect(clean, at: 40, 16, [30, 30, 200])
    }

    @Test func whatACameraWroteIsGoneAndThePictureStandsUpright() throws {
        let original = Pictures.withMetadata(jpeg: try pictures.picture("a.jpg"))
        for canary in ["Exif", "canary-person", "canary-comment"] { #expect(original.holds(canary)) }
        let clean = try cleaner.clean(original, .jpeg)
        for canary in ["Exif", "canary", "xmpmeta", "adobe"] { #expect(!clean.holds(canary), "\(canary)") }
        #expect(try facts(clean) == ImageFacts(kind: .jpeg, width: 32, height: 48))
        #expect(try facts(original) == facts(clean), "as it was shown before")
        // What was left is above.
        try expect(clean, at: 16, 8, [200, 30, 30])
        try expect(clean, at: 16, 40, [30, 30, 200])
    }

    @Test func coloursOutliveTheirProfile() throws {
        let wide = try pictures.picture("wide.jpg")
        #expect(wide.holds("ICC_PROFILE"))
        let clean = try cleaner.clean(wide, .jpeg)
        #expect(!clean.holds("ICC_PROFILE"))
        try expect(clean, at: 8, 16, [200, 30, 30])
    }

    @Test(arguments: [
        ("baseline.jpg", ImageKind.jpeg), ("progressive.jpg", .jpeg), ("grey.jpg", .jpeg), ("orientation-6.jpg", .jpeg),
        ("colour.png", .png), ("deep.png", .png), ("palette.png", .png), ("interlaced.png", .png),
        ("orientation-6.png", .png), ("lossy.webp", .webp), ("lossless.webp", .webp), ("orientation-6.webp", .webp),
        ("plain.heic", .heic), ("rotated.heic", .heic), ("plain.heif", .heif),
    ])
    func everyKindOfPictureKeepsItsSize(name: String, kind: ImageKind) throws {
        let original = try Fixtures.image(name)
        let before = try facts(original)
        let after = try facts(try cleaner.clean(original, kind))
        #expect(after.width == before.width && after.height == before.height)
        #expect(after.kind == (kind == .heic || kind == .heif ? .jpeg : kind))
    }

    @Test(arguments: ["", "no picture at all", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>"])
    func whatIsNoPictureIsToldSo(text: String) {
        let fault = #expect(throws: CleaningFault.self) { try cleaner.clean(Array(text.utf8), .png) }
        guard case .unreadable = fault else { Issue.record("\(String(describing: fault))"); return }
    }

    @Test(arguments: ["a.png", "a.jpg", "a.webp"])
    func aThumbnailIsSmallAndShowsTheSame(_ name: String) throws {
        let small = try cleaner.thumbnail(of: try pictures.picture(name), side: 24)
        #expect(try facts(small) == ImageFacts(kind: .webp, width: 24, height: 16))
        try expect(small, at: 4, 8, [200, 30, 30])
        try expect(small, at: 20, 8, [30, 30, 200])
        let same = try cleaner.thumbnail(of: try pictures.picture(name), side: 480)
        #expect(try facts(same) == ImageFacts(kind: .webp, width: 48, height: 32), "never larger")
        #expect(throws: CleaningFault.self) { try cleaner.thumbnail(of: [1, 2, 3], side: 24) }
    }

    @Test func itEndsWhenTheWorkerStops() throws {
        let picture = try pictures.picture("a.png")
        #expect(throws: CleaningFault.stopped) { try cleaner.clean(picture, .png, isStopping: { true }) }
    }

    @Test func missingToolsAreToldAtOnce() throws {
        let error = #expect(throws: MissingTool.self) { try ImageCleaner(path: "/nowhere") }
        #expect(error?.description == "vipsthumbnail is missing: install libvips-tools")
    }

    @Test func whatIsNoPictureIsItsOwnFault() throws {
        let fault = #expect(throws: CleaningFault.self) { try cleaner.clean([1, 2, 3], .png) }
        guard case .unreadable = fault else { Issue.record("\(String(describing: fault))"); return }
    }

    /// Tools that say a version and then read nothing, the picture that anything can read least of all.
    @Test func noPictureIsBlamedForToolsThatReadNothing() throws {
        let directory = try TemporaryDirectory()
        let decoder = directory.path + "/vipsthumbnail"
        try HostileDecoder.build(as: decoder)
        let broken = try ImageCleaner(path: directory.path)
        // And it obeys its picture: in the cage that is of no use to it.
        let fault = CleaningFault.unavailable("the tools read nothing: vipsthumbnail: status 1: managed nothing")
        #expect(throws: fault) { try broken.clean(try pictures.picture("a.png"), .png) }
        #expect(throws: fault) { try broken.clean([1, 2, 3], .png) }

        let free = try Program(decoder).run(["stdin"])
        for deed in ["to read /etc/passwd", "to use the network", "to fork", "to signal its parent"] {
            #expect(free.errors.contains(deed), "otherwise the above shows nothing")
        }
        #expect(free.status == 0, "it became another program")
    }

    private func expect(_ bytes: [UInt8], at x: Int, _ y: Int, _ colour: [Int]) throws {
        let seen = try pictures.colour(of: bytes, at: x, y)
        let isNear = seen.count == 3 && zip(seen, colour).allSatisfy { abs($0 - $1) <= 12 }
        #expect(isNear, "\(seen) is not \(colour)")
    }
}

extension [UInt8] {
    fileprivate func holds(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
