extension Connection {
    /// Notices, a few times a second while a request is being answered, that its client has gone, so that nobody works on an
    /// answer that nobody reads.
    ///
    /// A reset shows by itself. A client's end alone does not: it may have closed its socket, or only have finished sending
    /// and still read (RFC 9112 leaves both open). So it is sent an interim response, which every client of HTTP/1.1 must
    /// be able to skip (RFC 9110, 15.2): from a socket that is closed comes a reset.
    func watchClient() {
        guard task != nil else { return }
        switch Socket.peer(descriptor) {
        case .gone: abort()
        case .finished: probeClient()
        case .there: break
        }
    }

    private func probeClient() {
        guard !hasProbedClient, !hasBegunAnswer, let head, head.minorVersion == 1 else { return }
        hasProbedClient = true
        write(ResponseHead.proceed)
    }
}
