internal import Dimensions
internal import Spans
internal import Store

/// Builds the values of a field from several columns: the first that has a value on a row wins.
///
/// Each distinct value of a column is looked at once, however many rows have it.
struct FieldBuilder {
    private var codes: [UInt32]
    private var values = ValueTable()
    /// Codes of lists, which start behind a mark until it is known that there are any.
    private var lists = ListTable()
    /// By its elements the code of each list, of so many of them.
    private var listOfElements: [[UInt32]: UInt32] = [:]
    private var listsKnown = 0
    /// Marks a code that is an index into `lists`.
    private static let listBit: UInt32 = 1 << 31

    init(rowCount: Int) { codes = [UInt32](repeating: 0, count: rowCount) }

    /// What a value of a column counts as.
    enum Meaning {
        case nothing
        case one(GroupValue)
        case several([GroupValue])
        /// As it is.
        case itself
    }

    /// Which texts count as they are.
    enum TextRule {
        case all
        /// Those that plainly say something (`Meaning.isPlain`).
        case plain
        case asked

        func takes(_ text: UnsafeRawBufferPointer) -> Bool {
            switch self {
            case .all: true
            case .plain: Dimensions.Meaning.isPlain(text)
            case .asked: false
            }
        }
    }

    /// Adds a column as a source for rows that have no value yet.
    ///
    /// - Parameters:
    ///   - rowOf: for each row of the frame's spans the row of the column's table, if that is another.
    ///   - isWanted: rows for which this source counts; nil for all.
    ///   - takesLists: lists are given to `meaning` whole, as JSON, instead of element by element.
    ///   - texts: which texts count as they are, without that `meaning` is asked.
    ///   - meaning: what each distinct value counts as.
    mutating func add(
        _ column: ColumnData, rowOf: [Int32]? = nil, isWanted: [Bool]? = nil,
        takesLists: Bool = false, texts: TextRule = .asked,
        meaning: @escaping (GroupValue) -> Meaning = { _ in .itself }
    ) {
        if column.key.type == .empty { return }
        let asking = Asking(takesLists: takesLists, texts: texts, meaning: meaning)
        if let rowOf {
            let entryCodes =
                column.presence.count == 0 ? [] : entryCodes(column, asking)
            var dense = [UInt32](repeating: 0, count: 0)
            let rowCount = (rowOf.max().map { Int($0) + 1 }) ?? 0
            dense = [UInt32](repeating: 0, count: rowCount)
            column.presence.visit { row, entry in
                if row < rowCount { dense[row] = entryCodes[entry] }
            }
            for row in codes.indices
            where codes[row] == 0 && rowOf[row] >= 0 && isWanted?[row] != false {
                codes[row] = dense[Int(rowOf[row])]
            }
        } else if column.key.type.isCoded {
            if isWanted == nil, !asking.takesLists, adopt(column, asking.texts) { return }
            reserve(column)
            // Only what some row takes is looked at.
            let isTaken = takenCodes(column, isWanted)
            let byCode = isTaken.indices.map { code in
                isTaken[code] ? valueCode(column, code, asking) : 0
            }
            column.codes.withUnsafeBufferPointer { columnCodes in
                byCode.withUnsafeBufferPointer { byCode in
                    codes.withUnsafeMutableBufferPointer { codes in
                        column.presence.visit { row, entry in
                            if codes[row] == 0, isWanted?[row] != false {
                                codes[row] = byCode[Int(columnCodes[entry])]
                            }
                        }
                    }
                }
            }
        } else {
            let entryCodes = entryCodes(column, asking)
            column.presence.visit { row, entry in
                if codes[row] == 0, isWanted?[row] != false { codes[row] = entryCodes[entry] }
            }
        }
    }

    /// What is asked of each value.
    private struct Asking {
        let takesLists: Bool
        let texts: TextRule
        let meaning: (GroupValue) -> Meaning
    }

