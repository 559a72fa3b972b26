"""Sets up the Django project of this process; whoever uses Django in a test imports it first."""

import os

import django

# For this process alone: the programs that tests start have projects of their own, or none.
os.environ["DJANGO_SETTINGS_MODULE"] = "django_settings"
django.setup()
del os.environ["DJANGO_SETTINGS_MODULE"]
