import ArgumentParser
import Server

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file and show what the relay would serve.",
        discussion: """
            Every error is one line: file, line, column, key, what was found, what was expected.

            Example:
              heliograph check relays.yaml && systemctl restart heliograph
            """
    )

    @Argument(help: "The configuration file.")
    var file: String

    mutating func run() throws {
        let configuration = try ConfigurationFile(path: file).load(checkingFiles: true)
        print(configuration.summary)
        print("ok")
    }
}
