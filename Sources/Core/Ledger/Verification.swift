/// One thing that is not as the rules of credits say. Identifiers are texts, for a damaged row may hold anything.
public enum LedgerFault: Equatable, Sendable {
    /// The engine's own check of the file, in its words; nothing else was looked at.
    case fileDamaged(String)
    case referenceDangles(table: String, parent: String)
    case balanceBelowZero(user: String, balance: Int64)
    case balanceIsNotItsSum(user: String, balance: Int64, sum: Int64)
    case balanceIsNotTheNewest(user: String, balance: Int64, newest: Int64)
    case debtIsNotOwed(user: String, debt: Int64, owed: Int64)
    case secondTrial(user: String)
    case entryBelowZero(entry: Int64, user: String, after: Int64)
    case entryDoesNotContinue(entry: Int64, user: String, before: Int64, amount: Int64, after: Int64)
    case entryNamesAnotherEvent(entry: Int64, kind: String, key: String)
    case orderWithoutPayment(order: String)
    case orderOfAnotherUser(order: String, entry: Int64, user: String)
    case secondPurchase(order: String)
    case paymentUnreadable(order: String)
    /// An order that counts as applied, but that the rules would keep without applying it.
    case paymentIsNotApplicable(order: String, decision: String)
    case packIsNotThePromise(order: String, pack: Int64, promised: Int64)
    case targetIsNotDue(order: String, target: Int64, due: Int64)
    case entriesMissTheTarget(order: String, sum: Int64, debt: Int64, target: Int64)
    case refundWithoutCharge(generation: String, entry: Int64)
    case refundIsNotItsCharge(generation: String, entry: Int64, amount: Int64, charge: Int64)
    case entryWithoutGeneration(generation: String, entry: Int64)
    case generationOfAnotherUser(generation: String, entry: Int64, user: String)
    case chargeIsNotThePrice(generation: String, entry: Int64, amount: Int64)
    /// Charged again although the charge before stood.
    case chargedAgain(generation: String, entry: Int64)
    /// The charges that the ledger has are not numbered from 1 to the one that the row knows.
    case chargesMiscounted(generation: String, known: Int64, charges: Int64)
    case refundIsNotNoted(generation: String, status: String, isRefunded: Bool)
    /// One request of a client's was charged more than once.
    case keyChargedAgain(user: String, key: String, generations: Int64)
    /// The answer kept under a client's key names a generation that was not charged under it.
    case keyOfAnotherGeneration(user: String, key: String, generation: String)
    /// A repayment out of a refund that is not there, or larger than it.
    case repaymentWithoutRefund(entry: Int64, user: String)
    /// The sums kept for a day are not those of its entries.
    case dayMiscounted(day: Int64, kind: String, kept: Int64, sum: Int64)
    /// The money kept for all days is not that of the payments, in minor units.
    case moneyMiscounted(currency: String, sold: Int64, soldSum: Int64, refunded: Int64, refundedSum: Int64)
    case generationsMiscounted(status: String, kept: Int64, count: Int64)
    /// The bytes kept for a user are not those of the files that the user's generations refer to.
    case imagesMiscounted(user: String, kept: Int64, sum: Int64)
}

extension LedgerFault: CustomStringConvertible {
    /// The stable name of the kind of fault.
    public var code: String {
        switch self {
        case .fileDamaged: "file_damaged"
        case .referenceDangles: "reference_dangles"
        case .balanceBelowZero: "balance_below_zero"
        case .balanceIsNotItsSum: "balance_is_not_its_sum"
        case .balanceIsNotTheNewest: "balance_is_not_the_newest"
        case .debtIsNotOwed: "debt_is_not_owed"
        case .secondTrial: "second_trial"
        case .entryBelowZero: "entry_below_zero"
        case .entryDoesNotContinue: "entry_does_not_continue"
        case .entryNamesAnotherEvent: "entry_names_another_event"
        case .orderWithoutPayment: "order_without_payment"
        case .orderOfAnotherUser: "order_of_another_user"
        case .secondPurchase: "second_purchase"
        case .paymentUnreadable: "payment_unreadable"
        case .paymentIsNotApplicable: "payment_is_not_applicable"
        case .packIsNotThePromise: "pack_is_not_the_promise"
        case .targetIsNotDue: "target_is_not_due"
        case .entriesMissTheTarget: "entries_miss_the_target"
        case .refundWithoutCharge: "refund_without_charge"
        case .refundIsNotItsCharge: "refund_is_not_its_charge"
        case .entryWithoutGeneration: "entry_without_generation"
        case .generationOfAnotherUser: "generation_of_another_user"
        case .chargeIsNotThePrice: "charge_is_not_the_price"
        case .chargedAgain: "charged_again"
        case .chargesMiscounted: "charges_miscounted"
        case .refundIsNotNoted: "refund_is_not_noted"
        case .keyChargedAgain: "key_charged_again"
        case .keyOfAnotherGeneration: "key_of_another_generation"
        case .repaymentWithoutRefund: "repayment_without_refund"
        case .dayMiscounted: "day_miscounted"
        case .moneyMiscounted: "money_miscounted"
        case .generationsMiscounted: "generations_miscounted"
        case .imagesMiscounted: "images_miscounted"
        }
    }

