import Testing

@testable import Dimensions

@Suite struct `Keys of flattened lists` {
    @Test(
        arguments: [
            ("llm.input_messages.*.message.content", "llm.input_messages.12.message.content", [12]),
            ("m.*.contents.*.text", "m.3.contents.0.text", [3, 0]),
            ("m.*", "m.0", [0]),
            ("m.*", "m.10000", [10_000]),
            ("plain", "plain", []),
        ] as [(String, String, [Int])])
    func `have their numbers read`(pattern: String, key: String, indices: [Int]) {
        #expect(IndexedKey(pattern).indices(of: key) == indices)
    }

    @Test(arguments: [
        ("m.*.text", "m..text"), ("m.*.text", "m.x.text"), ("m.*.text", "m.1.texts"),
        ("m.*.text", "m.1"), ("m.*.text", "m.-1.text"), ("m.*.text", "m.1.2.text"),
        ("m.*", "m.10001"), ("m.*", "m.99999999999999999999"), ("m.*", "n.1"), ("m.*", "m.١"),
    ])
    func `do not fit other keys`(pattern: String, key: String) {
        #expect(IndexedKey(pattern).indices(of: key) == nil)
    }
}
