internal import HTTPTypes

extension Connection {
    /// What the connection is waiting for, each with a deadline of its own.
    enum Phase {
        /// The first byte of a request.
        case idle
        /// The rest of a header.
        case head
        case body
        /// The handler, which has deadlines of its own; only unread answers count here.
        case answering
        /// The client's end, after the last answer.
        case lingering
    }

    func enter(_ next: Phase) {
        if next == phase { return }
        phase = next
        phaseStart = .now
        lastProgress = .now
    }

    /// Looks, a few times a second, whether a deadline has passed.
    func tick(_ now: ContinuousClock.Instant) {
        if isClosed { return }
        let inPhase = seconds(phaseStart, now)
        if outputBytes > 0, seconds(lastProgress, now) > limits.writeSecondsMax { return abort() }
        switch phase {
        case .idle: if inPhase > limits.idleSecondsMax { close() }
        case .head:
            if inPhase > limits.headerSecondsMax {
                refuse(HTTPError(.requestTimeout, "the header did not come in time"))
            }
        case .body:
            if seconds(lastProgress, now) > limits.bodyIdleSecondsMax {
                refuse(HTTPError(.requestTimeout, "the body stopped coming"))
            } else if inPhase > 10, Double(body.count) / inPhase < limits.bodyRateMin {
                refuse(HTTPError(.requestTimeout, "the body comes too slowly"))
            }
        case .answering: watchClient()
        case .lingering: if inPhase > 2 { close() }
        }
    }

    /// The server stops: what was accepted is answered, nothing else is read.
    func drain() {
        closesAfterAnswer = true
        if phase == .idle, outputBytes == 0, task == nil { close() }
    }

    private func seconds(
        _ start: ContinuousClock.Instant, _ end: ContinuousClock.Instant
    ) -> Double { start.duration(to: end) / .seconds(1) }
}
