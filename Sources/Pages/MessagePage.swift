/// A page that says one thing: an error, a question, a farewell.
public struct MessagePage: Sendable {
    let frame: Frame
    let heading: String
    let text: String
    let form: Confirmation?
    let actions: Actions?
    let requestID: String?

    /// A button that changes something.
    public struct Confirmation: Sendable {
        let text: String
        let address: String
        let token: String

        public init(_ text: String, _ address: String, token: String) {
            self.text = text
            self.address = address
            self.token = token
        }
    }

    /// - Parameter requestID: shown where somebody may have to ask for help.
    public init(
        _ heading: String, _ text: String, form: Confirmation? = nil, actions: [Action] = [], person: Person? = nil,
        requestID: String? = nil
    ) {
        frame = Frame(heading, person: person)
        self.heading = heading
        self.text = text
        self.form = form
        self.actions = Actions(actions)
        self.requestID = requestID
    }

    public var html: String { Renderer.page("message", self) }
}
