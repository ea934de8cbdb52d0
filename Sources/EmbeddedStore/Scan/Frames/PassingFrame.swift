internal import Spans
internal import Synchronization

/// A frame of which what is derived is kept for a while only: for making one thing of many columns that nobody else may ask for.
///
/// What is made of them stays in memory, and they would push it out again.
final class PassingFrame: Frame {
    private let frame: any Frame
    private let keepsColumns: Bool
    private let made = Mutex<[String: any Sendable]>([:])

    /// - Parameter keepsColumns: whether columns that are decoded for it stay in memory.
    init(_ frame: any Frame, keepsColumns: Bool) {
        self.frame = frame
        self.keepsColumns = keepsColumns
    }

    var rowCounts: [Int] { frame.rowCounts }
    var traceEnds: [UInt32] { frame.traceEnds }
    var skipped: [Bool]? { frame.skipped }
    var keySet: KeySet { frame.keySet }
    var lasting: LastingFrame? { frame.lasting }
    var mayHavePooledTexts: Bool { frame.mayHavePooledTexts }
    var counts: SegmentCounts? { frame.counts }

    func parentRows() throws -> [Int32] { try frame.parentRows() }

    func column(_ key: ColumnKey, withTexts: Bool) throws -> ColumnData? {
        keepsColumns
            ? try frame.column(key, withTexts: withTexts)
            : try frame.passingColumn(key, withTexts: withTexts)
    }

    func greatest(of key: ColumnKey) -> Int64? { frame.greatest(of: key) }

    func pooledTexts(_ key: ColumnKey) throws -> PooledTexts? { try frame.pooledTexts(key) }

    func known<T: MemorySized>(_ name: String) -> T? {
        made.withLock { $0[name] } as? T ?? frame.known(name)
    }

    func derived<T: MemorySized>(_ name: String, make: () throws -> T) throws -> T {
        if let known: T = known(name) { return known }
        let value = try make()
        made.withLock { $0[name] = value }
        return value
    }

    func answer(_ key: AnswerKey, make: () throws -> FrameAnswer) throws -> FrameAnswer {
        try make()
    }
}

extension FieldResolver {
    /// Of smaller frames all that is made of them has room.
    private static let spansMin = 64 << 10

    /// Whether what it resolves is gone after one pass.
    var keepsNothing: Bool { frame is PassingFrame }

    /// Resolves the same without keeping it, if the frame is large.
    ///
    /// - Parameter columns: whether columns are kept that are read for it.
    func keepingNothing(but columns: Bool = true) -> FieldResolver {
        frame.spanCount < Self.spansMin
            ? self
            : FieldResolver(
                frame: PassingFrame(frame, keepsColumns: columns), control: control)
    }
}
