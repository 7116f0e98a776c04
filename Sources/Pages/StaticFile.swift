/// The files of `deploy/static`, under addresses that change with their content: a browser keeps them for a year.
///
/// A test compares the hashes with the files and tells the new ones.
public enum StaticFile {
    static var stylesheet: String { address("style.css") }
    static var adminStylesheet: String { address("admin.css") }
    static var icon: String { address("icon.svg") }
    static var galleryScript: String { address("gallery.js") }
    static var returnScript: String { address("return.js") }

    /// The first 16 hexadecimal digits of the SHA-256 of each file.
    public static let hashes = [
        "admin.css": "6e07e19f8e5d78b3",
        "gallery.js": "cd11af171e7f0bd7",
        "icon.svg": "c08d974bb8de119e",
        "return.js": "8f77da1417a09472",
        "style.css": "b7add131426e0c7b",
    ]

    private static let addresses = Dictionary(
        uniqueKeysWithValues: hashes.map { file, hash in (file, "/static/" + file.replacing(".", with: ".\(hash).")) })

    private static func address(_ file: String) -> String {
        if let bytes = LiveSources.read?("deploy/static/\(file)") {
            return "/static/\(file)?\(UInt(bitPattern: bytes.hashValue))"
        }
        guard let address = addresses[file] else { preconditionFailure("\(file) has no hash") }
        return address
    }
}
