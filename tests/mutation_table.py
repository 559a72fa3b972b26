"""The lines of the package that mutations.py breaks, and the tests that have to notice."""

from typing import Final

from attrs import field, frozen


@frozen
class Mutation:
    """A line that is broken on purpose.

    Attributes:
        name: What the command line calls it.
        old: A text that occurs exactly once in the package.
        new: What stands there instead.
        tests: The tests that have to fail, as pytest names them below ``tests``; any one of them
            will do.
    """

    name: str
    old: str
    new: str
    tests: tuple[str, ...] = field(converter=lambda names: tuple(names.split()))


_SIGNING: Final = (
    Mutation(
        "sign-body-hash",
        'body, "sha256").hex()',
        'body, "sha1").hex()',
        "test_signing.py::test_sign_body__vectors",
    ),
    Mutation(
        "sig-hash",
        'source.encode(), "sha1")',
        'source.encode(), "sha256")',
        "test_signing.py::test_sign_openapi__vectors",
    ),
    Mutation(
        "sig-sorted",
        "for key in sorted(params)",
        "for key in params",
        "test_signing.py::test_openapi_source__names_are_in_byte_order",
    ),
    Mutation(
        "sig-key-ends-with-ampersand",
        'hmac.digest(f"{app_key}&".encode(), source.encode(), "sha1")',
        'hmac.digest(app_key.encode(), source.encode(), "sha1")',
        "test_signing.py::test_sign_openapi__vectors",
    ),
    Mutation(
        "sig-tilde-is-encoded",
        '.replace("~", "%7E")',
        "",
        "test_signing.py::test_sign_openapi__agrees_with_openssl",
    ),
    Mutation(
        "sig-capital-method",
        "(method.upper(), ",
        "(method, ",
        "test_signing.py::test_openapi_source__the_method_is_upper_case",
    ),
    Mutation(
        "sig-covers-payload",
        "    query.update(payload)\n"
        '    query["sig"] = sign_openapi(endpoint.method, endpoint.path, query, app_key)\n',
        '    query["sig"] = sign_openapi(endpoint.method, endpoint.path, query, app_key)\n'
        "    query.update(payload)\n",
        "test_wire.py::test_openapi_request__the_seeds_urls",
    ),
    Mutation(
        "sig-covers-userip",
        'query["userip"] = login.userip',
        'payload = {**payload, "userip": ""}',
        "test_wire.py::test_openapi_request__userip",
    ),
    Mutation(
        "sign-what-is-sent",
        "body = _json_bytes(payload)\n",
        "body = json.dumps(payload).encode()\n",
        "test_wire.py::test_login_state_request__bytes_and_signature",
    ),
    Mutation(
        "query-is-encoded",
        'return quote(value, safe="")\n\n\ndef _json',
        "return quote(value)\n\n\ndef _json",
        "test_wire.py::test_urls__encode_everything",
    ),
    Mutation(
        "hall-app-id-in-request",
        "app_id = app.hall_app_id or app.app_id",
        "app_id = app.app_id",
        "test_dawanka.py::test_dawanka__signs_with_the_halls_id",
    ),
    Mutation(
        "hall-app-id-names-orders",
        "return hall or self._app.app_id,",
        "return self._app.app_id,",
        "test_pay_orders.py::test_session__for_the_hall_alone",
    ),
    Mutation(
        "hall-app-id-is-needed",
        " and self._app.app_secret and not self._app.hall_app_id:",
        " and False:",
        "test_dawanka.py::test_dawanka__without_hall_app_id",
    ),
    Mutation(
        "base-url-for-all-calls",
        "origin = base_url or endpoint.host",
        "origin = endpoint.host if endpoint.auth is Auth.OPENAPI_V3 else base_url or endpoint.host",
        "test_wire.py::test_base_url__replaces_the_host_only",
    ),
    Mutation(
        "base-url-keeps-tokens-apart",
        "host = self._base_url or self.platform.token.host",
        "host = self.platform.token.host",
        "test_session.py::test_session__a_token_is_not_used_for_another_secret_or_address",
    ),
    Mutation(
        "secret-keeps-tokens-apart",
        ":{settings.digest(app_secret or '')}",
        "",
        "test_session.py::test_session__a_token_is_not_used_for_another_secret_or_address",
    ),
    Mutation(
        "base-url-without-password",
        'and "@" not in parts.netloc',
        "",
        "test_session.py::test_session__a_wrong_argument",
    ),
    Mutation(
        "base-url-without-last-slash",
        'return base_url.rstrip("/")',
        "return base_url",
        "test_session.py::test_call__behind_a_gateways_prefix",
    ),
    Mutation(
        "base-url-of-orders",
        "if order.address != self.address:",
        "if False:",
        "test_pay_orders.py::test_address__of_another_platform",
    ),
)

