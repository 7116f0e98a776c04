import Core
import Images

func fuzz(_ bytes: [UInt8]) {
    guard let facts = try? ImageProbe.facts(of: bytes[...], maximumPixels: 50_000_000) else { return }
    precondition((1...65_535).contains(facts.width) && (1...65_535).contains(facts.height))
    precondition(facts.width * facts.height <= 50_000_000)
    precondition(ImageProbe.kind(of: bytes[...]) == facts.kind)
}
