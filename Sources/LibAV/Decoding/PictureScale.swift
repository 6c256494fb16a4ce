import Media

/// How large a picture is drawn whose pixels may not be square.
enum PictureScale {
    /// Sides of what is drawn, in pixels.
    static let sides = 16...8192

    /// The size for a picture of `coded` pixels, each `aspect` times as wide as high: as wide as asked and in proportion, but
    /// never larger than the picture itself.
    static func size(
        of coded: PictureDimensions, aspect: (width: Int, height: Int), width asked: Int?
    ) -> PictureDimensions {
        var ratio = aspect.width > 0 && aspect.height > 0 ? Double(aspect.width) / Double(aspect.height) : 1
        // No camera has such pixels: the field is wrong.
        if !(0.2...5).contains(ratio) { ratio = 1 }
        let own = (width: Double(coded.width) * ratio, height: Double(coded.height))
        let factor = min(Double(asked ?? .max) / own.width, Double(sides.upperBound) / max(own.width, own.height), 1)
        return PictureDimensions(width: side(own.width * factor), height: side(own.height * factor))
    }

    private static func side(_ length: Double) -> Int {
        min(max(Int(length.rounded()), sides.lowerBound), sides.upperBound)
    }
}
