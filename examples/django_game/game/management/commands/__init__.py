"""What cron runs: manage.py settle, manage.py nightly."""
