import Foundation
import TestSupport

/// Pictures made by libvips, with the metadata that a camera would add.
struct Pictures {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// 48 x 32 pixels: the left half red, the right half blue.
    func picture(_ name: String) throws -> [UInt8] {
        let place = directory.path
        try vips("black", "\(place)/half.v", "24", "32", "--bands", "3")
        try vips("linear", "\(place)/half.v", "\(place)/red.v", "1", "200 30 30", "--uchar")
        try vips("linear", "\(place)/half.v", "\(place)/blue.v", "1", "30 30 200", "--uchar")
        try vips("join", "\(place)/red.v", "\(place)/blue.v", "\(place)/joined.v", "horizontal")
        try vips("copy", "\(place)/joined.v", "\(place)/rgb.v", "--interpretation", "srgb")
        if name == "wide.jpg" {
            try vips("icc_transform", "\(place)/rgb.v", "\(place)/wide.v", "p3", "--input-profile", "srgb")
            try vips("copy", "\(place)/wide.v", "\(place)/\(name)[Q=100]")
        } else {
            try vips("copy", "\(place)/rgb.v", "\(place)/\(name)")
        }
        return try bytes(name)
    }

    /// The colour at a place, red, green and blue.
    func colour(of bytes: [UInt8], at x: Int, _ y: Int) throws -> [Int] {
        try Data(bytes).write(to: URL(fileURLWithPath: directory.path + "/look"))
        let output = try vips("getpoint", directory.path + "/look", "\(x)", "\(y)")
        return output.split(separator: " ").compactMap { Double($0).map { Int($0.rounded()) } }
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(name)")))
    }

    @discardableResult
    private func vips(_ arguments: String...) throws -> String {
        let ended = try Program("/usr/bin/vips").run(arguments, environment: ["PATH": "/usr/bin"])
        guard ended.status == 0 else { throw NeverCame(description: "vips \(arguments): \(ended.errors)") }
        return ended.output
    }

    /// Orientation 6 (turn it right to see it) and a place in Berlin.
    ///
    /// Source: https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E
    static let exif: [UInt8] = {
        func entry(_ tag: UInt16, _ type: UInt16, _ count: UInt32, _ value: UInt32) -> [UInt8] {
            bigEndian(tag) + bigEndian(type) + bigEndian(count) + bigEndian(value)
        }
        let header: [UInt8] = Array("MM".utf8) + [0, 42, 0, 0, 0, 8]
        let main = bigEndian(UInt16(2)) + entry(0x0112, 3, 1, 6 << 16) + entry(0x8825, 4, 1, 38) + [0, 0, 0, 0]
        let north: [UInt8] = Array("N\0\0\0".utf8)
        let place =
            bigEndian(UInt16(2)) + bigEndian(UInt16(1)) + bigEndian(UInt16(2)) + bigEndian(UInt32(2)) + north
            + entry(0x0002, 5, 3, 68) + [0, 0, 0, 0]
        let latitude: [[UInt32]] = [[52, 1], [31, 1], [12, 1]]
        return header + main + place + latitude.joined().flatMap { bigEndian($0) }
    }()

    private static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> Number($0)) }
    }

    /// A JPEG with the metadata of a camera: Exif, XMP and a comment.
    static func withMetadata(jpeg: [UInt8]) -> [UInt8] {
        func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
            [0xFF, marker] + bigEndian(UInt16(content.count + 2)) + content
        }
        let packet = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">canary-person</x:xmpmeta>"
        return jpeg[..<2] + segment(0xE1, Array("Exif\0\0".utf8) + exif) + segment(0xE1, Array(packet.utf8))
            + segment(0xFE, Array("canary-comment".utf8)) + jpeg[2...]
    }
}
