"""``python -m envspec``."""

import sys

from envspec.cli.main import main

sys.exit(main())
