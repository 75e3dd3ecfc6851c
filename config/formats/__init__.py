"""How dates are written and read in each language, where Django's own formats do not serve (FORMAT_MODULE_PATH).

Everywhere a person types a date, 2026-12-01 and 01.12.2026 are read; the first of DATE_INPUT_FORMATS is how forms show
one. DATE_FORMAT and MONTH_DAY_FORMAT are the short forms that stand in tables and sentences.
"""
