import NIOCore

extension RTSPRequest {
    /// Appends the request as bytes; line breaks inside its parts are dropped, Content-Length is that of the body.
    package func write(into buffer: inout ByteBuffer) {
        buffer.writeSingleLine(method.rawValue)
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeSingleLine(uri)
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeSingleLine(version)
        buffer.writeLineEnd()
        buffer.writeFields(headers, bodyLength: body.readableBytes)
        buffer.writeImmutableBuffer(body)
    }
}

extension RTSPResponse {
    /// Appends the response as bytes; line breaks inside its parts are dropped, Content-Length is that of the body.
    package func write(into buffer: inout ByteBuffer) {
        buffer.writeString("RTSP/1.0 \(status.code) ")
        buffer.writeSingleLine(status.reason)
        buffer.writeLineEnd()
        buffer.writeFields(headers, bodyLength: body.readableBytes)
        buffer.writeImmutableBuffer(body)
    }
}

extension ByteBuffer {
    /// CSeq comes first and is spelled so: some cameras look for exactly these letters (quirk A1).
    fileprivate mutating func writeFields(_ headers: RTSPHeaders, bodyLength: Int) {
        if let cSeq = headers["CSeq"] { writeField("CSeq", cSeq) }
        for field in headers.fields
        where !field.name.isSameToken(as: "CSeq") && !field.name.isSameToken(as: "Content-Length") {
            writeField(field.name, field.value)
        }
        if bodyLength > 0 { writeField("Content-Length", String(bodyLength)) }
        writeLineEnd()
    }

    private mutating func writeField(_ name: String, _ value: String) {
        writeSingleLine(name)
        writeString(": ")
        writeSingleLine(value)
        writeLineEnd()
    }

    fileprivate mutating func writeLineEnd() {
        writeMultipleIntegers(UInt8.carriageReturn, UInt8.lineFeed)
    }

    /// What came from a peer or a configuration must not become a line of its own.
    fileprivate mutating func writeSingleLine(_ text: String) {
        let breaksLine: (UInt8) -> Bool = { $0 == .carriageReturn || $0 == .lineFeed || $0 == 0 }
        if text.utf8.contains(where: breaksLine) {
            writeBytes(text.utf8.filter { !breaksLine($0) })
        } else {
            writeString(text)
        }
    }
}
