public import Images

/// A content on its way into the directory of images. Until it is kept it is nobody's, and it goes with its last
/// reference.
public protocol IncomingBlob: ImageFile {
    func append(_ bytes: ArraySlice<UInt8>) throws(BlobError)

    /// The name of all that has come; nothing can be appended any more.
    func seal() -> BlobID

    /// Makes it durable under its name, and keeps it from being swept until `commit` has returned.
    ///
    /// If the database does not refer to it then, it may be nobody's.
    func keep<Result>(_ commit: (BlobID) throws(StoreError) -> Result) throws(BlobError) -> Result

    /// Takes it away, unless it was kept.
    func discard()
}