_TOKENS: Final = (
    Mutation(
        "token-ttl",
        "to_text(token), life_seconds,",
        "to_text(token), None,",
        "test_tokens.py::test_get__a_token_expires_in_the_store",
    ),
    Mutation(
        "token-expired-is-not-used",
        "old if life is Life.ENDING else None, deadline)",
        "old, deadline)",
        "test_tokens.py::test_get__a_clock_that_was_set_back__and_no_token_to_be_had",
    ),
    Mutation(
        "token-broken-store-is-left-alone",
        "self._remember(known, seen.token)",
        "pass",
        "test_tokens.py::test_store__out_of_reach__is_not_asked_at_every_call",
    ),
    Mutation(
        "token-fetch-ends-before-lease",
        "FETCH_SECONDS: Final = 4.0",
        "FETCH_SECONDS: Final = 40.0",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-recheck-inside-overlap",
        "RECHECK_SECONDS: Final = 60.0",
        "RECHECK_SECONDS: Final = 280.0",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-lease-is-short",
        "LEASE_SECONDS: Final = 5.0",
        "LEASE_SECONDS: Final = 3600.0",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-breaker-is-short",
        "BREAKER_SECONDS: Final = 30.0",
        "BREAKER_SECONDS: Final = 3600.0",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-breaker-lasts",
        "BREAKER_SECONDS: Final = 30.0",
        "BREAKER_SECONDS: Final = 0.1",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-pause-is-short",
        "known.quiet_until = now + PAUSE_SECONDS",
        "known.quiet_until = now + 3600.0",
        "test_tokens.py::test_get__a_failed_refresh_while_the_token_lives",
    ),
    Mutation(
        "token-refusal-is-short",
        "REFUSAL_SECONDS: Final = 5.0",
        "REFUSAL_SECONDS: Final = 3600.0",
        "test_tokens.py::test_numbers__fit_together",
    ),
    Mutation(
        "token-mandatory-window-shrinks",
        "min(MANDATORY_SECONDS, span / 10)",
        "MANDATORY_SECONDS",
        "test_tokens.py::test_get__a_short_life__and_another_holds_the_lock",
    ),
    Mutation(
        "token-advisory-window-shrinks",
        "min(ADVISORY_SECONDS, span / 4)",
        "ADVISORY_SECONDS",
        "test_tokens.py::test_get__a_short_life_is_used_too",
    ),
    Mutation(
        "token-no-renewal-without-time",
        "if deadline.left() > 0 and known.turn.acquire(hold, 0.0):",
        "if known.turn.acquire(hold, 0.0):",
        "test_tokens.py::test_get__no_time_left__while_the_token_is_good_for_minutes",
    ),
    Mutation(
        "token-advisory-does-not-wait",
        "known.turn.acquire(hold, 0.0)",
        "known.turn.acquire(hold, deadline.left())",
        "test_tokens.py::test_get__two_threads_in_the_advisory_window",
    ),
    Mutation(
        "token-advisory-renews",
        "if life is Life.AGEING:",
        "if False:",
        "test_tokens.py::test_get__renews_ahead_of_the_end",
    ),
    Mutation(
        "token-mandatory-waits",
        "(Life.GOOD, Life.AGEING) or (failure and life is Life.ENDING)",
        "(Life.GOOD, Life.AGEING, Life.ENDING)",
        "test_tokens.py::test_get__another_holds_the_lock__near_the_end",
    ),
    Mutation(
        "token-newer-one-is-taken",
        "if stored is not None and stored != rejected:",
        "if False:",
        "test_tokens.py::test_replace__of_a_token_that_another_process_has_replaced",
    ),
    Mutation(
        "token-newer-one-under-the-lock",
        "stored != old and life_of(stored, now) is Life.GOOD",
        "False",
        "test_tokens.py::test_get__another_process_fetches_just_before_the_lock_is_taken",
    ),
    Mutation(
        "token-compare-and-delete",
        "self.store.delete_if(self.key, to_text(rejected), timeout=_timeout(deadline))",
        'self.store.set(self.key, "", 0, timeout=_timeout(deadline))',
        "test_tokens.py::test_replace__another_process_replaces_it_meanwhile",
    ),
    Mutation(
        "token-breaker-is-asked",
        "if self.store.get(self.key + _BREAKER, timeout=_timeout(deadline)) is not None:",
        "if False:",
        "test_tokens.py::test_replace__a_fresh_token_that_is_rejected_too",
    ),
    Mutation(
        "token-breaker-is-opened",
        "self.tokens.distrust(call.deadline)",
        "pass",
        "test_session.py::test_call__after_that_no_call_is_repeated_for_its_token",
    ),
    Mutation(
        "token-budget",
        "if len(times) >= FETCHES_PER_MINUTE:",
        "if len(times) > FETCHES_PER_MINUTE:",
        "test_tokens.py::test_get__a_budget_of_fetches",
    ),
    Mutation(
        "token-part-of-the-deadline",
        "old, deadline.part(FETCH_SECONDS))",
        "old, deadline)",
        "test_tokens.py::test_get__a_fetch_ends_before_its_lease",
    ),
    Mutation(
        "token-older-fetch-loses",
        "and current.fetched_at > token.fetched_at",
        "and False",
        "test_tokens.py::test_get__a_fetch_that_outlasts_its_lease",
    ),
    Mutation(
        "token-skew",
        "token.fetched_at - SKEW_SECONDS <= now",
        "token.fetched_at <= now",
        "test_tokens.py::test_get__a_clock_that_is_behind",
    ),
    Mutation(
        "token-clock-set-back",
        "not token.fetched_at - SKEW_SECONDS <= now < token.expires_at",
        "not now < token.expires_at",
        "test_tokens.py::test_get__a_clock_that_was_set_back",
    ),
    Mutation(
        "token-life-from-before-the-fetch",
        "fetched_at = self.clock.time()\n\n",
        "fetched_at = self.clock.time() + 60\n\n",
        "test_session.py::test_call__a_tokens_life_counts_from_before_its_fetch",
    ),
    Mutation(
        "token-failure-ends-the-wait",
        "failure = known.failure if known.failure is not before else None",
        "failure = None",
        "test_tokens.py::test_get__16_threads_share_one_failure",
    ),
    Mutation(
        "token-is-written-down-at-last",
        "return max(_timeout(deadline), _LAST_SECONDS)",
        "return _timeout(deadline)",
        "test_tokens.py::test_get__a_fetch_that_takes_all_the_time",
    ),
    Mutation(
        "token-rejected-again-is-raised",
        "        if other is None:\n            raise rejection\n",
        "        if other is None:\n            other = token\n",
        "test_session.py::test_call__after_that_no_call_is_repeated_for_its_token",
    ),
)

