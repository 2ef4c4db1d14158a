"""Every URL of the site. Account pages live under `/a/<account id>/`."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts.views.home import home
from accounts.views.leaks import leaked_tokens
from mailtrap_site import health
from mailtrap_site.api import api
from mailtrap_site.metrics import metrics
from mailtrap_site.web.styleguide import styleguide

admin.autodiscover()

handler429 = "accounts.views.too_many.too_many"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics, name="metrics"),
    path("", include("sending.api.send.urls")),
    path("", include("sending.tracking.urls")),
    path("", include("domains.urls")),
    path("", include("sending.urls")),
    path("", home, name="home"),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("mailtrap_site.single_sign_on.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/leaked_tokens", leaked_tokens, name="leaked_tokens"),
    path("api/", api.urls),
    path("admin/login/", secure_admin_login(admin.site.login)),
    path("admin/", admin.site.urls),
]

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))
