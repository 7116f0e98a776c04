/// What a program and all that it starts may touch, refused by the kernel itself: files by Landlock, system calls by
/// seccomp. Neither needs a privilege, so both hold inside a systemd unit that allows no namespaces.
///
/// Sources:
/// - https://docs.kernel.org/userspace-api/landlock.html
/// - https://docs.kernel.org/userspace-api/seccomp_filter.html
public struct Cage: Sendable {
    let files: Files
    let calls: CallFilter
    var newestLandlock = Int32.max

    enum Files: Sendable {
        /// The program itself and what it is linked to, to be read and run; nothing to be written.
        case itsOwn
        /// Everything but names that begin so.
        case allBut([String])
    }

    /// For a program that turns bytes into bytes: it reads its libraries, and that is all. No socket, no other program, no
    /// process of its own, no signal to anybody.
    public static let decoder = Cage(files: .itsOwn, calls: .decoder)

    /// For a program that an operator chose: it keeps its network and whatever its user may read and write, but these
    /// paths and whatever begins with one of them (a database has files beside it); no other process can be looked into.
    ///
    /// A directory on the way to one of them can hold no new file: the kernel allows a directory with all beneath it. Before
    /// Linux 6.12 it can signal what runs as its user.
    public static func command(without paths: [String]) -> Cage {
        Cage(files: .allBut(paths.map(Place.real)), calls: .command)
    }

    /// As a kernel makes it whose Landlock is no newer: 1 is Linux 5.13, 2 is 5.19 (Debian 12's 6.1 has it), 4 is 6.7 (Ubuntu
    /// 24.04's 6.8), 6 is 6.12 (Debian 13's).
    public func asOf(landlock version: Int32) -> Cage {
        var older = self
        older.newestLandlock = version
        return older
    }
}
