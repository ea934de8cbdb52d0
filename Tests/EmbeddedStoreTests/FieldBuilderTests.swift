import Spans
import TestSupport
import Testing

@testable import EmbeddedStore

@Suite struct `Values of columns of lists` {
    /// Of each row its list, if it has one.
    private typealias Rows = [[UInt32]?]

    private static func rows(_ random: inout SeededGenerator, elements: UInt32) -> Rows {
        let longest = [1, 1, 2, 4].randomElement(using: &random) ?? 1
        return (0..<Int.random(in: 1...40, using: &random)).map { _ in
            guard Int.random(in: 0..<3, using: &random) > 0 else { return nil }
            // Some have an element twice, and damage may leave none.
            return (0..<Int.random(in: 0...longest, using: &random)).map { _ in
                UInt32.random(in: 0..<elements, using: &random)
            }
        }
    }

    /// A column in which element `i` is at `order[i]` of its strings.
    private static func column(_ rows: Rows, _ order: [Int]) -> ColumnData {
        let present = rows.indices.filter { rows[$0] != nil }
        let key = ColumnKey(.span, .attribute, "x", .strings)
        var column = ColumnData(
            key: key, presence: Presence(rows: present.map { UInt32($0) }, of: rows.count))
        for place in order.indices {
            let element = order.firstIndex(of: place) ?? 0
            Array("e\(element)".utf8).withUnsafeBytes { column.strings.append($0) }
        }
        var codes: [[UInt32]: UInt32] = [:]
        for list in rows.compactMap({ $0 }) {
            let own = list.map { UInt32(order[Int($0)]) }
            if codes[own] == nil {
                codes[own] = UInt32(column.lists.count)
                column.lists.append(own)
            }
            column.codes.append(codes[own] ?? 0)
        }
        return column
    }

    private static func built(_ columns: [ColumnData], rowCount: Int) -> ResolvedField {
        var builder = FieldBuilder(rowCount: rowCount)
        for column in columns { builder.add(column, texts: .all) }
        return builder.finished()
    }

    private static func values(_ field: ResolvedField) -> [[String]] {
        field.codes.map { code in
            var values: [String] = []
            field.forEachValue(of: code) { values.append("\(field.values.value($0))") }
            return values
        }
    }

    /// Sorted strings are taken over as they are; others are looked up one by one.
    @Test(arguments: 0..<300) func `are the same taken over or looked up`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let elements = UInt32.random(in: 2...5, using: &random)
        let first = Self.rows(&random, elements: elements)
        var second = Self.rows(&random, elements: elements)
        second = first.indices.map { $0 < second.count ? second[$0] : nil }
        let sorted = Array(0..<Int(elements))
        let mixed = Array(sorted.reversed())
        let taken = Self.built(
            [Self.column(first, sorted), Self.column(second, mixed)], rowCount: first.count)
        let looked = Self.built(
            [Self.column(first, mixed), Self.column(second, mixed)], rowCount: first.count)
        #expect(Self.values(taken) == Self.values(looked))
        #expect((taken.lists == nil) == (looked.lists == nil))
        // Rows have one code if and only if they have one list.
        var pairs: [UInt32: UInt32] = [:]
        for row in first.indices {
            let (code, other) = (taken.codes[row], looked.codes[row])
            #expect(pairs.updateValue(other, forKey: code) ?? other == other)
        }
        #expect(Set(pairs.values).count == pairs.count)
    }
}
