public import Core
private import Glibc

extension System {
    /// - Parameter path: a symbolic link is followed.
    public static func look(at path: String) -> FileLook {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return errno == EACCES ? .denied : .missing }
        let kind: FileLook.Kind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFSOCK: .socket
            case _: .something
            }
        return .seen(kind: kind, mode: facts.st_mode & 0o7777)
    }

    /// Whether this process may write there, as far as the permissions go.
    public static func canWrite(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}
