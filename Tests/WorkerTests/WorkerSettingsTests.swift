import Core
import Testing

@Suite struct WorkerSettingsTests {
    private static let whole = [
        "CREDITS_DATABASE": "/db", "CREDITS_IMAGES": "/images", "GENERATOR": "gemini", "GEMINI_API_KEY": "canary-key",
    ]

    private func settings(
        _ changes: [String: String] = [:], files: [String: String] = [:]
    ) throws(SettingsError) -> WorkerSettings {
        var environment = Self.whole
        for (name, value) in changes { environment[name] = value }
        return try WorkerSettings(EnvironmentReader(environment) { files[$0] })
    }

    @Test func whatIsNotSaidIsStandard() throws {
        let settings = try settings()
        #expect(settings.attempts == 2)
        #expect(settings.timeout == .seconds(90))
        #expect(settings.concurrency == 2)
        #expect(settings.dailyLimit == nil)
        #expect(settings.maximumAge == .seconds(3600))
        #expect(settings.maximumPixels == 50_000_000)
        #expect(!settings.prompt.isEmpty)
        guard case .gemini(let gemini) = settings.generator else { Issue.record("not gemini"); return }
        #expect(gemini.address == "https://generativelanguage.googleapis.com")
        #expect(gemini.model == "gemini-2.5-flash-image")
        #expect(gemini.key.revealed == "canary-key")
    }

    @Test func whatIsSaidCounts() throws {
        let settings = try settings(
            [
                "GENERATOR": "command", "GENERATOR_COMMAND": "vips invert", "GENERATION_ATTEMPTS": "5",
                "GENERATION_TIMEOUT_SECONDS": "30", "GENERATION_CONCURRENCY": "8", "GENERATION_DAILY_LIMIT": "0",
                "GENERATION_PROMPT_FILE": "/prompt",
            ], files: ["/prompt": "Paint it.\n"])
        #expect(settings.attempts == 5)
        #expect(settings.timeout == .seconds(30))
        #expect(settings.concurrency == 8)
        #expect(settings.dailyLimit == 0)
        #expect(settings.prompt == "Paint it.\n")
        guard case .command("vips invert") = settings.generator else { Issue.record("not the command"); return }
    }

    @Test func theKeyMayLieInAFile() throws {
        let settings = try settings(
            ["GEMINI_API_KEY": "", "GEMINI_API_KEY_FILE": "/key"], files: ["/key": "from-file\n"])
        guard case .gemini(let gemini) = settings.generator else { Issue.record("not gemini"); return }
        #expect(gemini.key.revealed == "from-file")
    }

    @Test(arguments: [
        ("GENERATOR", "", "GENERATOR is missing: one of gemini, command"),
        ("GENERATOR", "dall-e", "GENERATOR is not one of gemini, command"),
        ("GENERATOR", "command", "GENERATOR_COMMAND is missing"), ("GEMINI_API_KEY", "", "GEMINI_API_KEY is missing"),
        ("GEMINI_API_KEY", "a b", "GEMINI_API_KEY holds a byte that no header can"),
        ("GEMINI_MODEL", "../x", "GEMINI_MODEL is not the name of a model"),
        ("GEMINI_API_URL", "http://example.com", "GEMINI_API_URL is not an https address"),
        ("GENERATION_PROMPT_FILE", "/none", "GENERATION_PROMPT_FILE cannot be read"),
        ("GENERATION_PROMPT_FILE", "/empty", "GENERATION_PROMPT_FILE is not a text of 1 to 32000 bytes"),
        ("GENERATION_ATTEMPTS", "0", "GENERATION_ATTEMPTS is not a whole number from 1 to 10"),
        ("GENERATION_TIMEOUT_SECONDS", "601", "GENERATION_TIMEOUT_SECONDS is not a whole number from 1 to 600"),
        ("GENERATION_CONCURRENCY", "x", "GENERATION_CONCURRENCY is not a whole number from 1 to 64"),
        (
            "GENERATION_MAXIMUM_AGE_SECONDS", "0",
            "GENERATION_MAXIMUM_AGE_SECONDS is not a whole number from 1 to 604800"
        ),
        ("GENERATION_DAILY_LIMIT", "-1", "GENERATION_DAILY_LIMIT is not a whole number from 0 to 1000000000"),
        ("CREDITS_IMAGES", "", "CREDITS_IMAGES is missing"),
    ])
    func whatIsWrongIsToldWithoutItsValue(name: String, value: String, words: String) {
        let error = #expect(throws: SettingsError.self) {
            try settings([name: value], files: ["/empty": ""])
        }
        #expect(error?.description == words)
    }

    @Test func everythingWrongIsToldAtOnce() {
        let error = #expect(throws: SettingsError.self) { try WorkerSettings(EnvironmentReader([:]) { _ in nil }) }
        #expect(error?.faults.map(\.name) == ["CREDITS_DATABASE", "CREDITS_IMAGES", "GENERATOR"])
    }
}
