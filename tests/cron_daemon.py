"""A real cron daemon, which sees one crontab and leaves nothing behind.

It runs in a mount namespace of its own: the machine's crontabs are hidden from it, and what it has
to say goes to a file instead of by mail. Where the machine permits no namespace, CI, which throws
the machine away, lends it the real places.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from machine import lack, require, require_root

_DAEMON = "/usr/sbin/cron"
_SENDMAIL = Path("/usr/sbin/sendmail")
_CRONTAB = Path("/etc/cron.d/qqminigame-test")
_OF_THE_DAEMON = (Path("/run/crond.pid"), Path("/run/crond.reboot"))

_HIDE = """
set -e
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /var/spool/cron
mount -t tmpfs none /run
if [ -e /etc/crontab ]; then mount --bind /dev/null /etc/crontab; fi
mount --bind "$1/sbin" /usr/sbin
install -m 644 "$1/crontab" "$2"
exec /usr/sbin/cron -f
"""


class CronDaemon:
    """Runs a crontab of the system's form, with a user in the sixth field."""

    def __init__(self, folder, crontab):
        """Take the lines.

        Args:
            folder: A folder of its own.
            crontab: The lines.
        """
        require_root()
        require(_DAEMON)
        self._folder = folder
        self._mails = folder / "mails"
        (folder / "sbin").mkdir(parents=True)
        (folder / "crontab").write_text(crontab)
        shutil.copy2(_DAEMON, folder / "sbin")
        sendmail = folder / "sbin" / "sendmail"
        sendmail.write_text(f"#!/bin/sh\nexec cat >> {self._mails}\n")
        sendmail.chmod(0o755)

    def __enter__(self):
        self._left_behind = []
        command = ["unshare", "--mount", "sh", "-c", _HIDE, "sh", self._folder, _CRONTAB]
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
            command = self._borrow()
        self._process = subprocess.Popen(command, start_new_session=True)
        return self

    def __exit__(self, *_):
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        for path in self._left_behind:
            path.unlink(missing_ok=True)

    def _borrow(self):
        """Put the files where cron looks for them, on a machine that is nobody's."""
        if not os.environ.get("CI") or _SENDMAIL.exists():
            lack("this machine permits no mount namespace to hide its crontabs from cron")
        places = (_SENDMAIL, _CRONTAB, *_OF_THE_DAEMON)
        self._left_behind = [path for path in places if not path.exists()]
        shutil.copy(self._folder / "sbin" / "sendmail", _SENDMAIL)
        shutil.copy(self._folder / "crontab", _CRONTAB)
        return [_DAEMON, "-f"]

    @property
    def mails(self):
        """All that cron has sent."""
        return self._mails.read_text() if self._mails.exists() else ""

    def wait_for(self, found):
        """Wait until a job has come to its end; cron looks at its lines once a minute.

        Args:
            found: Returns what the job leaves, and nothing before that.
        """
        ends = time.monotonic() + 240
        while not (result := found()):
            assert self._process.poll() is None, "the daemon has ended"
            assert time.monotonic() < ends, self.mails
            time.sleep(0.2)
        return result
