import NIOCore
import RTSP
import Testing

@testable import RTSPTransport

@Suite("Request pipeline")
struct RequestPipelineTests {
    private func request(_ number: Int, body: Int = 0) -> RequestPipeline.Item {
        .request(RTSPRequest(.options, uri: "\(number)", body: ByteBuffer(repeating: 1, count: body)))
    }

    private func uri(_ item: RequestPipeline.Item?) -> String? {
        guard case .request(let request) = item else { return nil }
        return request.uri
    }

    @Test("one request is in flight, the others come in order")
    func order() {
        var pipeline = RequestPipeline(limits: ConnectionLimits())
        for number in 0..<3 { pipeline.arrived(request(number)) }
        for number in 0..<3 {
            let item = pipeline.next()
            #expect(uri(item) == "\(number)")
            let early = pipeline.next()
            #expect(early == nil)
            pipeline.answered()
        }
        let isIdle = pipeline.isIdle
        #expect(isIdle)
    }

    @Test("there is room up to the limits of requests and of bytes")
    func limits() {
        var limits = ConnectionLimits()
        limits.pipelinedRequests = 2
        limits.pipelinedBytes = 100
        var pipeline = RequestPipeline(limits: limits)
        pipeline.arrived(request(0))
        var hasRoom = pipeline.hasRoom
        #expect(hasRoom)
        pipeline.arrived(request(1))
        hasRoom = pipeline.hasRoom
        #expect(!hasRoom)
        _ = pipeline.next()
        hasRoom = pipeline.hasRoom
        #expect(hasRoom)
        pipeline.arrived(request(2, body: 100))
        hasRoom = pipeline.hasRoom
        #expect(!hasRoom)
    }

    @Test("nothing is taken in behind a refusal that ends the connection")
    func ending() {
        var pipeline = RequestPipeline(limits: ConnectionLimits())
        pipeline.arrived(.refusal(RTSPResponse(.badRequest), ends: true))
        pipeline.arrived(request(1))
        let hasRoom = pipeline.hasRoom
        #expect(!hasRoom)
        _ = pipeline.next()
        pipeline.answered()
        let behind = pipeline.next()
        #expect(behind == nil)
    }

    @Test("a line that is never empty does not grow")
    func neverEmpty() {
        var pipeline = RequestPipeline(limits: ConnectionLimits())
        pipeline.arrived(request(0))
        for number in 1..<10_000 {
            pipeline.arrived(request(number))
            let item = pipeline.next()
            #expect(uri(item) == "\(number - 1)")
            pipeline.answered()
        }
        let storage = pipeline.storedItems
        #expect(storage <= 64)
    }
}

@Suite("Connection patience")
struct ConnectionPatienceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("a request begun and not completed is too slow after the request time, however often bytes come")
    func slowRequest() {
        var patience = ConnectionPatience(limits: ConnectionLimits(), at: start)
        for second in 0..<10 { patience.readEnded(withinRequest: true, at: start + .seconds(Int64(second))) }
        #expect(patience.verdict(at: start + .seconds(9), hasSession: false, isBusy: false) == .fine)
        #expect(patience.verdict(at: start + .seconds(10), hasSession: false, isBusy: false) == .requestTooSlow)
    }

    @Test("a connection with a session may idle, one without may not")
    func idle() {
        let patience = ConnectionPatience(limits: ConnectionLimits(), at: start)
        #expect(patience.verdict(at: start + .seconds(29), hasSession: false, isBusy: false) == .fine)
        #expect(patience.verdict(at: start + .seconds(30), hasSession: false, isBusy: false) == .idle)
        #expect(patience.verdict(at: start + .hours(1), hasSession: true, isBusy: false) == .fine)
    }

    @Test("the time an answer takes is not the peer's")
    func busy() {
        var patience = ConnectionPatience(limits: ConnectionLimits(), at: start)
        patience.readEnded(withinRequest: true, at: start)
        #expect(patience.verdict(at: start + .seconds(60), hasSession: false, isBusy: true) == .fine)
        patience.wasActive(at: start + .seconds(60))
        #expect(patience.verdict(at: start + .seconds(61), hasSession: false, isBusy: false) == .fine)
    }

    @Test("the last words are not waited for longer than the closing time")
    func closing() {
        var patience = ConnectionPatience(limits: ConnectionLimits(), at: start)
        patience.closingBegan(at: start)
        patience.closingBegan(at: start + .seconds(1))
        #expect(patience.verdict(at: start + .seconds(1), hasSession: true, isBusy: true) == .fine)
        #expect(patience.verdict(at: start + .seconds(2), hasSession: true, isBusy: true) == .closingTooSlow)
    }
}
