"""Drop-in commands: each answers as its original does, with its flags, its words and its exit codes."""
