internal import Foundation
internal import Store

/// What the catalog keeps of findings as JSON (docs/STORAGE.md, "Findings").
enum StoredJSON {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<T: Decodable>(_ text: String) throws -> T {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try decoder.decode(T.self, from: Data(text.utf8))
    }
}

/// `{"scope":"root","name":"tenant","text":"acme"}`: a value by its type; or `gte` and `lt` of a band; or none of them, for units without
/// the dimension.
struct StoredTerm: Codable {
    private var scope: String?
    private var name: String
    private var text: String?
    private var integer: Int64?
    private var double: Double?
    private var boolean: Bool?
    /// Base64.
    private var bytes: Data?
    private var json: String?
    private var gte: Double?
    private var lt: Double?
    private var isBand: Bool?

    private enum CodingKeys: String, CodingKey {
        case scope, name, text, integer, double, boolean, bytes, json, gte, lt
        case isBand = "band"
    }

    init(_ term: SliceTerm) {
        scope = term.field.scope == .any ? nil : term.field.scope.rawValue
        name = term.field.name
        switch term.value {
        case .value(.null): break
        case .value(.text(let value)): text = value
        case .value(.integer(let value)): integer = value
        case .value(.double(let value)): double = value
        case .value(.boolean(let value)): boolean = value
        case .value(.bytes(let value)): bytes = Data(value)
        case .value(.json(let value)): json = value
        case .band(let from, let to): (isBand, gte, lt) = (true, from, to)
        }
    }

    var term: SliceTerm {
        let scope = scope.flatMap(Field.Scope.init(rawValue:)) ?? .any
        return SliceTerm(Field(name, scope: scope), value)
    }

    private var value: SliceTerm.Value {
        if isBand == true { return .band(from: gte, to: lt) }
        if let text { return .value(.text(text)) }
        if let integer { return .value(.integer(integer)) }
        if let double { return .value(.double(double)) }
        if let boolean { return .value(.boolean(boolean)) }
        if let bytes { return .value(.bytes(Array(bytes))) }
        if let json { return .value(.json(json)) }
        return .value(.null)
    }
}

struct StoredOnset: Codable {
    private struct Appearance: Codable {
        let term: StoredTerm
        let time: Int64
    }

    private let time: Int64
    private let appeared: [Appearance]

    init(_ onset: Onset) {
        time = onset.time
        appeared = onset.appeared.map { Appearance(term: StoredTerm($0.slice), time: $0.time) }
    }

    var onset: Onset {
        Onset(
            time: time,
            appeared: appeared.map { Onset.Appearance(slice: $0.term.term, time: $0.time) })
    }
}

struct StoredChange: Codable {
    private let kind: StandingFinding.Change.Kind
    private let time: Int64

    init(_ change: StandingFinding.Change) {
        kind = change.kind
        time = change.time
    }

    var change: StandingFinding.Change { .init(kind, at: time) }
}