_OUTCOMES: Final = (
    Mutation(
        "outcome-not-sent-is-repeated",
        '"the request never went out", True, True, False',
        '"the request never went out", True, False, False',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-unanswered-is-unclear",
        '"no answer came", True, False, True',
        '"no answer came", True, False, False',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-unanswered-is-not-repeated",
        '"no answer came", True, False, True',
        '"no answer came", True, True, True',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-unavailable-is-unclear",
        'or an answer cut off", True, False, True',
        'or an answer cut off", True, False, False',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-busy-is-unclear",
        'says it is busy", True, False, True',
        'says it is busy", True, False, False',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-garbled-is-unclear",
        'not the documented one", False, False, True',
        'not the documented one", False, False, False',
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-sent-is-unknown",
        "Outcome.NOT_SENT if error.sent is False else",
        "Outcome.NOT_SENT if not error.sent else",
        "test_retry.py::test_outcome__of_every_error",
    ),
    Mutation(
        "outcome-refusals-are-listed",
        "isinstance(error, PlatformError) and error.code in endpoint.refusals",
        "isinstance(error, PlatformError)",
        "test_retry.py::test_final_error__only_listed_codes_are_a_clear_no",
    ),
    Mutation(
        "outcome-unlisted-codes-are-unclear",
        "(outcome_of(error).unclear or isinstance(error, PlatformError))",
        "outcome_of(error).unclear",
        "test_retry.py::test_final_error__only_listed_codes_are_a_clear_no",
    ),
    Mutation(
        "outcome-busy-is-no-refusal",
        "        OpenApiCode.LOGIN_ILLEGAL,\n",
        "        OpenApiCode.LOGIN_ILLEGAL,\n        OpenApiCode.BUSY,\n",
        "test_retry.py::test_final_error__only_listed_codes_are_a_clear_no",
    ),
    Mutation(
        "outcome-report-is-not-idempotent",
        "    idempotent=False,\n",
        "",
        "test_dawanka.py::test_report_pay__an_unclear_end_is_said_and_never_repeated",
    ),
    Mutation(
        "outcome-attempts",
        "attempt >= self.attempts",
        "attempt > self.attempts",
        "test_retry.py::test_pause__ends_with_the_attempts",
    ),
    Mutation(
        "outcome-no-pause-past-the-deadline",
        "return seconds if seconds < left_seconds else None",
        "return seconds",
        "test_retry.py::test_pause__never_past_the_deadline",
    ),
    Mutation(
        "outcome-begun-is-not-unsent",
        "    if not begun:\n        return NotSentError",
        "    if True:\n        return NotSentError",
        "test_dawanka.py::test_report_pay__an_unclear_end_is_said_and_never_repeated",
    ),
    Mutation(
        "outcome-not-begun-is-unsent",
        "    if not begun:\n        return NotSentError",
        "    if False:\n        return NotSentError",
        "test_dawanka.py::test_report_pay__what_was_never_sent_is_repeated",
    ),
    Mutation(
        "outcome-adapters-do-not-repeat",
        "if retries is not None and (retries.total or retries.read or retries.status):",
        "if False:",
        "test_http_session.py::test_retries__of_an_adapter__are_refused_for_a_payment",
    ),
)

_CONNECTIONS: Final = (
    Mutation(
        "connection-kept-after-200-only",
        "if answer.status == 200 and answer.is_whole",
        "if answer.is_whole",
        "test_connections.py::test_keep__only_after_a_complete_200_with_nothing_behind_it",
    ),
    Mutation(
        "connection-kept-after-whole-answers",
        "if answer.status == 200 and answer.is_whole and",
        "if answer.status == 200 and",
        "test_connections.py::test_keep__only_after_a_complete_200_with_nothing_behind_it",
    ),
    Mutation(
        "connection-nothing-behind",
        "and not self._reader.has_more()",
        "",
        "test_connections.py::test_keep__only_after_a_complete_200_with_nothing_behind_it",
    ),
    Mutation(
        "connection-nothing-late",
        "return not unread and not self._poll()",
        "return not unread",
        "test_connections.py::test_keep__bytes_that_come_late",
    ),
    Mutation(
        "connection-nothing-decrypted",
        "return not unread and not self._poll()",
        "return not self._poll()",
        "test_connection_rule.py::test_200__what_follows_is_never_read",
    ),
    Mutation(
        "connection-1xx-is-no-answer",
        "while 100 <= self.status < 200",
        "while 100 <= self.status < 103",
        "test_connection_rule.py::test_1xx__is_passed_over_and_the_answer_behind_it_taken",
    ),
    Mutation(
        "connection-101-ends-it",
        " and self.status != http.client.SWITCHING_PROTOCOLS",
        "",
        "test_connection_rule.py::test_101__is_no_answer_and_what_follows_is_never_read",
    ),
    Mutation(
        "connection-one-length",
        "if len(lengths) > 1 or (",
        "if (",
        "test_connections.py::test_head__that_leaves_open_where_the_body_ends",
    ),
    Mutation(
        "connection-grows-old",
        "if sock is None or time.monotonic() >= self._good_until:",
        "if sock is None:",
        "test_connections.py::test_idle__a_connection_too_old_is_opened_anew",
    ),
    Mutation(
        "connection-ends-before-the-server-does",
        "float(promised[1]) - 1.0)",
        "float(promised[1]))",
        "test_connections.py::test_idle__a_connection_too_old_is_opened_anew",
    ),
    Mutation(
        "connection-of-a-payment-is-new",
        'prepared.headers["Connection"] = "close"',
        "pass",
        "test_connections.py::test_pool__a_payment_opens_no_connection_beyond_its_size",
    ),
    Mutation(
        "connection-of-a-payment-is-not-kept",
        "            if new:\n                connection.end()\n            elif",
        "            if",
        "test_connections.py::test_pool__a_payment_opens_no_connection_beyond_its_size",
    ),
    Mutation(
        "connection-redirects",
        'prepared.register_hook("response", _stay_here)',
        "pass",
        "test_http_session.py::test_redirect__is_not_followed",
    ),
    Mutation(
        "connection-deadline-of-a-part",
        "return Deadline(min(self.left(), seconds), self._monotonic)",
        "return Deadline(seconds, self._monotonic)",
        "test_deadline.py::test_left__is_never_negative",
    ),
    Mutation(
        "connection-deadline-of-all-reads",
        "return min(left, self._each)",
        "return self._each",
        "test_connections.py::test_patience__is_no_longer_than_what_is_left",
    ),
    Mutation(
        "connection-time-is-shared-by-addresses",
        "seconds / (len(addresses) + 1), min(seconds, _LEAST_SHARE_SECONDS))",
        "seconds, 0.0)",
        "test_connections.py::test_connect__to_a_host_with_many_dead_addresses",
    ),
    Mutation(
        "connection-total-is-what-is-left",
        "total=left",
        "total=None",
        "test_transport.py::test_drip__ends_with_the_call",
    ),
    Mutation(
        "semaphore-newcomers-do-not-overtake",
        "if not self._waiting and self._come_in(hold):",
        "if self._come_in(hold):",
        "test_fair_semaphore.py::test_acquire__a_newcomer_does_not_overtake",
    ),
    Mutation(
        "semaphore-order",
        "self._waiting.append(weakref.ref(hold))",
        "self._waiting.appendleft(weakref.ref(hold))",
        "test_fair_semaphore.py::test_acquire__in_the_order_of_coming",
    ),
    Mutation(
        "semaphore-first-in-the-queue",
        "bool(self._waiting) and self._waiting[0]() is hold",
        "True",
        "test_fair_semaphore.py::test_acquire__a_newcomer_does_not_overtake",
    ),
    Mutation(
        "semaphore-size",
        "if len(self._held) >= self._size:",
        "if len(self._held) > self._size:",
        "test_fair_semaphore.py::test_acquire__no_more_than_may_be_in",
    ),
    Mutation(
        "semaphore-lost-holds",
        "weakref.ref(hold, self._held.discard)",
        "weakref.ref(hold)",
        "test_fair_semaphore.py::test_hold__that_is_lost",
    ),
)

