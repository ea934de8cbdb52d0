internal import JSON
internal import Store

extension JSONWriter {
    /// Members of an object.
    mutating func figures(_ figures: FindingFigures, targets: Int) {
        member("target", figures.target)
        member("baseline", figures.baseline)
        for figure in FindingFigure.derived {
            key(figure.rawValue)
            value(figures.value(of: figure, targets: targets)?.roundedTo12Digits)
        }
    }

    /// `{"prompt.version":"v3","tokens.input":{"gte":3731,"lt":3990}}`.
    mutating func slice(_ slice: [SliceTerm]) {
        object { json in
            for term in slice {
                json.key(term.field.description)
                switch term.value {
                case .value(let value): json.value(value, of: term.field)
                case .band(let from, let to):
                    json.object { json in
                        if let from { json.member("gte", from) }
                        if let to { json.member("lt", to) }
                    }
                }
            }
        }
    }

    mutating func onset(_ onset: Onset) {
        object { json in
            json.time("time", onset.time)
            json.key("appeared")
            json.array { json in
                for appearance in onset.appeared {
                    json.object { json in
                        json.key("slice")
                        json.slice([appearance.slice])
                        json.time("time", appearance.time)
                    }
                }
            }
        }
    }
}

extension FlatRow {
    static func cells(_ figures: FindingFigures, targets: Int) -> [Cell] {
        let counts = [("target", figures.target), ("baseline", figures.baseline)].map {
            Cell($0, .group(.integer(Int64($1)), Field($0)))
        }
        return counts
            + FindingFigure.derived.map { figure in
                let value = figures.value(of: figure, targets: targets)
                return Cell(
                    figure.rawValue,
                    .group(value.map { .double($0.roundedTo12Digits) } ?? .null, Field("figure")))
            }
    }
}

extension FindingFigure {
    /// Those that are not counts, in the order of answers.
    static let derived: [FindingFigure] = [
        .targetRate, .restRate, .riskRatio, .excess, .explainedShare, .pValue, .pLog10, .qValue,
    ]
}
