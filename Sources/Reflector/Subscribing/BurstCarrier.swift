/// Brings the bursts of a stream to many of its subscribers of one loop at once: to those that keep up, for whom nothing has to be
/// decided.
///
/// One call and a walk through what it keeps in a row take the place of a call a subscriber, each of which would have to
/// be fetched from memory first. Confined to one loop.
package protocol BurstCarrier: AnyObject {
    /// Comes before the subscribers that are not carried get the burst. Who leaves the carrier meanwhile has got it, whole or in part, and
    /// is called again with the next one. No allocation, no lock, no log.
    func carry(_ burst: Burst, variants: BurstVariants)
}
