/// The manual page, in the macros that `man` formats (groff_man(7)), made of what `--help` says.
struct ManualPage {
    private(set) var text = ""

    init(_ command: CommandDescription, version: String) {
        let name = command.commandName
        line(".TH \(name.uppercased()) 1 \"\" \"\(name) \(version)\" \"User Commands\"")
        line(".SH NAME")
        line("\(name) \\- " + Self.escaped(command.abstract ?? ""))
        line(".SH SYNOPSIS")
        let commands = (command.subcommands ?? []).filter {
            $0.shouldDisplay != false && $0.commandName != "help"
        }
        for each in commands { synopsis(name, each) }
        line(".SH COMMANDS")
        for each in commands { section(each) }
        closing(name)
    }

    private mutating func line(_ text: String) { self.text += text + "\n" }

    /// Dashes as they are typed, and no line that a macro would be made of.
    private static func escaped(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return escaped.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : String($0) }
            .joined(separator: "\n.br\n")
    }

    private mutating func synopsis(_ name: String, _ command: CommandDescription) {
        let values = Self.shown(command).filter { $0.kind == "positional" }.map { argument in
            let value = Self.escaped(argument.valueName ?? "") + (argument.isRepeating ? "..." : "")
            return argument.isOptional ? "[\\fI\(value)\\fR]" : "\\fI\(value)\\fR"
        }
        line(".B \(name) \(command.commandName)")
        line((["[\\fIoptions\\fR]"] + values).joined(separator: " "))
        line(".br")
    }

    private mutating func section(_ command: CommandDescription) {
        line(".SS \(command.commandName)")
        if let abstract = command.abstract { line(Self.escaped(abstract)) }
        if let discussion = command.discussion, !discussion.isEmpty {
            line(".PP")
            line(Self.escaped(discussion))
        }
        for argument in Self.shown(command) {
            let names = (argument.names ?? []).map { "\\fB" + Self.escaped($0.text) + "\\fR" }
            let value = "\\fI" + Self.escaped(argument.valueName ?? "value") + "\\fR"
            line(".TP")
            switch argument.kind {
            case "positional": line(value)
            case "flag": line(names.joined(separator: ", "))
            default: line(names.joined(separator: ", ") + " " + value)
            }
            line(Self.escaped(argument.abstract ?? ""))
        }
    }

    /// Help and version are everywhere the same.
    private static func shown(_ command: CommandDescription) -> [CommandDescription.Argument] {
        (command.arguments ?? []).filter { argument in
            let names = (argument.names ?? []).map(\.name)
            return argument.shouldDisplay && !names.contains("help") && !names.contains("version")
        }
    }

    private mutating func closing(_ name: String) {
        line(".SH EXIT STATUS")
        for (code, meaning) in [
            ("0", "Done."),
            ("1", "The question was refused, or something was not done; standard error says why."),
            ("3", "Nobody answers, or the data directory is in use."),
            ("4", "With --check: a row was left."), ("64", "Wrong usage."),
        ] {
            line(".TP")
            line(code)
            line(Self.escaped(meaning))
        }
        line(".SH ENVIRONMENT")
        line(".TP")
        line("EVERYSPAN_URL")
        line(Self.escaped("The server that commands ask, unless --url or --data is given."))
        line(".TP")
        line("EVERYSPAN_DATA, EVERYSPAN_LISTEN, ...")
        line("Settings of \\fB\(name) serve\\fR, one for each of its options.")
        line(".SH EXAMPLES")
        for example in [
            "\(name) demo", "\(name) slices --by prompt.version --where failed --since 1h",
            "\(name) traces --where 'tenant = acme and duration > p95'",
            "\(name) tail --where failed", "\(name) export --since 7d --output week.ndjson",
        ] {
            line(".PP")
            line(".nf")
            line(Self.escaped(example))
            line(".fi")
        }
    }
}
