import ArgumentParser

@main
struct Heliograph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heliograph",
        abstract: "A live relay for camera fleets: each camera comes in once and goes out to many viewers.",
        discussion: """
            Examples:
              heliograph check relays.yaml      is the configuration right?
              heliograph serve relays.yaml      run the relay
              ffplay rtsp://localhost:8554/test watch the camera called test
              heliograph load rtsp://localhost:8554/test --viewers 100
                                                watch it a hundred times, and measure

            Exit codes: 0 done, 1 failed while running, 64 wrong usage, 78 wrong configuration.
            """,
        version: "0.1.0",
        subcommands: [Serve.self, Check.self, Load.self, MovieCommand.self]
    )
}
