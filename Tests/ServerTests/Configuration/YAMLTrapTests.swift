import Testing

@testable import Server

@Suite("YAML's traps are errors with a place, or no traps at all")
struct YAMLTrapTests {
    private static let cameras = "cameras: {gate: {main: \"rtsp://10.0.0.1/a\"}}\n"

    @Test("A tab in the indentation is named")
    func tab() {
        #expect(
            errors("cameras:\n\tgate: {test_camera: {}}\n") == [
                "relays.yaml:2:1: found a tab, expected spaces; YAML indents with spaces only"
            ]
        )
    }

    @Test("A value that begins with @ needs quotes, and the error says so")
    func at() {
        #expect(
            errors("site: @depot\n" + Self.cameras) == [
                "relays.yaml:1:7: found broken YAML (found character that cannot start any token), "
                    + "expected well-formed YAML; put a value that begins with a sign in quotes"
            ]
        )
    }

    @Test("A value that begins with * is no alias", arguments: ["*depot", "*"])
    func star(_ value: String) {
        #expect(
            errors("site: \(value)\n" + Self.cameras) == [
                "relays.yaml:1:7: found a value that begins with *, expected a value; put it in quotes; "
                    + "YAML aliases are not used here, templates: and defaults: are"
            ]
        )
    }

    @Test("A value that begins with & is not silently empty")
    func ampersand() {
        #expect(
            errors("site: &depot north\n" + Self.cameras) == [
                "relays.yaml:1:7: site: found a value that begins with &, expected a value; put it in quotes; "
                    + "YAML anchors are not used here, templates: and defaults: are"
            ]
        )
    }

    @Test("Stars and ampersands inside values and comments are harmless")
    func inside() throws {
        let relay = try load("# *all* & more\nsite: \"*north* & a&b\" # *\n" + Self.cameras)
        #expect(relay.site == "*north* & a&b")
    }

    @Test("An alias bomb is refused at its first alias", .timeLimit(.minutes(1)))
    func bomb() {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (previous, name) in zip("abcdefghijklmno", "bcdefghijklmnop") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(previous)", count: 9).joined(separator: ", ") + "]\n"
        }
        text += "? *p\n: 1\n"
        #expect(errors(text).count == 1)
        #expect(errors(text).first?.hasPrefix("relays.yaml:2:8: found a value that begins with *") == true)
    }

    @Test("Nesting without end is an error")
    func depth() {
        let text = String(repeating: "[", count: 100_000)
        #expect(errors(text).count == 1)
        #expect(errors(text).first?.contains("found broken YAML") == true)
    }

    @Test("A hole in a plain value of a one-line mapping needs quotes")
    func holeInFlow() {
        let found = errors("templates: {a: {main: rtsp://{host}/a}}\ncameras: {test: {test_camera: {}}}\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("relays.yaml:1:") == true)
        #expect(found.first?.contains("put a value with braces or brackets in quotes") == true)
    }

    @Test("A second document in the file is an error")
    func twoDocuments() {
        #expect(
            errors(Self.cameras + "---\nsite: a\n") == [
                "relays.yaml:2:1: found broken YAML (but found another document), expected well-formed YAML"
            ]
        )
    }

    @Test("A control character is an error at its place")
    func control() {
        let found = errors("cameras:\n  gate: {title: \"a\u{1}b\", test_camera: {}}\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("relays.yaml:2:19: found broken YAML (") == true)
    }

    @Test("no, 12:30, 010, ~ and 1e3 are the text they look like where a text is expected")
    func texts() throws {
        for word in ["no", "12:30", "010", "~", "1e3", "null", "0x10", "2026-11-21", "=", "<<"] {
            #expect(try load("site: \(word)\n" + Self.cameras).site == word)
        }
    }

    @Test("A password of digits keeps its leading zeros and a password yes is yes")
    func passwords() throws {
        for word in ["007", "yes", "1:30", "1_000"] {
            let text = "defaults: {username: u, password: \(word)}\n" + Self.cameras
            #expect(try load(text).pull("gate")?.password?.reveal() == word)
        }
    }

    @Test("Numbers as names of cameras are names, and 1 and 01 are two")
    func numericNames() throws {
        let relay = try load("cameras:\n  1: {test_camera: {}}\n  01: {test_camera: {}}\n  yes: {test_camera: {}}\n")
        #expect(relay.cameras.map(\.name) == ["1", "01", "yes"])
    }

    @Test("A byte order mark and CRLF line ends are read")
    func windows() throws {
        let text = "\u{FEFF}site: depot\r\ncameras:\r\n  gate:\r\n    main: rtsp://10.0.0.1/a\r\n    transport: udp\r\n"
        #expect(try load(text).pull("gate")?.transport == .udp)
        #expect(errors(text.replacing("udp", with: "upd")).first?.hasPrefix("relays.yaml:5:16: ") == true)
    }

    @Test("Every duplicate is found, beside the other errors, in lines of any width")
    func duplicates() {
        let text = """
            site: "ünïcödé"
            cameras:
              a: {test_camera: {}}
              b: {test_camera: {width: 1}}
              a: {test_camera: {}}
              a: {test_camera: {}}
              'b': {test_camera: {}}
            """
        let places = errors(text).map { $0.split(separator: " ")[0] }
        #expect(places == ["relays.yaml:4:28:", "relays.yaml:5:3:", "relays.yaml:6:3:", "relays.yaml:7:3:"])
    }

    @Test("No mutation of a good file traps, and each error names a line of it")
    func mutations() throws {
        let good = """
            site: "n\\u00e4me" # note
            defaults: {username: ${U}, password: "${file:p}", linger: 1m}
            templates:
              a: {main: "rtsp://{host}:554/{channel}", channel: 1}
            cameras:
              gate: {template: a, host: 10.0.0.1}
              dock:
                main: rtsp://u:p@10.0.0.2/x
                title: 'it''s'
              test: {test_camera: {width: 640}}
            """
        var random = LinearCongruence(seed: 20_261_121)
        let alphabet = Array("{}[]:,&*#?|>-'\"%@` \n\t$\\~!\u{0}\u{e9}\u{1F4F7}01aZ".unicodeScalars)
        var loaded = 0
        for _ in 0..<1500 {
            var scalars = Array(good.unicodeScalars)
            for _ in 0...Int(random.next() % 3) {
                let index = Int(random.next() % UInt64(scalars.count))
                let scalar = alphabet[Int(random.next() % UInt64(alphabet.count))]
                switch random.next() % 3 {
                case 0: scalars[index] = scalar
                case 1: scalars.insert(scalar, at: index)
                default: scalars.remove(at: index)
                }
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            do {
                _ = try load(String(text), environment: ["U": "user"], files: ["p": "hunter2\n"])
                loaded += 1
            } catch let errors as ConfigurationErrors {
                #expect(!errors.errors.isEmpty && errors.errors.count <= 64)
                #expect(!errors.description.contains("hunter2"))
                #expect(errors.errors.allSatisfy { ($0.line ?? 1) >= 1 && ($0.line ?? 1) <= 20 })
            }
        }
        #expect(loaded > 0)
    }
}

/// Knuth's MMIX generator: the same mutations in every run.
struct LinearCongruence {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
