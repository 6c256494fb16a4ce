@testable import Media

/// Parameter sets as x264 and x265 write them, in Base64.
enum ParameterSetSamples {
    static let h264FullHD = "Z2QAKKzZQHgCJ+XARAAAAwAEAAADAMg8YMZY"
    static let h264Wide = "Z2QAMqzZQCQAo7ARAAADAAEAAAMAMg8YMZY="
    static let h264Baseline = "Z0LADNkBYJevARAAAAMAEAAAAwHg8UKkgA=="
    static let h264Interlaced422 = "Z3oAHrzZQLQk2AiAAAADAIAAABkPihTL"
    static let h264Lossless444 = "Z/QAFZGbKCwT9x+AiAAAAwAIAAADAPB4sWyw"
    static let h264Picture = "aOvjyyLA"

    static let h265Video = "QAEMAf//AWAAAAMAkAAAAwAAAwB4lZgJ"
    static let h265FullHD = "QgEBAWAAAAMAkAAAAwAAAwB4oAPAgBDlllZpJMrwFoCAAAADAIAAAAyE"
    static let h265Odd = "QgEBAWAAAAMAkAAAAwAAAwA/oAUSAXHJJllZpJMrwFoCAAADAAIAAAMAMhA="
    static let h265Picture = "RAHBcrRiQA=="

    static func bytes(_ base64: String) -> [UInt8] {
        Base64.decode(base64) ?? []
    }
}
