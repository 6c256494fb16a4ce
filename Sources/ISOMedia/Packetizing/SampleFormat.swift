import Media
import NIOCore
import RTP

/// What one sample description says of how its samples are sent.
struct SampleFormat: Sendable {
    var form: SampleForm
    var description: TrackDescription

    /// Throws `.nothingToPlay` with the reason where there is no way. `timescale` is the track's, in Hz.
    init(_ source: SampleDescription, timescale: UInt32) throws(MovieError) {
        switch source.format {
        case "avc1", "avc2", "avc3", "avc4": self = try Self.h264(source)
        case "hvc1", "hev1": self = try Self.h265(source)
        case "mp4v": self = try Self.mpeg4Visual(source)
        case "s263", "h263", "H263": self = Self.picture(.h263, .h263)
        case "jpeg", "mjpa": self = Self.picture(.jpeg, .mjpeg)
        case "mp4a": self = try Self.mpeg4Audio(source)
        case ".mp1", ".mp2", ".mp3", Self.microsoftMP2, Self.microsoftMP3: self = Self.mpegAudio
        case "samr", "sawb": self = Self.amr(isWideband: source.format == "sawb")
        case "Opus": self = try Self.opus(source)
        case "ulaw", "alaw", "raw ", "NONE", "sowt", "twos", "in24", "in32", "fl32", "fl64", "lpcm", "ipcm", "fpcm":
            self = try Self.waveform(source, timescale: timescale)
        case "encv", "enca", "drms", "drmi": throw .nothingToPlay("it is encrypted")
        default: throw .nothingToPlay("no packets are made of \(source.format)")
        }
    }

    init(form: SampleForm, description: TrackDescription) {
        self.form = form
        self.description = description
    }

    /// `ms` and the number that AVI has for them.
    private static let microsoftMP2 = FourCC(0x6D73_0050)
    private static let microsoftMP3 = FourCC(0x6D73_0055)

    /// Whether samples of the one may stand among samples of the other: parameter sets are in the stream.
    func isCompatible(with other: SampleFormat) -> Bool {
        description.primary.payloadType == other.description.primary.payloadType
            && description.isCompatible(with: other.description)
    }
}
