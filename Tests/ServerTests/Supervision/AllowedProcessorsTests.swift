import Testing

@testable import Server

@Suite struct AllowedProcessorsTests {
    @Test(
        "The mask of a process status tells its processors",
        arguments: [("1", 1), ("3", 2), ("ffffffff,00000000,0000f001", 37)]
    )
    func mask(mask: String, processors: Int) {
        let status = "Name:\theliograph\nCpus_allowed:\t\(mask)\nCpus_allowed_list:\t0-1\n"
        #expect(AllowedProcessors.affinity(in: status) == processors)
    }

    @Test(
        "A status without a mask, or with an empty one, limits nothing",
        arguments: ["", "Cpus_allowed:\t0", "Name:\tx"])
    func noMask(status: String) {
        #expect(AllowedProcessors.affinity(in: status) == nil)
    }

    @Test("There is always one")
    func count() {
        #expect(AllowedProcessors.count >= 1)
    }
}
