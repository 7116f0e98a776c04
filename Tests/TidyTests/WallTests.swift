import TestSupport
import Testing

/// Which target may import which stands in the manifest, and the compiler keeps to it. The rest is here.
@Suite struct WallTests {
    /// What comes with the toolchain, and who may have it: the operating system is behind the wall, and so is the clock.
    private static let toolchain: [String: Set<String>] = [
        "Glibc": ["FastCGI", "Files", "SQLite", "Subprocess", "System", "Threads"],
        "Synchronization": ["Core", "FastCGI", "Identity", "Pages"],
        "FoundationEssentials": ["Core", "Crypto", "System", "polar-simulator"],
    ]

    /// The compiler refuses an import that the manifest does not name; a name that nobody imports is a hole in the wall.
    @Test func theManifestNamesExactlyWhatIsImported() throws {
        let manifest = try Manifest.read()
        #expect(manifest.targets.count > 20)
        let imports = Dictionary(grouping: SourceTree.sources, by: \.target)
            .mapValues { Set($0.flatMap(\.imports)).subtracting(Self.toolchain.keys) }
        for target in manifest.targets where !target.isOfTests && imports[target.name] != nil {
            #expect(imports[target.name] == target.dependencies, "\(target.name)")
        }
    }

    @Test func onlyTheWallHasTheOperatingSystem() {
        let found = SourceTree.sources.flatMap { file in
            file.imports.filter { Self.toolchain[$0].map { !$0.contains(file.target) } ?? false }
                .map { "\(file.path) imports \($0)" }
        }
        #expect(found == [])
    }

    /// The whole of Foundation is 40 MB in a static executable, and two JSON parsers that disagree.
    @Test func onlyTheEssentialsOfFoundationAreUsed() {
        let found = SourceTree.sources.filter { $0.imports.contains("Foundation") }.map(\.path)
        #expect(found == [])
    }

    /// A store says where its database is, and no more: no endpoint can name a connection.
    @Test func theDatabaseIsNoPartOfTheDomainsFace() {
        let found = SourceTree.sources.filter { file in
            file.target == "Core" && file.lines.contains("public import Database")
        }
        #expect(
            found.map { $0.path.replacing("Sources/Core/Schema/", with: "") }
                == ["Store+Backup.swift", "Store+Inspect.swift", "Store.swift"])
        let shown = found.flatMap { file in
            file.code.filter { $0.text.contains("public ") && $0.text.contains(/\b(Connection|Transaction|Row)\b/) }
                .map { "\(file.path):\($0.number): \($0.text)" }
        }
        #expect(shown == [])
    }

    /// The domain is built without any engine, and so without a header of one.
    @Test func theDomainKnowsNoEngine() throws {
        let needs = Dictionary(uniqueKeysWithValues: try Manifest.read().targets.map { ($0.name, $0.dependencies) })
        #expect(needs["SQLite"]?.contains("CSQLite") == true, "the manifest is understood")
        for target in ["Database", "Core", "Clients", "Endpoints", "Webhook", "Pages", "Worker", "Operating"] {
            var (found, next): (Set<String>, [String]) = ([], [target])
            while let name = next.popLast() {
                if found.insert(name).inserted { next += needs[name] ?? [] }
            }
            #expect(found.isDisjoint(with: ["CSQLite", "SQLite"]), "\(target) stands on an engine")
        }
    }

    /// A transaction is a proof, and no use case asks whose.
    @Test func enginesAloneMakeTransactions() {
        let found = SourceTree.sources.filter { !["Database", "SQLite"].contains($0.target) }.flatMap { file in
            file.code.filter { _, text in
                text.contains("@_spi(Engine)") || text.contains("import SQLite") && file.target != "System"
                    || (text.contains("engine") || text.contains("dialect"))
                        && text.contains(/\b(engine|dialect)\s+(==|!=|is|as)\b/)
                    || text.contains("type(of:") && text.contains(/\btype\(of: \w*\.?(engine|dialect)\)/)
            }.map { "\(file.path):\($0.number): \($0.text)" }
        }
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
