/// A program that this one cannot do without.
public struct MissingTool: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
