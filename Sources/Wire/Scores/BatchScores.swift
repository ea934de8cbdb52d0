package import Spans

/// Scores that were carried by something else.
package struct CarriedScores: Sendable, Equatable {
    package var scores: [Score] = []
    /// What was meant to be one and says nothing of anything: without a name, a value, or a target.
    package var incomplete = 0

    package init() {}

    /// - Parameter score: nil if it is incomplete.
    mutating func add(_ score: Score?) {
        if let score { scores.append(score) } else { incomplete += 1 }
    }
}

/// The scores that the spans of a batch carry: evaluation events, annotations of OpenInference on the
/// span or on one that links to it, and feedback of Logfire (docs/API.md, "Scores").
package func scores(in batch: SpanBatch) -> CarriedScores {
    var carried = CarriedScores()
    let batch = BatchScores(batch)
    for score in batch.events() + batch.annotations() + batch.feedback() { carried.add(score) }
    return carried
}

/// Finds scores; nil stands for one that is incomplete.
private struct BatchScores {
    private let batch: SpanBatch

    init(_ batch: SpanBatch) { self.batch = batch }

    private func traceID(_ row: Int) -> UInt128 {
        UInt128(traceID: batch.spans.bytes(SpanField.traceID, row)) ?? 0
    }

    private func end(_ row: Int) -> Int64 {
        let start = batch.spans.number(SpanField.start, row)
        let duration = Int64(bitPattern: batch.spans.number(SpanField.duration, row))
        return Int64(clamping: start &+ UInt64(max(0, duration)))
    }

    // MARK: Events

    func events() -> [Score?] {
        let names = batch.events.columns[EventField.name.rawValue]
        let wanted = Array(Evaluation.eventName.utf8).withUnsafeBytes {
            names.dictionary.existingCode(of: $0)
        }
        guard let wanted else { return [] }
        var scores: [Score?] = []
        for (row, code) in zip(names.rows, names.codes) where code == wanted {
            let event = Int(row)
            let span = Int(batch.events.number(EventField.span, event))
            let time = Int64(clamping: batch.events.number(EventField.time, event))
            let target = Score.Target.span(
                traceID: traceID(span), spanID: batch.spans.number(SpanField.spanID, span))
            let evaluation = Evaluation(batch.events.attributes(event))
            scores.append(evaluation.score(target, time: time == 0 ? end(span) : time))
        }
        return scores
    }

    // MARK: Annotations

    private struct Place: Hashable {
        let row: Int
        let isOfTrace: Bool
        let list: String
        let index: Int
    }

    func annotations() -> [Score?] {
        var found: [Place: [String: AttributeValue]] = [:]
        for column in batch.spans.columns where column.key.origin == .attribute {
            guard let key = AnnotationKey(column.key.name) else { continue }
            for row in column.rows {
                let place = Place(
                    row: Int(row), isOfTrace: key.isOfTrace, list: key.list, index: key.index)
                found[place, default: [:]][key.member] = column.value(of: Int(row))
            }
        }
        if found.isEmpty { return [] }
        let links = batch.children(LinkField.span, of: batch.links)
        let places = found.keys.sorted {
            ($0.row, $0.list, $0.index) < ($1.row, $1.list, $1.index)
        }
        return places.map { place in
            guard let members = found[place], let name = members["name"]?.scoreText else {
                return nil
            }
            let given = ScoreValue(members["score"], label: members["label"])
            var score = Score(
                target: target(place, links[place.row] ?? []), name: name, value: given.value,
                label: given.label, time: end(place.row))
            score.comment = members["explanation"]?.scoreText ?? ""
            score.source = members["annotator_kind"]?.scoreText?.lowercased() ?? ""
            score.evaluator = members["identifier"]?.scoreText ?? ""
            return score.isComplete ? score : nil
        }
    }

    /// A span with one link carries scores of what it links to, never of its parent.
    private func target(_ place: Place, _ links: [Int]) -> Score.Target {
        if links.count == 1,
            let trace = UInt128(traceID: batch.links.bytes(LinkField.traceID, links[0])),
            let span = UInt64(spanID: batch.links.bytes(LinkField.spanID, links[0]))
        {
            return .span(traceID: trace, spanID: place.isOfTrace ? 0 : span)
        }
        let own = batch.spans.number(SpanField.spanID, place.row)
        return .span(traceID: traceID(place.row), spanID: place.isOfTrace ? 0 : own)
    }

    // MARK: Feedback

    func feedback() -> [Score?] {
        var scores: [Score?] = []
        for column in batch.spans.columns where column.key.name == "logfire.feedback.name" {
            for row in column.rows.map(Int.init) {
                guard let name = column.value(of: row)?.scoreText else {
                    scores.append(nil)
                    continue
                }
                let attributes = batch.spans.attributes(row)
                func value(_ key: String) -> AttributeValue? {
                    attributes.first { $0.key == key }?.value
                }
                let given = ScoreValue(value(name), label: nil)
                let parent = batch.spans.number(SpanField.parentSpanID, row)
                var score = Score(
                    target: .span(traceID: traceID(row), spanID: parent), name: name,
                    value: given.value, label: given.label, time: end(row))
                score.comment = value("logfire.feedback.comment")?.scoreText ?? ""
                score.source = "user"
                scores.append(score.isComplete ? score : nil)
            }
        }
        return scores
    }
}

/// `trace.annotations.0.annotation.score` and the like, taken apart.
private struct AnnotationKey {
    let isOfTrace: Bool
    let list: String
    let index: Int
    let member: String

    init?(_ key: String) {
        guard
            key.hasPrefix("annotations.") || key.hasPrefix("evaluations.")
                || key.hasPrefix("trace.annotations.") || key.hasPrefix("trace.evaluations.")
        else { return nil }
        isOfTrace = key.hasPrefix("trace.")
        let parts = key.split(separator: ".", omittingEmptySubsequences: false).dropFirst(
            isOfTrace ? 1 : 0
        ).map(String.init)
        guard parts.count == 4, parts[2] + "s" == parts[0], let index = Int(parts[1]), index >= 0
        else { return nil }
        list = parts[0]
        self.index = index
        member = parts[3]
    }
}
