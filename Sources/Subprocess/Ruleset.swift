private import CProcess
private import Files
private import Glibc

extension Cage.Files {
    /// Landlock's ruleset for a program; `nil` if this kernel has none.
    func ruleset(for program: String, newest: Int32) -> Descriptor? {
        let version = min(credits_landlock_version(), newest)
        guard version > 0 else { return nil }
        let rights = Self.rights(version)
        let network: UInt64 =
            switch self {
            case .itsOwn: version >= 4 ? 3 : 0
            case .allBut: 0
            }
        // Abstract sockets and signals, to whoever is not in the cage.
        let scopes: UInt64 = version >= 6 ? 3 : 0
        let number = credits_landlock_ruleset(rights, network, scopes)
        guard number >= 0 else { return nil }
        let ruleset = Descriptor(number)
        switch self {
        case .itsOwn:
            for place in Self.libraries { allow(place, Self.reading, in: ruleset) }
            for place in Self.loaders + [program] { allow(place, Self.reading | Self.executing, in: ruleset) }
        case .allBut(let hidden):
            for place in Place.all(but: hidden) { allow(place, rights, in: ruleset) }
        }
        return ruleset
    }

    /// What is not there needs no rule.
    private func allow(_ place: String, _ rights: UInt64, in ruleset: Descriptor) {
        _ = unsafe credits_landlock_allow(ruleset.number, place, rights)
    }

    private static let reading = UInt64(credits_file_read | credits_directory_read)
    private static let executing = UInt64(credits_file_execute)

    /// All that this version of Landlock can refuse; a right that is not named here is not refused.
    private static func rights(_ version: Int32) -> UInt64 {
        switch version {
        case 1: 0x1FFF
        case 2: 0x3FFF
        case 3, 4: 0x7FFF
        case _: 0xFFFF
        }
    }

    private static let libraries = [
        "/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache",
        "/etc/localtime",
        "/usr/share/locale", "/usr/share/zoneinfo", "/sys/devices/system/cpu", "/sys/devices/system/node",
    ]

    /// The kernel runs these to load a program. They can load another one, if it can be read.
    private static let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
}

enum Place {
    /// The path without links in it, as far as it exists.
    static func real(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else {
            let parts = path.split(separator: "/", omittingEmptySubsequences: true)
            guard let last = parts.last, parts.count > 1 else { return path }
            let parent = (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
            return real(parent) + "/" + last
        }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// As few places as hold everything but what begins like one of these. A link is no place: where it leads is one.
    static func all(but hidden: [String]) -> [String] { beneath("/", hidden) }

    /// By bytes, as the kernel names files: a mark at the start of a name would hide the slash before it from Swift.
    private static func beneath(_ directory: String, _ hidden: [String]) -> [String] {
        let start = directory == "/" ? "/" : directory + "/"
        guard hidden.contains(where: { $0.utf8.starts(with: start.utf8) }) else { return [directory] }
        return entries(of: directory).flatMap { name in
            let place = start + name
            return hidden.contains { place.utf8.starts(with: $0.utf8) } ? [] : beneath(place, hidden)
        }
    }

    /// Names of what stands in a directory and is no link. What cannot be read is not allowed either.
    private static func entries(of directory: String) -> [String] {
        do throws(FileError) {
            return try Directory(directory).names().filter { name in
                var facts = stat()
                return unsafe lstat(directory + "/" + name, &facts) == 0 && facts.st_mode & S_IFMT != S_IFLNK
            }
        } catch {
            return []
        }
    }
}
