import Core

/// `name=value` as it was written, and what is meant by it.
struct Assignments {
    private(set) var change = SettingsChange()
    /// What cannot be meant, one sentence each.
    private(set) var misuses: [String] = []
    /// What is meant, but out of bounds.
    private(set) var faults: [String] = []

    init(_ texts: [String]) {
        var names: Set<String> = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { misuses.append("\(text) is not NAME=VALUE"); continue }
            if !names.insert(parts[0]).inserted { misuses.append("\(parts[0]) stands twice") }
            assign(parts[0], parts[1])
        }
    }

    private mutating func assign(_ name: String, _ text: String) {
        guard let setting = Setting.named(name) else { misuses.append("\(name) is no setting"); return }
        let value = setting.value(of: text)
        guard !change.set(setting, to: value) else { return }
        let fault = "\(name) is not \(setting.rule)"
        if value == nil { misuses.append(fault) } else { faults.append(fault) }
    }
}
