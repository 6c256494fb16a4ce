/// The language of a track as `mdhd` has it: three letters of five bits, or a number of QuickTime's.
enum Language {
    /// QuickTime's numbers, from 0 on (QTFF, "Language Code Values").
    private static let numbered = [
        "eng", "fra", "deu", "ita", "nld", "swe", "spa", "dan", "por", "nor", "heb", "jpn", "ara", "fin", "ell", "isl",
        "mlt", "tur", "hrv", "zho", "urd", "hin", "tha", "kor",
    ]

    /// Three letters of ISO 639-2; `nil` for none.
    static func name(_ code: UInt16) -> String? {
        guard code >= 0x400 else { return Int(code) < numbered.count ? numbered[Int(code)] : nil }
        let letters = [code >> 10 & 0x1F, code >> 5 & 0x1F, code & 0x1F].map { UInt8($0) + 0x60 }
        guard letters.allSatisfy({ (0x61...0x7A).contains($0) }) else { return nil }
        let name = String(decoding: letters, as: UTF8.self)
        return name == "und" ? nil : name
    }
}
