import Dispatch
import Foundation
import Synchronization
import TestSupport

/// Deliveries, and if wanted uploads, from several clients until they are told to stop.
final class Load: Sendable {
    private struct Told {
        /// What a delivery was answered.
        var answers: [String] = []
        /// Orders and generations that were taken.
        var orders: [String] = []
        var uploads: [String] = []
        /// What an upload was answered that was not taken.
        var refusals: [String] = []
        var isOver = false
    }

    private let told = Mutex(Told())
    private let group = DispatchGroup()

    /// Deliveries that were answered.
    var count: Int { told.withLock { $0.answers.count } }
    var orders: [String] { told.withLock { $0.orders } }
    var uploads: [String] { told.withLock { $0.uploads } }

    init(on installation: Installation, uploads: Bool = false) {
        for client in 0..<4 {
            repeatedly { [self] in
                var event = OrderEvent(product: Installation.product)
                // One who has had the trial: a day has room for so many and no more.
                event.user = "buyer-\(client)"
                let answer = (try? installation.deliver(event)) ?? "none"
                told.withLock { told in
                    told.answers.append(answer)
                    if answer == "HTTP/2 202" { told.orders.append(event.order) }
                }
            }
        }
        guard uploads else { return }
        // One: the limit for an address is two a second.
        repeatedly { [self] in
            let upload = try? installation.upload(as: "user-\(UUID())")
            told.withLock { told in
                if let id = upload?.id {
                    told.uploads.append(id)
                } else {
                    told.refusals.append(upload?.answer ?? "none")
                }
            }
        }
    }

    private func repeatedly(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue.global().async(group: group) { [self] in
            while !told.withLock({ $0.isOver }) { body() }
        }
    }

    /// What was answered instead of 202, and to uploads also instead of the limit's 429.
    func stop() -> [String] {
        told.withLock { $0.isOver = true }
        group.wait()
        return told.withLock { told in
            told.answers.filter { $0 != "HTTP/2 202" } + told.refusals.filter { $0 != "HTTP/2 429" }
        }
    }
}
