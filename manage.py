#!/usr/bin/env python
"""Django's command line, and the product's: see `manage.py help`."""

import os
import sys


def main() -> None:
    os.umask(0o077)  # databases, keys and exported files are for their owner alone
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