_PROCESSES: Final = (
    Mutation(
        "process-owns-its-value",
        "process = os.getpid(), _forks[0]\n",
        "process = 0, 0\n",
        "test_forking.py::test_per_process__the_parents_value_is_kept",
    ),
    Mutation(
        "process-keeps-what-its-parent-had",
        "self._values[process] = self._make()",
        "self._values = {process: self._make()}",
        "test_forking.py::test_per_process__the_parents_value_is_kept",
    ),
    Mutation(
        "process-of-a-sqlite-connection",
        "idle = self._idle.setdefault(os.getpid(), deque())\n        opened",
        "idle = self._idle.setdefault(0, deque())\n        opened",
        "test_sqlite_store.py::TestForks::test_a_child_opens_the_file_itself",
    ),
    Mutation(
        "process-of-a-redis-connection",
        "idle = self._idle.setdefault(os.getpid(), deque())\n        connection",
        "idle = self._idle.setdefault(0, deque())\n        connection",
        "test_redis_store.py::test_fork__the_child_has_connections_of_its_own",
    ),
    Mutation(
        "process-of-a-memory-store",
        "content = self._contents.get(os.getpid()) or self._adopt()",
        "content = next(iter(self._contents.values()), None) or self._adopt()",
        "test_stores.py::TestMemory::test_fork__keeps_the_texts_and_frees_the_locks",
    ),
    Mutation(
        "process-of-the-users-session",
        "    if os.getpid() != made_in:\n        http.close()\n",
        "",
        "test_forking.py::test_fork__the_users_session_has_connections_of_its_own_in_the_child",
    ),
    Mutation(
        "process-that-was-torn",
        "        if was_torn(self.path):",
        "        if False:",
        "test_sqlite_store.py::TestForks::test_in_the_middle_of_an_operation",
    ),
)

