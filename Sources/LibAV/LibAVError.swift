import CLibAV

/// What libav refused, and what was being attempted.
package struct LibAVError: Error, Hashable {
    /// What was attempted, worded to follow "cannot": `open the H.264 encoder libx264`.
    package let attempt: String
    /// libav's own code (`AVERROR`), `nil` where the refusal is ours and libav was not asked.
    package let code: Int32?
    /// The cause: libav's text for `code`, or our own words; ends with what the operator can do where there is something.
    package let reason: String

    /// A refusal of libav's, with the text of `av_strerror`.
    init(_ attempt: String, code: Int32) {
        self.attempt = attempt
        self.code = code
        self.reason = Self.text(of: code)
    }

    /// A refusal of ours.
    init(_ attempt: String, because reason: String) {
        self.attempt = attempt
        self.code = nil
        self.reason = reason
    }

    private static func text(of code: Int32) -> String {
        var characters = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
        // Fills in a generic text for unknown codes too, so the result of the call tells nothing more.
        _ = av_strerror(code, &characters, characters.count)
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension LibAVError: CustomStringConvertible {
    /// One sentence: "cannot … : …".
    package var description: String {
        guard let code else { return "cannot \(attempt): \(reason)" }
        return "cannot \(attempt): \(reason) (libav code \(code))"
    }
}
