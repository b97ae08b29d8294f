"""The door: who may ask, what a request may carry, and what a browser may do with the answer."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import time
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubplanner.translation import gettext as _
from hubplanner.web.responses import Refused, refusal
from hubplanner.web.settings import LOOPBACK, AppSettings

MARK = "x-hubplanner"
"""A header that no form or script of another origin can set without being asked first."""
COOKIE = "hubplanner-{}"
"""With the port: to a browser all servers of a machine are one."""
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "DELETE"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """Refuses requests of strangers and bounds the bodies of the others."""

    def __init__(self, app: ASGIApp, settings: AppSettings) -> None:
        """Take what answers those who may ask."""
        self.app, self.settings = app, settings
        self.policy = content_policy(settings.base_map_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
            return
        headed = self._headed(scope, send)
        try:
            self._check(scope)
            greeting = self._entrance(scope)
        except Refused as error:
            await refusal(error)(scope, receive, headed)
            return
        if greeting is not None:
            await greeting(scope, receive, headed)
            return
        await self.app(scope, _Body(scope, receive, self.settings).receive, headed)

    def _check(self, scope: Scope) -> None:
        headers, method = Headers(scope=scope), scope["method"]
        if method not in METHODS:
            raise Refused(405, _("The app takes GET, HEAD, POST and DELETE only."))
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_own(hosts[0]):
            raise Refused(421, _("The app answers only to the address it printed."))
        if any(ord(letter) < ord(" ") or letter == "\\" for letter in scope["path"]):
            raise Refused(400, _("The address has characters that no address of the app has."))
        origins = headers.getlist("origin")
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            raise Refused(403, _("Other pages may not ask the app for anything."))
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"} and scope["path"] != "/":
            raise Refused(403, _("Other pages may not ask the app for anything."))
        if method not in SAFE and not (origins and headers.get(MARK) == "1"):
            raise Refused(403, _("Changes need the header X-Hubplanner: 1 and the page's own Origin."))
        _check_body(headers, most_bytes(scope, self.settings))

    def _is_own(self, host: str) -> bool:
        """Tell whether a Host names this server: a foreign name that leads here is how pages reach into a machine."""
        name, colon, port = host.rpartition(":")
        if not colon or port != str(self.settings.port):
            return False
        name = name.strip("[]").lower()
        if name == self.settings.host.lower() or name in LOOPBACK:
            return True
        return self.settings.is_open and _is_address(name)

    def _entrance(self, scope: Scope) -> Response | None:
        """Return the answer that turns the printed token into a cookie; raise for visitors who have neither.

        The token leaves the address bar also where the visitor has the cookie already. The cookie is lax: the link may
        stand on another page, and a strict one would be kept back right after the redirect. Other pages still start
        nothing, as changes need the page's own Origin and header, and read nothing (`Sec-Fetch-Site`).
        """
        settings = self.settings
        if not settings.is_open:
            return None
        known = _same(_cookie(Headers(scope=scope), settings.port), settings.cookie)
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", []) if scope["path"] == "/" else []
        if known and not given:
            return None
        if not known and not (given and _same(given[0], settings.token)):
            raise Refused(401, _("Open the whole address that the terminal printed; it holds a token."))
        answer = Response(status_code=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE.format(settings.port), settings.cookie, httponly=True, samesite="lax", path="/")
        return answer

    def _headed(self, scope: Scope, send: Send) -> Send:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", self.policy)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        del scope
        return headed


class _Body:
    """A request's body, counted and timed while it comes in."""

    def __init__(self, scope: Scope, receive: Receive, settings: AppSettings) -> None:
        self.source, self.limits = receive, settings.limits
        self.most, self.read, self.done = most_bytes(scope, settings), 0, False
        self.end = time.monotonic() + settings.limits.body_s

    async def receive(self) -> Message:
        if self.done:
            return await self.source()
        try:
            left = self.end - time.monotonic()
            message = await asyncio.wait_for(self.source(), min(self.limits.pause_s, left))
        except TimeoutError as error:
            raise Refused(408, _("The request's body came too slowly.")) from error
        self.read += len(message.get("body", b""))
        self.done = not message.get("more_body", False)
        if self.read > self.most:
            raise too_large(self.most)
        return message


def most_bytes(scope: Scope, settings: AppSettings) -> int:
    """Return how many bytes a request's body may have."""
    limits = settings.limits
    return limits.upload_bytes if scope["path"] == "/api/uploads" else limits.json_bytes


def too_large(most: int) -> Refused:
    """Return the refusal of a body that is too large."""
    return Refused(413, _("The request is larger than the {most:,} bytes that are accepted.", most=most))


def _check_body(headers: Headers, most: int) -> None:
    """Raise for a body that says it is too large, or that is packed: it could unfold to any size."""
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise Refused(400, _("The request's Content-Length is not a number."))
    if int(length) > most:
        raise too_large(most)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, _("Compressed requests are not accepted; send the file as it is."))


def content_policy(base_map: str | None) -> str:
    """Return what the page may load: its own files, and the base map's host if there is one."""
    other = "" if base_map is None else f" {base_map}"
    parts: Iterable[str] = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob:{other}",
        f"connect-src 'self'{other}",
        "worker-src blob:",
        "child-src blob:",
        "font-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return "; ".join(parts)


def _cookie(headers: Headers, port: int) -> str:
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    found = cookies.get(COOKIE.format(port))
    return "" if found is None else found.value


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _is_address(name: str) -> bool:
    """Tell whether a name is an IP address, which no foreign name server can lead here."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