_ORDERS: Final = (
    Mutation(
        "order-is-added-once",
        "if self.store.add(key, order_text(order), timeout=left(deadline)):\n"
        "                return order",
        "if not self.store.set(key, order_text(order), timeout=left(deadline)):\n"
        "                return order",
        "test_pay_orders.py::test_begin__of_two_with_the_same_order",
    ),
    Mutation(
        "order-is-listed-before-it-is-open",
        "            self.store.set(self.keys.open(order.mark), order_text(order), "
        "timeout=left(deadline))\n"
        "            key = self.keys.order(order_id)\n"
        "            if self.store.add(key, order_text(order), timeout=left(deadline)):\n"
        "                return order\n",
        "            key = self.keys.order(order_id)\n"
        "            added = self.store.add(key, order_text(order), timeout=left(deadline))\n"
        "            self.store.set(self.keys.open(order.mark), order_text(order), "
        "timeout=left(deadline))\n"
        "            if added:\n"
        "                return order\n",
        "test_order_fences.py::test_killed_at_any_step",
    ),
    Mutation(
        "order-becomes-the-latest-first",
        "            if not self._become_latest(order, look.latest, deadline):\n"
        "                return None\n",
        "",
        "test_pay_orders.py::test_begin__of_two_that_looked_at_once",
    ),
    Mutation(
        "order-latest-is-compared",
        "return self.store.replace_if(key, latest, text, timeout=left(deadline))",
        "return self.store.set(key, text, timeout=left(deadline)) is None",
        "test_pay_orders.py::test_begin__of_two_that_looked_at_once",
    ),
    Mutation(
        "order-mark",
        "            mark=secrets.token_hex(8),\n            begun_at=look.now,",
        '            mark="0",\n            begun_at=look.now,',
        "test_pay_orders.py::test_forget__an_older_attempt",
    ),
    Mutation(
        "order-forget-compares",
        "deleted = self.store.delete_if(key, order_text(order), timeout=least(deadline))",
        'deleted = self.store.delete_if(key, self.store.get(key) or "")',
        "test_pay_orders.py::test_forget__an_older_attempt",
    ),
    Mutation(
        "order-finish-compares",
        "        replaced = self.store.replace_if(\n"
        "            key, order_text(order), order_text(done), timeout=least(deadline)\n"
        "        )\n",
        "        self.store.set(key, order_text(done), timeout=least(deadline))\n"
        "        replaced = True\n",
        "test_pay_orders.py::test_forget__an_older_attempt",
    ),
    Mutation(
        "order-checked-before-it-is-sent",
        "self.orders.check(order, deadline)",
        "pass",
        "test_order_fences.py::test_time_passes_at_any_step",
    ),
    Mutation(
        "order-too-late-is-not-sent",
        "if late or text != order_text(order):",
        "if text != order_text(order):",
        "test_order_fences.py::test_time_passes_at_any_step",
    ),
    Mutation(
        "order-closed-is-not-sent",
        "if late or text != order_text(order):",
        "if late:",
        "test_order_fences.py::test_stopped_while_the_order_is_closed_by_word",
    ),
    Mutation(
        "order-margin",
        "MARGIN_SECONDS: Final = 60.0",
        "MARGIN_SECONDS: Final = 0.0",
        "test_pay_orders.py::test_unknown__says_when_settle_can_decide",
    ),
    Mutation(
        "order-under-way-is-waited-for",
        "        if wait > 0:\n",
        "        if wait > 1e9:\n",
        "test_pay_orders.py::test_settle__while_the_report_may_be_under_way",
    ),
    Mutation(
        "order-earlier-one-unclear",
        "if look.now >= look.quiet_from else None",
        "",
        "test_pay_orders.py::test_settle__an_earlier_order_may_still_come_in",
    ),
    Mutation(
        "order-later-one",
        "if not self.orders.is_latest(order, deadline):",
        "if False:",
        "test_pay_orders.py::test_settle__a_later_order_came_in_between",
    ),
    Mutation(
        "order-level",
        "if info.level.value != order.level_before:",
        "if False:",
        "test_pay_orders.py::test_settle__at_another_level",
    ),
    Mutation(
        "order-unlimited-uses",
        "if UNLIMITED in (before, after):",
        "if False:",
        "test_pay_orders.py::test_settle__unlimited_players",
    ),
    Mutation(
        "order-other-count",
        "if after not in (before, before - 1):",
        "if False:",
        "test_pay_orders.py::test_settle__something_else_changed_the_count",
    ),
    Mutation(
        "order-of-another-player",
        "if order.openid != hall_login.openid:",
        "if False:",
        "test_pay_orders.py::test_report_pay__another_players_order",
    ),
    Mutation(
        "order-records-that-are-lost",
        "if place != self._known:",
        "if False:",
        "test_pay_orders.py::test_records__that_are_lost",
    ),
    Mutation(
        "order-unclear-stays-open",
        "if isinstance(failure, OutcomeUnknownError):\n            raise _unclear",
        "if False:\n            raise _unclear",
        "test_pay_orders.py::test_report_pay__no_clear_answer",
    ),
    Mutation(
        "order-unreadable-is-refused",
        "    if order is None:\n        # To take",
        "    if False:\n        # To take",
        "test_pay_orders.py::test_records__that_are_unreadable",
    ),
    Mutation(
        "order-id-of-128-bytes",
        "MAX_ORDER_ID_BYTES: Final = 128",
        "MAX_ORDER_ID_BYTES: Final = 127",
        "test_pay_orders.py::test_calls__order_ids_at_the_limit",
    ),
    Mutation(
        "order-store-that-forgets",
        "            check_durable(self.store, timeout=left(deadline))\n",
        "",
        "test_pay_orders.py::test_orders__where_they_might_be_lost",
    ),
    Mutation(
        "order-pruned-is-old",
        "_DAY: Final = 86_400",
        "_DAY: Final = 1",
        "test_pay_orders.py::test_prune__arguments_that_are_none",
    ),
    Mutation(
        "due-order-is-claimed",
        "if orders.store.try_lock(lock, lease, timeout=left(deadline)) is None:",
        "if False:",
        "test_due_orders.py::test_claim__of_two_sweeps_at_once",
    ),
    Mutation(
        "due-not-before-the-report-is-over",
        "if order.settle_from <= now and order.address == self.address",
        "if order.address == self.address",
        "test_due_orders.py::test_settle_due__not_before_the_report_is_over",
    ),
    Mutation(
        "due-at-another-address",
        "if order.settle_from <= now and order.address == self.address",
        "if order.settle_from <= now",
        "test_due_orders.py::test_address__of_another_platform",
    ),
    Mutation(
        "due-in-lost-records",
        "        self._read((), deadline)\n",
        "",
        "test_due_orders.py::test_records__that_are_lost",
    ),
    Mutation(
        "due-with-an-openkey-first",
        "return not order.has_openkey, order.settle_from",
        "return False, order.settle_from",
        "test_due_orders.py::test_limit__those_with_an_openkey_first",
    ),
    Mutation(
        "due-undecided-once",
        "            self._forget_openkey(order)\n"
        '            return DueOrder(order=order, outcome="undecided", error=failure)\n',
        '            return DueOrder(order=order, outcome="undecided", error=failure)\n',
        "test_due_orders.py::test_undecided__is_not_decided_by_chance",
    ),
    Mutation(
        "due-stops-where-all-would-fail",
        "    if last.error.reaction is reactions.MISCONFIGURED:\n",
        "    if False:\n",
        "test_due_orders.py::test_stop__wrong_app_key",
    ),
    Mutation(
        "due-stops-after-failures-in-a-row",
        "_FAILURES: Final = 3",
        "_FAILURES: Final = 300",
        "test_due_orders.py::test_stop__the_platform_is_gone",
    ),
    Mutation(
        "openkey-for-two-hours",
        "self.store.set(key, sealed, OPENKEY_SECONDS, timeout=left(deadline))",
        "self.store.set(key, sealed, timeout=left(deadline))",
        "test_due_orders.py::test_openkey__is_kept_no_longer_than_it_lives",
    ),
    Mutation(
        "openkey-until-the-end-of-its-order",
        "        self.openkeys.drop(order.mark, deadline)\n        key = ",
        "        key = ",
        "test_due_orders.py::test_openkey__is_removed_with_the_end_of_its_order",
    ),
    Mutation(
        "openkey-expired-is-swept",
        "        self.openkeys.sweep(deadline)\n",
        "",
        "test_due_orders.py::test_secrets__a_sweep_removes_what_has_expired",
    ),
    Mutation(
        "openkey-is-overwritten-in-the-file",
        'connection.execute("PRAGMA secure_delete = ON")',
        "pass",
        "test_due_orders.py::test_secrets__are_not_left_in_the_file",
    ),
)

_REDACTION: Final = (
    Mutation(
        "mask-whole-names",
        r"""rf"\b({'|'.join""",
        """rf"({'|'.join""",
        "test_redaction.py::test_mask_parameters__the_rest_stays",
    ),
    Mutation(
        "mask-openkey",
        '"session_key", "openkey",',
        '"session_key",',
        "test_redaction.py::test_mask_parameters__secret_parameter",
    ),
    Mutation(
        "mask-login-codes",
        '*("js_code", "code", "anonymous_code"),',
        "",
        "test_redaction.py::test_mask_parameters__the_login_code_of_each_platform",
    ),
    Mutation(
        "mask-encoded",
        'encoded = [quote(each, safe="", errors="surrogatepass") for each in long]',
        "encoded = list[str]()",
        "test_redaction.py::test_mask_values__raw_and_encoded",
    ),
    Mutation(
        "mask-longest-first",
        "key=len, reverse=True)",
        "key=len)",
        "test_redaction.py::test_mask_values__one_secret_inside_another",
    ),
    Mutation(
        "mask-plus-for-space",
        "for decode in (unquote, unquote_plus):",
        "for decode in (unquote,):",
        "test_redaction.py::test_mask_values__other_ways_to_encode",
    ),
    Mutation(
        "mask-before-cutting",
        "message = mask_values(message, request.secrets)[:_SHOWN_MESSAGE]",
        "message = mask_values(message[:_SHOWN_MESSAGE], request.secrets)",
        "test_wire.py::test_decode__echoed_secrets_are_masked",
    ),
    Mutation(
        "mask-frames",
        "        cause.__traceback__ = None\n",
        "",
        "test_traceback_locals.py::test_thrown_from_outside__at_each_line[code2session]",
    ),
    Mutation(
        "mask-signed-text",
        'return mask_values((request.body or b"").decode(), request.secrets)',
        'return (request.body or b"").decode()',
        "test_watching.py::test_describe__a_secret_in_what_was_signed",
    ),
    Mutation(
        "mask-redis-password",
        "shown = mask_values(said[:_SHOWN_CHARACTERS], [*self._secrets, *words])",
        "shown = said[:_SHOWN_CHARACTERS]",
        "test_redis_store.py::TestFaults::test_refusals",
    ),
    Mutation(
        "mask-store-address",
        '    if "@" in scheme:\n        return MASK\n',
        "",
        "test_store_addresses.py::test_open_store__unknown",
    ),
)

