import Store
import Testing

@Suite struct `Text that a regular expression requires` {
    @Test(arguments: [
        ("abc", "abc"), ("ab+cd", "cd"), ("x?timeout", "timeout"), ("(foo|bar)baz", "baz"),
        ("foo|bar", ""), ("[ab]c", "c"), ("(?i)abc", ""), ("(?i)a1234b", "1234"),
        ("^error: .*$", "error: "),
        (#"\bcat\b"#, "cat"), (#"a\.b"#, "a.b"), (#"\Qa+b\E"#, "a+b"), ("(abc){0,3}d", "d"),
        ("(abc){2}", "abc"), ("(ab)?", ""), ("", ""), ("日本.*語", "日本"), ("a[b]c", "abc"),
    ])
    func `is the longest that its syntax shows`(pattern: String, required: String) throws {
        #expect(try LinearRegex.requiredText(of: pattern) == required)
    }
}
