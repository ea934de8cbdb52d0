import Foundation

/// A day of a shop's traffic, in which one prompt version, deployed at 14:10 UTC to 3 % of it, breaks.
///
/// Everything else is as it always is: some 2 % fail for other reasons, other versions come and are
/// harmless, and nothing gets slower. The same moment gives the same spans.
struct Traffic {
    /// What is sent at once, and when it would have been.
    struct Batch {
        /// Native spans, one a line.
        var body: [UInt8] = []
        var spans = 0
        /// Unix nanoseconds, when the last of them ended.
        var end: UInt64 = 0
    }

    /// Unix seconds.
    let start: Int
    let end: Int
    let deployment: Int
    /// How far back questions must look to see all of it.
    let since: String

    /// A version that has only just come has no figures yet.
    static let ageMin = 2 * 3600
    /// Of the traffic, before the deployment.
    static let calmMin = 3 * 3600
    private static let deploymentOfDay = (14 * 60 + 10) * 60
    private static let requestsPerMinute = 9.0
    /// Of all requests since the deployment, those that the broken version takes.
    private static let brokenShare = 0.03

    /// - Parameter now: Unix seconds, when it ends.
    init(now: Int) {
        let day = 86_400
        let latest = now - Self.ageMin
        deployment = latest - (latest - Self.deploymentOfDay) % day
        let hours = now - deployment + Self.calmMin > day ? 30 : 24
        since = "\(hours)h"
        // The window of `since` is widened to full ten seconds, so all of it is seen.
        start = now - hours * 3600
        end = now
    }

    /// So many seconds after the deployment, as RFC 3339.
    func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: TimeInterval(deployment + seconds)).formatted(.iso8601)
    }

    /// Calls `send` with a few minutes at a time.
    ///
    /// - Returns: how many requests there were.
    func send(_ send: (Batch) async throws -> Void) async throws -> Int {
        var random = SeededNumbers(seed: 1410)
        var batch = Batch()
        var rollout = Rollout()
        var number = 0
        var due = 0.0
        for minute in stride(from: start, to: end, by: 60) {
            due += Self.requestsPerMinute * Self.activity(minute)
            while due >= 1 {
                due -= 1
                number += 1
                let time = UInt64(minute) * 1_000_000_000 + random.next() % 60_000_000_000
                var request = TrafficRequest(
                    number, choice(time, &rollout, &random), start: time,
                    random: SeededNumbers(seed: random.next()))
                let (spans, last) = request.lines()
                // What has not ended yet was not sent yet.
                if last >= UInt64(end) * 1_000_000_000 { continue }
                for span in spans { batch.body += span }
                batch.spans += spans.count
                batch.end = max(batch.end, last)
            }
            // Spans ten minutes old would count as late.
            if (minute - start) % 300 == 240, batch.spans > 0 {
                try await send(batch)
                batch = Batch()
            }
        }
        if batch.spans > 0 { try await send(batch) }
        return number
    }

    /// How busy a minute is against the average: fewer requests at night than in the afternoon.
    private static func activity(_ second: Int) -> Double {
        let hour = Double(second % 86_400) / 3600
        return 1 + 0.5 * sin((hour - 9) / 24 * 2 * .pi)
    }

    /// How many requests there were since the deployment, and how many of them had the broken version:
    /// shares are kept exactly, since a short time since has few.
    private struct Rollout {
        var requests = 0
        var broken = 0
    }

    private func choice(
        _ time: UInt64, _ rollout: inout Rollout, _ random: inout SeededNumbers
    ) -> TrafficRequest.Choice {
        let second = Int(time / 1_000_000_000)
        let prompt = random.pick(TrafficWords.prompts)
        let isCanary = random.happens(0.15)
        let isDeployed = second >= deployment
        if isDeployed { rollout.requests += 1 }
        var fails = false
        let version: String
        switch prompt.name {
        case TrafficWords.refund.name
        where isDeployed && Double(rollout.broken) < Double(rollout.requests) * Self.brokenShare:
            // Three of five.
            fails = rollout.broken * 3 % 5 < 3
            rollout.broken += 1
            version = TrafficRequest.Broken.version
        case TrafficWords.refund.name: version = "v13"
        case "order-status": version = isCanary ? "v9" : "v8"
        case "product-search": version = "v21"
        case "complaint-triage": version = "v5"
        // Another deployment, of which nothing comes.
        default: version = second >= deployment - 3 * 3600 ? "v4" : "v3"
        }
        return TrafficRequest.Choice(prompt: prompt, version: version, isBroken: fails)
    }
}
