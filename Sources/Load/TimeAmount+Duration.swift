import NIOCore

extension TimeAmount {
    /// `500ms`, `30s`, `2m`, `1h`, or 0; `nil` for anything else, and beyond a day.
    package init?(duration text: String) {
        if text == "0" {
            self = .zero
            return
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "us": unit = 1_000
        case "ms": unit = 1_000_000
        case "s": unit = 1_000_000_000
        case "m": unit = 60_000_000_000
        case "h": unit = 3_600_000_000_000
        default: return nil
        }
        let (nanoseconds, isTooLong) = number.multipliedReportingOverflow(by: unit)
        guard !isTooLong, nanoseconds <= 86_400_000_000_000 else { return nil }
        self = .nanoseconds(nanoseconds)
    }
}
