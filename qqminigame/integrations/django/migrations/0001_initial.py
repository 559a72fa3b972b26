"""The first tables: texts and locks."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Creates them."""

    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Lock",
            fields=[
                ("name_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=32)),
                ("expires_at", models.BigIntegerField()),
            ],
            options={
                "db_table": "qqminigame_lock",
                "default_permissions": (),
                "indexes": [models.Index(fields=["expires_at"], name="qqminigame_lock_expiry")],
            },
        ),
        migrations.CreateModel(
            name="StoredText",
            fields=[
                ("key_id", models.CharField(max_length=225, primary_key=True, serialize=False)),
                ("key", models.BinaryField()),
                ("text", models.BinaryField()),
                ("is_encrypted", models.BooleanField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("writer", models.CharField(max_length=32)),
                ("kind", models.CharField(max_length=8)),
                ("expires_at", models.BigIntegerField(null=True)),
                ("written_at", models.BigIntegerField()),
            ],
            options={
                "db_table": "qqminigame_text",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["expires_at"], name="qqminigame_text_expiry"),
                    models.Index(fields=["kind", "-written_at"], name="qqminigame_text_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginRecord",
            fields=[],
            options={
                "verbose_name": "login",
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("qqminigame.storedtext",),
        ),
        migrations.CreateModel(
            name="OrderRecord",
            fields=[],
            options={
                "verbose_name": "pay order",
                "permissions": [("settle_orderrecord", "Can settle orders")],
                "proxy": True,
                "default_permissions": ("view",),
                "indexes": [],
                "constraints": [],
            },
            bases=("qqminigame.storedtext",),
        ),
    ]
