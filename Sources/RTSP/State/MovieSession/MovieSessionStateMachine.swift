import NIOCore

/// One viewer's session with a movie, from its first SETUP to its end.
///
/// The conversation is that with a live stream (`PlaySessionStateMachine`): transports, what may be asked when, silence. What a
/// movie has beyond it is a place: where it plays, where it stopped, how fast.
///
/// PLAY while it plays, with another range or another scale, goes there at once: RFC 2326 §10.5 would have it queued until what is
/// played has ended, but players seek by it.
package struct MovieSessionStateMachine: ~Copyable {
    /// Where the movie is; whether it plays, the conversation knows.
    private enum Place: Sendable, Hashable {
        /// Nothing was played yet. Goes to `playing`.
        case beginning
        /// It plays this, or has been asked to. Goes to `stopped` by PAUSE, `finished` at the end.
        case playing(MoviePlay)
        /// It goes on there, in microseconds; `isExact` where the next packet is known. Goes to `playing`.
        case stopped(MoviePlay, at: Int64, isExact: Bool)
        /// Everything that was asked for has been sent. Goes to `playing`.
        case finished
    }

    /// Where a PLAY begins, and until when, before it is known whether that differs from what is played.
    private struct Extent {
        /// `nil` is where it is.
        var start: Int64?
        var end: Int64?
    }

    private var conversation: PlaySessionStateMachine
    private var place = Place.beginning
    /// Of the movie, in microseconds; 0 where nobody knows.
    private let duration: Int64

    /// A session with a movie of `duration` microseconds; it ends once `timeout` has passed without a sign of life.
    package init(duration: Int64, timeout: TimeAmount, at now: NIODeadline) {
        self.duration = duration
        conversation = PlaySessionStateMachine(timeout: timeout, at: now)
    }

    /// How each track set up travels, by its index; empty before the first SETUP and after the end.
    package var transports: [Int: PlayTransport] { conversation.transports }

    /// SETUP of one track, while nothing plays. Where other tracks were played before, the next PLAY begins at a sync sample.
    ///
    /// All travel over the RTSP connection, or none: what a slow connection does not take would hold the datagrams up.
    package mutating func setupReceived(
        track: Int, alternatives: [TransportSpecification], paths: PlayTransportPaths
    ) -> PlaySessionStateMachine.SetupResult {
        let other = transports.first { $0.key != track }?.value
        let alternatives = alternatives.filter { other == nil || ($0.lower == .tcp) == other?.isInterleaved }
        let result = conversation.setupReceived(track: track, alternatives: alternatives, paths: paths)
        if case .accept = result { forgetNextPacket() }
        return result
    }

    // MARK: PLAY

    package enum PlayResult: Sendable, Hashable {
        /// Send nothing more of what was played, find the first packets of this, then tell `playPrepared` or `playFailed`.
        case prepare(MoviePlay)
        /// It plays this already: answer 200 and let it (quirk M13).
        case answerAgain(MoviePlay)
        case refuse(SessionRefusal)
    }

    /// PLAY; `position` is where the movie is now, in microseconds, if it plays, and `hasPictures` whether any track set up is video.
    package mutating func playReceived(
        _ scope: SessionScope, _ request: MoviePlayRequest, position: Int64, hasPictures: Bool
    ) -> PlayResult {
        let isReliable = transports.values.allSatisfy(\.isInterleaved)
        let wanted = play(
            for: request, position: position, scale: request.grantedScale(hasPictures: hasPictures),
            speed: request.grantedSpeed(isReliable: isReliable))
        guard let wanted else {
            // Its own refusals go before that of the range.
            if case .refuse(let refusal) = conversation.playReceived(scope, range: .unreadable) {
                return .refuse(refusal)
            }
            return .refuse(.invalidRange)
        }
        if case .answerAgain = wanted {
            if case .refuse(let refusal) = conversation.playReceived(scope, range: .unspecified) {
                return .refuse(refusal)
            }
            return wanted
        }
        if case .playing = place, case .refuse(let refusal) = conversation.pauseReceived(scope) {
            return .refuse(refusal)
        }
        switch conversation.playReceived(scope, range: .unspecified) {
        case .prepare:
            if case .prepare(let play) = wanted { place = .playing(play) }
            return wanted
        case .answerAgain: return .refuse(.methodNotValid(allow: PlaySessionStateMachine.allowedWhilePlaying))
        case .refuse(let refusal): return .refuse(refusal)
        }
    }

    /// What a request comes to; `nil` for a range that the movie does not have.
    private func play(
        for request: MoviePlayRequest, position: Int64, scale: Double, speed: Double
    ) -> PlayResult? {
        guard let extent = extent(of: request.range, scale: scale, position: position) else { return nil }
        func starting(at start: Int64) -> PlayResult {
            .prepare(MoviePlay(start: .at(start), end: extent.end, scale: scale, speed: speed))
        }
        if let start = extent.start { return starting(at: start) }
        switch place {
        case .beginning, .finished:
            return starting(at: scale < 0 ? duration : 0)
        case .playing(let play):
            let asksNothing = request.scale == nil && request.speed == nil && extent.end == nil
            let isSame = scale == play.scale && speed == play.speed && (extent.end ?? play.end) == play.end
            if asksNothing || isSame { return .answerAgain(play) }
            return goingOn(play, at: position, isExact: true, to: extent.end, scale: scale, speed: speed)
        case .stopped(let play, let position, let isExact):
            return goingOn(play, at: position, isExact: isExact, to: extent.end, scale: scale, speed: speed)
        }
    }

    /// With the next packet if that is possible; another scale begins with a key frame.
    private func goingOn(
        _ play: MoviePlay, at position: Int64, isExact: Bool, to end: Int64?, scale: Double, speed: Double
    ) -> PlayResult {
        let isSameWay = (scale < 0) == (play.scale < 0)
        let end = end ?? (isSameWay ? play.end : nil)
        // A track that has come to an end that was asked for cannot just go on.
        let goesOn = isExact && scale == play.scale && (play.end == nil || play.end == end)
        return .prepare(
            MoviePlay(start: goesOn ? .whereItStopped : .at(position), end: end, scale: scale, speed: speed))
    }

    /// `nil` for what the movie does not have: beyond its end, reversed, in times of day.
    private func extent(of range: PlayRange, scale: Double, position: Int64) -> Extent? {
        switch range {
        case .unspecified: return Extent()
        case .unreadable, .asked(.clock): return nil
        case .asked(.npt(.now, let end)):
            let end = end.map(Self.microseconds)
            return isOrdered(here(position, scale: scale), end, scale: scale) ? Extent(end: end) : nil
        case .asked(.npt(.seconds(let start), let end)):
            return extent(from: Self.microseconds(start), to: end.map(Self.microseconds), scale: scale)
        case .asked(.smpte(let start, let end)):
            return extent(from: start.microseconds, to: end?.microseconds, scale: scale)
        }
    }

    private func extent(from start: Int64, to end: Int64?, scale: Double) -> Extent? {
        // Durations are told in fewer places than they have.
        guard duration == 0 || start <= duration + 1000 else { return nil }
        return isOrdered(start, end, scale: scale) ? Extent(start: start, end: end) : nil
    }

    private func isOrdered(_ start: Int64, _ end: Int64?, scale: Double) -> Bool {
        guard let end else { return true }
        return scale < 0 ? end < start : end > start
    }

    private func here(_ position: Int64, scale: Double) -> Int64 {
        switch place {
        case .beginning, .finished: scale < 0 ? duration : 0
        case .playing: position
        case .stopped(_, let position, _): position
        }
    }

    private static func microseconds(_ seconds: Double) -> Int64 {
        Int64((max(0, min(seconds, 1e12)) * 1e6).rounded())
    }

    package mutating func playPrepared() -> PlaySessionStateMachine.PlayPreparedResult {
        conversation.playPrepared()
    }

    /// The file cannot be read.
    package mutating func playFailed() {
        conversation.playFailed()
        place = .beginning
    }

    /// The response to PLAY stands in the channel.
    package mutating func playAnswered() -> PlaySessionStateMachine.PlayAnsweredResult {
        conversation.playAnswered()
    }

    // MARK: Stopping

    package enum PauseResult: Sendable, Hashable {
        /// Stop the packets; the session and its transports stay.
        case pause
        /// Go on until the movie is there, in microseconds, stop, and tell `pausePointReached`.
        case pauseAt(Int64)
        /// Nothing flows: answer 200 and leave it so.
        case answer
        case refuse(SessionRefusal)
    }

    /// PAUSE, with the movie at `position`, in microseconds: the next PLAY without a range goes on with the next packet.
    ///
    /// A point that is not to be played, because it is behind, beyond the end, or nothing plays, is 457 (RFC 2326 §10.6).
    package mutating func pauseReceived(
        _ scope: SessionScope, _ point: PausePoint = .now, position: Int64
    ) -> PauseResult {
        if point != .now {
            if let refusal = conversation.pauseRefusal(scope) { return .refuse(refusal) }
            guard case .at(let seconds) = point, let point = pausePoint(Self.microseconds(seconds), from: position)
            else { return .refuse(.invalidRange) }
            return .pauseAt(point)
        }
        switch conversation.pauseReceived(scope) {
        case .pause:
            if case .playing(let play) = place { place = .stopped(play, at: position, isExact: true) }
            return .pause
        case .answer: return .answer
        case .refuse(let refusal): return .refuse(refusal)
        }
    }

    /// What is played has come to the point that a PAUSE named.
    package mutating func pausePointReached(_ point: Int64) {
        _ = pauseReceived(.aggregate, position: point)
    }

    /// The point, if what is played from `position` on comes there.
    private func pausePoint(_ point: Int64, from position: Int64) -> Int64? {
        guard case .playing(let play) = place else { return nil }
        if play.scale < 0 { return point <= position && point >= play.end ?? 0 ? point : nil }
        let end = play.end.map { duration > 0 ? min($0, duration) : $0 } ?? (duration > 0 ? duration : .max)
        return point >= position && point <= end ? point : nil
    }

    package enum EndOfMovieResult: Sendable, Hashable {
        /// Say BYE for each track; the session stays, for the viewer may seek back.
        case sayGoodbye
        /// It did not play.
        case nothing
    }

    /// All that was asked for has been sent.
    package mutating func movieEnded() -> EndOfMovieResult {
        guard case .pause = conversation.pauseReceived(.aggregate) else { return .nothing }
        place = .finished
        return .sayGoodbye
    }

    /// TEARDOWN of the session, or of one of its tracks while nothing plays.
    package mutating func teardownReceived(_ scope: SessionScope) -> PlaySessionStateMachine.TeardownResult {
        let result = conversation.teardownReceived(scope)
        if case .release = result { forgetNextPacket() }
        return result
    }

    private mutating func forgetNextPacket() {
        guard case .stopped(let play, let position, _) = place else { return }
        place = .stopped(play, at: position, isExact: false)
    }

    // MARK: Signs of life, and the ends of a session

    /// A request of the session or a report of the viewer came, or its connection took what it was sent.
    package mutating func activityNoted(at now: NIODeadline) {
        conversation.activityNoted(at: now)
    }

    /// RTCP BYE of the viewer for one track.
    package mutating func goodbyeReceived(track: Int) -> PlaySessionStateMachine.GoodbyeResult {
        conversation.goodbyeReceived(track: track)
    }

    /// The timer rang; `connectionDrains` is whether the viewer has taken all that was sent over its RTSP connection.
    package mutating func timedOut(
        at now: NIODeadline, connectionDrains: Bool
    ) -> PlaySessionStateMachine.TimeOutResult {
        conversation.timedOut(at: now, connectionDrains: connectionDrains)
    }

    /// The viewer's connection is gone.
    package mutating func connectionClosed() -> PlaySessionStateMachine.EndResult {
        conversation.connectionClosed()
    }

    /// The file cannot be read any more, or the server stops.
    package mutating func sessionEnded() -> PlaySessionStateMachine.EndResult {
        conversation.streamEnded()
    }
}
