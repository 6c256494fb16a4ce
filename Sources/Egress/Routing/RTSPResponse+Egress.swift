import NIOCore
import RTSP
import RTSPTransport

extension RTSPRequestContext {
    /// The URI as the viewer wrote it, but for credentials; a path alone is put behind our own address.
    func absolute(_ uri: String) -> String {
        if let url = RTSPURL(uri) { return url.requestURI }
        guard uri.utf8.first == UInt8(ascii: "/") else { return uri }
        let port = local.port.flatMap(UInt16.init(exactly:))
        return RTSPURL(host: local.ipAddress ?? "localhost", port: port, pathAndQuery: uri).requestURI
    }

    /// The Content-Base of a description: with its `/`, or a relative control would replace the last segment (S8).
    func base(of uri: String) -> String {
        let url = absolute(uri)
        return url.utf8.last == UInt8(ascii: "/") ? url : url + "/"
    }
}
