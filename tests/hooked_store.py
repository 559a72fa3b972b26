"""A store that lets a test come in between any two steps of a process."""


class Killed(BaseException):
    """The process is killed here: nothing of it runs any more."""


class HookedStore:
    """Passes everything on to another store, and tells a test of each operation.

    Attributes:
        before: Is called with number and name of an operation before it is done.
        after: The same, when it is done.
        steps: How many operations there were.
    """

    def __init__(self, store):
        self._store = store
        self.before = self.after = lambda number, name: None
        self.steps = 0

    def _step(self, name, *arguments, **options):
        self.steps += 1
        number = self.steps
        self.before(number, name)
        result = getattr(self._store, name)(*arguments, **options)
        self.after(number, name)
        return result

    def __repr__(self):
        return repr(self._store)


def _passed_on(name):
    def step(self, *arguments, **options):
        return self._step(name, *arguments, **options)

    return step


OPERATIONS = (
    *("get", "get_many", "set", "add", "replace_if", "delete_if"),
    *("try_lock", "unlock", "now", "scan", "count"),
)
for _name in OPERATIONS:
    setattr(HookedStore, _name, _passed_on(_name))
