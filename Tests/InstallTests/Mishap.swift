import Foundation
import Glibc
import TestSupport

/// Something that goes wrong once while deploy/install runs: a command of its own that fails, or a signal as it starts one.
struct Mishap: Sendable {
    /// The name of the command and its words, as bash matches them.
    let pattern: String
    var signal = ""
    var isForGood = false

    private static let commands = ["systemctl", "ln", "mv", "mkdir", "install", "rm", "cmp"]
    private static let script = """
        #!/bin/bash
        name=${0##*/}
        if [[ "$name $*" == $PATTERN ]] && { /usr/bin/mkdir "$PLACE/happened" 2>/dev/null || [[ -n $FOR_GOOD ]]; }; then
            [[ -n $SIGNAL ]] || exit 1
            kill -s "$SIGNAL" $PPID
        fi
        if [[ $name == systemctl ]]; then exec "${PLACE%/mishap}/systemctl" "$@"; fi
        exec "/usr/bin/$name" "$@"

        """

    /// Whether it has happened, and how the installer ended.
    func strike(_ installation: Installation, _ options: String...) throws -> (happened: Bool, ended: Shell.Ended) {
        let place = "\(installation.root)/mishap"
        try? FileManager.default.removeItem(atPath: place)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        for name in Self.commands {
            try Places.write(Self.script, to: "\(place)/\(name)")
            unsafe chmod("\(place)/\(name)", 0o755)
        }
        let ended = try installation.install(
            options,
            by: [
                "env", "PATH=\(place):/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "SYSTEMCTL=\(place)/systemctl",
                "PLACE=\(place)", "PATTERN=\(pattern)", "SIGNAL=\(signal)", "FOR_GOOD=\(isForGood ? "1" : "")",
            ])
        return (FileManager.default.fileExists(atPath: "\(place)/happened"), ended)
    }
}
