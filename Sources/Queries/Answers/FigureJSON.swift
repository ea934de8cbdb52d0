internal import Foundation
internal import JSON
internal import Spans
internal import Store

extension JSONWriter {
    /// A figure's value: integers with all their digits, doubles so that the order of summing does not show.
    mutating func value(_ value: FigureValue, of figure: Figure) {
        switch value {
        case .none: null()
        case .integer(let number): raw(String(number))
        case .double(let number):
            self.value(figure.isSumOfDoubles ? number.roundedTo12Digits : number)
        case .time(let time): self.value(Timestamp.text(time))
        case .histogram(let buckets):
            array { json in
                for bucket in buckets {
                    json.object { json in
                        json.member("gte", bucket.low)
                        json.member("lt", bucket.high)
                        json.member("count", bucket.count)
                    }
                }
            }
        }
    }
}

extension Figure {
    /// Durations are summed as integers, so their averages need no rounding.
    fileprivate var isSumOfDoubles: Bool {
        switch self {
        case .costEstimated: true
        case .aggregate(.sum, let field), .aggregate(.average, let field): field.name != "duration"
        default: false
        }
    }
}

extension Double {
    /// Sums of doubles depend on their order beyond some 15 digits; 12 are the same each time.
    var roundedTo12Digits: Double {
        guard self != 0, isFinite else { return self }
        // Through decimal text: scaling by powers of ten would round a second time.
        return Double(String(format: "%.12g", self)) ?? self
    }
}
