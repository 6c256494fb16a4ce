import Testing

@testable import Media

@Suite("Base64 and hexadecimal")
struct Base64Tests {
    @Test(
        "RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test("Every byte survives the round trip")
    func roundTrip() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Hexadecimal.bytes(of: Hexadecimal.string(of: bytes)) == bytes)
    }

    @Test("Padding may be missing, quotes, spaces and the URL alphabet are understood, other characters are not")
    func tolerant() {
        #expect(Base64.decode("Zg") == Array("f".utf8))
        #expect(Base64.decode("\"Zm 9v\"") == Array("foo".utf8))
        #expect(Base64.decode("-_-_") == Base64.decode("+/+/"))
        #expect(Base64.decode("Zm9v%") == nil)
    }

    @Test("Hexadecimal digits come in pairs, in either case")
    func hexadecimal() {
        #expect(Hexadecimal.bytes(of: "11aB") == [0x11, 0xAB])
        #expect(Hexadecimal.bytes(of: "119") == nil)
        #expect(Hexadecimal.bytes(of: "0x") == nil)
    }
}
