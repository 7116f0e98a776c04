// swift-tools-version: 6.2
import PackageDescription

/// Makes a mistake in the wrong place fail to compile: see the walls in README.md.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// A library of ours together with the tests that stand beside it.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "polar-credits",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    ],
    targets: [
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CJose", pkgConfig: "cjose", providers: [.apt(["libcjose-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        // What happens between fork and exec cannot be written in Swift.
        .target(name: "CProcess"),

        // The unsafe wall: the only targets that may say `unsafe`.
        library("Threads"),
        library("FastCGI", ["CFastCGI", "HTTP", "JSON", "Threads"]),
        library("SQLite", ["CSQLite", "Database"]),
        library("Crypto", ["COpenSSL"]),
        library("HTTPClient", ["CCurl"]),
        library("JOSE", ["CJose"]),
        library("Files"),
        library("Subprocess", ["CProcess", "CSeccomp", "Files"]),
        library("System", ["Core", "Database", "SQLite", "Threads", logging]),

        // Pure.
        library("JSON"),
        library("HTTP", ["JSON"]),
        library("Database", ["Threads"]),
        library("Images"),
        library("Core", ["Crypto", "Database", "Images", "JSON"]),
        library("Identity", ["Core", "Crypto", "JSON"]),
        library("Clients", ["Core", "Crypto", "Database", "Files", "HTTPClient", "Images", "JSON", "Subprocess"]),
        library("Templates", [mustache]),
        library("Pages", ["Core", "HTTP", "Images", "Templates"], resources: [.embedInCode("Templates")]),
        // Apart from the endpoints with pages: templates would make the smallest program the largest.
        library("Webhook", ["Core", "HTTP"]),
        library(
            "Endpoints", ["Core", "HTTP", "Identity", "Images", "Interface", "JSON", "Pages", "Threads", "Webhook"]),
        library("Worker", ["Core", "Images", "Threads"]),
        library("Operating", ["Core", "Identity", "JSON"]),
        library("Serving", ["Core", "FastCGI", "HTTP", "System"]),
        // What is seen from outside, for whoever shows it: the API, `creditctl`, the description.
        library("Interface", ["Core", "HTTP", "Images", "JSON"]),

        program(
            "checkout",
            ["Clients", "Core", "Crypto", "Endpoints", "HTTPClient", "Serving", "System", "Threads"]),
        program("generations", ["Clients", "Core", "Crypto", "Endpoints", "FastCGI", "Serving", "System"]),
        program("polar-orders", ["Core", "Serving", "System", "Webhook"]),
        program(
            "auth",
            ["Core", "Crypto", "Endpoints", "HTTP", "HTTPClient", "Identity", "JOSE", "Serving", "System", "Threads"]),
        program("admin", ["Core", "Crypto", "Endpoints", "Serving", "System"]),
        program("generation-worker", ["Clients", "Core", "Crypto", "HTTPClient", "System", "Threads", "Worker"]),
        program(
            "creditctl",
            ["Clients", "Core", "Crypto", "HTTPClient", "Interface", "JSON", "Operating", "System", arguments]),
        program(
            "polar-simulator",
            [
                "Core", "Crypto", "FastCGI", "HTTP", "HTTPClient", "Images", "JOSE", "JSON", "Subprocess", "System",
                "Templates", "Threads",
            ],
            resources: [.embedInCode("Templates")]),

        .target(
            name: "TestSupport", dependencies: ["Crypto", "HTTPClient", "JSON", "Threads"], path: "Tests/TestSupport",
            swiftSettings: strict),
        tests(
            "ClientsTests",
            ["Clients", "Core", "Crypto", "HTTPClient", "Images", "JSON", "SQLite", "TestSupport", "Threads"]),
        tests(
            "CoreTests",
            ["CSQLite", "Core", "Crypto", "Database", "Images", "JSON", "SQLite", "TestSupport", "Threads"]),
        tests("CryptoTests", ["Crypto"]),
        tests(
            "EndpointsTests",
            [
                "Clients", "Core", "Crypto", "Database", "Endpoints", "HTTP", "Identity", "Images", "Interface", "JOSE",
                "JSON", "SQLite", "TestSupport", "Threads", "Webhook",
            ]),
        tests("EngineTests", ["Database", "SQLite", "TestSupport", "Threads"]),
        tests("FilesTests", ["Files", "TestSupport", "Threads"]),
        tests("HTTPClientTests", ["HTTPClient"]),
        tests("HTTPTests", ["HTTP", "JSON", "TestSupport"]),
        tests("IdentityTests", ["Core", "Crypto", "Identity", "JOSE", "JSON", "TestSupport"]),
        tests("ImagesTests", ["Images", "TestSupport"]),
        tests("InstallTests", ["JOSE", "TestSupport"], resources: [.copy("Machine")]),
        tests("InterfaceTests", ["Core", "Interface", "JSON", "TestSupport"]),
        tests("JOSETests", ["Crypto", "JOSE"]),
        tests("JSONTests", ["JSON", "TestSupport"]),
        tests("OperatingTests", ["Core", "Crypto", "JSON", "Operating", "SQLite", "TestSupport", "Threads"]),
        tests("PagesTests", ["Core", "Crypto", "Images", "JSON", "Pages", "TestSupport"]),
        tests("ProcessTests", ["JSON", "TestSupport", "Threads"]),
        tests("SQLiteTests", ["Database", "SQLite", "TestSupport", "Threads"]),
        tests(
            "SimulatorTests",
            [
                "Core", "Crypto", "HTTP", "HTTPClient", "Images", "JOSE", "JSON", "TestSupport", "Threads",
                "polar-simulator",
            ],
            resources: [.copy("polar_sdk_proof.py"), .copy("polar_fields.json")]),
        tests("SiteTests", ["HTTPClient", "JSON", "TestSupport", "Threads"]),
        tests("SubprocessTests", ["Subprocess", "TestSupport", "Threads"]),
        tests("ThreadsTests", ["TestSupport", "Threads"]),
        tests("TidyTests", ["TestSupport"]),
        tests("WorkerTests", ["Clients", "Core", "Crypto", "Images", "SQLite", "TestSupport", "Threads", "Worker"]),
    ],
    swiftLanguageModes: [.v6]
)
