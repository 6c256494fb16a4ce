/// Why a session does not do what a request asks; the session itself stays as it was.
package enum SessionRefusal: Error, Hashable {
    /// 453: what the transport needs is in use, all of it (RFC 2326 §11.3.4).
    case notEnoughBandwidth
    /// 454: the session has ended.
    case sessionNotFound
    /// 455: not now; `allow` are the methods that would be (RFC 2326 §11.3.6).
    case methodNotValid(allow: [RTSPMethod])
    /// 457: the range is malformed, or ends before it begins.
    case invalidRange
    /// 459: the method needs the URL of a track.
    case aggregateOperationNotAllowed
    /// 460: the session has several tracks, and the method works on all of them only.
    case onlyAggregateOperationAllowed
    /// 461: none of the transports offered can be used.
    case unsupportedTransport
    /// 462: the only transport on offer names ports nothing can be sent to.
    case destinationUnreachable

    /// The status line that says so.
    package var status: RTSPStatus {
        switch self {
        case .notEnoughBandwidth: .notEnoughBandwidth
        case .sessionNotFound: .sessionNotFound
        case .methodNotValid: .methodNotValidInThisState
        case .invalidRange: .invalidRange
        case .aggregateOperationNotAllowed: .aggregateOperationNotAllowed
        case .onlyAggregateOperationAllowed: .onlyAggregateOperationAllowed
        case .unsupportedTransport: .unsupportedTransport
        case .destinationUnreachable: .destinationUnreachable
        }
    }
}

/// What a request on a session is about: everything set up in it, or one of its tracks.
package enum SessionScope: Sendable, Hashable {
    case aggregate
    /// The index of the track in the session description, counted from 0.
    case track(Int)

    /// Why a session that has these tracks set up does not do it; `allow` is what it would do now.
    ///
    /// A session of one track takes the track's URL for its own; one of several insists on the aggregate.
    func refusal<Transport>(among transports: [Int: Transport], allow: [RTSPMethod]) -> SessionRefusal? {
        switch self {
        case .aggregate: nil
        case .track(let track) where transports[track] == nil: .methodNotValid(allow: allow)
        case .track: transports.count == 1 ? nil : .onlyAggregateOperationAllowed
        }
    }
}
