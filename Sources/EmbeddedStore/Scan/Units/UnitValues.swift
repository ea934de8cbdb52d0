internal import Spans
internal import Store

/// The distinct values of one field for each unit of a frame, matched or not.
struct UnitValues: Sendable {
    let field: ResolvedField
    /// Whether every model call of a trace counts for the trace's value: it is the root's, or the
    /// trace's own.
    let isOfTrace: Bool
    private let lists: UnitCodes

    init(
        _ name: Field, _ unit: Unit, _ fields: FieldResolver
    ) throws {
        if unit == .trace, name.scope == .any,
            let intrinsic = try fields.traceIntrinsic(name.name, forComparison: false)
        {
            field = intrinsic
            isOfTrace = true
            lists = UnitCodes(codes: intrinsic.codes)
            return
        }
        let resolved = try fields.resolve(name, forComparison: false)
        field = resolved
        isOfTrace = name.scope == .root
        if unit == .span, resolved.lists == nil {
            lists = UnitCodes(codes: resolved.codes)
            return
        }
        let frame = fields.frame
        // Named after the very codes that it was made of, which may be forgotten and numbered anew.
        lists = try fields.kept(
            "\(unit) codes of \(name.scope) \(name.name) \(resolved.id)", for: name
        ) {
            unit == .span
                ? UnitCodes(rows: resolved) : UnitCodes(traces: frame.traceEnds, resolved)
        }
    }

    /// Whether each unit has exactly one code.
    var isSingle: Bool { lists.ends.isEmpty }

    /// If each unit has exactly one code, these; else all of the first unit, then the second's, and so on.
    var codes: Codes { lists.codes }

    func codes(of unit: Int) -> Codes.SubSequence { lists[unit] }

    /// The codes of all units.
    var unitCodes: UnitCodes { lists }
}

/// The codes of each unit, null if it has no value.
struct UnitCodes: MemorySized {
    /// Where the codes of each unit end. Empty if each has exactly one.
    let ends: [UInt32]
    let codes: Codes

    var byteCount: Int { ends.count * 4 + codes.byteCount }

    var unitCount: Int { ends.isEmpty ? codes.count : ends.count }

    subscript(unit: Int) -> Codes.SubSequence {
        if ends.isEmpty { return codes[unit...unit] }
        return codes[(unit == 0 ? 0 : Int(ends[unit - 1]))..<Int(ends[unit])]
    }

    /// The codes of units while they are read one by one.
    struct Reader {
        fileprivate let owners: UnsafeBufferPointer<UInt32>
        fileprivate let ends: UnsafeBufferPointer<UInt32>
        fileprivate let codes: Codes.Reader

        /// Visits the codes of a unit.
        @inline(__always)
        func visit(_ unit: Int, _ body: (UInt32) -> Void) {
            let unit = owners.isEmpty ? unit : Int(owners[unit])
            if ends.isEmpty { return body(codes[unit]) }
            for at in (unit == 0 ? 0 : Int(ends[unit - 1]))..<Int(ends[unit]) { body(codes[at]) }
        }

        /// Reads codes within a call, past which the reader is not to be kept.
        ///
        /// - Parameters:
        ///   - owners: by unit whose codes it has; nil if its own.
        ///   - ends: where the codes of each owner end; empty if each has exactly one.
        @inline(__always)
        static func reading<R>(
            owners: [UInt32]?, ends: [UInt32], _ codes: Codes, _ body: (Reader) throws -> R
        ) rethrows -> R {
            try (owners ?? []).withUnsafeBufferPointer { owners in
                try ends.withUnsafeBufferPointer { ends in
                    try codes.reading { try body(Reader(owners: owners, ends: ends, codes: $0)) }
                }
            }
        }
    }

    /// Reads codes within a call, past which the reader is not to be kept.
    ///
    /// - Parameter owners: by unit whose codes it has; nil if its own.
    @inline(__always)
    func reading<R>(owners: [UInt32]?, _ body: (Reader) throws -> R) rethrows -> R {
        try Reader.reading(owners: owners, ends: ends, codes, body)
    }

    /// Other codes in the place of these.
    func looked(upIn table: [UInt32]) -> UnitCodes {
        UnitCodes(ends: ends, codes: Codes(codes.looked(upIn: table)))
    }

    init(codes: Codes) { self.init(ends: [], codes: codes) }

    /// - Parameter ends: where the codes of each unit end; empty if each has exactly one.
    init(ends: [UInt32], codes: Codes) {
        self.ends = ends
        self.codes = codes
    }

    /// - Parameter ends: where the codes of each unit end. Each has at least one: if there are as many codes as units, each has one.
    init(ends: [UInt32], codes: [UInt32]) {
        self.ends = codes.count == ends.count ? [] : ends
        self.codes = Codes(codes)
    }

    /// What rows have that may have several values.
    init(rows field: ResolvedField) {
        var ends: [UInt32] = []
        var codes: [UInt32] = []
        ends.reserveCapacity(field.codes.count)
        codes.reserveCapacity(field.codes.count)
        for code in field.codes {
            if code == 0 {
                codes.append(0)
            } else {
                field.forEachValue(of: code) { codes.append($0) }
            }
            ends.append(UInt32(codes.count))
        }
        self.init(ends: ends, codes: codes)
    }

    /// The distinct values of each trace's rows.
    init(traces traceEnds: [UInt32], _ field: ResolvedField) {
        var pass = TracePass(traceEnds, field.lists)
        field.codes.visit(&pass)
        self.init(ends: pass.ends, codes: pass.codes)
    }
}
