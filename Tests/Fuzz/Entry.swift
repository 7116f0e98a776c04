// What libFuzzer calls. Each other file here holds one `fuzz`; deploy/fuzz builds one program from this and one of them.

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

extension [UInt8] {
    /// The bytes up to the next line feed, which go away with it; all if there is none.
    mutating func takeLine() -> String {
        let line = prefix { $0 != UInt8(ascii: "\n") }
        let text = String(decoding: line, as: UTF8.self)
        removeFirst(Swift.min(line.count + 1, count))
        return text
    }
}