    /// Takes over all values of a column at once, if there are none yet and each counts as it is: no value is looked up.
    ///
    /// - Returns: whether it did.
    private mutating func adopt(_ column: ColumnData, _ rule: TextRule) -> Bool {
        let texts = column.strings
        let isList = column.key.type == .strings
        guard values.count == 0, lists.count == 0, isList || column.key.type == .string,
            !column.lacksTexts, texts.isSorted,
            (0..<texts.count).allSatisfy({ texts.withValue($0, rule.takes) })
        else { return false }
        values = ValueTable(sorted: texts)
        var byCode = (0..<UInt32(column.valueCount)).map { $0 + 1 }
        if isList {
            adopt(column.lists, &byCode)
        }
        column.codes.withUnsafeBufferPointer { columnCodes in
            byCode.withUnsafeBufferPointer { byCode in
                codes.withUnsafeMutableBufferPointer { codes in
                    column.presence.visit { row, entry in
                        codes[row] = byCode[Int(columnCodes[entry])]
                    }
                }
            }
        }
        return true
    }

    /// Takes over the lists of a column, whose elements have the codes that follow theirs.
    private mutating func adopt(_ all: ListTable, _ byCode: inout [UInt32]) {
        // A column's lists differ from each other, unless one has an element twice.
        let differ = byCode.indices.allSatisfy { all.isDistinct($0) }
        if differ { lists.reserve(lists: all.count, codes: all.codes.count) }
        for code in byCode.indices {
            let own = all[code].lazy.map { $0 + 1 }
            if own.count < 2 {
                byCode[code] = own.first ?? 0
            } else if differ {
                byCode[code] = UInt32(lists.count) | Self.listBit
                lists.append(own)
            } else {
                var elements: [UInt32] = []
                for element in own where !elements.contains(element) { elements.append(element) }
                byCode[code] = listCode(elements)
            }
        }
    }

    /// For each code of a column whether a row takes its value.
    private func takenCodes(_ column: ColumnData, _ isWanted: [Bool]?) -> [Bool] {
        var isTaken = [Bool](repeating: false, count: column.valueCount)
        isTaken.withUnsafeMutableBufferPointer { isTaken in
            codes.withUnsafeBufferPointer { codes in
                column.codes.withUnsafeBufferPointer { columnCodes in
                    column.presence.visit { row, entry in
                        if codes[row] == 0, isWanted?[row] != false {
                            isTaken[Int(columnCodes[entry])] = true
                        }
                    }
                }
            }
        }
        return isTaken
    }

    private mutating func reserve(_ column: ColumnData) {
        if column.key.type == .string {
            values.reserve(values: column.valueCount, bytes: column.strings.bytes.count)
        }
    }

    /// Adds the values of a field of the same rows as a source.
    mutating func add(_ field: ResolvedField) {
        var byCode = [UInt32](repeating: 0, count: field.codeCount)
        for (row, code) in field.codes.enumerated() where code != 0 && codes[row] == 0 {
            if byCode[Int(code)] == 0 {
                var several: [GroupValue] = []
                field.forEachValue(of: code) { several.append(field.values.value($0)) }
                byCode[Int(code)] = self.code(.several(several), .null)
            }
            codes[row] = byCode[Int(code)]
        }
    }

    /// Adds texts that follow from the values of a field of the same rows.
    ///
    /// - Parameter visit: calls its parameter with each text that follows from one of the field's codes; asked once for each.
    mutating func add(
        _ field: ResolvedField,
        texts visit: (UInt32, _ add: (UnsafeRawBufferPointer) -> Void) -> Void
    ) {
        let unknown = UInt32.max
        var byCode = [UInt32](repeating: unknown, count: field.codeCount)
        for (row, code) in field.codes.enumerated() where code != 0 && codes[row] == 0 {
            if byCode[Int(code)] == unknown {
                var elements: [UInt32] = []
                visit(code) { text in
                    let code = values.code(text: text)
                    if !elements.contains(code) { elements.append(code) }
                }
                byCode[Int(code)] = listCode(elements)
            }
            codes[row] = byCode[Int(code)]
        }
    }

    /// Adds values that were computed by row.
    mutating func add(_ value: GroupValue, row: Int) {
        if codes[row] == 0 { codes[row] = code(.one(value), .null) }
    }

    mutating func add(_ several: [GroupValue], row: Int) {
        if codes[row] == 0 { codes[row] = code(.several(several), .null) }
    }

    func isSet(_ row: Int) -> Bool { codes[row] != 0 }

    /// Whether every row of these has a value.
    func hasAll(_ presence: Presence) -> Bool {
        var all = true
        presence.visit { row, _ in all = all && codes[row] != 0 }
        return all
    }

