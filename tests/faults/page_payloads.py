"""What somebody could write to make a page fetch, run or tell something, for every way into a page."""

from __future__ import annotations

import base64
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECRET = "canary-4f1c0b7d9e"


def urls(server: str, secret: Path) -> dict[str, str]:
    """Markup that would make a renderer with an open fetcher ask `server` or read `secret`."""
    file = secret.as_uri()
    image = f'<image href="{server}/nested.png" width="9" height="9"/>'
    inner = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{image}</svg>'
    nested = base64.b64encode(inner.encode()).decode()
    svg = 'xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"'
    return {
        "link attachment": f'<link rel="attachment" href="{file}">',
        "a attachment": f'<a rel="attachment" href="{file}">x</a>',
        "local image": f'<img src="{file}">',
        "image": f'<img src="{server}/a.png">',
        "style sheet": f'<link rel="stylesheet" href="{server}/a.css">',
        "import": f'<style>@import url("{server}/b.css");</style>',
        "background": f'<p style="background: url({server}/c.png)">x</p>',
        "content": f'<style>p::before {{ content: url("{server}/d.png") }}</style>',
        "list style": f'<ul style="list-style-image: url({server}/e.png)"><li>x</li></ul>',
        "font face": f'<style>@font-face {{ font-family: f; src: url("{server}/f.ttf") }} '
        "p { font-family: f }</style>",
        "object": f'<object data="{server}/g.svg" type="image/svg+xml"></object>',
        "embed": f'<embed src="{server}/h.svg" type="image/svg+xml">',
        "image in a drawing": f'<svg {svg}><image xlink:href="{server}/i.png" width="9" height="9"/></svg>',
        "base": f'<base href="{server}/"><img src="j.png">',
        "nested drawing": f'<img src="data:image/svg+xml;base64,{nested}">',
        "redirect": f'<img src="{server}/redirect">',
        "iframe": f'<iframe src="{server}/k.html"></iframe>',
        "use in a drawing": f'<svg {svg}><use xlink:href="{server}/l.svg#a"/></svg>',
        "import in a drawing": f'<svg {svg}><style>@import url("{server}/m.css");</style><rect /></svg>',
    }


def styles(server: str) -> dict[str, str]:
    """Style sheets that would ask `server`."""
    return {
        "import": f'@import "{server}/a.css";',
        "import url": f"@import url({server}/a.css);",
        "background": f"body {{ background: url({server}/b.png) }}",
        "quoted": f"body {{ background: url('{server}/b.png') }}",
        "escaped": f"body {{ background: u\\72l({server}/c.png) }}",
        "in capitals": f"body {{ background: URL({server}/c.png) }}",
        "content": f"p::before {{ content: url({server}/d.png) }}",
        "list style": f"ul {{ list-style: url({server}/e.png) }}",
        "font": f"@font-face {{ font-family: f; src: url({server}/f.ttf) }} p {{ font-family: f }}",
        "local font": "@font-face { font-family: f; src: local(Arial) }",
        "image set": f'body {{ background: image-set("{server}/g.png" 1x) }}',
        "inside a page rule": f"@page {{ background: url({server}/h.png) }}",
        "inside a query": f"@media print {{ p {{ cursor: url({server}/i.png), auto }} }}",
        "data": "body { background: url(data:image/png;base64,AAAA) }",
        "end of the style": f'</style><img src="{server}/j.png"><style>',
        "namespace": f"@namespace url({server}/ns);",
    }


# Templates that reach for Python, for files, or for other templates than the built-in ones. `{canary}` is a
# file that a command would make.
REACHING = (
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ().__class__.__base__.__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch {canary}').read() }}",
    "{{ joiner.__init__.__globals__.os.popen('touch {canary}').read() }}",
    "{{ namespace.__init__.__globals__.os.popen('touch {canary}').read() }}",
    "{{ lipsum.__globals__['os'].popen('touch {canary}').read() }}",
    "{{ lipsum() }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').system('touch {canary}') }}",
    "{{ self._TemplateReference__context }}",
    "{{ v|attr('__class__') }}",
    "{{ v|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ v['__class__'] }}",
    "{{ [v]|map(attribute='__class__')|list }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(v) }}",
    "{{ '%s'|format(v.__class__) }}",
    "{{ say.__globals__ }}",
    "{{ say.__class__ }}",
    "{{ request.application.__globals__ }}",
    "{{ config.items() }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ v.nothing.__class__.__init__ }}",
    "{{ v.nothing }}",
    "{{ url_for.__globals__ }}",
    "{% include '{secret}' %}",
    "{% include '../../../../../../..{secret}' %}",
    "{% include 'locale/ru/cli.po' %}",
    "{% include 'fonts/OFL.txt' %}",
    "{% import '{secret}' as s %}{{ s }}",
    "{% extends '{secret}' %}",
    "{% from 'own/helpers.html.j2' import x %}",
    "{% include 'built-in/../../../pyproject.toml' %}",
    "{% set x = v.__setattr__('title', 'x') %}",
    "{% do v.pages.append(1) %}",
    "{{ (v.words.columns ~ '').__add__ }}",
    "{{ range(1000000)|list }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{% set g = joiner %}{{ g.__init__['__glo' ~ 'bals__'] }}",
    "{{ [1, 2, 3]|random }}",
)
ENDLESS = (
    "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{{ 'x' * 9999999999 }}",
    "{% set n = namespace(t='x') %}{% for i in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}{{ n.t }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(9) %}{% endfor %}{% endfor %}"
    "{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxx{% endfor %}{% endfor %}",
    "{{ 'x'|center(9999999999) }}",
    "{{ '%9999999999d'|format(1) }}",
    "{% include 'parts/footer.txt.j2' %}",
)
"""Put into parts/footer.txt.j2, each would go on for ever or need all memory."""
SCRIPTS = (
    "<script>document.title='PWNED'</script>",
    "<img src=x onerror=\"document.title='PWNED'\">",
    "<svg onload=\"document.title='PWNED'\">",
    '" onmouseover="document.title=\'PWNED\'" autofocus onfocus="document.title=\'PWNED\'" x="',
    "' onfocus='document.title=`PWNED`' autofocus='",
    "</title><script>document.title='PWNED'</script>",
    "</style><script>document.title='PWNED'</script>",
    "<iframe srcdoc=\"<script>parent.document.title='PWNED'</script>\"></iframe>",
    "<a href=\"javascript:document.title='PWNED'\">x</a>",
    "--><script>document.title='PWNED'</script>",
    "{{constructor.constructor('document.title=1')()}}",
    "<details open ontoggle=\"document.title='PWNED'\">",
)


@contextmanager
def canary_server() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine alone: its address, and the paths that it was asked for."""
    asked: list[str] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path == "/redirect" else 200)
            if self.path == "/redirect":
                self.send_header("Location", "/redirected.png")
            self.end_headers()
            self.wfile.write(SECRET.encode())

        def log_message(self, *_: object) -> None:
            """Nothing: the list says it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
