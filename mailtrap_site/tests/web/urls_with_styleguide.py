"""The site's URLs with the style guide, which is otherwise shown only where DEBUG is on."""

from django.urls import path

from mailtrap_site.urls import urlpatterns as site
from mailtrap_site.web.styleguide import styleguide

urlpatterns = [path("styleguide/", styleguide), *site]
