internal import Prices
internal import Spans
internal import Store
internal import Synchronization

/// The fields that queries asked for lately: what a merge resolves for its new segment before any query sees it, so
/// that no poll of a dashboard waits for columns to be read anew.
final class HotFields: Sendable {
    private struct Asked: Hashable {
        let field: Field
        let forComparison: Bool
    }

    /// Dashboards poll more often.
    private static let seconds = 120.0
    /// A merge must not take on the work of every question of an afternoon.
    private static let countMax = 64

    private let last = Mutex<[Asked: ContinuousClock.Instant]>([:])
    private let questions = Mutex<[FrameQuestion: ContinuousClock.Instant]>([:])

    /// Whether a question was asked lately; from now on it was.
    func wasAsked(_ question: FrameQuestion) -> Bool {
        questions.withLock { questions in
            let oldest = ContinuousClock.now - .seconds(Self.seconds)
            if questions.count > Self.countMax {
                questions = questions.filter { $0.value > oldest }
            }
            if questions.count > 16 * Self.countMax { questions = [:] }
            return questions.updateValue(.now, forKey: question).map { $0 > oldest }
                ?? false
        }
    }

    func note(_ field: Field, forComparison: Bool) {
        // Prompts and answers would drive everything else out of memory.
        if field.isLongText { return }
        last.withLock { $0[Asked(field: field, forComparison: forComparison)] = .now }
    }

    /// Resolves them for the rows of a segment, which keeps them warm within its budget.
    func warm(_ segment: Segment, _ prices: PriceTable?) throws {
        let asked = recent()
        if asked.isEmpty { return }
        let frame = SegmentFrame(segment, traceEnds: try segment.traceEnds(), skipped: nil)
        let fields = FieldResolver(
            frame: frame, control: ScanControl(seconds: 60, prices: prices))
        for asked in asked {
            _ = try fields.resolve(asked.field, forComparison: asked.forComparison)
        }
        // Whoever asks for tokens of a model call asks for all that is known of it.
        if asked.contains(where: { $0.field.name == "tokens.input" }) {
            _ = try ModelCalls.of(fields)
        }
    }

    private func recent() -> [Asked] {
        last.withLock { last in
            last = last.filter { $0.value > .now - .seconds(Self.seconds) }
            return last.sorted { $0.value > $1.value }.prefix(Self.countMax).map(\.key)
        }
    }
}

extension Field {
    /// Whether its values are whole prompts or answers.
    var isLongText: Bool {
        (scope == .any || scope == .root) && ["prompt.text", "output.text"].contains(name)
    }
}
