import LibAV

/// The picture of the test camera: what an operator must see to trust a relay.
///
/// ```
/// ┌──┬──┬──┬──┬──┬──┬──┐
/// │  │  │ colour bars  │   75 % bars (SMPTE RP 219): colours and range come through
/// │┌──────────────────┐│
/// ││ caption          ││   which camera this is
/// ││ 12:34:56.789 UTC ││   wall clock: the delay is the difference to a clock beside the screen
/// ││ FRAME 00001234   ││   a gap is a lost picture
/// │└──────────────────┘│
/// ├────────────────────┤
/// │ grey steps      ███│   flash: white for the tenth of a second in which the tone beeps
/// │ ▌→                 │   a bar that crosses once per second: stutter shows
/// └────────────────────┘
/// ```
/// The ground is drawn once; a new frame redraws letters that changed, the bar and the flash.
struct TestCard: ~Copyable {
    /// The card as last drawn.
    private(set) var picture: Picture

    private var clock: TextLine
    private var counter: TextLine
    private var isFlashing = false
    private var bar: Box
    private let track: Box
    private let flash: Box

    /// Seconds at the start of each second in which the flash is white and the tone beeps.
    static let beepDuration = 0.1

    /// Draws the ground; `caption` is cut to what fits.
    init(width: Int, height: Int, caption: String) throws(LibAVError) {
        var picture = try Picture(width: width, height: height)
        let barsHeight = height * 3 / 4
        let stepsHeight = height / 8
        try Self.drawColourBars(height: barsHeight, on: &picture)
        try Self.drawGreySteps(top: barsHeight, height: stepsHeight, on: &picture)

        let side = max(4, min(stepsHeight, width / 8))
        let flash = Box(x: width - side, y: barsHeight, width: side, height: stepsHeight)
        try picture.fill(flash, with: .black)
        let track = Box(x: 0, y: barsHeight + stepsHeight, width: width, height: height - barsHeight - stepsHeight)
        try picture.fill(track, with: .black)

        // The clock line is the longest: 16 letters, and half a letter of margin on each side.
        let scale = max(1, min(width / (17 * BitmapFont.advance), barsHeight / (5 * BitmapFont.height)))
        let lineHeight = (BitmapFont.height + 3) * scale
        let margin = 3 * scale
        let left = (width - TextLine.width(ofLetters: 16, scale: scale)) / 2
        let top = (barsHeight - 3 * lineHeight) / 2
        try picture.fill(
            Box(x: left - margin, y: top - margin, width: width - 2 * (left - margin), height: 3 * lineHeight + margin),
            with: .black
        )
        var title = TextLine(x: left, y: top, scale: scale)
        try title.draw(String(caption.prefix(16)), on: &picture)

        clock = TextLine(x: left, y: top + lineHeight, scale: scale)
        counter = TextLine(x: left, y: top + 2 * lineHeight, scale: scale)
        bar = Box(x: 0, y: track.y, width: max(2, width / 40), height: track.height)
        self.track = track
        self.flash = flash
        self.picture = picture
    }

    /// Draws frame `index` of the moment `wallClock`, in seconds since 1970 (UTC).
    mutating func draw(frame index: Int64, wallClock: Double) throws(LibAVError) {
        let milliseconds = Self.millisecondsOfDay(wallClock)
        try clock.draw(Self.clockText(milliseconds), on: &picture)
        try counter.draw("FRAME \(Self.digits(index % 100_000_000, 8))", on: &picture)

        try picture.fill(bar, luma: Colour.black.luma)
        bar.x = track.x + (milliseconds % 1000) * (track.width - bar.width) / 999
        try picture.fill(bar, luma: Colour.white.luma)

        let flashes = Double(milliseconds % 1000) < Self.beepDuration * 1000
        if flashes != isFlashing {
            isFlashing = flashes
            try picture.fill(flash, luma: (flashes ? Colour.white : .black).luma)
        }
    }

    /// `HH:MM:SS.mmm UTC` of a moment of the day in milliseconds.
    static func clockText(_ milliseconds: Int) -> String {
        let seconds = milliseconds / 1000
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits(Int64($0), 2) }.joined(separator: ":")
        return "\(time).\(digits(Int64(milliseconds % 1000), 3)) UTC"
    }

    /// Milliseconds since midnight UTC, the nearest one; 0 for a clock that is no finite number.
    static func millisecondsOfDay(_ wallClock: Double) -> Int {
        guard wallClock.isFinite else { return 0 }
        let day = 86_400.0
        let seconds = wallClock.truncatingRemainder(dividingBy: day)
        return Int(((seconds < 0 ? seconds + day : seconds) * 1000).rounded()) % 86_400_000
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number.magnitude)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    private static func drawColourBars(height: Int, on picture: inout Picture) throws(LibAVError) {
        // 75 % white, yellow, cyan, green, magenta, red, blue in BT.709.
        let bars = [
            Colour(luma: 180), Colour(luma: 168, blue: 44, red: 136), Colour(luma: 145, blue: 147, red: 44),
            Colour(luma: 134, blue: 63, red: 52), Colour(luma: 63, blue: 193, red: 204),
            Colour(luma: 51, blue: 109, red: 212), Colour(luma: 28, blue: 212, red: 120),
        ]
        for (index, colour) in bars.enumerated() {
            let left = picture.width * index / bars.count & ~1
            let right = index + 1 == bars.count ? picture.width : picture.width * (index + 1) / bars.count & ~1
            try picture.fill(Box(x: left, y: 0, width: right - left, height: height), with: colour)
        }
    }

    private static func drawGreySteps(top: Int, height: Int, on picture: inout Picture) throws(LibAVError) {
        let steps = 12
        for step in 0..<steps {
            let left = picture.width * step / steps & ~1
            let right = step + 1 == steps ? picture.width : picture.width * (step + 1) / steps & ~1
            let luma = UInt8(16 + 219 * step / (steps - 1))
            try picture.fill(Box(x: left, y: top, width: right - left, height: height), with: Colour(luma: luma))
        }
    }
}
