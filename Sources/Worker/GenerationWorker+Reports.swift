internal import Core
private import Images

/// How a job ends: what the database is told, and what the log.
extension GenerationWorker {
    private static let keepingTries = 10

    /// A result has cost a call of the provider, so a disk or a database that does not answer is asked again.
    ///
    /// - Returns: why it was not kept.
    func record(_ result: Attempt.Result, of job: Job) -> Outage? {
        for number in 1...Self.keepingTries {
            do throws(BlobError) {
                tell(try keep(result, of: job), result, of: job)
                return nil
            } catch {
                log(.error, "generation.not_kept", job, ["store.reason": error.description, "try": number])
                // What an unknown commit did is seen when the process has started anew.
                if case .store(.unknown) = error { return nil }
                if number < Self.keepingTries { rest() }
            }
        }
        return Outage(.ours, "the result could not be stored")
    }

    private func keep(_ result: Attempt.Result, of job: Job) throws(BlobError) -> ReportOutcome {
        try dependencies.keep([result.bytes] + (result.thumbnail.map { [$0.bytes] } ?? [])) {
            blobs throws(StoreError) in
            let image = StoredImage(blob: blobs[0], bytes: Int64(result.bytes.count), facts: result.facts)
            let thumbnail = result.thumbnail.map {
                StoredImage(blob: blobs[1], bytes: Int64($0.bytes.count), facts: $0.facts)
            }
            return try dependencies.store.jobs.complete(job, with: image, thumbnail: thumbnail, at: dependencies.now())
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

    /// By the job's own fault.
    func fail(_ job: Job, _ failure: GenerationFailure, _ reason: String) {
        let facts: [String: any LogValue] = ["generation.error": failure.rawValue, "provider.reason": reason]
        do throws(StoreError) {
            switch try dependencies.store.jobs.fail(
                job, failure, maximumAttempts: rules.attempts, at: dependencies.now())
            {
            case .retry(let due):
                log(.notice, "generation.retried", job, facts.merging(["retry.at": due.rfc3339]) { $1 })
            case .failed(let isRefunded):
                log(.notice, "generation.failed", job, facts.merging(["generation.refunded": isRefunded]) { $1 })
                discard([job.input], of: job)
            case .leaseLost: log(.warning, "generation.lease_lost", job, facts)
            }
        } catch {
            // Its lease runs out, and it is tried anew.
            log(.error, "generation.not_reported", job, facts.merging(["store.reason": error.description]) { $1 })
        }
    }

    func postpone(_ job: Job, after outage: Outage, isSuspect: Bool) {
        let facts: [String: any LogValue] = [
            "pause.cause": outage.cause.rawValue, "provider.reason": outage.reason,
        ]
        report(
            job, "generation.postponed", facts,
            try dependencies.store.jobs.postpone(job, after: outage, isSuspect: isSuspect, at: dependencies.now()))
    }

    func handBack(_ job: Job) {
        report(
            job, "generation.handed_back", [:], try dependencies.store.jobs.handBack(job, at: dependencies.now()))
    }

    func tellLeaseLost(_ job: Job) { log(.warning, "generation.lease_lost", job) }

    private func report(
        _ job: Job, _ event: String, _ facts: [String: any LogValue],
        _ call: @autoclosure () throws(StoreError) -> ReportOutcome
    ) {
        do throws(StoreError) {
            switch try call() {
            case .recorded:
                log(.notice, event, job, facts)
                // Its user may have deleted it meanwhile.
                discard([job.input], of: job)
            case .leaseLost: log(.warning, "generation.lease_lost", job)
            }
        } catch {
            log(.error, "generation.not_reported", job, facts.merging(["store.reason": error.description]) { $1 })
        }
    }

    // MARK: The provider, as metrics and doctor tell of it

    /// - Parameter cause: why the worker pauses; `nil` if it does not, or not any more.
    func noteProvider(pausedBy cause: Outage.Cause?) {
        do throws(StoreError) {
            try dependencies.store.operations.noteProvider(pausedBy: cause, at: dependencies.now())
        } catch {
            tellNotNoted(error)
        }
    }

    private func tellNotNoted(_ error: StoreError) {
        dependencies.log(LogLine(.error, "provider.not_noted", ["store.reason": error.description]))
    }

    private func discard(_ blobs: [BlobID], of job: Job) {
        do throws(BlobError) {
            try dependencies.discard(blobs)
        } catch {
            log(.warning, "generation.not_tidied", job, ["store.reason": error.description])
        }
    }

    private func log(
        _ level: LogLine.Level, _ event: String, _ job: Job, _ facts: [String: any LogValue] = [:]
    ) {
        let named: [String: any LogValue] = ["generation.id": job.generation, "job.attempt": job.attempt]
        dependencies.log(LogLine(level, event, facts.merging(named) { $1 }))
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
