"""``python -m gmp_lab`` is ``gmp-lab``, for shells that do not find the command."""

from __future__ import annotations

import sys

from gmp_lab.cli import main

sys.exit(main())
