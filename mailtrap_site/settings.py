"""Django's settings. What an operator may change comes from `environment.py`; the rest is the same everywhere."""

from hashlib import sha256
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from mailtrap_site import environment
from mailtrap_site.broker import celery_settings
from mailtrap_site.logs import logging_settings
from mailtrap_site.support.look import unfold_settings

ENVIRONMENT = environment.read()
BASE_DIR = environment.BASE_DIR

DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = list(ENVIRONMENT.secret_key_fallbacks)
SITE_NAME = ENVIRONMENT.site_name
SITE_URL = ENVIRONMENT.site_url
TRACKING_URL = ENVIRONMENT.tracking_url
ROUTE = ENVIRONMENT.route
TERMS_VERSION = ENVIRONMENT.terms_version
PLANS_FILE = ENVIRONMENT.plans_file
BOUNCE_RULES_FILE = ENVIRONMENT.bounce_rules_file
STRIPE_SECRET_KEY = ENVIRONMENT.payments.secret_key
STRIPE_WEBHOOK_SECRETS = ENVIRONMENT.payments.webhook_secrets
STRIPE_API_BASE = ENVIRONMENT.payments.api_base
BULK_HOSTS = (f"bulk.{ENVIRONMENT.platform_domain}", "bulk.api.mailtrap.io")
"""The sending API takes a request at one of these names for the bulk stream."""
BULK_SMTP_HOSTS = (f"bulk.smtp.{ENVIRONMENT.platform_domain}", "bulk.smtp.mailtrap.io")
"""So does the submission server with a client that asks for one of these in its TLS handshake."""
SANDBOX_HOSTS = (f"sandbox.{ENVIRONMENT.platform_domain}", "sandbox.api.mailtrap.io")
"""What comes to one of these names without a sandbox's id is refused, so that test mail never leaves by mistake."""
OTHER_HOSTS = (f"send.{ENVIRONMENT.platform_domain}", "send.api.mailtrap.io", "mailtrap.io")
ALLOWED_HOSTS = [
    *ENVIRONMENT.allowed_hosts,
    *(urlsplit(SITE_URL).hostname or "localhost", "localhost", "127.0.0.1"),
    *BULK_HOSTS,
    *SANDBOX_HOSTS,
    *OTHER_HOSTS,
]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "mailtrap_site",
    "mailtrap_site.web",
    "sending",
    "domains",
    "billing",
    "accounts",
    "unfold.apps.BasicAppConfig",
    "mailtrap_site.support.site.SupportDeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "ninja",
]

MIDDLEWARE = [
    "mailtrap_site.plain_http.PlainHttpMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "mailtrap_site.web.policies.PermissionsPolicyMiddleware",
    "mailtrap_site.web.policies.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sending.tracking.middleware.RecipientMiddleware",
    "mailtrap_site.web.json_api.GeneralApiMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ReaderTimeZoneMiddleware",
    "accounts.known_browsers.KnownBrowserMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "mailtrap_site.urls"
WSGI_APPLICATION = "mailtrap_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [*filter(None, [ENVIRONMENT.templates_dir]), BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mailtrap_site.web.navigation.shell",
                "billing.context_processors.usage",
                "accounts.context_processors.second_factor",
                "accounts.context_processors.support_visit",
            ],
            "builtins": ["mailtrap_site.web.templatetags.ui"],
        },
    }
]

# A database that no longer answers is noticed within half a minute, whatever the network does with our packets.
_AWAY = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_DATABASE = environ.Env.db_url_config(ENVIRONMENT.database_url)
DATABASES = {
    "default": {
        **_DATABASE,
        "OPTIONS": _AWAY | _DATABASE.get("OPTIONS", {}),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": environ.Env.cache_url_config(ENVIRONMENT.cache_url)}
if CACHES["default"]["BACKEND"].endswith((".DatabaseCache", ".LocMemCache")):
    # Beyond this Django drops entries, whosever they are: with its usual 300 a client could wash away what is counted
    # of failed sign-ins. It counts all entries at each write, so there may not be any number of them either.
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 100_000} | CACHES["default"].get("OPTIONS", {})

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["mailtrap_site.formats"]
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = [("en", _("English"))]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = ENVIRONMENT.var_dir / "static"
EXPORTS_ROOT = ENVIRONMENT.var_dir / "exports"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Sign-in (django-allauth)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {"signup": "20/m/ip,60/d/ip"}
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ROUTE == "development"
MFA_ADAPTER = "accounts.mfa_adapter.MfaAdapter"
MFA_TOTP_ISSUER = SITE_NAME
USERSESSIONS_TRACK_ACTIVITY = True
# Single sign-on: providers are settings of accounts, and nobody signs up through one.
SOCIALACCOUNT_ADAPTER = "mailtrap_site.single_sign_on.adapter.SocialAccountAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_STORE_TOKENS = False

# Transport and browser policies
_HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
HTTPS_ONLY = SECURE_SSL_REDIRECT = _HTTPS
"""Pages lead from http to https; the APIs refuse (`mailtrap_site.plain_http`)."""
# Asked by machines that know no https; and links in mail below names that may have no certificate.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$", r"^\.well-known/", r"^t/"]
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # names below the site may be the operator's own, without https
    "security.W019",  # mail is previewed in frames of our own pages
    "security.W021",  # a place on the browsers' preload list is the domain owner's to ask for
]
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
# The support desk's library evaluates expressions and sets inline styles; only /admin/ may.
ADMIN_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}

# Bodies: 10 MB of mail is 14 MiB of JSON with base64; more is refused while reading (HTTP 413).
DATA_UPLOAD_MAX_MEMORY_SIZE = 14 * 1024 * 1024
# Signs the envelope senders of outgoing mail; whoever changes SECRET_KEY gives up the bounces that are on their way.
RETURN_PATH_KEY = sha256(b"return-path:" + SECRET_KEY.encode()).digest()
# Of the links that recipients follow: the first seals, all of them open, so that old mail can keep its links.
RECIPIENT_LINK_KEYS = [
    sha256(b"recipient-link:" + key.encode()).digest() for key in (SECRET_KEY, *SECRET_KEY_FALLBACKS)
]
# Digests of addresses that were erased: the first makes them, all of them match.
ERASED_ADDRESS_KEYS = [
    sha256(b"erased-address:" + key.encode()).digest() for key in (SECRET_KEY, *SECRET_KEY_FALLBACKS)
]
# Where the mx route knocks; tests and proofs point it at servers of their own on the loopback.
OUTBOUND_PORT = ENVIRONMENT.outbound_port
OUTBOUND_PUBLIC_ONLY = ENVIRONMENT.outbound_public_only
MESSAGE_MAX_BYTES = 10 * 1024 * 1024

# Mail that the service itself sends travels its own pipeline.
EMAIL_BACKEND = "sending.submission.django_backend.PlatformBackend"
PLATFORM_DOMAIN = ENVIRONMENT.platform_domain
DEFAULT_FROM_EMAIL = f"{SITE_NAME} <notices@{PLATFORM_DOMAIN}>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL

SUPPORT_EMAIL = ENVIRONMENT.support_email or f"support@{PLATFORM_DOMAIN}"

METRICS_TOKEN = ENVIRONMENT.metrics_token
LOGGING = logging_settings(ENVIRONMENT.log_level)
globals().update(celery_settings(ENVIRONMENT.celery_broker_url))

UNFOLD = unfold_settings(SITE_NAME)

# Ordinary tests accept mail on their own connection instead of the group commit's thread.
GROUP_COMMIT_INLINE = False
