"""The portal as an ASGI application, for servers that know no other: asgiref reads the body before it takes a thread."""

from asgiref.wsgi import WsgiToAsgi

from wsgi import app as portal

app = WsgiToAsgi(portal)
