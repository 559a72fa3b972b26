"""A Django project with an admin: prints as JSON what its pages show and what its action says.

Arguments: what ``QQMINIGAME`` is, as JSON; the file of the database; an order id and an openid.
"""

import json
import sys

import django
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.urls import path

ADMIN = "/admin/qqminigame"


def main(configuration, database, order_id, openid):
    """Set the project up, fill it, and look at it."""
    settings.configure(
        SECRET_KEY="for-tests",
        DEBUG=True,
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
        ROOT_URLCONF="admin_program",
        INSTALLED_APPS=[
            *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
            *("django.contrib.messages", "django.contrib.sessions"),
            "qqminigame.integrations.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.locale.LocaleMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        QQMINIGAME={"default": configuration},
    )
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(look(order_id, openid)))


def look(order_id, openid):
    """Return the pages by name."""
    from django.contrib.auth.models import Permission, User
    from django.test import Client

    from qqminigame.integrations.django import sessions
    from qqminigame.integrations.django.models import OrderRecord

    client, reader = Client(), Client()
    client.force_login(User.objects.create_superuser("root"))
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_orderrecord"))
    reader.force_login(user)
    row = OrderRecord.objects.filter(kind="order").order_by("written_at").first()
    orders, logins = f"{ADMIN}/orderrecord/", f"{ADMIN}/loginrecord/"
    settle = {"action": "settle_due", "_selected_action": row.key_id}

    def get(url, **query):
        return client.get(url, query).content.decode()

    pages = {
        "logins": get(logins),
        "found login": get(logins, q=openid),
        "lost login": get(logins, q=openid[:-1]),
        "orders": get(orders),
        "orders in Chinese": client.get(
            orders, headers={"Accept-Language": "zh-hans"}
        ).content.decode(),
        "open": get(orders, state="open"),
        "finished": get(orders, state="finished"),
        "found order": get(orders, q=order_id),
        "order": get(f"{orders}{row.key_id}/change/"),
        "add": get(f"{orders}add/"),
        "reader": reader.get(orders).content.decode(),
        "settled by reader": reader.post(orders, settle, follow=True).content.decode(),
        "settled": client.post(orders, settle, follow=True).content.decode(),
    }
    sessions.close()
    return pages


urlpatterns = [path("admin/", admin.site.urls)] if settings.configured else []

if __name__ == "__main__":
    main(json.loads(sys.argv[1]), *sys.argv[2:])
