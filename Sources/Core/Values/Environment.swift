/// Which Polar: the one for trying things out, or the one with money. Their rows never mix.
public enum Environment: String, Sendable, CaseIterable {
    case sandbox, production
}
