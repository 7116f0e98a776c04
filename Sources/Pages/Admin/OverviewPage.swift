public import Core

extension AdminPage {
    /// `/admin`
    public static func overview(_ overview: Overview, _ context: AdminContext) -> AdminPage {
        AdminPage(
            "Overview", at: .overview, context,
            parts: [attention(overview, context), credits(overview)] + revenue(overview) + [work(overview, context)]
                + failures(overview, context))
    }

    private static func attention(_ overview: Overview, _ context: AdminContext) -> Part {
        var warnings = overview.complaints.map { Warning($0, now: context.now) }
        if overview.parked > 0 {
            let what =
                overview.parked == 1
                ? "One paid order waits for somebody to say whose it is."
                : "\(Format.number(overview.parked)) paid orders wait for somebody to say whose they are."
            warnings.append(
                Warning(
                    text: what, look: "warning", action: Action("Parked orders", "/admin/parked")))
        }
        let isCalm = warnings.isEmpty
        return Part("attention", isCalm ? nil : "Needs attention").with {
            $0.warnings = isCalm ? [Warning(text: "Nothing needs you.", look: "done", action: nil)] : warnings
        }
    }

    private static func credits(_ overview: Overview) -> Part {
        Part("credits", "Credits").with {
            $0.tiles = [
                Fact("Sold", Format.number(overview.sold.rawValue)),
                Fact("Spent on images", Format.number(overview.spent.rawValue)),
                Fact("Taken back by refunds", Format.number(overview.clawedBack.rawValue)),
                Fact("Given as trials", Format.number(overview.trial.rawValue)),
                Fact("Adjusted by admins", Format.signed(overview.adjusted.rawValue)),
                Fact("Owed as debt", Format.number(overview.debt.rawValue), link: "/admin/users?debt=true"),
                Fact("Debt repaid", Format.number(overview.repaid.rawValue)),
                Fact("In all balances", Format.number(overview.balance.rawValue)),
                Fact("Users", Format.number(overview.users), link: "/admin/users"),
            ]
        }
    }

    private static func revenue(_ overview: Overview) -> [Part] {
        guard !overview.money.isEmpty else {
            return [
                Part("revenue", "Revenue").with {
                    $0.table = Table(
                        named: "revenue", [], rows: [],
                        ifEmpty: "Nothing was sold yet. Revenue and refunds of the last 30 days will stand here.")
                }
            ]
        }
        return overview.money.map { series in
            let code = series.currency.uppercased()
            return Part("revenue-\(series.currency)", "Revenue in \(code), before tax").with {
                $0.chart = RevenueChart(series, id: "chart-\(series.currency)")
                $0.note =
                    "\(Format.money(series.sold, series.currency)) since the beginning, \(Format.money(series.refunded, series.currency)) of it refunded."
            }
        }
    }

    private static func work(_ overview: Overview, _ context: AdminContext) -> Part {
        let delivery = overview.lastDelivery.map {
            Fact("Last webhook", Moment($0.receivedAt, now: context.now), link: AdminPath.delivery($0.id))
        }
        return Part("work", "Images and webhooks").with {
            $0.tiles =
                [.pending, .processing, .completed, .failed, .cancelled].map { status in
                    Fact(status.name, Format.number(overview.generations[status] ?? 0))
                } + [delivery ?? Fact("Last webhook", "none yet", link: "/admin/deliveries")]
        }
    }

    private static func failures(_ overview: Overview, _ context: AdminContext) -> [Part] {
        guard !overview.failures.isEmpty else { return [] }
        return [
            Part("failures", "Failed within a day").with {
                $0.table = Table(
                    named: "failures",
                    [.init("When"), .init("Generation"), .init("User"), .init("Why"), .init("Credit")],
                    rows: overview.failures.map { failure in
                        [
                            Cell(Moment(failure.completedAt ?? failure.createdAt, now: context.now)),
                            Cell(String(failure.id.text.prefix(8))),
                            Cell(failure.user.text, link: AdminPath.user(failure.user.text)),
                            Cell(failure.failure?.sentence ?? "unknown", detail: attempts(failure.attempts)),
                            Cell(failure.isRefunded ? "given back" : "kept"),
                        ]
                    }, ifEmpty: "")
            }
        ]
    }

    private static func attempts(_ count: Int64) -> String {
        count == 1 ? "after one attempt" : "after \(Format.number(count)) attempts"
    }
}

extension Warning {
    /// What the store found, in words, and what to do about it.
    fileprivate init(_ complaint: Complaint, now: Instant) {
        func ago(_ instant: Instant) -> String { Format.relative(instant, now: now) }
        switch complaint {
        case .ledgerFaults(let count, let at):
            self.init(
                text:
                    "creditctl ledger verify found \(Format.number(count)) \(count == 1 ? "fault" : "faults") \(ago(at)). Run it to see each by name, and change nothing before.",
                look: "fault", action: nil)
        case .drift(let orders, let credits, let at):
            self.init(
                text:
                    "Reconciliation had to correct \(Format.number(orders)) \(orders == 1 ? "order" : "orders") by \(Format.credits(credits.rawValue)) \(ago(at)): webhooks were lost.",
                look: "warning", action: Action("Deliveries", "/admin/deliveries"))
        case .reconcileFailed(let at):
            self.init(
                text: "The last reconciliation, \(ago(at)), could not read everything from Polar.", look: "warning",
                action: nil)
        case .reconcileLate(let last):
            self.init(
                text: "Reconciliation ran \(ago(last)) last. Look whether its timer still runs.", look: "warning",
                action: nil)
        case .webhookEndpointOff(let at):
            self.init(
                text: "Polar has switched our webhook off, as seen \(ago(at)). Switch it on again in Polar's settings.",
                look: "fault", action: nil)
        case .jobsWait(let wait):
            self.init(
                text:
                    "An image waits for \(wait.components.seconds / 60) minutes. Look whether generation-worker runs.",
                look: "fault", action: nil)
        case .backupLate(let last):
            self.init(text: "The last backup was made \(ago(last)).", look: "warning", action: nil)
        }
    }
}