    func finished() -> ResolvedField {
        if lists.count == 0 { return ResolvedField(codes: codes, values: values, lists: nil) }
        var all = ListTable()
        all.reserve(
            lists: values.count + 1 + lists.count, codes: values.count + lists.codes.count)
        all.append([])
        for code in 0..<UInt32(values.count) { all.append(CollectionOfOne(code + 1)) }
        let offset = UInt32(all.count)
        all.append(contentsOf: lists)
        let final = codes.map { code in
            code & Self.listBit == 0 ? code : (code ^ Self.listBit) + offset
        }
        return ResolvedField(codes: final, values: values, lists: all)
    }

    /// For each entry of a column the code of its value.
    private mutating func entryCodes(
        _ column: ColumnData, _ asking: Asking
    ) -> [UInt32] {
        if column.key.type.isCoded {
            reserve(column)
            let byCode = (0..<column.valueCount).map { code in
                valueCode(column, code, asking)
            }
            return column.codes.map { byCode[Int($0)] }
        }
        var known = NumberCodes(count: column.numbers.count)
        return column.numbers.map { number in
            known.code(of: number) {
                let value = column.number(number)
                return code(asking.meaning(value), value)
            }
        }
    }

    private mutating func valueCode(
        _ column: ColumnData, _ code: Int, _ asking: Asking
    ) -> UInt32 {
        let meaning = asking.meaning
        if column.key.type == .string {
            let taken = column.strings.withValue(code) { text in
                asking.texts.takes(text) ? values.code(text: text) : nil
            }
            if let taken { return taken }
        }
        if asking.takesLists, column.key.type == .array || column.key.type == .strings {
            let value = GroupValue.json(column.listJSON(code))
            return self.code(meaning(value), value)
        }
        if column.key.type == .array { return arrayCode(column, code, meaning) }
        guard column.key.type == .strings else {
            let value = column.value(code)
            if case .itself = meaning(value), case .text = value {
                return column.strings.withValue(code) { values.code(text: $0) }
            }
            return self.code(meaning(value), value)
        }
        var elements: [UInt32] = []
        for element in column.lists[code] {
            let code = elementCode(column, Int(element), asking)
            if code == 0 { continue }
            let several = code & Self.listBit == 0 ? [code] : lists[Int(code ^ Self.listBit)]
            for code in several where !elements.contains(code) { elements.append(code) }
        }
        return listCode(elements)
    }

    private mutating func elementCode(
        _ column: ColumnData, _ element: Int, _ asking: Asking
    ) -> UInt32 {
        let taken = column.strings.withValue(element) { text in
            asking.texts.takes(text) ? values.code(text: text) : nil
        }
        if let taken { return taken }
        let value = GroupValue.text(column.strings.string(element))
        return code(asking.meaning(value), value)
    }

    /// An array stands for its elements, each once.
    private mutating func arrayCode(
        _ column: ColumnData, _ code: Int, _ meaning: (GroupValue) -> Meaning
    ) -> UInt32 {
        let array = column.strings.withValue(code) { AttributeValue(arrayValue: $0) }
        guard case .array(let elements) = array else { return 0 }
        var codes: [UInt32] = []
        for element in elements {
            let value = GroupValue(element)
            let code = self.code(meaning(value), value)
            if code == 0 { continue }
            let several = code & Self.listBit == 0 ? [code] : lists[Int(code ^ Self.listBit)]
            for code in several where !codes.contains(code) { codes.append(code) }
        }
        return listCode(codes)
    }

    private mutating func code(_ meaning: Meaning, _ value: GroupValue) -> UInt32 {
        switch meaning {
        case .nothing: return 0
        case .itself: return values.code(value)
        case .one(let value): return values.code(value)
        case .several(let several):
            var elements: [UInt32] = []
            for value in several {
                let code = values.code(value)
                if code != 0, !elements.contains(code) { elements.append(code) }
            }
            return listCode(elements)
        }
    }

    private mutating func listCode(_ elements: [UInt32]) -> UInt32 {
        if elements.isEmpty { return 0 }
        if elements.count == 1 { return elements[0] }
        // Those that were taken over are looked up only where there are others.
        while listsKnown < lists.count {
            listOfElements[Array(lists[listsKnown])] = UInt32(listsKnown) | Self.listBit
            listsKnown += 1
        }
        if let code = listOfElements[elements] { return code }
        let code = UInt32(lists.count) | Self.listBit
        lists.append(elements)
        return code
    }
}
