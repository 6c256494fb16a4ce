import NIOCore

/// How all cameras are doing, asked of them twice a second at most, however many look.
package actor FleetBoard {
    private static let freshness = TimeAmount.milliseconds(500)

    private let ask: @Sendable () async -> [CameraStatus]
    private let now: @Sendable () -> NIODeadline
    private var known: (cameras: [CameraStatus], at: NIODeadline)?
    private var underWay: Task<[CameraStatus], Never>?

    /// `ask` finds out anew; `now` is a clock that never goes back.
    package init(now: @escaping @Sendable () -> NIODeadline, _ ask: @escaping @Sendable () async -> [CameraStatus]) {
        self.ask = ask
        self.now = now
    }

    /// Half a second old at most.
    package func cameras() async -> [CameraStatus] {
        if let known, now() - known.at < Self.freshness { return known.cameras }
        if let underWay { return await underWay.value }
        let task = Task { [ask] in await ask() }
        underWay = task
        let cameras = await task.value
        underWay = nil
        known = (cameras, now())
        return cameras
    }
}
