"""Where ``os_row`` was before ``operating_systems``."""

from envspec.compat.operating_systems import OsRow as OsRow
from envspec.compat.operating_systems import os_names as os_names
from envspec.compat.operating_systems import os_row as os_row
