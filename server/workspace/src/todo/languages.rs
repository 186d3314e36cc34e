//! The languages the scanner knows. Everything about one is in its row.

use super::language::{At, Fence, Fill, Heredoc, Hole, Kind, Language, Rule};

/// All languages.
pub(super) static LANGUAGES: &[Language] = &[
    Language {
        name: "Rust",
        ids: &["rust"],
        extensions: &["rs"],
        interpreters: &["rust-script"],
        rules: &[
            line("//"),
            block("/*", "*/").nested(),
            RUST_RAW.opened_by("r"),
            RUST_RAW.opened_by("br"),
            RUST_RAW.opened_by("cr"),
            string("\"").multiline(),
            character("'"),
        ],
        ..NONE
    },
    Language {
        name: "Python",
        ids: &["python"],
        extensions: &["py", "pyi", "pyw"],
        interpreters: &["python"],
        rules: &[
            line("#"),
            string("\"\"\"").multiline(),
            string("'''").multiline(),
            string("\""),
            string("'"),
        ],
        ..NONE
    },
    Language {
        name: "JavaScript",
        ids: &["javascript", "javascriptreact"],
        extensions: &["js", "jsx", "mjs", "cjs"],
        interpreters: &["node", "deno", "bun"],
        rules: JAVASCRIPT,
        regex_after: Some(REGEX_AFTER),
        ..NONE
    },
    Language {
        name: "TypeScript",
        ids: &["typescript", "typescriptreact"],
        extensions: &["ts", "tsx", "mts", "cts"],
        interpreters: &["ts-node", "tsx"],
        rules: JAVASCRIPT,
        regex_after: Some(REGEX_AFTER),
        ..NONE
    },
    Language {
        name: "Go",
        ids: &["go"],
        extensions: &["go"],
        rules: &[line("//"), block("/*", "*/"), string("\""), string("'"), raw("`", "`")],
        ..NONE
    },
    Language {
        name: "C",
        ids: &["c"],
        extensions: &["c", "h"],
        rules: &[
            line("//").continued(),
            block("/*", "*/"),
            string("\""),
            string("'").at(At::NotInNumber),
        ],
        ..NONE
    },
    Language {
        name: "C++",
        ids: &["cpp", "cuda-cpp", "objective-cpp"],
        extensions: &[
            "cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "inl", "ipp", "tpp", "cu", "cuh",
        ],
        rules: &[
            line("//").continued(),
            block("/*", "*/"),
            CPP_RAW.opened_by("R\""),
            CPP_RAW.opened_by("LR\""),
            CPP_RAW.opened_by("uR\""),
            CPP_RAW.opened_by("UR\""),
            CPP_RAW.opened_by("u8R\""),
            string("\""),
            string("'").at(At::NotInNumber),
        ],
        ..NONE
    },
    Language {
        name: "Shell",
        ids: &["shellscript", "sh", "bash", "zsh"],
        extensions: &["sh", "bash", "zsh", "ksh", "bats"],
        file_names: &[".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".envrc"],
        interpreters: &["sh", "bash", "zsh", "dash", "ksh", "ash"],
        rules: &[
            line("#").at(At::AfterBlank),
            raw("((", "))"),
            string("'").opened_by("$'").multiline(),
            raw("'", "'"),
            string("\"").multiline().with_hole("$", b'(', b')'),
        ],
        heredoc: Some(Heredoc {
            open: "<<",
            indent: b'-',
        }),
        escape_in_code: true,
        ..NONE
    },
    Language {
        name: "Java",
        ids: &["java"],
        extensions: &["java"],
        rules: &[
            line("//"),
            block("/*", "*/"),
            string("\"\"\"").multiline(),
            string("\""),
            string("'"),
        ],
        ..NONE
    },
    Language {
        name: "Lua",
        ids: &["lua"],
        extensions: &["lua"],
        interpreters: &["lua", "luajit"],
        rules: &[
            block("--[", "]").fenced(Fill::Repeat('='), "[", "]"),
            line("--"),
            raw("[", "]").fenced(Fill::Repeat('='), "[", "]"),
            string("\""),
            string("'"),
        ],
        ..NONE
    },
    Language {
        name: "TOML",
        ids: &["toml"],
        extensions: &["toml"],
        rules: &[
            line("#"),
            string("\"\"\"").multiline(),
            raw("'''", "'''"),
            string("\""),
            string("'").without_escape(),
        ],
        ..NONE
    },
];

const JAVASCRIPT: &[Rule] = &[
    line("//"),
    block("/*", "*/"),
    string("\""),
    string("'"),
    string("`").multiline().with_hole("$", b'{', b'}'),
];

const REGEX_AFTER: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "of",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
    "await",
];

const RUST_RAW: Rule = raw("r", "\"").fenced(Fill::Repeat('#'), "\"", "").at(At::NewWord);

const CPP_RAW: Rule = raw("R\"", ")").fenced(Fill::Word, "(", "\"").at(At::NewWord);

const NONE: Language = Language {
    name: "",
    ids: &[],
    extensions: &[],
    file_names: &[],
    interpreters: &[],
    rules: &[],
    regex_after: None,
    heredoc: None,
    escape_in_code: false,
};

/// A comment up to the end of the line.
const fn line(open: &'static str) -> Rule {
    Rule {
        kind: Kind::Comment,
        multiline: false,
        ..raw(open, "")
    }
}

/// A comment with an end of its own.
const fn block(open: &'static str, close: &'static str) -> Rule {
    Rule {
        kind: Kind::Comment,
        ..raw(open, close)
    }
}

/// A string with escapes, in one line.
const fn string(quote: &'static str) -> Rule {
    Rule {
        escape: true,
        multiline: false,
        ..raw(quote, quote)
    }
}

/// A string without escapes, over any number of lines.
const fn raw(open: &'static str, close: &'static str) -> Rule {
    Rule {
        kind: Kind::Text,
        open,
        fence: None,
        close,
        at: At::Anywhere,
        nested: false,
        escape: false,
        multiline: true,
        hole: None,
    }
}

/// A character literal whose quote also begins a lifetime or a label.
const fn character(quote: &'static str) -> Rule {
    Rule {
        kind: Kind::Char,
        multiline: false,
        ..raw(quote, quote)
    }
}

impl Rule {
    const fn nested(self) -> Self {
        Self { nested: true, ..self }
    }

    const fn multiline(self) -> Self {
        Self {
            multiline: true,
            ..self
        }
    }

    /// A backslash at the end of the line continues it.
    const fn continued(self) -> Self {
        Self { escape: true, ..self }
    }

    const fn without_escape(self) -> Self {
        Self { escape: false, ..self }
    }

    const fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    const fn opened_by(self, open: &'static str) -> Self {
        Self { open, ..self }
    }

    const fn fenced(self, fill: Fill, then: &'static str, after: &'static str) -> Self {
        Self {
            fence: Some(Fence { fill, then, after }),
            ..self
        }
    }

    const fn with_hole(self, lead: &'static str, open: u8, close: u8) -> Self {
        Self {
            hole: Some(Hole { lead, open, close }),
            ..self
        }
    }
}
