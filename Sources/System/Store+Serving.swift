public import Core

extension Store {
    /// For a program that serves: when a commit may have happened or not, it says so, stops and is started anew.
    public convenience init(_ settings: StoreSettings, log: JSONLog) throws(StoreError) {
        try self.init(settings) { error in
            log(LogLine(.error, "store.broken", ["store.reason": error.description]))
            System.stop()
        }
    }
}
