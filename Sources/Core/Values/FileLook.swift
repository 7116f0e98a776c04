/// What can be seen of a file without opening it.
public enum FileLook: Equatable, Sendable {
    case seen(kind: Kind, mode: UInt32)
    case missing
    /// Somewhere on the way to it we may not look.
    case denied

    public enum Kind: Equatable, Sendable { case file, directory, socket, something }
}
