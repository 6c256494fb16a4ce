extension LoadReport {
    enum CodingKeys: String, CodingKey {
        case viewers, transport, established, failed, closed
        case windowSeconds = "window_s"
        case packets, bytes
        case megabitsPerSecond = "mbit_per_s"
        case lost, reordered, duplicates
        case lossySessions = "lossy_sessions"
        case stalledSessions = "stalled_sessions"
        case joins
        case failedJoins = "failed_joins"
        case firstPacket = "first_packet_ms"
        case firstRandomAccess = "first_random_access_ms"
        case jitter = "jitter_ms"
        case delay = "delay_ms"
        case loadProcessorSeconds = "load_cpu_s"
        case failures, server
    }
}

extension LoadReport.Percentiles: Encodable {
    private enum CodingKeys: String, CodingKey {
        case p50, p95, p99, max
    }

    /// What was not measured is `null`, so that each key is always there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(p50, forKey: .p50)
        try container.encode(p95, forKey: .p95)
        if tellsP99 { try container.encode(p99, forKey: .p99) }
        try container.encode(max, forKey: .max)
    }
}

extension LoadReport.Server: Encodable {
    private enum CodingKeys: String, CodingKey {
        case processorSeconds = "cpu_s"
        case userSeconds = "user_s"
        case systemSeconds = "system_s"
        case secondsPerGigabit = "cpu_s_per_gbit"
        case millisecondsPer1000Packets = "cpu_ms_per_1000_packets"
        case runQueueWaitSeconds = "run_queue_wait_s"
        case resident = "resident_kib"
    }

    /// What cannot be told is `null`, so that each key is always there.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(processorSeconds, forKey: .processorSeconds)
        try container.encode(userSeconds, forKey: .userSeconds)
        try container.encode(systemSeconds, forKey: .systemSeconds)
        try container.encode(secondsPerGigabit, forKey: .secondsPerGigabit)
        try container.encode(millisecondsPer1000Packets, forKey: .millisecondsPer1000Packets)
        try container.encode(runQueueWaitSeconds, forKey: .runQueueWaitSeconds)
        try container.encode(resident, forKey: .resident)
    }
}