_LIMITS: Final = (
    Mutation(
        "limit-pairs",
        "MAX_PAIRS: Final = 128",
        "MAX_PAIRS: Final = 129",
        "test_validation.py::test_pairs__are_at_most_128",
    ),
    Mutation(
        "limit-pairs-inclusive",
        "elif count > MAX_PAIRS:",
        "elif count >= MAX_PAIRS:",
        "test_validation.py::test_pairs__are_at_most_128",
    ),
    Mutation(
        "limit-key-inclusive",
        "elif size > MAX_KEY_BYTES:",
        "elif size >= MAX_KEY_BYTES:",
        "test_validation.py::test_key__has_at_most_128_bytes",
    ),
    Mutation(
        "limit-key",
        "MAX_KEY_BYTES: Final = 128",
        "MAX_KEY_BYTES: Final = 129",
        "test_validation.py::test_key__has_at_most_128_bytes",
    ),
    Mutation(
        "limit-pair-inclusive",
        "if size > MAX_PAIR_BYTES:",
        "if size >= MAX_PAIR_BYTES:",
        "test_validation.py::test_pair__has_at_most_1024_bytes",
    ),
    Mutation(
        "limit-pair",
        "MAX_PAIR_BYTES: Final = 1024",
        "MAX_PAIR_BYTES: Final = 1025",
        "test_validation.py::test_pair__has_at_most_1024_bytes",
    ),
    Mutation(
        "limit-text-inclusive",
        "elif size > most_bytes:",
        "elif size >= most_bytes:",
        "test_pay_orders.py::test_calls__order_ids_at_the_limit",
    ),
    Mutation(
        "limit-in-bytes",
        "return len(value) if value.isascii() else len(str.encode(value))",
        "return len(value)",
        "test_validation.py::test_pair__has_at_most_1024_bytes",
    ),
    Mutation(
        "limit-interactive-keys",
        "Final = frozenset(str(number) for number in range(1, 51))",
        "Final = frozenset(str(number) for number in range(1, 52))",
        "test_validation.py::test_interactive__other_keys",
    ),
    Mutation(
        "limit-integer-range",
        "elif not least <= value <= most:",
        "elif not least <= value < most:",
        "test_validation.py::test_check_integer__range",
    ),
    Mutation(
        "limit-reply",
        "            if size > MAX_REPLY_BYTES:\n                break\n",
        "",
        "test_transport.py::test_reply__that_goes_on_and_on",
    ),
    Mutation(
        "limit-answered-text",
        "len(text) <= MAX_TEXT_BYTES and len(text.encode()) <= MAX_TEXT_BYTES",
        "len(text) <= MAX_TEXT_BYTES and bool(text.encode())",
        "test_deadline.py::test_length__of_what_the_platform_answers_is_bounded",
    ),
    Mutation(
        "limit-posted",
        'check_text(raw_data, "raw_data", problems, MAX_POSTED_BYTES)',
        'check_text(raw_data, "raw_data", problems, 1 << 40)',
        "test_user_data.py::test_arguments__of_more_than_a_megabyte",
    ),
    Mutation(
        "reply-status",
        "    if reply.status != 200:\n",
        "    if reply.status >= 400:\n",
        "test_wire.py::test_decode__other_status",
    ),
    Mutation(
        "reply-cut-off",
        "    if reply.cut_off:\n",
        "    if False:\n",
        "test_wire.py::test_decode__incomplete",
    ),
    Mutation(
        "reply-results",
        "    for name in endpoint.results:\n        result.text(name)\n",
        "",
        "test_wire.py::test_decode__success_without_its_results",
    ),
    Mutation(
        "reply-no-repeated-fields",
        "if len(fields) < len(pairs):",
        "if False:",
        "test_wire.py::test_decode__undocumented",
    ),
)

