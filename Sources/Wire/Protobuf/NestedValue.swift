internal import Spans

/// Looks into an array or map before its bytes are kept: they must decode, nest within limits and hold
/// valid text.
struct NestedValue {
    private(set) var hasInvalidText = false
    private(set) var depth = 0

    /// - Parameter level: how many arrays and maps lie around it, itself included.
    mutating func check(array cursor: ProtobufCursor, level: Int) throws(WireError) {
        try enter(level, cursor)
        var cursor = cursor
        while let tag = try cursor.tag() {
            if tag.raw == 1 << 3 | 2 {
                try check(value: cursor.message(try cursor.range()), level: level)
            } else {
                try cursor.skip(tag)
            }
        }
    }

    mutating func check(map cursor: ProtobufCursor, level: Int) throws(WireError) {
        try enter(level, cursor)
        var cursor = cursor
        while let tag = try cursor.tag() {
            guard tag.raw == 1 << 3 | 2 else {
                try cursor.skip(tag)
                continue
            }
            var pair = cursor.message(try cursor.range())
            while let tag = try pair.tag() {
                switch tag.raw {
                case 1 << 3 | 2: check(text: try pair.text())
                case 2 << 3 | 2: try check(value: pair.message(try pair.range()), level: level)
                default: try pair.skip(tag)
                }
            }
        }
    }

    private mutating func check(value cursor: ProtobufCursor, level: Int) throws(WireError) {
        var cursor = cursor
        while let tag = try cursor.tag() {
            switch tag.raw {
            case 1 << 3 | 2: check(text: try cursor.text())
            case 5 << 3 | 2: try check(array: cursor.message(try cursor.range()), level: level + 1)
            case 6 << 3 | 2: try check(map: cursor.message(try cursor.range()), level: level + 1)
            default: try cursor.skip(tag)
            }
        }
    }

    /// The depth is tested before anything nests further: a body may nest millions deep.
    private mutating func enter(_ level: Int, _ cursor: ProtobufCursor) throws(WireError) {
        if level > Nesting.depthMax {
            throw .tooDeep(limit: Nesting.depthMax, offset: cursor.offset)
        }
        depth = max(depth, level)
    }

    private mutating func check(text: UnsafeRawBufferPointer) {
        if !UTF8Repair.isValid(text) { hasInvalidText = true }
    }
}
