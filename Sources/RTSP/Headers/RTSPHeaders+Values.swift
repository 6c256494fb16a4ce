/// The headers that are read the same way everywhere, as values.
extension RTSPHeaders {
    /// The text of CSeq without white space, to be sent back as it is (RFC 2326 §12.17, quirk A2).
    package var cSeq: String? {
        self["CSeq"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The id and timeout of the Session header.
    package var session: SessionHeader? {
        self["Session"].flatMap(SessionHeader.parse)
    }

    /// The alternatives of all Transport headers that are understood.
    package var transports: [TransportSpecification] {
        all("Transport").flatMap(TransportSpecification.parse)
    }

    /// The range, if it can be read.
    package var range: RangeHeader? {
        self["Range"].flatMap(RangeHeader.parse)
    }

    /// The media type of the body in lower case, without its parameters (quirk A9).
    package var contentType: String? {
        self["Content-Type"].flatMap { $0[...].parts(separatedBy: UInt8(ascii: ";")).first?.lowercased() }
    }

    /// The methods of `Public` and `Allow` together (RFC 2326 §12.28, §12.4).
    package var publicMethods: Set<RTSPMethod> {
        Set((all("Public") + all("Allow")).flatMap(Self.methods))
    }

    /// Methods between commas or blanks, in capitals.
    package static func methods(in list: String) -> Set<RTSPMethod> {
        Set(
            list.utf8.split { $0 == UInt8(ascii: ",") || $0.isBlank }
                .map { RTSPMethod(rawValue: Substring($0).uppercased()) }
        )
    }

    /// The option tags of `Require` or `Proxy-Require` (RFC 2326 §12.32), `Unsupported` (§12.41) or `Supported`.
    package func optionTags(_ name: String) -> [String] {
        all(name).flatMap { $0[...].parts(separatedBy: UInt8(ascii: ",")).map(String.init) }
    }
}
