import NIOCore
import RTSP

/// The requests of one connection between parser and responder: one in flight, the others wait, answers in order.
struct RequestPipeline: ~Copyable {
    /// What stands in line: a request to be answered by the responder, or an answer that is certain already.
    enum Item {
        case request(RTSPRequest)
        /// Answered by the connection itself; `ends` = nothing behind it is read.
        case refusal(RTSPResponse, ends: Bool)
        /// Said in another protocol; nothing behind it is read.
        case lastWords(ByteBuffer)
    }

    private let requestLimit: Int
    private let byteLimit: Int
    private var waiting: [Item] = []
    /// The head of `waiting`: taking one must not move the others.
    private var taken = 0
    private var waitingBytes = 0
    private(set) var isAnswering = false
    /// An item that ends the connection is in line: nothing is taken in behind it.
    private(set) var isEnding = false

    init(limits: ConnectionLimits) {
        requestLimit = limits.pipelinedRequests
        byteLimit = limits.pipelinedBytes
    }

    var isIdle: Bool { !isAnswering && waitingCount == 0 }

    private var waitingCount: Int { waiting.count - taken }

    /// Items kept, those taken and not yet let go included.
    var storedItems: Int { waiting.count }

    /// Whether another message may be parsed.
    var hasRoom: Bool { !isEnding && waitingCount < requestLimit && waitingBytes < byteLimit }

    mutating func arrived(_ item: Item) {
        guard !isEnding else { return }
        waiting.append(item)
        waitingBytes += item.bodyLength
        switch item {
        case .refusal(_, ends: true), .lastWords: isEnding = true
        case .refusal(_, ends: false), .request: break
        }
    }

    /// The next item in line, unless one is being answered.
    mutating func next() -> Item? {
        guard !isAnswering, taken < waiting.count else { return nil }
        let item = waiting[taken]
        taken += 1
        if taken == waiting.count {
            waiting = []
            taken = 0
        } else if taken >= requestLimit {
            waiting.removeFirst(taken)
            taken = 0
        }
        waitingBytes -= item.bodyLength
        isAnswering = true
        return item
    }

    /// The item taken last was answered.
    mutating func answered() {
        isAnswering = false
    }
}

extension RequestPipeline.Item {
    fileprivate var bodyLength: Int {
        switch self {
        case .request(let request): request.body.readableBytes
        case .refusal, .lastWords: 0
        }
    }
}
