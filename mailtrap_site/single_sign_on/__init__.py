"""Sign-in at an account's own identity provider (OpenID Connect or SAML 2.0), over django-allauth. Above all apps, as
whether it is offered is the plan's (billing), and which addresses it may vouch for is proved by DNS (domains)."""
