"""`python -m stoker`: the command line. Nothing comes in but the process's arguments; its exit code goes out."""

import sys

from stoker.cli.main import main

sys.exit(main())
