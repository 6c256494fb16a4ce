import Foundation

extension OutsideTool {
    /// The program that is tested, as it was built beside the test bundle.
    package static func heliograph() throws -> OutsideTool {
        let bundle = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        return OutsideTool(bundle.deletingLastPathComponent().appending(path: "heliograph").path)
    }
}