    public var description: String {
        switch self {
        case .fileDamaged(let words): "the file is damaged: \(words)"
        case .referenceDangles(let table, let parent):
            "a row of \(table) points to a row of \(parent) that is not there"
        case .balanceBelowZero(let user, let balance): "user \(user): the balance \(balance) is below zero"
        case .balanceIsNotItsSum(let user, let balance, let sum):
            "user \(user): the balance is \(balance), the entries sum to \(sum)"
        case .balanceIsNotTheNewest(let user, let balance, let newest):
            "user \(user): the balance is \(balance), the newest entry leaves \(newest)"
        case .debtIsNotOwed(let user, let debt, let owed):
            "user \(user): the debt is \(debt), orders and repayments leave \(owed)"
        case .secondTrial(let user): "user \(user): has trial credits twice"
        case .entryBelowZero(let entry, let user, let after): "entry \(entry) of user \(user): leaves \(after)"
        case .entryDoesNotContinue(let entry, let user, let before, let amount, let after):
            "entry \(entry) of user \(user): \(before) and \(amount) do not make \(after)"
        case .entryNamesAnotherEvent(let entry, let kind, let key):
            "entry \(entry): the key «\(key)» names no \(kind) of its order, generation or user"
        case .orderWithoutPayment(let order): "order \(order): has entries, but no payment"
        case .orderOfAnotherUser(let order, let entry, let user):
            "order \(order): its entry \(entry) is of user \(user), its payment is not"
        case .secondPurchase(let order): "order \(order): was granted twice"
        case .paymentUnreadable(let order): "order \(order): its stored snapshot cannot be read"
        case .paymentIsNotApplicable(let order, let decision):
            "order \(order): is applied, but by its snapshot \(decision)"
        case .packIsNotThePromise(let order, let pack, let promised):
            "order \(order): was sold for \(pack) credits, its checkout promised \(promised)"
        case .targetIsNotDue(let order, let target, let due):
            "order \(order): its target is \(target), by its snapshot it is \(due)"
        case .entriesMissTheTarget(let order, let sum, let debt, let target):
            "order \(order): its entries sum to \(sum) and its debt is \(debt), its target is \(target)"
        case .refundWithoutCharge(let generation, let entry):
            "generation \(generation): entry \(entry) gives back what was never charged"
        case .refundIsNotItsCharge(let generation, let entry, let amount, let charge):
            "generation \(generation): entry \(entry) gives back \(amount) for a charge of \(charge)"
        case .entryWithoutGeneration(let generation, let entry):
            "generation \(generation): has entry \(entry), but no row"
        case .generationOfAnotherUser(let generation, let entry, let user):
            "generation \(generation): its entry \(entry) is of user \(user), its row is not"
        case .chargeIsNotThePrice(let generation, let entry, let amount):
            "generation \(generation): entry \(entry) charges \(amount)"
        case .chargedAgain(let generation, let entry):
            "generation \(generation): entry \(entry) charges again what was not given back before"
        case .chargesMiscounted(let generation, let known, let charges):
            "generation \(generation): its row knows of charges up to number \(known), the ledger has \(charges)"
        case .refundIsNotNoted(let generation, let status, let isRefunded):
            "generation \(generation): is \(status), its row says that its last charge was "
                + (isRefunded ? "given back, the ledger does not" : "not given back, the ledger says it was")
        case .keyChargedAgain(let user, let key, let generations):
            "user \(user): the request key «\(key)» was charged for \(generations) generations"
        case .keyOfAnotherGeneration(let user, let key, let generation):
            "user \(user): the request key «\(key)» was answered with generation \(generation), which has it not"
        case .repaymentWithoutRefund(let entry, let user):
            "entry \(entry) of user \(user): repays debt from a refund that is not there, or smaller"
        case .dayMiscounted(let day, let kind, let kept, let sum):
            "day \(day): \(kind) is kept as \(kept) credits, its entries sum to \(sum)"
        case .moneyMiscounted(let currency, let sold, let soldSum, let refunded, let refundedSum):
            "\(currency): \(sold) sold and \(refunded) refunded are kept for all days, the payments sum to \(soldSum) "
                + "and \(refundedSum)"
        case .generationsMiscounted(let status, let kept, let count):
            "\(kept) generations are kept as \(status), \(count) are"
        case .imagesMiscounted(let user, let kept, let sum):
            "user \(user): \(kept) bytes of images are kept, the generations sum to \(sum)"
        }
    }
}
