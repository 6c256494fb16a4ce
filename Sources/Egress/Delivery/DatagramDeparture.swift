import RTSPTransport

/// The sockets that datagrams leave from.
package enum DatagramDeparture {
    /// One pair, the same for all viewers of the loop.
    case shared(DatagramSocketPair)
    /// A pair for each track, by its index, for one receiver alone.
    case own([Int: DatagramSocketPair])

    func pair(for track: Int) -> DatagramSocketPair? {
        switch self {
        case .shared(let pair): pair
        case .own(let pairs): pairs[track]
        }
    }

    var shared: DatagramSocketPair? {
        switch self {
        case .shared(let pair): pair
        case .own: nil
        }
    }
}
