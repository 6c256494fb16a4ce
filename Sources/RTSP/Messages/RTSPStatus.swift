/// A status code and its reason phrase (RFC 2326 §7.1.1).
package struct RTSPStatus: Sendable, Hashable {
    /// 100–599.
    package var code: Int
    /// May be empty: some cameras send none (quirk A3).
    package var reason: String

    package init(code: Int, reason: String) {
        self.code = code
        self.reason = reason
    }

    package static let ok = RTSPStatus(code: 200, reason: "OK")
    package static let movedPermanently = RTSPStatus(code: 301, reason: "Moved Permanently")
    package static let movedTemporarily = RTSPStatus(code: 302, reason: "Moved Temporarily")
    package static let notModified = RTSPStatus(code: 304, reason: "Not Modified")
    package static let badRequest = RTSPStatus(code: 400, reason: "Bad Request")
    package static let unauthorized = RTSPStatus(code: 401, reason: "Unauthorized")
    package static let forbidden = RTSPStatus(code: 403, reason: "Forbidden")
    package static let notFound = RTSPStatus(code: 404, reason: "Not Found")
    package static let methodNotAllowed = RTSPStatus(code: 405, reason: "Method Not Allowed")
    package static let notAcceptable = RTSPStatus(code: 406, reason: "Not Acceptable")
    package static let requestTimeOut = RTSPStatus(code: 408, reason: "Request Time-out")
    package static let requestEntityTooLarge = RTSPStatus(code: 413, reason: "Request Entity Too Large")
    package static let requestURITooLarge = RTSPStatus(code: 414, reason: "Request-URI Too Large")
    package static let unsupportedMediaType = RTSPStatus(code: 415, reason: "Unsupported Media Type")
    package static let requestHeaderFieldsTooLarge = RTSPStatus(code: 431, reason: "Request Header Fields Too Large")
    package static let parameterNotUnderstood = RTSPStatus(code: 451, reason: "Parameter Not Understood")
    package static let notEnoughBandwidth = RTSPStatus(code: 453, reason: "Not Enough Bandwidth")
    package static let sessionNotFound = RTSPStatus(code: 454, reason: "Session Not Found")
    package static let methodNotValidInThisState = RTSPStatus(code: 455, reason: "Method Not Valid in This State")
    package static let invalidRange = RTSPStatus(code: 457, reason: "Invalid Range")
    package static let aggregateOperationNotAllowed = RTSPStatus(code: 459, reason: "Aggregate Operation Not Allowed")
    package static let onlyAggregateOperationAllowed = RTSPStatus(code: 460, reason: "Only Aggregate Operation Allowed")
    package static let unsupportedTransport = RTSPStatus(code: 461, reason: "Unsupported Transport")
    package static let destinationUnreachable = RTSPStatus(code: 462, reason: "Destination Unreachable")
    package static let internalServerError = RTSPStatus(code: 500, reason: "Internal Server Error")
    package static let notImplemented = RTSPStatus(code: 501, reason: "Not Implemented")
    package static let serviceUnavailable = RTSPStatus(code: 503, reason: "Service Unavailable")
    package static let versionNotSupported = RTSPStatus(code: 505, reason: "RTSP Version Not Supported")
    /// RFC 2326 has no word for it, and leaves room for more; HTTP's (RFC 5842 §7.2) says it, and who does not know it takes it
    /// for 500, which nobody mends by asking again at once.
    package static let loopDetected = RTSPStatus(code: 508, reason: "Loop Detected")
    package static let optionNotSupported = RTSPStatus(code: 551, reason: "Option Not Supported")
}

extension RTSPStatus {
    var isSuccess: Bool { (200..<300).contains(code) }
}
