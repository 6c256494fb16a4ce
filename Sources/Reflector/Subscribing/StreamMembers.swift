import NIOCore

/// The subscribers of one stream, as its home loop knows them: counted from before each joins to after it has left.
struct StreamMembers {
    /// The subscribers of one event loop.
    struct GroupHandle {
        let eventLoop: any EventLoop
        let group: NIOLoopBoundBox<SubscriberGroup>
        fileprivate(set) var members = 0
        /// Those of them that do not look away.
        fileprivate(set) var viewers = 0
    }

    private struct Member {
        let eventLoop: ObjectIdentifier
        let manner: SubscriberManner
    }

    /// One for each loop where anybody is.
    private(set) var groups: [GroupHandle] = []
    /// By number.
    private var members: [Int: Member] = [:]
    private var last = 0
    /// Those that do not look away: for them pictures are held together and clocks turned gently.
    private var watching = 0
    /// Those who say that they are one.
    private(set) var viewers = 0

    var isEmpty: Bool { members.isEmpty }

    var count: Int { members.count }

    var isWatched: Bool { watching > 0 }

    /// Of the loop that has most of them.
    var mostViewersOfALoop: Int { groups.reduce(0) { max($0, $1.viewers) } }

    /// One more on that loop; its number, and the group it belongs to.
    mutating func join(
        _ manner: SubscriberManner, on eventLoop: any EventLoop
    ) -> (number: Int, group: NIOLoopBoundBox<SubscriberGroup>) {
        last += 1
        members[last] = Member(eventLoop: ObjectIdentifier(eventLoop), manner: manner)
        let watching = manner.looksAway ? 0 : 1
        self.watching += watching
        viewers += manner.isViewer ? 1 : 0
        if let known = groups.firstIndex(where: { $0.eventLoop === eventLoop }) {
            groups[known].members += 1
            groups[known].viewers += watching
            return (last, groups[known].group)
        }
        let group = NIOLoopBoundBox.makeBoxSendingValue(SubscriberGroup(), eventLoop: eventLoop)
        groups.append(GroupHandle(eventLoop: eventLoop, group: group, members: 1, viewers: watching))
        return (last, group)
    }

    /// A loop where nobody is any more is not woken for every burst.
    mutating func leave(_ number: Int) {
        guard let member = members.removeValue(forKey: number) else { return }
        let watching = member.manner.looksAway ? 0 : 1
        self.watching -= watching
        viewers -= member.manner.isViewer ? 1 : 0
        guard let index = groups.firstIndex(where: { ObjectIdentifier($0.eventLoop) == member.eventLoop }) else {
            return
        }
        groups[index].members -= 1
        groups[index].viewers -= watching
        if groups[index].members == 0 { groups.remove(at: index) }
    }

    /// Nobody is left; whom it was over for, loop by loop.
    mutating func leaveAll() -> [GroupHandle] {
        defer {
            groups = []
            members = [:]
            watching = 0
            viewers = 0
        }
        return groups
    }
}

extension [StreamMembers.GroupHandle] {
    /// Calls `body` with each group on its own loop: at once where it is called on that. A publication may be released anywhere.
    func onEachLoop(_ body: @escaping @Sendable (SubscriberGroup) -> Void) {
        for handle in self {
            if handle.eventLoop.inEventLoop {
                body(handle.group.value)
            } else {
                handle.eventLoop.execute { body(handle.group.value) }
            }
        }
    }
}
