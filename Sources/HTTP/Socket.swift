internal import Foundation

/// Calls of the sockets interface, with their errors as Swift errors.
enum Socket {
    /// Listens on all addresses that a host name has, or on the first that works.
    static func listen(host: String, port: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0 else {
            throw ListenError("cannot resolve \(host): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(found) }
        var lastError = "no address"
        var next = found
        while let info = next {
            let descriptor = socket(info.pointee.ai_family, info.pointee.ai_socktype, 0)
            if descriptor >= 0 {
                var on: Int32 = 1
                setsockopt(
                    descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
                if bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
                    Glibc.listen(descriptor, 1024) == 0
                {
                    prepare(descriptor)
                    return descriptor
                }
                lastError = String(cString: strerror(errno))
                close(descriptor)
            }
            next = info.pointee.ai_next
        }
        throw ListenError("cannot listen on \(host):\(port): \(lastError)")
    }

    /// Non-blocking, and closed in child processes.
    static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Without this small answers wait for the client's delayed acknowledgement, 40 ms.
    static func disableDelay(_ descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The port that a listening socket got.
    static func port(of descriptor: Int32) -> Int {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { return 0 }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                // The port lies at the same place in the addresses of both families.
                Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
    }

    /// The next waiting connection and its client's address; nil if none waits.
    static func accept(_ listener: Int32) -> (descriptor: Int32, peer: String)? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                let descriptor = Glibc.accept(listener, pointer, &length)
                if descriptor < 0 { return nil }
                prepare(descriptor)
                disableDelay(descriptor)
                var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
                getnameinfo(
                    pointer, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
                let bytes = host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                return (descriptor, String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    enum Transfer {
        case bytes(Int)
        case end
        case wouldBlock
        case failed
    }

    static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            default: return .failed
            }
        }
    }

    enum Peer {
        case there
        /// It sends no more; whether it still reads shows only when something is sent.
        case finished
        case gone
    }

    /// Linux's POLLRDHUP, which the C library's module leaves out.
    private static let finished: Int16 = 0x2000

    /// What is known of the other side, whatever of it lies unread.
    static func peer(_ descriptor: Int32) -> Peer {
        var state = pollfd(fd: descriptor, events: finished, revents: 0)
        guard poll(&state, 1, 0) > 0 else { return .there }
        if state.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { return .gone }
        return state.revents & finished != 0 ? .finished : .there
    }

    static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Transfer {
        while true {
            // Without the flag a client that went away would end this process by a signal.
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            default: return .failed
            }
        }
    }
}

/// Why the server cannot listen, in one line.
package struct ListenError: Error, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
