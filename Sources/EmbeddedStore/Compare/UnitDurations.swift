internal import Spans
internal import Store

/// How long the units of a frame took: nearly every unit has a number of its own, so that values to be looked up would take more
/// time and room than the numbers.
struct UnitDurations {
    /// By unit, as `duration` says it.
    let milliseconds: [Double]

    /// nil of any other field.
    init?(_ field: Field, _ frame: ComparedFrame, _ resolver: FieldResolver) throws {
        guard field == Field("duration") else { return nil }
        let nanoseconds =
            frame.unit == .trace
            ? try frame.traceTimes(resolver).durations : try SpanDurations.of(resolver.frame)
        milliseconds = nanoseconds.map { Double($0) / 1e6 }
    }
}
