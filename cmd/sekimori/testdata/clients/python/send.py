"""Sends files with Python's HTTP libraries, each with its default settings.

Arguments: requests|urllib|httpx|httpx-h2 URL FILE...
The proxy and the roots come from the environment.
"""
import sys
import urllib.error
import urllib.request


def by_requests(url, name):
    import requests
    with open(name, "rb") as f:
        r = requests.post(url, files={"file": f})
    return "HTTP/1.1", r.status_code, r.text


def by_urllib(url, name):
    with open(name, "rb") as f:
        req = urllib.request.Request(url, data=f.read(), headers={"Content-Type": "text/csv"})
    try:
        r = urllib.request.urlopen(req)
    except urllib.error.HTTPError as e:
        r = e
    return "HTTP/1.1", r.status, r.read().decode()


def by_httpx(url, name, http2=False):
    import httpx
    with httpx.Client(http2=http2, timeout=30) as c, open(name, "rb") as f:
        r = c.post(url, content=f.read(), headers={"Content-Type": "text/csv"})
    return r.http_version, r.status_code, r.text


ways = {"requests": by_requests, "urllib": by_urllib, "httpx": by_httpx,
        "httpx-h2": lambda url, name: by_httpx(url, name, True)}
for name in sys.argv[3:]:
    proto, status, text = ways[sys.argv[1]](sys.argv[2], name)
    print(proto, status, text.replace("\n", " "))
