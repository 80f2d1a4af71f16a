"""The commands, one file each, named as the command; and their list, as the help shows it.

What several commands do in the same way is in `running`.
"""

COMMANDS = {
    "Stack commands": (
        "init",
        "deploy",
        "status",
        "stacks",
        "diff",
        "upgrade",
        "rollback",
        "history",
        "smoke",
        "teardown",
    ),
    "Catalogue commands": (
        "profiles",
        "components",
        "explain",
        "component",
        "profile",
        "render",
        "export",
        "lock",
        "outdated",
    ),
    "More commands": (
        "adopt",
        "unlock",
        "credentials",
        "policies",
        "schema",
        "help",
        "version",
        "completion",
        "record",
        "sandbox",
    ),
}
