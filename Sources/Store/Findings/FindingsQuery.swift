/// Which findings of the watch are wanted, and how much of each.
package struct FindingsQuery: Sendable {
    /// Open ones, resolved ones, or nil for both.
    package var isOpen: Bool?
    /// nil: all.
    package var ids: [String]?
    /// Whether all windows that showed it are wanted, or only the newest.
    package var hasHistory: Bool

    package init(isOpen: Bool? = nil, ids: [String]? = nil, hasHistory: Bool) {
        self.isOpen = isOpen
        self.ids = ids
        self.hasHistory = hasHistory
    }
}
