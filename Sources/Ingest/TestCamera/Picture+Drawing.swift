import LibAV

/// A rectangle of a picture, in pixels from the upper left corner.
struct Box {
    var x: Int
    var y: Int
    var width: Int
    var height: Int
}

/// A colour in YCbCr, limited range.
struct Colour {
    var luma: UInt8
    var blue: UInt8 = 128
    var red: UInt8 = 128

    static let black = Colour(luma: 16)
    static let white = Colour(luma: 235)
}

extension Picture {
    /// Fills a box, as far as it lies inside the picture; odd edges bleed by a pixel in colour, as 4:2:0 must.
    mutating func fill(_ box: Box, with colour: Colour) throws(LibAVError) {
        try fill(box, luma: colour.luma)
        let half = Box(x: box.x / 2, y: box.y / 2, width: (box.width + 1) / 2, height: (box.height + 1) / 2)
        try fill(half, of: .blue, with: colour.blue)
        try fill(half, of: .red, with: colour.red)
    }

    /// Fills a box in luma alone: a third less work where the colour below is grey already.
    mutating func fill(_ box: Box, luma: UInt8) throws(LibAVError) {
        try fill(box, of: .luma, with: luma)
    }

    private mutating func fill(_ box: Box, of plane: Plane, with value: UInt8) throws(LibAVError) {
        let size = size(of: plane)
        let columns = max(0, box.x)..<max(0, box.x, min(size.width, box.x + box.width))
        let rows = max(0, box.y)..<max(0, box.y, min(size.height, box.y + box.height))
        guard !columns.isEmpty else { return }
        try withMutablePlane(plane) { bytes, stride in
            for row in rows {
                bytes[row * stride + columns.lowerBound..<row * stride + columns.upperBound].update(repeating: value)
            }
        }
    }
}

/// A line of text at a fixed place on grey ground; a change redraws only the letters that differ.
struct TextLine {
    /// Left and upper edge of the first letter, in pixels.
    let x: Int
    let y: Int
    /// Pixels per dot of the font.
    let scale: Int
    private var drawn: [UInt8] = []

    init(x: Int, y: Int, scale: Int) {
        self.x = x
        self.y = y
        self.scale = scale
    }

    /// Width of a text of so many letters, in pixels.
    static func width(ofLetters count: Int, scale: Int) -> Int {
        max(0, count * BitmapFont.advance - 1) * scale
    }

    /// Shows `text`, white on black.
    mutating func draw(_ text: String, on picture: inout Picture) throws(LibAVError) {
        let letters = Array(text.utf8)
        for index in 0..<max(letters.count, drawn.count) {
            let letter = index < letters.count ? letters[index] : 0x20
            guard index >= drawn.count || drawn[index] != letter else { continue }
            try draw(letter, at: x + index * BitmapFont.advance * scale, on: &picture)
        }
        drawn = letters
    }

    private func draw(_ letter: UInt8, at left: Int, on picture: inout Picture) throws(LibAVError) {
        let cell = Box(x: left, y: y, width: BitmapFont.width * scale, height: BitmapFont.height * scale)
        try picture.fill(cell, luma: Colour.black.luma)
        guard let rows = BitmapFont.rows(of: letter) else { return }
        for (row, dots) in rows.enumerated() {
            for column in 0..<BitmapFont.width where dots & (0x10 >> UInt8(column)) != 0 {
                let dot = Box(x: left + column * scale, y: y + row * scale, width: scale, height: scale)
                try picture.fill(dot, luma: Colour.white.luma)
            }
        }
    }
}
