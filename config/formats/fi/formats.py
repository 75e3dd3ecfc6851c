DATE_FORMAT = "j.n.Y"  # 1.12.2026
TIME_FORMAT = "G:i"  # not 17.11, which stands beside dates and reads as one
DATETIME_FORMAT = "j.n.Y G:i"
MONTH_DAY_FORMAT = "j.n."
YEAR_MONTH_FORMAT = "n/Y"
DATE_INPUT_FORMATS = ["%d.%m.%Y", "%Y-%m-%d"]
FIRST_DAY_OF_WEEK = 1
