import Images
import TestSupport
import Testing

@Suite struct ImageProbeTests {
    @Test(arguments: ImageFixture.all)
    func readsRealPictures(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        #expect(try probe(bytes) == fixture.facts)
        #expect(ImageProbe.kind(of: bytes[...]) == fixture.facts.kind)
    }

    @Test(arguments: ImageFixture.all)
    func aSliceInTheMiddleReadsAsTheWhole(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        let around = [1, 2, 3] + bytes + [4, 5, 6, 7]
        let slice = around[3..<(3 + bytes.count)]
        #expect(try ImageProbe.facts(of: slice, maximumPixels: 1_000_000) == fixture.facts)
    }

    @Test(arguments: ImageFixture.all)
    func whatIsCutShortIsRefused(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        for count in 0..<bytes.count {
            #expect(throws: ImageFault.self, "\(count) bytes") {
                try ImageProbe.facts(of: bytes[..<count], maximumPixels: 50_000_000)
            }
        }
    }

    @Test(arguments: ImageFixture.all)
    func whatHasSomethingBehindItIsRefused(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        for tail in ["PK\u{3}\u{4}", "<html><script>alert(1)</script>", "%PDF-1.7", "GIF89a", "\n", "MZ"] {
            #expect(throws: ImageFault.unreadable, "\(tail)") { try probe(bytes + Array(tail.utf8)) }
        }
    }

    @Test(arguments: ImageFixture.all)
    func aPictureTwiceInAFileIsRefused(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        #expect(throws: ImageFault.unreadable) { try probe(bytes + bytes) }
    }

    @Test(arguments: ImageFixture.all)
    func asManyPixelsAsAllowedAndNotOneMore(_ fixture: ImageFixture) throws {
        let bytes = try fixture.bytes()
        // HEIC holds tiles of 64 x 64 here, which count as well.
        let pixels = fixture.facts.kind == .heic || fixture.facts.kind == .heif ? 64 * 64 : 24 * 16
        #expect(try probe(bytes, maximumPixels: pixels) == fixture.facts)
        #expect(throws: ImageFault.dimensions) { try probe(bytes, maximumPixels: pixels - 1) }
        #expect(throws: ImageFault.dimensions) { try probe(bytes, maximumPixels: 0) }
        #expect(throws: ImageFault.dimensions) { try probe(bytes, maximumPixels: .min) }
        #expect(try probe(bytes, maximumPixels: .max) == fixture.facts)
    }

    @Test(arguments: [
        "", " ", "\0", "\u{89}PNG", "GIF89a\u{1}\0\u{1}\0=1;alert(1);//", "GIF87a", "BM6\0\0\0", "II*\0\u{8}\0\0\0",
        "MM\0*\0\0\0\u{8}", "%PDF-1.7\n", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        "<?xml version=\"1.0\"?><svg/>", "<html>", "RIFF\u{4}\0\0\0WAVE", "RIFX\u{4}\0\0\0WEBP", "PK\u{3}\u{4}",
        "\0\0\0\u{14}ftypisom\0\0\0\0mp42", "\0\0\0\u{14}ftypqt  \0\0\0\0qt  ", "\u{7F}ELF", "#!/bin/sh\n",
    ])
    func otherThingsAreNoPictures(_ text: String) {
        let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        #expect(ImageProbe.kind(of: bytes[...]) == nil)
        #expect(throws: ImageFault.notAnImage) { try probe(bytes) }
    }

    @Test(arguments: ["plain.avif", "animated.gif"])
    func formatsThatAreNotTakenInAreNoPictures(_ file: String) throws {
        #expect(throws: ImageFault.notAnImage) { try probe(try Fixtures.bytes("images/\(file)")) }
    }

    @Test func anAnimationIsRefused() throws {
        #expect(throws: ImageFault.unreadable) { try probe(try Fixtures.bytes("images/animated.webp")) }
    }
}

@Suite struct ImageKindTests {
    @Test(arguments: [
        ("image/png", ImageKind.png), ("image/jpeg", .jpeg), ("image/webp", .webp), ("image/heic", .heic),
        ("image/heif", .heif), ("IMAGE/PNG", .png), ("image/png; charset=binary", .png), (" image/jpeg ;q=1", .jpeg),
    ])
    func readsAContentType(_ text: String, _ kind: ImageKind) {
        #expect(ImageKind(contentType: text) == kind)
        #expect(ImageKind(contentType: kind.contentType) == kind)
    }

    @Test(arguments: [
        "", "png", "image/", "image/gif", "image/avif", "image/svg+xml", "image/png,image/jpeg", "image/pngx",
    ])
    func refusesAContentType(_ text: String) { #expect(ImageKind(contentType: text) == nil) }

    @Test(arguments: ImageKind.allCases, ImageKind.allCases)
    func onlyHEICAndHEIFStandForEachOther(_ kind: ImageKind, _ declared: ImageKind) {
        let apple: Set<ImageKind> = [.heic, .heif]
        #expect(kind.matches(declared: declared) == (kind == declared || apple == [kind, declared]))
    }
}
