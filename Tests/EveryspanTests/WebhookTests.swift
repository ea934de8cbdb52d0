import Testing
import Watch

@testable import everyspan

@Suite struct `A webhook` {
    @Test(arguments: [
        ("plain", "\"plain\""), ("a\"b\\c", "\"a\\\"b\\\\c\""),
        // One Character each, of which the first scalar ends curl's text.
        ("\"\u{301}", "\"\\\"\u{301}\""), ("\"\u{FE0F}\\\u{200D}", "\"\\\"\u{FE0F}\\\\\u{200D}\""),
    ])
    func `is written so that curl reads the same`(text: String, quoted: String) {
        #expect(Webhook.quoted(text).unicodeScalars.elementsEqual(quoted.unicodeScalars))
    }

    @Test(arguments: [
        (Int32(0), "200", Delivery.delivered), (0, "204", .delivered),
        (0, "301", .refused("status 301")), (0, "404", .refused("status 404")),
        (0, "408", .failed("status 408")), (0, "425", .failed("status 425")),
        (0, "429", .failed("status 429")), (0, "503", .failed("status 503")),
        (7, "curl: (7) Failed to connect\n000", .failed("curl: (7) Failed to connect")),
        (28, "000", .failed("curl ends with 28")), (9, "", .failed("curl ends with 9")),
        (
            127, "/usr/bin/env: 'curl': No such file or directory\n",
            .failed("/usr/bin/env: 'curl': No such file or directory")
        ),
    ])
    func `knows what is to be sent again`(exit: Int32, output: String, delivery: Delivery) {
        #expect(Webhook.delivery(exit: exit, output) == delivery)
    }

    @Test(arguments: [
        ("https://hooks.example.com/T1?key=a%20b", true), ("http://127.0.0.1:9/", true),
        ("ftp://example.com/", false), ("example.com/hook", false), ("http://", false),
        ("http://a b/", false), ("http://example.com/\nurl", false), ("file:///etc/passwd", false),
    ])
    func `goes to addresses of the web alone`(url: String, isOne: Bool) {
        #expect((Webhook(url: url) != nil) == isOne)
    }
}
