internal import Core

/// How a job ends: what the database is told, and what the log.
extension GenerationWorker {
    private static let keepingTries = 10

    /// A result has cost a call of the provider, so a disk or a database that does not answer is asked again.
    func record(_ result: Attempt.Result, of job: Job) {
        for number in 1...Self.keepingTries {
            do throws(BlobError) {
                return tell(try keep(result, of: job), result, of: job)
            } catch {
                log(.error, "generation.not_kept", job, ["store.reason": error.description, "try": number])
                // What an unknown commit did is seen when the process has started anew.
                if case .store(.unknown) = error { return }
                if number < Self.keepingTries { rest() }
            }
        }
        fail(job, .providerUnavailable, .retryable, "the result could not be stored")
    }

    private func keep(_ result: Attempt.Result, of job: Job) throws(BlobError) -> ReportOutcome {
        try parts.keep([result.bytes] + (result.thumbnail.map { [$0.bytes] } ?? [])) { blobs throws(StoreError) in
            let image = StoredImage(blob: blobs[0], bytes: Int64(result.bytes.count), facts: result.facts)
            let thumbnail = result.thumbnail.map {
                StoredImage(blob: blobs[1], bytes: Int64($0.bytes.count), facts: $0.facts)
            }
            return try parts.store.complete(job, with: image, thumbnail: thumbnail, at: parts.now())
        }
    }

    private func tell(_ outcome: ReportOutcome, _ result: Attempt.Result, of job: Job) {
        switch outcome {
        case .recorded:
            log(
                .notice, "generation.completed", job,
                [
                    "provider.duration_ms": result.providerTime.milliseconds, "result.bytes": result.bytes.count,
                    "result.type": result.facts.kind.contentType,
                ])
        case .leaseLost: log(.warning, "generation.lease_lost", job)
        }
        // Its user may have deleted it meanwhile, or another worker may have been faster.
        let contents = [result.bytes, result.thumbnail?.bytes].compactMap(\.self)
        discard(contents.map { BlobID(contentOf: $0) } + [job.input], of: job)
    }

    func fail(_ job: Job, _ failure: GenerationFailure, _ weight: AttemptFault.Weight, _ reason: String) {
        if case .retryableAfter(let pause) = weight { silence(for: pause) }
        let facts: [String: any LogValue] = ["generation.error": failure.rawValue, "provider.reason": reason]
        do throws(StoreError) {
            switch try parts.store.fail(
                job, failure, maximumAttempts: weight.isFinal ? job.attempt : rules.attempts, at: parts.now())
            {
            case .retry(let due):
                log(.notice, "generation.retried", job, facts.merging(["retry.at": due.rfc3339]) { $1 })
            case .failed(let isRefunded):
                let level: LogLine.Level = weight == .alarming ? .error : .notice
                log(level, "generation.failed", job, facts.merging(["generation.refunded": isRefunded]) { $1 })
                discard([job.input], of: job)
            case .leaseLost: log(.warning, "generation.lease_lost", job, facts)
            }
        } catch {
            // Its lease runs out, and it is tried anew.
            log(.error, "generation.not_reported", job, facts.merging(["store.reason": error.description]) { $1 })
        }
    }

    func handBack(_ job: Job) {
        do throws(StoreError) {
            switch try parts.store.handBack(job, at: parts.now()) {
            case .recorded: log(.notice, "generation.handed_back", job)
            case .leaseLost: log(.warning, "generation.lease_lost", job)
            }
        } catch {
            log(.error, "generation.not_reported", job, ["store.reason": error.description])
        }
    }

    private func discard(_ blobs: [BlobID], of job: Job) {
        do throws(BlobError) {
            try parts.discard(blobs)
        } catch {
            log(.warning, "generation.not_tidied", job, ["store.reason": error.description])
        }
    }

    private func log(
        _ level: LogLine.Level, _ event: String, _ job: Job, _ facts: [String: any LogValue] = [:]
    ) {
        let named: [String: any LogValue] = ["generation.id": job.generation, "job.attempt": job.attempt]
        parts.log(LogLine(level, event, facts.merging(named) { $1 }))
    }
}

extension AttemptFault.Weight {
    fileprivate var isFinal: Bool {
        switch self {
        case .final, .alarming: true
        case .retryable, .retryableAfter: false
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
