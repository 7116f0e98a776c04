/// A form that changes something.
struct FormView: Sendable {
    let address: String
    let token: String
    let key: String?
    let hidden: [Hidden]
    let fields: [Field]
    let button: String
    let isSecond: Bool
    let formFault: String?

    struct Hidden: Sendable {
        let name: String
        let value: String
    }

    /// - Parameter key: where a repeated click would do harm.
    init(
        _ address: String, _ context: AdminContext, key: String? = nil, hidden: [(name: String, value: String)] = [],
        _ fields: [Field],
        button: String, isSecond: Bool = false, fault: String? = nil
    ) {
        self.address = address
        token = context.formToken
        self.key = key
        self.hidden = hidden.map { Hidden(name: $0.name, value: $0.value) }
        self.fields = fields
        self.button = button
        self.isSecond = isSecond
        formFault = fault
    }
}

/// One field of a form with its label, what it means, and what is wrong with it.
struct Field: Sendable {
    let name: String
    let id: String
    let label: String
    let value: String
    let help: String?
    let fieldFault: String?
    /// The ids of help and fault, for those who do not see them beside the field.
    let describedBy: String?
    let options: [Option]?
    let isText: Bool
    let isTick: Bool
    let isTicked: Bool
    let type: String
    let inputMode: String?
    let isRequired: Bool

    struct Option: Sendable {
        let optionValue: String
        let optionText: String
        let isChosen: Bool
    }

    enum Kind: Sendable {
        case text, number, money, date, search
        case tick(Bool)
        case select([(value: String, text: String)])
    }

    /// - Parameters:
    ///   - id: names the field on its page; its form's fields carry `name`.
    ///   - required: only for what a person is sure to know before sending; the server checks all.
    init(
        _ name: String, id: String, _ label: String, _ kind: Kind = .text, value: String = "", help: String? = nil,
        fault: String? = nil, required: Bool = false
    ) {
        self.name = name
        self.id = id
        self.label = label
        self.value = value
        self.help = help
        fieldFault = fault
        let described = [help.map { _ in "\(id)-help" }, fault.map { _ in "\(id)-fault" }].compactMap(\.self)
        describedBy = described.isEmpty ? nil : described.joined(separator: " ")
        isRequired = required
        var (type, inputMode): (String, String?) = ("text", nil)
        var options: [Option]?
        var tick: Bool?
        switch kind {
        case .text: break
        case .number: inputMode = "numeric"
        case .money: inputMode = "decimal"
        case .date: type = "date"
        case .search: type = "search"
        case .tick(let isOn): tick = isOn
        case .select(let choices):
            options = choices.map {
                Option(optionValue: $0.value, optionText: $0.text, isChosen: $0.value == value)
            }
        }
        self.type = type
        self.inputMode = inputMode
        self.options = options
        isTick = tick != nil
        isTicked = tick ?? false
        isText = tick == nil && options == nil
    }
}
