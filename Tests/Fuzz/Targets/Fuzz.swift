import Foundation

/// What is fuzzed, by the name that `deploy/fuzz` takes. A new target is a file, a line here, a folder of
/// seeds and a list of words.
private let targets: [String: @Sendable (UnsafeRawBufferPointer) -> Void] = [
    "expression": expression, "json": json, "otlp": otlp, "http": http, "regex": regex,
]

private let target = ProcessInfo.processInfo.environment["EVERYSPAN_FUZZ"].flatMap { targets[$0] }

/// What libFuzzer, which has the `main`, calls over and over (llvm.org/docs/LibFuzzer.html).
///
/// A target gets any bytes and must come back: a trap, a hang, or a `precondition` of its own that does not
/// hold is a find.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    guard let target else { preconditionFailure("EVERYSPAN_FUZZ names no target") }
    target(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}
