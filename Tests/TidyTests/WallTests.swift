import TestSupport
import Testing

/// Which target may import which: the table of the architecture. A wrong import is a bug.
@Suite struct WallTests {
    private static let allowed: [String: Set<String>] = [
        "Threads": ["Glibc"],
        "JSON": [],
        "Crypto": ["COpenSSL", "FoundationEssentials"],
        "JOSE": ["CJose"],
        "HTTPClient": ["CCurl"],
        "Files": ["Glibc"],
        "Subprocess": ["CProcess", "CSeccomp", "Files", "Glibc"],
        "SQLite": ["CSQLite", "Glibc", "Threads"],
        "HTTP": ["JSON"],
        "FastCGI": ["CFastCGI", "Glibc", "HTTP", "JSON", "Synchronization", "Threads"],
        "Core": ["Crypto", "FoundationEssentials", "JSON", "SQLite", "Synchronization"],
        "System": ["Core", "FoundationEssentials", "Glibc", "Logging", "Threads"],
        "Clients": ["Core", "Crypto", "Files", "HTTPClient", "JSON", "Subprocess"],
        "Pages": ["Core", "Templates"],
        "Templates": ["Mustache"],
        "Endpoints": ["Core", "HTTP", "JSON", "Pages", "Threads", "Webhook"],
        "Webhook": ["Core", "HTTP"],
        "Worker": ["Core", "Threads"],
        "Operating": ["Core", "JSON"],
        "checkout": ["Clients", "Core", "Crypto", "Endpoints", "FastCGI", "HTTP", "HTTPClient", "System", "Threads"],
        "polar-orders": ["Core", "FastCGI", "HTTP", "System", "Webhook"],
        "auth": ["Core", "Crypto", "Endpoints", "FastCGI", "HTTP", "HTTPClient", "JOSE", "System", "Threads"],
        "generations": ["Clients", "Core", "Crypto", "Endpoints", "FastCGI", "HTTP", "System"],
        "admin": ["Clients", "Core", "Crypto", "Endpoints", "FastCGI", "HTTP", "System"],
        "generation-worker": ["Clients", "Core", "Crypto", "HTTPClient", "System", "Threads", "Worker"],
        "creditctl": [
            "ArgumentParser", "Clients", "Core", "Crypto", "HTTPClient", "JSON", "Operating", "System",
        ],
        // A development tool: it plays the others' parts, and stands outside the walls.
        "polar-simulator": [
            "Core", "Crypto", "FastCGI", "FoundationEssentials", "HTTP", "HTTPClient", "JOSE", "JSON",
            "Subprocess", "System", "Templates", "Threads",
        ],
    ]

    @Test func noTargetImportsBeyondItsWall() {
        let found = SourceTree.sources.flatMap { file in
            file.imports.filter { !Self.allowed[file.target, default: []].contains($0) }
                .map { "\(file.path) imports \($0)" }
        }
        #expect(found == [])
    }

    @Test func everyTargetHasItsLineInTheTable() {
        let targets = Set(SourceTree.sources.map(\.target))
        #expect(targets.subtracting(Self.allowed.keys) == [])
    }

    /// The whole of Foundation is 40 MB in a static executable, and two JSON parsers that disagree.
    @Test func onlyTheEssentialsOfFoundationAreUsed() {
        let found = SourceTree.sources.filter { $0.imports.contains("Foundation") }.map(\.path)
        #expect(found == [])
    }

    /// No endpoint can name a connection.
    @Test func theDatabaseIsNoPartOfTheDomainsFace() {
        let found = SourceTree.sources.filter { $0.target == "Core" }.filter { file in
            file.lines.contains("public import SQLite")
        }.map(\.path)
        #expect(found == [])
    }

    /// libfcgi keeps the address of a request between two calls; a Swift variable has none that lasts.
    @Test func whatLibfcgiKeepsTheAddressOfNeverMoves() {
        let found = SourceTree.sources.flatMap { file in
            file.code.filter { _, text in
                text.contains("FCGX_Request") && !text.contains("UnsafeMutablePointer<FCGX_Request>")
                    && !text.contains("initialize(to: FCGX_Request())")
            }.map { "\(file.path):\($0.number)" }
        }
        #expect(found == [])
    }

    /// A version that is out later builds nothing else, and nothing is needed that is not named here.
    @Test func everyDependencyIsOfOneVersion() throws {
        let manifest = try Places.text(of: Places.repository + "/Package.swift")
        let named = manifest.matches(
            of: /\.package\(url: "https:\/\/github\.com\/[^"]+\/([^"\/]+)", exact: "[0-9.]+"\)/
        )
        .map { String($0.1) }
        #expect(named.count == manifest.matches(of: /\.package\(/).count)
        let resolved = try Places.text(of: Places.repository + "/Package.resolved")
            .matches(of: /"identity" : "([^"]+)"/).map { String($0.1) }
        #expect(Set(resolved) == Set(named))
    }
}
