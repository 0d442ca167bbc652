"""The command line: one thin module per verb, and in `applets/` the commands of other projects under their names."""
