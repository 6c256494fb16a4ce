import CLibAV

/// What libav writes to standard error on its own, for the whole process.
enum LibAVLog {
    /// What is worth telling comes back as a code; what a broken transport stream makes libav say would fill a disk.
    static func beQuiet() { _ = quieted }

    /// Set once.
    private static let quieted: Void = av_log_set_level(AV_LOG_PANIC)
}