_STORES: Final = (
    Mutation(
        "store-expired-texts-are-deleted",
        "(SELECT key FROM texts WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)",
        "(SELECT key FROM texts WHERE expires_at <= ? ORDER BY expires_at LIMIT 0)",
        "test_sqlite_store.py::TestRows::test_expired_rows_are_deleted_a_few_at_a_time",
    ),
    Mutation(
        "store-expired-locks-are-deleted",
        "(SELECT name FROM locks WHERE expires_at <= ? ORDER BY expires_at LIMIT 20)",
        "(SELECT name FROM locks WHERE expires_at <= ? ORDER BY expires_at LIMIT 0)",
        "test_sqlite_store.py::TestRows::test_expired_rows_are_deleted_a_few_at_a_time",
    ),
    Mutation(
        "store-sqlite-lease",
        "(name, owner, now, now + lease_seconds),",
        "(name, owner, now, now + 1e9),",
        "test_stores.py::TestContract::test_lock__frees_itself",
    ),
    Mutation(
        "store-sqlite-unlock-compares",
        "DELETE FROM locks WHERE name = ? AND owner = ?",
        "DELETE FROM locks WHERE name = ? AND ? IS NOT NULL",
        "test_stores.py::TestContract::test_unlock__by_a_stranger",
    ),
    Mutation(
        "store-sqlite-add",
        "INSERT OR IGNORE INTO texts",
        "INSERT OR REPLACE INTO texts",
        "test_stores.py::TestContract::test_add__only_where_nothing_is",
    ),
    Mutation(
        "store-application-id-of-a-good-file",
        '(found,) = connection.execute("PRAGMA application_id").fetchone()',
        'found = connection.execute("PRAGMA application_id") and APPLICATION_ID',
        "test_sqlite_store.py::TestForeignFiles::test_it_is_not_touched",
    ),
    Mutation(
        "store-application-id-of-a-corrupt-file",
        "return header.startswith(_MAGIC) and header[_APPLICATION_ID_AT] == ours",
        "return header.startswith(_MAGIC)",
        "test_sqlite_store.py::TestForeignFiles::test_it_is_not_touched",
    ),
    Mutation(
        "store-application-id-is-written",
        'connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")\n            _migrate',
        "_migrate",
        "test_sqlite_store.py::TestFile::test_marked",
    ),
    Mutation(
        "store-foreign-files-are-not-locked",
        '_connect(path, "immutable=1")',
        '_connect(path, "mode=rw")',
        "test_sqlite_store.py::TestForeignFiles::test_it_is_not_touched",
    ),
    Mutation(
        "store-empty-files-are-foreign",
        "    if file.st_size == 0:\n        raise",
        "    if False:\n        raise",
        "test_sqlite_store.py::TestForeignFiles::test_it_is_not_touched",
    ),
    Mutation(
        "store-links-are-not-followed",
        "if stat.S_ISLNK(file.st_mode):",
        "if False:",
        "test_sqlite_store.py::TestForeignFiles::test_it_is_not_touched",
    ),
    Mutation(
        "store-orders-are-not-mended",
        "        if self.is_durable:\n            raise StoreError(",
        "        if False:\n            raise StoreError(",
        "test_sqlite_store.py::TestDamage::test_corrupt__durable",
    ),
    Mutation(
        "store-orders-that-are-gone",
        "if self.is_durable and self._seen and found != self._seen:",
        "if False:",
        "test_sqlite_store.py::TestDamage::test_gone__durable",
    ),
    Mutation(
        "store-orders-wait-for-the-disk",
        "'EXTRA' if durable else 'OFF'",
        "'OFF'",
        "test_sqlite_store.py::TestDurable::test_waits_for_the_disk",
    ),
    Mutation(
        "store-private-file",
        "os.fchmod(descriptor, mode)",
        "os.fchmod(descriptor, 0o644)",
        "test_sqlite_store.py::TestFile::test_only_the_owner_may_read",
    ),
    Mutation(
        "store-redis-ttl",
        'life = () if ttl_seconds is None else ("PX", _milliseconds(ttl_seconds))',
        "life = ()",
        "test_stores.py::TestContract::test_set__for_a_time",
    ),
    Mutation(
        "store-redis-add",
        '_text(key), text, "NX"))',
        "_text(key), text))",
        "test_stores.py::TestContract::test_add__only_where_nothing_is",
    ),
    Mutation(
        "store-redis-lock",
        'owner, "NX", "PX", lease)',
        'owner, "PX", lease)',
        "test_stores.py::TestContract::test_lock__one_holder",
    ),
    Mutation(
        "store-redis-lease",
        'owner, "NX", "PX", lease)',
        'owner, "NX")',
        "test_stores.py::TestContract::test_lock__frees_itself",
    ),
    Mutation(
        "store-redis-milliseconds",
        "math.floor(seconds * 1000)",
        "math.floor(seconds)",
        "test_stores.py::TestContract::test_set__for_a_time",
    ),
    Mutation(
        "store-redis-lost-answer-is-asked-again",
        "if broken and again and time.monotonic() < ends:",
        "if False:",
        "test_redis_store.py::TestFaults::test_a_lost_answer",
    ),
    Mutation(
        "store-redis-adds-once",
        'self._once(_ends(timeout), "SET", _text(key)',
        'self._repeatable(_ends(timeout), "SET", _text(key)',
        "test_redis_store.py::TestFaults::test_a_lost_answer",
    ),
    Mutation(
        "store-redis-quiet-connections",
        "            if _is_quiet(connection):\n",
        "            if True:\n",
        "test_redis_store.py::TestFaults::test_a_connection_that_redis_closed",
    ),
    Mutation(
        "login-ttl",
        "_to_text(login), self.ttl_seconds, timeout=timeout",
        "_to_text(login), None, timeout=timeout",
        "test_cloud_storage.py::test_set__a_login_is_remembered_for_its_time",
    ),
    Mutation(
        "login-ttl-reaches-the-store",
        "            ttl_seconds=None\n            if login_ttl is None",
        "            ttl_seconds=None\n            if True",
        "test_cloud_storage.py::test_set__a_login_is_remembered_for_its_time",
    ),
    Mutation(
        "login-forget-compares",
        "self.store.delete_if(self.prefix + login.openid, _to_text(login), timeout=timeout)",
        'self.store.set(self.prefix + login.openid, "", 0)',
        "test_login_store.py::test_forget__exactly_this_one",
    ),
    Mutation(
        "login-refused-is-forgotten",
        "self.logins.forget(call.login, timeout=max(call.deadline.left(), _LAST_SECONDS))",
        "pass",
        "test_cloud_storage.py::test_set__a_stale_login_is_forgotten_and_a_newer_one_is_not",
    ),
    Mutation(
        "login-of-this-player",
        "if values is None or values[0] != openid:",
        "if values is None:",
        "test_login_store.py::test_find__a_stored_text_that_is_no_login",
    ),
    Mutation(
        "user-data-of-this-player",
        "if user is None or user.openid != login.openid:",
        "if user is None:",
        "test_user_data.py::test_decrypt__all_that_is_wrong_inside_looks_the_same",
    ),
    Mutation(
        "user-data-of-this-app",
        'if fields["watermark"]["appid"] != app_id:',
        "if False:",
        "test_user_data.py::test_decrypt__of_another_app",
    ),
)

