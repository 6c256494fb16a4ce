// swift-tools-version: 6.1
import PackageDescription

// Values, shell, assembly: see docs/ARCHITECTURE.md §3. Arrows only go up this list,
// and each outside library is imported by exactly one target.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    // A fifth of the instructions a packet costs were checks that no variable is accessed twice at once. Debug builds,
    // and so every test, keep them.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioTestUtils: Target.Dependency = .product(name: "NIOTestUtils", package: "swift-nio")
let nioFoundation: Target.Dependency = .product(name: "NIOFoundationCompat", package: "swift-nio")
let concurrencyHelpers: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func source(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name)] + dependencies,
        resources: resources,
        swiftSettings: settings
    )
}

let package = Package(
    name: "heliograph",
    products: [.executable(name: "heliograph", targets: ["heliograph"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // Values: bytes and events in, values and actions out.
        source("Media", [nioCore]),
        source("RTP", ["Media", nioCore]),
        source("RTSP", ["Media", nioCore, crypto]),
        .target(name: "CPageCache"),
        source("ISOMedia", ["Media", "RTP", "CPageCache", nioCore]),

        // The door to libav.
        .systemLibrary(
            name: "CLibAV",
            pkgConfig: "libavformat libavcodec libavutil libswscale libswresample",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libswresample-dev"])]
        ),
        .target(name: "CLibAVShim", dependencies: ["CLibAV"]),
        source("LibAV", ["Media", "CLibAV", "CLibAVShim", nioCore]),

        // The door to zlib.
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // The heart and the shell around it.
        source("Reflector", ["Media", "RTP", nioCore, concurrencyHelpers, logging]),
        source(
            "RTSPTransport",
            ["RTSP", "Media", nioCore, nioPosix, nioWebSocket, nioTLS, nioSSL, concurrencyHelpers, logging]),
        source(
            "Ingest",
            ["Reflector", "RTSPTransport", "RTSP", "RTP", "Media", "LibAV", nioCore, concurrencyHelpers, logging]),
        source(
            "Egress", ["Reflector", "RTSPTransport", "RTSP", "RTP", "Media", "ISOMedia", nioCore, deque, logging]),

        source("HLS", ["Reflector", "RTP", "Media", "ISOMedia", "LibAV", nioCore, concurrencyHelpers, logging]),
        source(
            "Web",
            [
                "HLS", "Egress", "RTSPTransport", "Reflector", "RTSP", "Media", "LibAV", "CZlib", "CPageCache", nioCore,
                nioPosix, nioSSL, nioTLS, nioHTTP1, nioWebSocket, concurrencyHelpers, logging, hummingbird,
            ],
            // In the program, so that it needs no file beside it.
            resources: [.embedInCode("Page/Assets")]),

        // The other side: many viewers at once, to measure with.
        .target(name: "CReceive"),
        source("Load", ["RTSP", "RTP", "Media", "CReceive", nioCore]),

        // Assembly.
        .target(name: "CHeap"),
        source(
            "Server",
            [
                "CHeap",
                "Web", "HLS", "Egress", "Ingest", "Reflector", "RTSPTransport", "RTSP", "RTP", "Media", "ISOMedia",
                "LibAV", nioCore, nioPosix, concurrencyHelpers, logging, yams, serviceLifecycle, unixSignals,
            ]
        ),
        .executableTarget(
            name: "heliograph",
            dependencies: [
                "Server", "Load", "Egress", "Media", "RTP", "ISOMedia", nioCore, nioPosix, argumentParser, logging,
            ],
            swiftSettings: settings
        ),

        // Tests.
        .target(name: "CAllocationCount", path: "Tests/CAllocationCount"),
        .target(
            name: "TestSupport",
            dependencies: ["CAllocationCount", "ISOMedia", nioCore, nioPosix, concurrencyHelpers, logging],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests(of: "Media", ["TestSupport", nioCore]),
        tests(of: "RTP", ["TestSupport", "Media", nioCore]),
        tests(of: "RTSP", ["TestSupport", "Media", nioCore, crypto]),
        tests(of: "ISOMedia", ["TestSupport", "Media", "RTP", nioCore]),
        tests(of: "LibAV", ["TestSupport", "Media", nioCore]),
        tests(of: "Reflector", ["TestSupport", "RTP", "Media", nioCore, nioEmbedded, concurrencyHelpers, logging]),
        tests(of: "RTSPTransport", ["TestSupport", "RTSP", "Media", nioCore, nioEmbedded, nioPosix]),
        tests(
            of: "Ingest",
            [
                "TestSupport", "LibAV", "Reflector", "RTSPTransport", "RTSP", "RTP", "Media", nioCore, nioEmbedded,
                nioPosix, concurrencyHelpers, logging,
            ]),
        tests(
            of: "Egress",
            [
                "TestSupport", "Reflector", "RTSPTransport", "RTSP", "RTP", "Media", "ISOMedia", nioCore, nioEmbedded,
                nioPosix, logging,
            ]),
        tests(
            of: "HLS",
            [
                "TestSupport", "Reflector", "RTP", "Media", "ISOMedia", "LibAV", nioCore, nioEmbedded, nioPosix,
                concurrencyHelpers, logging,
            ]),
        tests(
            of: "Web",
            [
                "TestSupport", "HLS", "Egress", "RTSPTransport", "Reflector", "RTSP", "RTP", "Media", "LibAV",
                "ISOMedia", nioCore, nioPosix, nioHTTP1, nioEmbedded, concurrencyHelpers, logging,
            ]),
        tests(
            of: "Server",
            [
                "TestSupport", "Web", "Ingest", "Egress", "Reflector", "RTSPTransport", "RTSP", "Media", "ISOMedia",
                nioCore, nioPosix, concurrencyHelpers, logging,
            ]
        ),
        tests(of: "Load", ["TestSupport", "RTSP", "Media", nioCore]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Server", "Load", "Egress", "HLS", "Ingest", "Reflector", "RTSPTransport", "RTSP", "RTP", "Media",
                "TestSupport",
                nioCore, nioPosix, nioHTTP1, concurrencyHelpers, logging,
            ],
            swiftSettings: settings
        ),
    ]
)
