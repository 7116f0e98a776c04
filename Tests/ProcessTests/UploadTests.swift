import Foundation
import Glibc
import TestSupport
import Testing
import Threads

/// The built `generations` and pictures as long as they may be, with nothing of nginx between.
@Suite(.serialized) struct UploadTests {
    private static let limit = 100 << 20
    private let handler: Handler
    private let sender: Sender

    init() throws {
        handler = try Handler("generations", ["MAX_UPLOAD_BYTES": String(Self.limit), "FASTCGI_THREADS": "8"])
        sender = Sender(path: handler.socketPath)
    }

    @Test func theLongestPicturesAtOnceTakeNoMemory() throws {
        let (picture, form) = (Picture(of: Self.limit), "multipart/form-data; boundary=b")
        // What every first request costs.
        #expect(try sender.send(Picture(of: 1000))?.status == 202)
        let before = try handler.peakMemory()
        let statuses = Monitor<[Int?]>([])
        atOnce(8) { [sender] number in
            let answer = number < 6 ? try? sender.send(picture) : try? sender.send(picture.inForm, form)
            statuses.withLock { $0.append(answer?.status) }
        }
        #expect(statuses.withLock { $0 } == [Int?](repeating: 202, count: 8))
        let growth = try handler.peakMemory() - before
        #expect(growth < 40 << 20, "\(growth) bytes more for 8 pictures of \(Self.limit)")
        #expect(try handler.images().count == 2, "the same picture eight times is one file")
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    @Test func oneByteMoreIsRefusedAndNothingStays() throws {
        #expect(try sender.send(Picture(of: Self.limit + 1))?.status == 413)
        #expect(try sender.send(Picture(of: Self.limit + 1).inForm, "multipart/form-data; boundary=b")?.status == 413)
        #expect(try handler.images() == [])
    }

    @Test func whatIsCutShortIsRefusedAndNothingStays() throws {
        for fillerBytes in [0, 1000, 999_999] {
            let connection = try sender.begin(Picture(of: 1 << 20), fillerBytes: fillerBytes)
            connection.write(FastCGIRequest.record(5, []))
            #expect(FastCGIAnswer(records: connection.readToEnd())?.status == 400)
        }
        #expect(try handler.images() == [])
        #expect(try sender.send(Picture(of: 1 << 20))?.status == 202, "and harms nobody")
    }

    @Test func whoeverBreaksOffLeavesNothing() throws {
        var connection: UnixSocket? = try sender.begin(Picture(of: 1 << 20), fillerBytes: 500_000)
        try eventually("it is being written") { try handler.images().count == 1 }
        withExtendedLifetime(connection) {}
        connection = nil
        try eventually("it is gone") { try handler.images() == [] }
    }

    /// A sweep takes what the dead left behind, and nothing that is in hand.
    @Test func aProcessThatDiesLeavesWhatASweepTakes() throws {
        let connection = try sender.begin(Picture(of: 1 << 20), fillerBytes: 500_000)
        try eventually("it is being written") { try handler.images().count == 1 }
        #expect(try handler.creditctl("blobs", "sweep", "--grace", "0").status == 0)
        #expect(try handler.images().count == 1, "somebody has it in hand")
        handler.signal(SIGKILL)
        #expect(try handler.end(within: .seconds(10)) == -SIGKILL)
        withExtendedLifetime(connection) {}
        #expect(try handler.images().first?.hasPrefix(".incoming-") == true)
        #expect(try handler.creditctl("blobs", "sweep", "--grace", "0").status == 0)
        #expect(try handler.images() == [])
    }

    @Test func asAPlainCGIProgramItReadsPicturesToo() throws {
        let picture = Picture(of: 200_000)
        let body = picture.head + [UInt8](repeating: 0x20, count: picture.fillerBytes)
        func answer(_ length: Int) throws -> Int? {
            let ended = try Program("generations").run(
                environment: handler.environment.merging(sender.request(picture).parameters) { $1 },
                input: Array(body.prefix(length)))
            return FastCGIAnswer(output: Array(ended.output.utf8))?.status
        }
        #expect(try answer(body.count) == 202)
        #expect(try answer(body.count - 1) == 400)
        #expect(try handler.images().count == 1)
    }
}

/// A WebP picture of one pixel, and in it a chunk that every reader passes over, as long as it must be.
private struct Picture: Sendable {
    let head: [UInt8]
    let fillerBytes: Int
    var tail: [UInt8] = []

    init(of count: Int) {
        let pixel: [UInt8] = [0x2F, 0, 0, 0, 0, 0]
        let canvas = Array("VP8X".utf8) + Self.little(10) + [UInt8](repeating: 0, count: 10)
        let chunks = canvas + Array("VP8L".utf8) + Self.little(pixel.count) + pixel + Array("teSt".utf8)
        fillerBytes = count - 12 - chunks.count - 4
        head =
            Array("RIFF".utf8) + Self.little(count - 8) + Array("WEBP".utf8) + chunks + Self.little(fillerBytes)
    }

    private init(_ head: [UInt8], _ fillerBytes: Int, _ tail: [UInt8]) {
        (self.head, self.fillerBytes, self.tail) = (head, fillerBytes, tail)
    }

    var count: Int { head.count + fillerBytes + tail.count }

    /// As the field of a form.
    var inForm: Picture {
        let header = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.webp\"\r\n\r\n"
        return Picture(Array(header.utf8) + head, fillerBytes, Array("\r\n--b--\r\n".utf8))
    }

    private static func little(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}

/// Sends pictures to a socket.
private struct Sender: Sendable {
    let path: String

    func request(_ picture: Picture, _ type: String = "image/webp") -> FastCGIRequest {
        var request = FastCGIRequest(
            "POST", "/api/v1/generations",
            [("CONTENT_TYPE", type), ("REMOTE_USER", "ada"), ("REMOTE_CREDENTIAL", "bearer")])
        request.set("CONTENT_LENGTH", String(picture.count))
        return request
    }

    /// Sends as much of the picture as is wanted, a piece at a time.
    func begin(
        _ picture: Picture, _ type: String = "image/webp", fillerBytes: Int? = nil
    ) throws -> UnixSocket {
        let connection = try UnixSocket.connected(to: path)
        connection.write(request(picture, type).beginning() + FastCGIRequest.stream(5, picture.head))
        let piece = FastCGIRequest.record(5, [UInt8](repeating: 0x20, count: 32_768))
        var remaining = fillerBytes ?? picture.fillerBytes
        while remaining >= 32_768 {
            connection.write(piece)
            remaining -= 32_768
        }
        connection.write(FastCGIRequest.stream(5, [UInt8](repeating: 0x20, count: remaining)))
        return connection
    }

    func send(_ picture: Picture, _ type: String = "image/webp") throws -> FastCGIAnswer? {
        let connection = try begin(picture, type)
        connection.write(FastCGIRequest.stream(5, picture.tail) + FastCGIRequest.record(5, []))
        return FastCGIAnswer(records: connection.readToEnd())
    }
}