_WEB: Final = (
    Mutation(
        "web-errors-are-logged",
        "    log_error(error, request.endpoint)\n",
        "",
        "test_flask.py::test_errors__are_logged",
    ),
    Mutation(
        "web-traceback-only-of-what-is-to-be-repaired",
        "exc_info=error if level == logging.ERROR else None",
        "exc_info=None",
        "test_integrations_http.py::test_log__level",
    ),
    Mutation(
        "web-retry-after-is-rounded-up",
        "return math.ceil(error.retry_after)",
        "return int(error.retry_after)",
        "test_integrations_http.py::test_retry_after__where_it_is_known",
    ),
    Mutation(
        "web-no-cache-keeps-an-error",
        'headers = {"Cache-Control": "no-store"',
        'headers = {"Cache-Control": "private"',
        "test_integrations_http.py::test_response__of_each_error",
    ),
    Mutation(
        "flask-registered-once",
        "if KEY in app.extensions:",
        "if False:",
        "test_flask.py::test_app__registered_twice",
    ),
    Mutation(
        "flask-own-handler-stays",
        "if QQMiniGameError not in handled:",
        "if True:",
        "test_flask.py::test_errors__the_apps_own_handler_stays",
    ),
    Mutation(
        "flask-language-of-the-server-first",
        'best_match([language(), "en", "zh"])',
        'best_match(["en", "zh"])',
        "test_flask.py::test_errors__in_the_language_of_the_request",
    ),
    Mutation(
        "flask-config-or-environment-and-no-mix",
        "    if not found:\n        found[DEFAULT_ALIAS] = _environment()",
        "    if True:\n        found[DEFAULT_ALIAS] = _environment()",
        "test_flask.py::test_config__aliases test_flask.py::test_config__wins_over_the_environment",
    ),
    Mutation(
        "flask-app-id-of-digits",
        "str(value) if name in _CREDENTIALS and type(value) is int else value",
        "value",
        "test_flask.py::test_config__of_prefixed_variables",
    ),
    Mutation(
        "commands-no-file-beside-a-framework",
        "    if choice.file is not None:\n",
        "    if False:\n",
        "test_flask_commands.py::test_command__reads_no_profile_file",
    ),
    Mutation(
        "commands-digest-of-an-address",
        "if name in SECRET and isinstance(value, str):",
        "if name in SECRET and not isinstance(value, str):",
        "test_flask_commands.py::test_doctor__says_where_a_setting_comes_from",
    ),
    Mutation(
        "commands-in-a-thread",
        "is not threading.main_thread():\n        yield  # a web",
        "is None:\n        yield  # a web",
        "test_flask_commands.py::test_command__in_a_thread",
    ),
)

_QUEUES: Final = (
    Mutation(
        "queue-done-twice",
        "and found.get(chunk.key, BEGUN) == BEGUN",
        "and True",
        "bulk/test_bulk_queue.py::test_message__delivered_twice",
    ),
    Mutation(
        "queue-chunk-lock",
        "        if owner is None:\n            return\n        try:\n            # Again",
        "        if False:\n            return\n        try:\n            # Again",
        "bulk/test_bulk_queue.py::test_message__delivered_twice",
    ),
    Mutation(
        "queue-look-again",
        "if self._is_wanted(chunk):\n                    result",
        "if True:\n                    result",
        "bulk/test_bulk_queue.py::test_message__of_a_load_that_has_ended",
    ),
    Mutation(
        "queue-last-look",
        "        self._look_for_results()\n        ends = time",
        "        ends = time",
        "bulk/test_bulk_queue.py::test_stop__keeps_what_workers_have_sent",
    ),
    Mutation(
        "queue-ended-load",
        "found.get(chunk.run_key) == chunk.run",
        "True",
        "bulk/test_bulk_queue.py::test_message__of_a_load_that_has_ended",
    ),
    Mutation(
        "queue-post-again",
        "            if now > posted.again_at:\n",
        "            if False:\n",
        "bulk/test_bulk_queue.py::test_message__lost bulk/test_bulk_queue.py::test_worker__lost",
    ),
    Mutation(
        "queue-unsent-rows",
        "        self._hand_over(posted.claim, unsent or",
        "        self._hand_over(posted.claim,",
        "bulk/test_bulk_queue.py::test_time__is_up",
    ),
    Mutation(
        "queue-wrong-rows",
        "return bool(_with_tuples(json.loads(json.dumps(row.data))) == row.data)",
        "return bool(json.dumps(row.data))",
        "bulk/test_bulk_queue.py::test_failures__as_without_a_queue",
    ),
    Mutation(
        "queue-single-attempts",
        "    if chunk.per_second is not None:\n",
        "    if False:\n",
        "bulk/test_bulk_queue.py::test_per_second__over_all_workers",
    ),
    Mutation(
        "load-late-turn-is-given-up",
        "if monotonic() <= due + _LATE_SECONDS:",
        "if True:",
        "bulk/test_bulk_pace.py::test_turn__that_comes_late_is_given_up",
    ),
    Mutation(
        "queue-session-key",
        "[row.number, row.openid, row.data]",
        "[row.number, str(getattr(row.login, 'session_key', row.openid)), row.data]",
        "bulk/test_bulk_queue.py::test_messages__hold_no_secret",
    ),
    Mutation(
        "celery-countdown",
        "_PART_OF_VISIBILITY: Final = 4",
        "_PART_OF_VISIBILITY: Final = 1",
        "test_celery.py::test_repeat__waits_for_a_quarter_of_the_visibility_timeout",
    ),
    Mutation(
        "celery-deliveries",
        "if count > _MOST_DELIVERIES:",
        "if False:",
        "test_celery.py::test_delivery__again_and_again",
    ),
    Mutation(
        "celery-arguments",
        '{"argsrepr": _HIDDEN, "kwargsrepr": _HIDDEN, **options}',
        "{**options}",
        "test_celery.py::test_message__of_a_report",
    ),
    Mutation(
        "celery-seal",
        'bound.arguments["openkey"] = sealed(openkey, cipher)',
        "pass",
        "test_celery.py::test_message__of_a_report",
    ),
    Mutation(
        "celery-shared",
        "bind=True, shared=False",
        "bind=True, shared=True",
        "test_celery.py",
    ),
)

MUTATIONS: Final = (
    *_SIGNING,
    *_TOKENS,
    *_OUTCOMES,
    *_CONNECTIONS,
    *_PROCESSES,
    *_ORDERS,
    *_REDACTION,
    *_LIMITS,
    *_STORES,
    *_WEB,
    *_QUEUES,
)
