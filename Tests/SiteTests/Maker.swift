import Foundation
import TestSupport

/// A provider that turns the colours of a picture round, and waits or fails as long as a file says so.
final class Maker: Sendable {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let program = """
            #!/bin/sh
            while [ -e \(directory.path)/waiting ]; do sleep 0.05; done
            if [ -e \(directory.path)/failing ]; then exit 1; fi
            exec vips invert stdin .png
            """
        try Places.write(program + "\n", to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private var path: String { directory.path + "/make" }

    /// What a site needs to be told to use it. One try each: nobody waits for a second.
    var settings: [String: String] {
        ["GENERATOR": "command", "GENERATOR_COMMAND": path, "GENERATION_ATTEMPTS": "1"]
    }

    enum Mood: String, CaseIterable { case waiting, failing }

    /// `nil`: it makes what it is given at once.
    func be(_ mood: Mood?) throws {
        for each in Mood.allCases where each != mood {
            try? FileManager.default.removeItem(atPath: "\(directory.path)/\(each.rawValue)")
        }
        if let mood { try Places.write("", to: "\(directory.path)/\(mood.rawValue)") }
    }

    /// A large and colourful JPEG, as a camera makes it.
    func photograph(_ width: Int = 1200, _ height: Int = 900) throws -> String {
        let file = directory.path + "/photograph.jpg"
        let (surface, grey) = (directory.path + "/surface.v", directory.path + "/grey.v")
        for arguments in [
            ["fractsurf", surface, "\(width)", "\(height)", "2.4"], ["scale", surface, grey],
            ["falsecolour", grey, file + "[Q=85]"],
        ] {
            let ended = try Program("/usr/bin/vips").run(arguments)
            guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
        }
        return file
    }

    /// A file of that content.
    func file(_ name: String, _ text: String) throws -> String {
        try Places.write(text, to: "\(directory.path)/\(name)")
        return "\(directory.path)/\(name)"
    }
}

extension Browser {
    /// Signs in anew and comes to `/`.
    func signIn(_ name: String, at site: Site) throws {
        try open(site.origin + "/")
        try fill("#name", with: name)
        try click("form:has(#name) button")
        try eventually("\(name) is signed in") { try url() == site.origin + "/" }
    }

    /// Chooses a file and sends the form.
    func upload(_ path: String) throws {
        try type(path, into: "#image")
        try click(".send button")
    }

    /// The newest card's words.
    func newest() throws -> String { try text("#gallery li:first-child .about") }
}
