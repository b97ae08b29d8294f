"""What tests lean on; nothing here is a test."""

import os

# No test cuts the power: what is written need not wait for the disk, in this process and in those it forks.
os.fsync = lambda _: None
os.environ["OGR_SQLITE_SYNCHRONOUS"] = "OFF"
