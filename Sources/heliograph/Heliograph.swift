import ArgumentParser

@main
struct Heliograph: AsyncParsableCommand {
    mutating func run() async throws {}
}
