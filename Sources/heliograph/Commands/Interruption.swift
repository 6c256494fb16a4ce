import Foundation
import Synchronization

/// Ctrl-C, or SIGTERM, asked for once; the second one ends the process as ever.
enum Interruption {
    private static let isAsked = Atomic(false)

    /// From now on the first signal only sets what `isRequested` tells.
    static func await() {
        // Made before the handler needs it: making it there would not be safe in a signal.
        isAsked.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.isAsked.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    static var isRequested: Bool { isAsked.load(ordering: .relaxed) }
}
