import Ingest
import NIOCore

extension CameraReading {
    func testCamera(_ field: ConfigurationSection.Field) -> StreamConfiguration {
        endAlone(with: "test_camera")
        let test = section.section(field).map(TestCameraConfiguration.init) ?? TestCameraConfiguration()
        return StreamConfiguration(path: name, source: .testCamera(test))
    }
}

extension TestCameraConfiguration {
    /// The defaults with the keys of a section put over them.
    fileprivate init(_ section: ConfigurationSection) {
        self.init()
        func count(_ key: String, _ path: WritableKeyPath<Self, Int>, _ range: ClosedRange<Int>, even: Bool = false) {
            let value = section.value(key) { text throws(Expectation) in
                let number = try ConfigurationValue.count(text, in: range)
                guard !even || number.isMultiple(of: 2) else { throw Expectation("an even number of pixels") }
                return number
            }
            if let value { self[keyPath: path] = value }
        }
        count("width", \.width, 64...3840, even: true)
        count("height", \.height, 64...2160, even: true)
        count("frame_rate", \.frameRate, 1...60)
        let interval = section.value("key_frame_interval") { text throws(Expectation) in
            try ConfigurationValue.duration(text, in: .milliseconds(100) ... .seconds(60))
        }
        if let interval { keyFrameInterval = interval }
        let bitRate = section.value("bit_rate") { text throws(Expectation) in
            try ConfigurationValue.bitRate(text, in: 50_000...50_000_000)
        }
        if let bitRate { self.bitRate = bitRate }
        section.end()
    }
}
