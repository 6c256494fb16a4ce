/// What the sessions of one thread share; confined to it.
final class SessionContext {
    let plan: LoadPlan
    var counts: LoadCounts
    /// The window is open.
    var isMeasuring = false
    /// Sessions on their way to their first packet: while there are any, time matters.
    var joining = 0
    /// The sockets to wait for are others than before.
    var socketsChanged = true
    /// What a connection brings at a time; nothing of it is kept.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

    init(plan: LoadPlan) {
        self.plan = plan
        counts = LoadCounts(targets: plan.targets.count)
    }

    deinit { buffer.deallocate() }
}
